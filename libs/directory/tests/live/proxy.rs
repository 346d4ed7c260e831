//! Between a feed and its reader stands a proxy that doubles, reorders, drops and delays.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trilby_directory::{Directory, Options};
use trilby_eventlog::{EventLog, Feed, FeedMessage, FeedSender, Memory};
use trilby_model::{Hash, LogId, Seq};
use trilby_testkit::simulation::{Random, Run};

use crate::counts::Counts;
use crate::relayed::Relay;
use crate::store::*;

/// Runs of the short form.
const RUNS: u64 = 24;
const ACCOUNTS: u64 = 4;
const COMMITS: u64 = 60;

const GAPS: &str = "trilby_feed_gaps_total";

/// What the log says at each end of a commit.
type Truth = BTreeMap<(u64, Seq), (Hash, String)>;

/// A follower that takes whatever it is told for the next thing.
#[derive(Default)]
struct Naive(BTreeMap<LogId, String>);

impl Naive {
    fn hear(&mut self, message: &FeedMessage) {
        let FeedMessage::Commit(commit) = message else {
            return;
        };
        for event in &commit.events {
            let body: serde_json::Value =
                serde_json::from_slice(event.body.as_ref().unwrap()).unwrap();
            if let Some(name) = body["data"]["name"].as_str() {
                self.0.insert(commit.log.clone(), name.to_owned());
            }
        }
    }
}

/// Passes messages on, badly. Gives what it passed on to a naive follower as well.
async fn proxy(feed: &Memory, to: FeedSender, seed: u64, naive: Arc<Mutex<Naive>>) {
    let mut random = Random::new(seed);
    let mut receiver = feed.subscribe().await.unwrap();
    tokio::spawn(async move {
        let say = move |message: FeedMessage| {
            naive.lock().unwrap().hear(&message);
            to.send(message);
        };
        while let Some(message) = receiver.recv().await {
            match random.below(10) {
                0 => {}
                1 => {
                    say(message.clone());
                    say(message);
                }
                2..=4 => {
                    let say = say.clone();
                    let late = Duration::from_millis(1 + random.below(40));
                    tokio::spawn(async move {
                        tokio::time::sleep(late).await;
                        say(message);
                    });
                }
                _ => say(message),
            }
        }
    });
}

/// Whatever the reader has is what the log says at that place, which is the end of a commit (I3, I4).
async fn is_true(reader: &Directory, truth: &Truth, seed: u64) {
    for n in 0..ACCOUNTS {
        let view = reader.account(account(n)).await.unwrap();
        let (hash, name) = &truth[&(n, view.seq())];
        assert_eq!(view.head.hash, *hash, "seed {seed}");
        assert_eq!(view.state.name().unwrap().to_string(), *name, "seed {seed}");
        assert_eq!(view.state.seq(), view.seq(), "seed {seed}");
    }
}

/// Gives whether a follower that checks nothing went wrong.
async fn one_run(seed: u64) -> bool {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    let mut truth = Truth::new();
    for n in 0..ACCOUNTS {
        append(&writer, account(n), vec![created(account(n))]).await;
        note(&memory, &mut truth, n, "acme").await;
    }
    let relay = Relay(FeedSender::new(4_096));
    let options = Options {
        // The store is not asked for news: what is known is what the feed tells, and what that makes to be read.
        poll_every: Duration::from_secs(3_600),
        ..Options::default()
    };
    let (reader, _) = directory(&memory, &relay, options).await;
    is_true(&reader, &truth, seed).await;
    let naive = Arc::new(Mutex::new(Naive::default()));
    proxy(&memory, relay.0.clone(), seed, Arc::clone(&naive)).await;
    let mut random = Random::new(seed ^ 0x5eed);
    for commit in 0..COMMITS {
        let n = random.below(ACCOUNTS);
        let name = format!("name-{commit}");
        let half = renamed(&format!("half-{commit}"));
        let token = append(&writer, account(n), vec![half, renamed(&name)]).await;
        note(&memory, &mut truth, n, &name).await;
        tokio::time::sleep(Duration::from_millis(random.below(15))).await;
        is_true(&reader, &truth, seed).await;
        if random.below(4) == 0 {
            reader.at_least(&token.positions()[0]).await.unwrap();
            let read = self::name(&reader, account(n)).await;
            assert_eq!(read, name, "seed {seed}");
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    // A follower that begins now has it from the log.
    let offline = follower(&memory).await;
    for n in 0..ACCOUNTS {
        let head = memory.head(&LogId::Account(account(n))).await.unwrap();
        reader.at_least(&head.unwrap().position()).await.unwrap();
        let (ours, fresh) = (
            reader.account(account(n)).await.unwrap(),
            offline.account(account(n)).await.unwrap(),
        );
        assert_eq!(
            serde_json::to_value(&ours.state).unwrap(),
            serde_json::to_value(&fresh.state).unwrap(),
            "seed {seed}"
        );
    }
    is_true(&reader, &truth, seed).await;
    let naive = naive.lock().unwrap();
    naive.0.iter().any(|(log, name)| {
        let last = (0..ACCOUNTS).find(|n| LogId::Account(account(*n)) == *log);
        let mut of_log = truth.iter().filter(|((n, _), _)| Some(*n) == last);
        of_log
            .next_back()
            .is_some_and(|(_, (_, wanted))| wanted != name)
    })
}

async fn note(memory: &Memory, truth: &mut Truth, n: u64, name: &str) {
    let last = commits(memory, account(n)).await.pop().unwrap();
    truth.insert((n, last.last), (last.hash, name.to_owned()));
}

#[test]
fn a_proxy_that_doubles_reorders_drops_and_delays_makes_nobody_wrong() {
    let mut run = Run::of("F7");
    let counts = Counts::default();
    let (mut n_runs, mut n_naive_wrong) = (0, 0);
    metrics::with_local_recorder(&&counts, || {
        while run.goes_on(RUNS) {
            let seed = run.random.draw();
            let before = counts.of(GAPS);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            n_naive_wrong += usize::from(runtime.block_on(one_run(seed)));
            n_runs += 1;
            let is_biting = counts.of(GAPS) > before;
            assert!(
                is_biting,
                "seed {seed}: nothing was missing, so nothing is shown"
            );
        }
    });
    assert_eq!(counts.of("trilby_log_forks_total"), 0);
    // The control: without the check of continuity such a feed leads astray.
    assert!(n_naive_wrong > 0, "in none of {n_runs}");
    let n_gaps = usize::try_from(counts.of(GAPS)).unwrap();
    run.tell(&[
        ("runs", n_runs),
        ("gaps", n_gaps),
        ("naive_followers_wrong", n_naive_wrong),
    ]);
}
