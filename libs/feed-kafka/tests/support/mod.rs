//! What the tests of this crate share: a topic prefix of each test's own, a relay over a real store, what is heard.

#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../../../eventlog-postgres/tests/support/common.rs"]
mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use common::{Database, append};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use trilby_eventlog::{FeedMessage, FeedReceiver, RelayStore};
use trilby_eventlog_postgres::{Relaying, Role};
use trilby_feed_kafka::{Options, Relay, State};

/// Where the broker is.
const ADDRESS: &str = "TRILBY_TEST_KAFKA";

/// Longest that anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn broker() -> String {
    std::env::var(ADDRESS)
        .unwrap_or_else(|_| panic!("{ADDRESS} is not set: `cargo xtask services up` tells it"))
}

/// Topics of a test's own, which go with it.
pub struct Topics(pub Options);

impl Topics {
    pub fn new() -> Self {
        let lines = std::env::var("RUST_LOG").unwrap_or_else(|_| "off".to_owned());
        tracing_subscriber::fmt()
            .with_env_filter(lines)
            .with_test_writer()
            .try_init()
            .ok();
        Self::at(&broker())
    }

    pub fn at(brokers: &str) -> Self {
        let mut random = [0; 6];
        getrandom::fill(&mut random).unwrap();
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(Options::plain(brokers, &format!("test-{name}")))
    }

    pub fn admin(&self) -> AdminClient<DefaultClientContext> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.0.brokers);
        config.create().unwrap()
    }

    pub fn names(&self) -> [String; 3] {
        ["log", "revocations", "decisions"].map(|name| format!("{}.{name}", self.0.topic_prefix))
    }

    /// Deletes them, and waits until they are gone.
    pub async fn delete(&self) {
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let admin = self.admin();
        let patience = AdminOptions::new().operation_timeout(Some(PATIENCE));
        admin.delete_topics(&names, &patience).await.unwrap();
    }
}

impl Drop for Topics {
    fn drop(&mut self) {
        let (names, admin) = (self.names(), self.admin());
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            // Left behind, they only take room.
            drop(runtime.block_on(admin.delete_topics(&names, &AdminOptions::new())));
        });
        gone.join().ok();
    }
}

/// A relay at work.
pub struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    pub state: Arc<State>,
}

impl Running {
    pub async fn start(store: Arc<dyn RelayStore>, options: &Options) -> Self {
        let mut id = [0; 16];
        getrandom::fill(&mut id).unwrap();
        let state = Arc::new(State::default());
        let relay = Relay::prepare(store, options.clone(), id, Arc::clone(&state))
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(relay.run(async {
            stopped.await.ok();
        }));
        Self { stop, task, state }
    }

    pub async fn stop(self) {
        self.stop.send(()).ok();
        self.task.await.unwrap();
    }
}

pub async fn relaying(database: &Database) -> Arc<Relaying> {
    Arc::new(
        Relaying::open(&database.options(Role::Relay))
            .await
            .unwrap(),
    )
}

/// Hears until enough was heard.
pub async fn heard(receiver: &mut FeedReceiver, mut enough: impl FnMut(&FeedMessage) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let message = tokio::time::timeout(left, receiver.recv()).await;
        let message = message
            .expect("it was heard in time")
            .expect("the feed goes on");
        if enough(&message) {
            return;
        }
    }
}

/// Polls until a condition holds.
pub async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "it did not come to that in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
