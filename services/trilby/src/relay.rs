//! `trilby relay`: tells the feed what the shared store's outbox holds, and stores the records of decisions that come
//! through it. It has no API and no key; what it answers is on the operator's port.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use tokio::sync::oneshot;
use trilby_eventlog::EventLog as _;
use trilby_feed_kafka::{DecisionSink, Relay, State};
use trilby_service::Settings;
use trilby_service::clock::{SystemClock, SystemEntropy};
use trilby_service::server::{Health, Listeners, Server, stop_signal};
use trilby_service::telemetry::Telemetry;

use crate::kafka;
use crate::keys::environment;
use crate::shared::url_of;
use crate::store::Store;
use crate::terminal::Terminal;

/// Relays until a signal says to stop.
pub async fn run(settings: Settings, terminal: Arc<Terminal>) -> anyhow::Result<()> {
    let asked_to_stop = stop_signal();
    url_of(&settings, "relay")?;
    let options = kafka::of(&settings, &environment)?
        .context("`trilby relay` needs Kafka: `kafka.brokers`")?;
    let listeners = Listeners::operator_only(&settings)?;
    let telemetry = Telemetry::start(&settings)?;
    let ready_line = listeners.ready_line();
    let state = Arc::new(State::default());
    let (stop, server) = serve(&settings, listeners, telemetry, &state);
    let mut asked_to_stop = std::pin::pin!(asked_to_stop);
    let prepare = async {
        let store = Arc::new(Store::relaying(&settings).await?);
        let mut id = [0; 16];
        getrandom::fill(&mut id).context("the operating system gives no randomness")?;
        let keeper = store.store();
        let relay = Relay::prepare(store, options.clone(), id, state).await;
        let relay = relay.map_err(kafka::told)?;
        let store_id = keeper.store_meta().await?.store_id;
        let sink = DecisionSink::new(options, keeper, store_id, trilby_decision::is_record);
        Ok::<_, anyhow::Error>((relay, sink))
    };
    let prepared = tokio::select! {
        prepared = prepare => Some(prepared?),
        () = &mut asked_to_stop => None,
    };
    if let Some((relay, sink)) = prepared {
        terminal.line(&ready_line)?;
        both(relay.run(asked_to_stop), sink.run()).await?;
    }
    drop(stop);
    server.await??;
    Ok(())
}

/// Relays to its end, beside the sink. A sink that ends first takes the relay with it: a process that only seems to store
/// records is worse than none, for which another is started.
async fn both(
    relay: impl Future<Output = ()>,
    sink: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    // What it is at when it is ended comes again to another.
    let mut sink = tokio::spawn(sink);
    tokio::select! {
        () = relay => {
            sink.abort();
            Ok(())
        }
        ended = &mut sink => {
            let ended = ended.err().map_or_else(|| "it ended".to_owned(), |error| error.to_string());
            Err(anyhow!("records of decisions are no longer stored: {ended}"))
        }
    }
}

/// Answers how it is doing from the beginning on.
fn serve(
    settings: &Settings,
    listeners: Listeners,
    telemetry: Telemetry,
    state: &Arc<State>,
) -> (
    oneshot::Sender<()>,
    tokio::task::JoinHandle<Result<(), trilby_service::server::Error>>,
) {
    let health = Health::default();
    let state = Arc::clone(state);
    health.check("relay", move || state.ready());
    let server = Server::new(settings, listeners, telemetry)
        .with_time(Arc::new(SystemClock), Arc::new(SystemEntropy))
        .with_health(health);
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async {
        // A sender that is gone stops the server too.
        stopped.await.ok();
    };
    (stop, tokio::spawn(server.run(until)))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_sink_that_dies_ends_the_relay() {
        let dies = async { panic!("a bug") };
        let told = both(pending(), dies).await.unwrap_err().to_string();
        assert!(told.contains("no longer stored"), "{told}");
        // So does one that returns, which none should.
        assert!(both(pending(), ready(())).await.is_err());
    }

    #[tokio::test]
    async fn a_relay_that_is_asked_to_stop_ends_well_and_its_sink_with_it() {
        let (alive, gone) = oneshot::channel::<()>();
        let sink = async move {
            let _alive = alive;
            pending::<()>().await;
        };
        both(tokio::task::yield_now(), sink).await.unwrap();
        assert!(gone.await.is_err());
    }
}
