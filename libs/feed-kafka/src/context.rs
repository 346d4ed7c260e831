//! What the client library has to say, in our log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};

use crate::seldom::Seldom;
use crate::{Error, Options};

/// How long a refusal is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Hands lines of the client library on. What it calls an error is as a rule a broker that is away: whoever uses the
/// client learns of it and says what it means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => {
                tracing::debug!(target: "trilby_feed_kafka::client", facility, "{line}");
            }
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::trace!(target: "trilby_feed_kafka::client", facility, "{line}");
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if is_refusal(&error) {
            if let Some(n_times) = REFUSALS.note(1, Instant::now()) {
                tracing::error!(
                    reason,
                    n_times,
                    "the brokers and this client refuse each other"
                );
            }
            return;
        }
        tracing::debug!(target: "trilby_feed_kafka::client", %error, reason, "the client library reports an error");
    }
}

impl ConsumerContext for Quiet {}

/// What waiting as a rule does not help against: the login, or TLS.
fn is_refusal(error: &KafkaError) -> bool {
    matches!(
        error,
        KafkaError::Global(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL)
    )
}

/// Refusals to be told of. All clients of a process have one login.
static REFUSALS: Seldom = Seldom::new();

/// Remembers why the brokers refuse a client.
#[derive(Debug, Clone, Default)]
struct Watching(Arc<Mutex<Option<String>>>);

impl ClientContext for Watching {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        if is_refusal(&error) {
            let mut why = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            why.get_or_insert_with(|| reason.to_owned());
        }
    }
}

impl ProducerContext for Watching {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// Why the brokers refuse a client with these options, if they do. Of brokers that do not answer nothing is said.
pub(crate) async fn refusal(options: &Options) -> Result<Option<String>, Error> {
    let watching = Watching::default();
    let config = options.client("probe")?;
    let probe: ThreadedProducer<Watching> = config.create_with_context(watching.clone())?;
    // The client's own thread tells of errors meanwhile; the answer itself is of no interest.
    drop(blocking(move || probe.client().fetch_metadata(None, PATIENCE).map(drop)).await);
    Ok(watching
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take())
}

/// Does what waits for a broker, beside the runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> KafkaResult<T> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Error::Unavailable("the runtime is ending".to_owned())),
    }
}
