//! Nothing is measured before every process has answered rightly.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::generator::Request;
use crate::http::Connection;

/// Longest a process may take until it knows what the others wrote.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);
/// Most requests that every process is asked beforehand.
pub const REQUESTS_MAX: usize = 1_000;

/// Sends each to each process until the answer is right.
pub fn until_right<'a>(
    addresses: &[SocketAddr],
    requests: impl IntoIterator<Item = &'a Request> + Clone,
) -> anyhow::Result<()> {
    for address in addresses {
        let mut connection = Connection::to(*address);
        for request in requests.clone() {
            let begun = Instant::now();
            while let Some(wrong) = request.fault(&connection.send(&request.bytes)) {
                wait(begun, &wrong)?;
            }
        }
    }
    Ok(())
}

/// The same for one process where every request is good for one time only.
pub fn until_fresh_is_right(
    address: SocketAddr,
    mut next: impl FnMut() -> anyhow::Result<Request>,
) -> anyhow::Result<()> {
    let (mut connection, begun) = (Connection::to(address), Instant::now());
    loop {
        let request = next()?;
        match request.fault(&connection.send(&request.bytes)) {
            None => return Ok(()),
            Some(wrong) => wait(begun, &wrong)?,
        }
    }
}

fn wait(begun: Instant, wrong: &str) -> anyhow::Result<()> {
    if begun.elapsed() > PATIENCE {
        bail!("no right answer in {PATIENCE:?}: {wrong}");
    }
    std::thread::sleep(PAUSE);
    Ok(())
}
