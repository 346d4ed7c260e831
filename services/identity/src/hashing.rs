//! Expensive hashing on the bounded pool.

use tokio::sync::oneshot;
use trilby_access::Services;
use trilby_credential::HashPool;
use trilby_service::problem::{Code, Problem};

/// Seconds after which a caller may try again when the pool is full.
const BUSY_S: u64 = 2;

/// Runs `job` on the pool and waits for it.
///
/// Errors: `busy` if too many wait already.
pub async fn run<T: Send + 'static>(
    services: &Services,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let (done, result) = oneshot::channel();
    let queued = services.part::<HashPool>()?.run(move || {
        // A caller that went away no longer wants the result.
        let _ = done.send(job());
    });
    queued.map_err(|busy| Problem::new(Code::Busy, busy.to_string()).retry_after(BUSY_S))?;
    result.await.map_err(Problem::internal)
}
