//! `trilby relay`: tells the feed what the shared store's outbox holds, and stores the records of decisions that come
//! through it. It has no API and no key; what it answers is on the operator's port.

use std::sync::Arc;

use anyhow::Context;
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
        // What the sink is at when it ends comes again to another.
        let mut sink = tokio::spawn(sink.run());
        tokio::select! {
            () = relay.run(asked_to_stop) => sink.abort(),
            ended = &mut sink => {
                ended.context("records of decisions are no longer stored")?;
            }
        }
    }
    drop(stop);
    server.await??;
    Ok(())
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
