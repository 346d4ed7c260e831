//! F7: a directory that hears its store's news through a proxy which doubles, reorders, drops and delays them. The same for
//! any store and any feed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use trilby_account::Event;
use trilby_account::event::{AccountCreated, AccountRenamed};
use trilby_directory::{Directory, IgnoreRevocations, Options, StoreSecrets};
use trilby_eventlog::{
    Commit, Delivery, Entry, Error, EventLog, Expected, Feed, FeedMessage, FeedReceiver,
    FeedSender, Head, NewEvent, Polled, shard,
};
use trilby_model::{AccountId, Hash, LogId, Seq, Timestamp};

use crate::simulation::Random;

/// Commits of one run.
const COMMITS: u64 = 60;
/// More in each log at its end, one right after the other.
const LAST_EACH: u64 = 3;
/// Longest that the proxy holds a message back.
const LATE_MS: u64 = 40;
const CAPACITY: usize = 4_096;

/// What is written, and where the news of it are from.
pub struct Source {
    /// Takes commits.
    pub writes: Arc<dyn EventLog>,
    /// The same store, for whoever only follows.
    pub reads: Arc<dyn EventLog>,
    /// Its news, from now on.
    pub told: FeedReceiver,
    /// What the time is.
    pub now: Timestamp,
}

/// A follower that takes whatever it is told for the next thing.
#[derive(Default)]
struct Naive {
    names: BTreeMap<LogId, String>,
    /// Gaps that the feed itself told of.
    n_gaps: u64,
}

impl Naive {
    fn hear(&mut self, message: &FeedMessage) {
        let commit = match message {
            FeedMessage::Commit(commit) => commit,
            FeedMessage::Gap(_) => {
                self.n_gaps += 1;
                return;
            }
            FeedMessage::Moved { .. }
            | FeedMessage::Revocation(_)
            | FeedMessage::Rewound { .. }
            | FeedMessage::Heartbeat(_) => return,
        };
        for event in &commit.events {
            let body = event.body.as_ref().unwrap();
            let body: serde_json::Value = serde_json::from_slice(body).unwrap();
            if let Some(name) = body["data"]["name"].as_str() {
                self.names.insert(commit.log.clone(), name.to_owned());
            }
        }
    }
}

/// Where the directory hears what the proxy says.
struct Said(FeedSender);

#[async_trait]
impl Feed for Said {
    async fn subscribe(&self) -> Result<FeedReceiver, Error> {
        Ok(self.0.subscribe())
    }

    fn delivery(&self) -> Delivery {
        Delivery::Relayed {
            partitions: shard::SHARDS,
        }
    }
}

/// Passes messages on, badly. A naive follower hears the same.
async fn pass_on(mut told: FeedReceiver, to: FeedSender, seed: u64, naive: Arc<Mutex<Naive>>) {
    let mut random = Random::new(seed);
    let say = move |message: FeedMessage| {
        naive.lock().unwrap().hear(&message);
        to.send(message);
    };
    while let Some(message) = told.recv().await {
        match random.below(10) {
            0 => {}
            1 => {
                say(message.clone());
                say(message);
            }
            2..=4 => {
                let (say, late) = (say.clone(), random.millis(1, LATE_MS));
                tokio::spawn(async move {
                    sleep(late).await;
                    say(message);
                });
            }
            _ => say(message),
        }
    }
}

/// A directory behind the proxy, and what it may say.
pub struct Proxied {
    writes: Arc<dyn EventLog>,
    reads: Arc<dyn EventLog>,
    now: Timestamp,
    accounts: Vec<AccountId>,
    heads: BTreeMap<AccountId, Head>,
    /// What the log says at each end of a commit.
    truth: BTreeMap<(AccountId, Seq), (Hash, String)>,
    reader: Directory,
    naive: Arc<Mutex<Naive>>,
    proxy: JoinHandle<()>,
    /// A feed whose proxy is gone is silent, and has not ended.
    _said: Said,
    random: Random,
    seed: u64,
}

impl Drop for Proxied {
    fn drop(&mut self) {
        self.proxy.abort();
    }
}

impl Proxied {
    /// New accounts of these numbers, all of them in the directory's memory.
    pub async fn begin(source: Source, accounts: Range<u64>, options: Options, seed: u64) -> Self {
        let to = FeedSender::new(CAPACITY);
        let said = Said(to.clone());
        let Source {
            writes,
            reads,
            told,
            now,
        } = source;
        let naive = Arc::new(Mutex::new(Naive::default()));
        let mut this = Self {
            reader: follower(&reads, &said, now, options).await,
            proxy: tokio::spawn(pass_on(told, to, seed, Arc::clone(&naive))),
            accounts: accounts.map(account).collect(),
            heads: BTreeMap::new(),
            truth: BTreeMap::new(),
            _said: said,
            random: Random::new(seed ^ 0x5eed),
            writes,
            reads,
            now,
            naive,
            seed,
        };
        for account in this.accounts.clone() {
            let name = "acme".parse().unwrap();
            let created = AccountCreated { account, name };
            this.append(account, &[created.into()], "acme").await;
        }
        this.is_true().await;
        this
    }

    /// Commits, and what the directory says meanwhile.
    pub async fn go_on(&mut self) {
        for commit in 0..COMMITS {
            let n = self.random.below(self.accounts.len().try_into().unwrap());
            let account = self.accounts[usize::try_from(n).unwrap()];
            let name = format!("name-{commit}");
            self.rename(account, &name).await;
            sleep(self.random.millis(0, 15)).await;
            self.is_true().await;
            if self.random.below(4) == 0 {
                let position = self.heads[&account].position();
                self.reader.at_least(&position).await.unwrap();
                let view = self.reader.account(account).await.unwrap();
                let read = view.state.name().unwrap().to_string();
                assert_eq!(read, name, "seed {}", self.seed);
            }
        }
        for account in self.accounts.clone() {
            for n in 0..LAST_EACH {
                self.rename(account, &format!("last-{n}")).await;
            }
        }
        // What is under way arrives.
        for _ in 0..10 {
            sleep(Duration::from_millis(100)).await;
            self.is_true().await;
        }
    }

    /// The directory is asked for where each log ends, and is there.
    pub async fn is_asked_for_the_end(&self) {
        for head in self.heads.values() {
            self.reader.at_least(&head.position()).await.unwrap();
        }
        self.is_at_the_end().await;
    }

    /// The proxy says nothing more, and the directory comes to where each log ends though nobody asks it for that.
    pub async fn comes_to_the_end(&self, within: Duration) {
        self.proxy.abort();
        let begun = Instant::now();
        while !self.has_all().await {
            assert!(begun.elapsed() < within, "seed {}: not in time", self.seed);
            sleep(Duration::from_millis(50)).await;
            self.is_true().await;
        }
        self.is_at_the_end().await;
    }

    /// Whether the naive follower ended wrong.
    pub fn is_naive_wrong(&self) -> bool {
        let naive = self.naive.lock().unwrap();
        self.heads.iter().any(|(account, head)| {
            let (_, wanted) = &self.truth[&(*account, head.seq)];
            naive.names.get(&head.log) != Some(wanted)
        })
    }

    /// How many gaps the feed itself told of.
    pub fn n_told_gaps(&self) -> u64 {
        self.naive.lock().unwrap().n_gaps
    }

    async fn rename(&mut self, account: AccountId, name: &str) {
        let renamed = |name: &str| AccountRenamed {
            name: name.parse().unwrap(),
        };
        let half = renamed(&format!("half-{name}"));
        self.append(account, &[half.into(), renamed(name).into()], name)
            .await;
    }

    async fn append(&mut self, account: AccountId, events: &[Event], name: &str) {
        let log = LogId::Account(account);
        let expected = self.heads.get(&account).map_or(Expected::New, Expected::at);
        let stored = events.iter().map(|event| NewEvent {
            etype: event.etype().to_owned(),
            ever: event.version(),
            data: event.to_data(),
        });
        let entry = Entry {
            log,
            expected,
            events: stored.collect(),
        };
        let mut salt = [0; 32];
        salt[..8].copy_from_slice(&self.random.draw().to_be_bytes());
        let commit = Commit::new(self.now, json!({}), salt, vec![entry]);
        let head = self.writes.append(commit).await.unwrap().heads.remove(0);
        let what = (head.hash, name.to_owned());
        self.truth.insert((account, head.seq), what);
        self.heads.insert(account, head);
    }

    /// Whatever the directory has is what the log says at that place, which is the end of a commit (I3, I4).
    async fn is_true(&self) {
        let seed = self.seed;
        for account in &self.accounts {
            let view = self.reader.account(*account).await.unwrap();
            let found = self.truth.get(&(*account, view.seq()));
            let (hash, name) = found.unwrap_or_else(|| panic!("seed {seed}: within a commit"));
            assert_eq!(view.head.hash, *hash, "seed {seed}");
            assert_eq!(view.state.name().unwrap().to_string(), *name, "seed {seed}");
            assert_eq!(view.state.seq(), view.seq(), "seed {seed}");
        }
    }

    async fn has_all(&self) -> bool {
        for (account, head) in &self.heads {
            let view = self.reader.account(*account).await.unwrap();
            if view.seq() < head.seq {
                return false;
            }
        }
        true
    }

    /// The directory has what one has that begins now, from the log alone.
    async fn is_at_the_end(&self) {
        self.is_true().await;
        let nothing = Polled::default();
        let offline = follower(&self.reads, &nothing, self.now, Options::default()).await;
        for (account, head) in &self.heads {
            let ours = self.reader.account(*account).await.unwrap();
            let fresh = offline.account(*account).await.unwrap();
            assert_eq!(ours.seq(), head.seq, "seed {}", self.seed);
            assert_eq!(
                serde_json::to_value(&ours.state).unwrap(),
                serde_json::to_value(&fresh.state).unwrap(),
                "seed {}",
                self.seed
            );
        }
    }
}

fn account(n: u64) -> AccountId {
    format!("{:012}", 100_000_000_000 + n).parse().unwrap()
}

async fn follower(
    log: &Arc<dyn EventLog>,
    feed: &dyn Feed,
    now: Timestamp,
    options: Options,
) -> Directory {
    let (log, sink) = (Arc::clone(log), Arc::new(IgnoreRevocations));
    let secrets = StoreSecrets {
        claim_key: [9; 32],
        snapshot_key: [10; 32],
    };
    let started = Directory::start(log, feed, secrets, sink, now, options);
    started.await.unwrap()
}
