//! A process of a test's own: this program once more, told by variables what to be.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use trilby_cluster::member::{pause, resume};
use trilby_eventlog::{Feed as _, FeedMessage, RelayStore as _};
use trilby_eventlog_postgres::{Options as StoreOptions, Postgres, Relaying, Role};
use trilby_feed_kafka::{KafkaFeed, Options, Pace};

use crate::faulty::{Death, Fault, Faulty};
use crate::support::{Database, PATIENCE, Running, Topics};

/// What to be. Without it the test that begins a child has nothing to do.
const WHAT: &str = "TRILBY_TEST_CHILD";
const STORE: &str = "TRILBY_TEST_CHILD_STORE";
const BROKERS: &str = "TRILBY_TEST_CHILD_BROKERS";
const PREFIX: &str = "TRILBY_TEST_CHILD_PREFIX";
const AFTER_MS: &str = "TRILBY_TEST_CHILD_AFTER_MS";

/// Longest life of a child whose end nobody sees to.
const LIFE: Duration = Duration::from_secs(600);

/// What a line of a listening child begins with.
const HEARD: &str = "heard: ";

fn var(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// A child's whole life, in the child.
pub async fn live() {
    let Ok(what) = std::env::var(WHAT) else {
        return;
    };
    let options = Options::plain(&var(BROKERS), &var(PREFIX));
    let death = match what.as_str() {
        "listen" => {
            let store = Relaying::open(&store()).await.unwrap();
            return listen(options, store.meta().await.unwrap().store_id).await;
        }
        "sink" => {
            let store = Postgres::open(&store()).await.unwrap();
            return crate::decisions::die_storing(store, options).await;
        }
        "renewing" => {
            let store = Arc::new(Relaying::open(&store()).await.unwrap());
            let _relay = Running::start(store, &options).await;
            return tokio::time::sleep(LIFE).await;
        }
        "greedy" => {
            let store = Arc::new(Relaying::open(&store()).await.unwrap());
            let fault = Fault::Greedy(Arc::default());
            let _relay = Running::start(Arc::new(Faulty { store, fault }), &options).await;
            return tokio::time::sleep(LIFE).await;
        }
        "before-produce" => Death::BeforeProduce,
        "before-ack" => Death::BeforeAck(Duration::from_millis(var(AFTER_MS).parse().unwrap())),
        "before-forget" => Death::BeforeForget,
        "forgot" => Death::Forgot,
        other => panic!("what is {other}?"),
    };
    let store = Arc::new(Relaying::open(&store()).await.unwrap());
    let fault = Fault::Dies(death);
    let _relay = Running::start(Arc::new(Faulty { store, fault }), &options).await;
    // Nobody needs a child whose death has not come by then.
    tokio::time::sleep(PATIENCE).await;
}

fn store() -> StoreOptions {
    let mut store = StoreOptions::new(var(STORE), Role::Relay);
    store.store_key_fingerprint = Some([1; 32]);
    store
}

async fn listen(options: Options, store_id: [u8; 16]) {
    let feed = KafkaFeed::start(options, Pace::AtOnce, store_id).unwrap();
    let mut receiver = feed.subscribe().await.unwrap();
    while let Some(message) = receiver.recv().await {
        match message {
            FeedMessage::Commit(commit) => println!("\n{HEARD}{} {}", commit.log, commit.last),
            FeedMessage::Gap(_) => println!("\n{HEARD}gap"),
            _ => {}
        }
    }
}

fn start(test: &str, what: &str, topics: &Topics, more: &[(&str, &str)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(WHAT, what)
        .env(BROKERS, &topics.0.brokers)
        .env(PREFIX, &topics.0.topic_prefix)
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A relay that dies of itself; waits for that.
pub fn relay_until_death(test: &str, death: Death, topics: &Topics, database: &Database) {
    let (what, after) = match death {
        Death::BeforeProduce => ("before-produce", Duration::ZERO),
        Death::BeforeAck(after) => ("before-ack", after),
        Death::BeforeForget => ("before-forget", Duration::ZERO),
        Death::Forgot => ("forgot", Duration::ZERO),
    };
    let after = after.as_millis().to_string();
    let more = [(STORE, database.url.as_str()), (AFTER_MS, after.as_str())];
    await_death(start(test, what, topics, &more), what);
}

/// A sink that dies when it has stored something; waits for that.
pub fn sink_until_death(test: &str, topics: &Topics, database: &Database) {
    let more = [(STORE, database.url.as_str())];
    await_death(start(test, "sink", topics, &more), "sink");
}

fn await_death(mut child: Child, what: &str) {
    let deadline = Instant::now() + PATIENCE;
    let status: ExitStatus = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{what}: it does not die");
            }
        }
    };
    assert_eq!(status.code(), None, "{what}: it ended otherwise: {status}");
}

/// A process that listens, and tells what it hears. It is killed when this is dropped.
pub struct Listener {
    child: Child,
    lines: Receiver<String>,
}

impl Listener {
    pub fn start(test: &str, topics: &Topics, database: &Database) -> Self {
        let more = [(STORE, database.url.as_str())];
        let mut child = start(test, "listen", topics, &more);
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some(heard) = line.strip_prefix(HEARD)
                    && sender.send(heard.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Stops it where it is.
    pub fn pause(&self) {
        pause(self.child.id()).unwrap();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        resume(self.child.id()).unwrap();
    }

    /// The next it has heard, if that comes in time.
    pub fn next(&self, within: Duration) -> Option<String> {
        self.lines.recv_timeout(within).ok()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a relay does that was stopped for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakes {
    /// It renews its leases, and learns that they are another's.
    Renewing,
    /// It takes every shard for its own.
    Greedy,
}

/// A process that relays. It is killed when this is dropped.
pub struct Sleeper(Child);

impl Sleeper {
    pub fn start(test: &str, wakes: Wakes, topics: &Topics, database: &Database) -> Self {
        let what = match wakes {
            Wakes::Renewing => "renewing",
            Wakes::Greedy => "greedy",
        };
        Self(start(test, what, topics, &[(STORE, database.url.as_str())]))
    }

    /// Stops it where it is.
    pub fn pause(&self) {
        pause(self.0.id()).unwrap();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        resume(self.0.id()).unwrap();
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
