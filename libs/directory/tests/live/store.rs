//! A store with accounts in it, and a feed that can be made to misbehave.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::broadcast;
use trilby_account::Event;
use trilby_account::event::{AccountCreated, AccountRenamed, AccountSuspended};
use trilby_directory::{
    Answer, Directory, Events, ExecuteError, Executed, Options, Plan, ReceiptKey, RevocationSink,
    StoreSecrets, Write,
};
use trilby_eventlog::archive::Row;
use trilby_eventlog::*;
use trilby_model::{AccountId, ConsistencyToken, Entropy, LogId, Seq, Timestamp};

pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// Of every directory over one store.
pub const SECRETS: StoreSecrets = StoreSecrets {
    claim_key: [9; 32],
    snapshot_key: [10; 32],
};

/// Keeps what it is told.
#[derive(Default)]
pub struct Sink(pub Mutex<Vec<Revocation>>);

impl RevocationSink for Sink {
    fn revoked(&self, revocation: &Revocation) {
        self.0.lock().unwrap().push(revocation.clone());
    }
}

/// A feed whose messages a test sends itself.
pub struct HandFeed(pub broadcast::Sender<FeedMessage>);

impl HandFeed {
    pub fn new(capacity: usize) -> Self {
        Self(broadcast::Sender::new(capacity))
    }
}

#[async_trait]
impl Feed for HandFeed {
    async fn subscribe(&self) -> Result<FeedReceiver, Error> {
        Ok(FeedReceiver::new(self.0.subscribe()))
    }
}

pub async fn directory(
    memory: &Memory,
    feed: &dyn Feed,
    options: Options,
) -> (Directory, Arc<Sink>) {
    let sink = Arc::new(Sink::default());
    let log: Arc<dyn EventLog> = Arc::new(memory.clone());
    let directory = Directory::start(log, feed, SECRETS, Arc::clone(&sink) as _, NOW, options)
        .await
        .unwrap();
    (directory, sink)
}

/// A directory that follows the store's own feed.
pub async fn follower(memory: &Memory) -> Directory {
    directory(memory, memory, Options::default()).await.0
}

pub fn account(n: u64) -> AccountId {
    format!("{:012}", 100_000_000_000 + n).parse().unwrap()
}

static KEYS: AtomicUsize = AtomicUsize::new(1);

pub fn entropy() -> Entropy {
    let mut seed = [0; 32];
    for (to, from) in seed
        .iter_mut()
        .zip(KEYS.fetch_add(1, Ordering::SeqCst).to_be_bytes())
    {
        *to = from;
    }
    Entropy::new(seed)
}

pub fn write(logs: Vec<LogId>) -> Write {
    let mut entropy = entropy();
    let receipt = ReceiptKey {
        log: logs[0].clone(),
        key: entropy.take(),
        request_hash: [1; 32],
        chosen: false,
    };
    Write {
        logs,
        receipt,
        meta: serde_json::json!({}),
        alive: Vec::new(),
        incarnation: None,
        trace: None,
        now: NOW,
        entropy,
    }
}

pub fn plan(events: Vec<Events>) -> Plan<(), String> {
    Plan::new(events, |_| {
        Ok(Answer {
            value: (),
            status: 200,
            stored: Some(b"answer".to_vec()),
        })
    })
}

pub async fn append(
    directory: &Directory,
    account: AccountId,
    events: Vec<Event>,
) -> ConsistencyToken {
    append_at(directory, account, events, NOW).await
}

/// By a writer whose clock shows this.
pub async fn append_at(
    directory: &Directory,
    account: AccountId,
    events: Vec<Event>,
    now: Timestamp,
) -> ConsistencyToken {
    let wish = Write {
        now,
        ..write(vec![LogId::Account(account)])
    };
    let executed = directory
        .execute(wish, |_| {
            Ok(plan(vec![Events::Account(account, events.clone())]))
        })
        .await;
    done(executed)
}

pub fn done(executed: Result<Executed<()>, ExecuteError<String>>) -> ConsistencyToken {
    match executed {
        Ok(Executed::Done(done)) => done.token.unwrap(),
        other => panic!("{other:?}"),
    }
}

pub fn created(account: AccountId) -> Event {
    AccountCreated {
        account,
        name: "acme".parse().unwrap(),
    }
    .into()
}

pub fn renamed(name: &str) -> Event {
    AccountRenamed {
        name: name.parse().unwrap(),
    }
    .into()
}

pub fn suspended(n: u64) -> Event {
    AccountSuspended {
        account: account(n),
        reason: None,
    }
    .into()
}

pub async fn name(directory: &Directory, id: AccountId) -> String {
    directory
        .account(id)
        .await
        .unwrap()
        .state
        .name()
        .unwrap()
        .to_string()
}

/// The newest snapshot of a log, whoever made it.
pub async fn newest_snapshot(memory: &Memory, log: &LogId) -> Option<Snapshot> {
    let all = memory.export(Section::Snapshots, Some(log), None, 1_000);
    let rows = all.await.unwrap().rows.into_iter();
    let snapshots = rows.filter_map(|row| match row {
        Row::Snapshot(snapshot) => Some(snapshot),
        _ => None,
    });
    snapshots.max_by_key(|snapshot| snapshot.seq)
}

/// The whole log of an account.
pub async fn commits(memory: &Memory, account: AccountId) -> Vec<RecordedCommit> {
    memory
        .read(&LogId::Account(account), Seq::ZERO, 10_000)
        .await
        .unwrap()
}

/// An event that nobody knows, at the end of an account's log.
pub async fn poison(memory: &Memory, n: u64) {
    let log = LogId::Account(account(n));
    let head = memory.head(&log).await.unwrap().unwrap();
    let entry = Entry {
        log,
        expected: Expected::at(&head),
        events: vec![NewEvent {
            etype: "user.blessed".to_owned(),
            ever: 1,
            data: serde_json::json!({}),
        }],
    };
    let commit = Commit::new(NOW, serde_json::json!({}), [8; 32], vec![entry]);
    memory.append(commit).await.unwrap();
}
