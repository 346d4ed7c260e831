//! A feed that somebody relays: it vouches for what it told by heartbeats, and may be late, silent, or lose things.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use trilby_directory::{Directory, Error, Options};
use trilby_eventlog::{
    Archive, Channel, Delivery, EventLog, Feed, FeedMessage, FeedReceiver, FeedSender, Heartbeat,
    Memory, RecordedCommit, Revocation, chain, shard,
};
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::store::*;
use crate::through::Through;

/// A relay whose every word a test says itself.
pub struct Relay(pub FeedSender);

#[async_trait]
impl Feed for Relay {
    async fn subscribe(&self) -> Result<FeedReceiver, trilby_eventlog::Error> {
        Ok(self.0.subscribe())
    }

    fn delivery(&self) -> Delivery {
        Delivery::Relayed {
            partitions: shard::SHARDS,
        }
    }
}

/// A directory that hears a relay, the store it can ask, and a writer whose commits nobody relays unasked.
struct Stage {
    memory: Memory,
    writer: Directory,
    relay: Relay,
    reader: Directory,
    sink: Arc<Sink>,
    store: Arc<Through>,
    begun: Instant,
}

/// What is wrong with a heartbeat.
#[derive(Clone, Copy, Default)]
struct Beat {
    /// How far ahead of this node's the relay's clock is.
    ahead_s: i64,
    waiting_s: u64,
    without: Option<(Channel, u16)>,
    /// Of which the relay says the store is; 0: it does not say.
    incarnation: u32,
}

const CHANNELS: [Channel; 2] = [Channel::Commits, Channel::Revocations];

/// A store with account 1 and 2, and who writes to it.
async fn two_accounts() -> (Memory, Directory) {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    for n in [1, 2] {
        append(&writer, account(n), vec![created(account(n))]).await;
    }
    (memory, writer)
}

impl Stage {
    /// Account 1 and 2 are in the reader's memory.
    async fn new() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let (memory, writer) = two_accounts().await;
        let relay = Relay(FeedSender::new(512));
        let store = Arc::new(Through::new(memory.clone()));
        let sink = Arc::new(Sink::default());
        let begun = Instant::now();
        let log = Arc::clone(&store) as Arc<dyn EventLog>;
        let reader = Directory::start(log, &relay, SECRETS, Arc::clone(&sink) as _, NOW, options);
        let reader = reader.await.unwrap();
        for n in [1, 2] {
            reader.account(account(n)).await.unwrap();
        }
        Self {
            memory,
            writer,
            relay,
            reader,
            sink,
            store,
            begun,
        }
    }

    fn now(&self) -> Timestamp {
        let since = i64::try_from(self.begun.elapsed().as_micros()).unwrap();
        Timestamp::from_micros(NOW.micros() + since)
    }

    fn beat(&self, beat: Beat) {
        for channel in CHANNELS {
            for partition in 0..shard::SHARDS {
                if beat.without != Some((channel, partition)) {
                    self.relay.0.send(FeedMessage::Heartbeat(Heartbeat {
                        channel,
                        partition,
                        at: self.now().plus_seconds(beat.ahead_s),
                        waiting: Duration::from_secs(beat.waiting_s),
                        incarnation: beat.incarnation,
                    }));
                }
            }
        }
    }

    /// So many seconds, with a heartbeat in each.
    async fn seconds(&self, n: u64, beat: Beat) {
        for _ in 0..n {
            self.beat(beat);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn healthy(&self, n: u64) {
        self.seconds(n, Beat::default()).await;
    }

    /// The last commit of an account.
    async fn last(&self, n: u64) -> RecordedCommit {
        commits(&self.memory, account(n)).await.pop().unwrap()
    }

    async fn relay_last(&self, n: u64) {
        let commit = self.last(n).await;
        self.relay.0.send(FeedMessage::Commit(Arc::new(commit)));
    }

    fn n_heads(&self) -> usize {
        self.store.n_heads.load(Ordering::SeqCst)
    }

    fn n_reads(&self) -> usize {
        self.store.n_reads.load(Ordering::SeqCst)
    }

    fn lag(&self) -> Duration {
        self.reader.revocation_lag().unwrap()
    }

    /// Each once: they may be told again.
    fn revocations(&self) -> Vec<Revocation> {
        let mut heard = self.sink.0.lock().unwrap().clone();
        heard.dedup();
        heard
    }

    /// What the reader gives without reading anything for it.
    async fn name_in_memory(&self, n: u64) -> String {
        let n_before = self.n_reads();
        let name = name(&self.reader, account(n)).await;
        assert_eq!(self.n_reads(), n_before, "it was read only when asked for");
        name
    }
}

/// Lets whoever has something to do do it; no time passes.
async fn settle() {
    for _ in 0..400 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_all_partitions_beat_the_store_is_not_asked() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    let n_before = stage.n_heads();
    stage.healthy(30).await;
    assert_eq!(stage.n_heads(), n_before);
    assert!(stage.lag() <= Duration::from_secs(1), "{:?}", stage.lag());
    append(&stage.writer, account(1), vec![renamed("told")]).await;
    stage.relay_last(1).await;
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "told");
}

#[tokio::test(start_paused = true)]
async fn ninety_five_of_ninety_six_partitions_are_silence() {
    for without in [(Channel::Commits, 0), (Channel::Revocations, 47)] {
        let stage = Stage::new().await;
        stage.healthy(5).await;
        let n_before = stage.n_heads();
        let beat = Beat {
            without: Some(without),
            ..Beat::default()
        };
        stage.seconds(10, beat).await;
        let rounds = stage.n_heads() - n_before;
        assert!((6..=8).contains(&rounds), "{without:?}: {rounds}");
        // What others write is found by asking.
        append(
            &stage.writer,
            account(1),
            vec![renamed("untold"), suspended(1)],
        )
        .await;
        stage.seconds(2, beat).await;
        assert_eq!(stage.name_in_memory(1).await, "untold");
        assert!(!stage.revocations().is_empty());
        // All are back: no more questions.
        stage.healthy(2).await;
        let n_before = stage.n_heads();
        stage.healthy(10).await;
        assert_eq!(stage.n_heads(), n_before);
    }
}

#[tokio::test(start_paused = true)]
async fn before_the_first_heartbeat_the_store_is_asked() {
    let stage = Stage::new().await;
    append(&stage.writer, account(1), vec![renamed("untold")]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.name_in_memory(1).await, "untold");
    assert!(stage.lag() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn what_waited_forty_seconds_in_the_outbox_is_forty_seconds_late() {
    let stage = Stage::new().await;
    stage.healthy(60).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    let beat = Beat {
        waiting_s: 40,
        ..Beat::default()
    };
    stage.seconds(45, beat).await;
    let lag = stage.lag().as_secs();
    assert!((40..=42).contains(&lag), "{lag}");
    // One late partition is enough.
    stage.healthy(3).await;
    assert!(stage.lag() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_that_take_long_are_late_by_as_much() {
    let stage = Stage::new().await;
    stage.healthy(60).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    // As if this node's clock were ahead: nobody can tell one from the other, so the worse is taken.
    let beat = Beat {
        ahead_s: -20,
        ..Beat::default()
    };
    stage.seconds(25, beat).await;
    let lag = stage.lag().as_secs();
    assert!((20..=22).contains(&lag), "{lag}");
    // Where the store answers, it makes up for it.
    stage.store.is_gone.store(false, Ordering::SeqCst);
    stage.seconds(2, beat).await;
    assert!(stage.lag() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_relay_whose_clock_is_ahead_does_not_vouch_for_the_future() {
    let stage = Stage::new().await;
    let beat = Beat {
        ahead_s: 600,
        ..Beat::default()
    };
    stage.seconds(5, beat).await;
    assert!(stage.lag() <= Duration::from_secs(1));
    stage.store.is_gone.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(stage.lag() >= Duration::from_secs(60), "{:?}", stage.lag());
}

#[tokio::test(start_paused = true)]
async fn when_feed_and_store_are_silent_what_is_known_grows_old() {
    let stage = Stage::new().await;
    stage.healthy(5).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert!(stage.lag() >= Duration::from_secs(70));
    // Nothing is wrong as long as one of the two is there.
    stage.healthy(2).await;
    assert!(stage.lag() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn what_a_gap_has_swallowed_is_read_at_once() {
    let stage = Stage::new().await;
    stage.healthy(5).await;
    append(
        &stage.writer,
        account(1),
        vec![renamed("lost"), suspended(1)],
    )
    .await;
    stage.relay.0.gap(2);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(
        stage.reader.knows_revocations(),
        "no reason to refuse anybody"
    );
    assert_eq!(stage.revocations().len(), 1);
    assert_eq!(stage.name_in_memory(1).await, "lost");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_before_a_gap_vouches_for_nothing_and_one_after_it_not_before_a_repair() {
    let stage = Stage::new().await;
    stage.healthy(5).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    append(&stage.writer, account(1), vec![suspended(1)]).await;
    // The last heartbeats, and with them the revocation, are lost. The relay is well all along.
    stage.relay.0.gap(1);
    stage.healthy(30).await;
    assert!(stage.lag() >= Duration::from_secs(30), "{:?}", stage.lag());
    assert!(stage.revocations().is_empty());
    // However long ago it was lost: the round that repairs reads it.
    stage.store.is_gone.store(false, Ordering::SeqCst);
    stage.healthy(7).await;
    assert_eq!(stage.revocations().len(), 1);
    assert!(stage.lag() <= Duration::from_secs(1));
    let n_before = stage.n_heads();
    stage.healthy(10).await;
    assert_eq!(stage.n_heads(), n_before, "the relay is believed again");
}

/// Heads come by a second question: while that fails nothing is made good.
#[tokio::test(start_paused = true)]
async fn a_commit_that_a_gap_swallowed_is_found_however_long_the_repair_takes() {
    let stage = Stage::new().await;
    stage.healthy(5).await;
    append(&stage.writer, account(2), vec![renamed("swallowed")]).await;
    stage.store.hangs.store(true, Ordering::SeqCst);
    stage.relay.0.gap(1);
    stage.healthy(12).await;
    stage.store.hangs.store(false, Ordering::SeqCst);
    stage.healthy(8).await;
    assert_eq!(stage.name_in_memory(2).await, "swallowed");
}

#[tokio::test(start_paused = true)]
async fn a_revocation_between_a_round_and_a_heartbeat_is_not_lost() {
    // Whatever the moment at which it is made, and whether the relay or the store tells it.
    for after_ms in (0..5_000).step_by(170) {
        for is_relayed in [true, false] {
            let stage = Stage::new().await;
            let silent = Duration::from_millis(after_ms);
            tokio::time::sleep(silent).await;
            append(&stage.writer, account(1), vec![suspended(1)]).await;
            let made = Instant::now();
            if is_relayed {
                let row = stage.memory.revocations_since(NOW).await.unwrap().remove(0);
                stage.relay.0.send(FeedMessage::Revocation(Arc::new(row)));
                stage.healthy(1).await;
            }
            while stage.revocations().is_empty() {
                // As long as it is not known, nobody says that it is.
                assert!(stage.lag() >= made.elapsed(), "{after_ms} {is_relayed}");
                assert!(made.elapsed() < Duration::from_secs(2), "{after_ms}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_feed_does_not_carry_is_read_before_anybody_asks() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    append(&stage.writer, account(1), vec![renamed("large")]).await;
    stage.relay.0.send(FeedMessage::Moved {
        log: LogId::Account(account(1)),
        last: Seq::new(2),
    });
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "large");
    // Said again, or of a log that nobody has asked for: nothing is read.
    let n_before = stage.n_reads();
    for n in [1, 3] {
        stage.relay.0.send(FeedMessage::Moved {
            log: LogId::Account(account(n)),
            last: Seq::new(2),
        });
    }
    settle().await;
    assert_eq!(stage.n_reads(), n_before);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_is_missing_is_read_before_anybody_asks() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    append(&stage.writer, account(1), vec![renamed("missing")]).await;
    append(&stage.writer, account(1), vec![renamed("told")]).await;
    stage.relay_last(1).await;
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "told");
}

#[tokio::test(start_paused = true)]
async fn a_missing_commit_that_cannot_be_read_makes_nobody_wrong() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    append(&stage.writer, account(1), vec![renamed("missing")]).await;
    append(&stage.writer, account(1), vec![renamed("told")]).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    stage.relay_last(1).await;
    stage.healthy(3).await;
    let asked = stage.reader.account(account(1)).await;
    assert!(matches!(asked, Err(Error::Unavailable(_))), "{asked:?}");
    assert_eq!(name(&stage.reader, account(2)).await, "acme");
    stage.store.is_gone.store(false, Ordering::SeqCst);
    assert_eq!(name(&stage.reader, account(1)).await, "told");
}

#[tokio::test(start_paused = true)]
async fn a_lie_is_dropped_and_the_store_asked() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    append(&stage.writer, account(1), vec![renamed("true")]).await;
    // Another store of the same beginnings tells another story.
    let other = Memory::for_tests();
    let liar = follower(&other).await;
    append(&liar, account(1), vec![created(account(1))]).await;
    append(&liar, account(1), vec![renamed("false"), renamed("lie")]).await;
    append(&liar, account(1), vec![renamed("later")]).await;
    let lies = commits(&other, account(1)).await;
    stage.relay_last(1).await;
    settle().await;
    for lie in &lies[1..] {
        stage
            .relay
            .0
            .send(FeedMessage::Commit(Arc::new(lie.clone())));
        settle().await;
        assert_eq!(name(&stage.reader, account(1)).await, "true");
    }
    // While the store cannot be asked which of the two is true, nobody is answered.
    let mut lie = lies[1].clone();
    lie.prev_hash = Hash([7; 32]);
    (lie.first, lie.last) = (Seq::new(3), Seq::new(3));
    stage.store.is_gone.store(true, Ordering::SeqCst);
    stage.relay.0.send(FeedMessage::Commit(Arc::new(lie)));
    settle().await;
    let asked = stage.reader.account(account(1)).await;
    assert!(matches!(asked, Err(Error::Unavailable(_))), "{asked:?}");
    stage.store.is_gone.store(false, Ordering::SeqCst);
    assert_eq!(name(&stage.reader, account(1)).await, "true");
}

#[tokio::test(start_paused = true)]
async fn what_a_store_has_lost_is_dropped_when_the_relay_says_so() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    append(&stage.writer, account(1), vec![renamed("lost")]).await;
    append(&stage.writer, account(1), vec![renamed("lost-too")]).await;
    for commit in &commits(&stage.memory, account(1)).await[1..] {
        stage
            .relay
            .0
            .send(FeedMessage::Commit(Arc::new(commit.clone())));
    }
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "lost-too");
    // A standby that had only the first commit takes over, and others go on from there.
    let (standby, writer) = two_accounts().await;
    let keep = standby.head(&LogId::Account(account(1))).await.unwrap();
    append(&writer, account(1), vec![renamed("kept")]).await;
    stage.store.becomes(standby.clone());
    stage.relay.0.send(FeedMessage::Rewound {
        log: LogId::Account(account(1)),
        keep: Seq::new(1),
        hash: keep.unwrap().hash,
    });
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "kept");
    // And what is told from then on continues it.
    append(&writer, account(1), vec![renamed("next")]).await;
    let next = commits(&standby, account(1)).await.pop().unwrap();
    stage.relay.0.send(FeedMessage::Commit(Arc::new(next)));
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "next");
    assert_eq!(stage.name_in_memory(2).await, "acme");
}

#[tokio::test(start_paused = true)]
async fn a_position_is_waited_for_only_while_somebody_tells() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    let token = append(&stage.writer, account(1), vec![renamed("other")]).await;
    let begun = Instant::now();
    stage.reader.at_least(&token.positions()[0]).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(250));
    tokio::time::sleep(Duration::from_secs(4)).await;
    let token = append(&stage.writer, account(1), vec![renamed("third")]).await;
    let begun = Instant::now();
    stage.reader.at_least(&token.positions()[0]).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn who_asks_the_store_for_heads_does_not_wait_for_the_feed() {
    let stage = Stage::with(Options {
        ask_heads: true,
        ..Options::default()
    })
    .await;
    stage.healthy(3).await;
    let token = append(&stage.writer, account(1), vec![renamed("other")]).await;
    let begun = Instant::now();
    stage.reader.at_least(&token.positions()[0]).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn a_relayed_feed_that_has_ended_is_a_silent_one() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    let Stage {
        memory,
        writer,
        relay,
        reader,
        ..
    } = stage;
    drop(relay);
    tokio::time::sleep(Duration::from_secs(2)).await;
    append(&writer, account(1), vec![renamed("untold")]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(reader.knows_revocations());
    assert!(reader.revocation_lag().unwrap() <= Duration::from_secs(1));
    assert_eq!(name(&reader, account(1)).await, "untold");
    drop(memory);
}

/// Time as the node's clock shows it, which may be set while the directory is at work.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_put_right_is_believed() {
    let wrong = Arc::new(std::sync::atomic::AtomicI64::new(-600));
    let begun = Instant::now();
    let shown = Arc::clone(&wrong);
    let options = Options {
        clock: trilby_directory::NodeClock::new(move || {
            let since = i64::try_from(begun.elapsed().as_micros()).unwrap();
            let at = Timestamp::from_micros(NOW.micros() + since);
            at.plus_seconds(shown.load(Ordering::SeqCst))
        }),
        ..Options::default()
    };
    let stage = Stage::with(options).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    let late = Beat {
        ahead_s: -30,
        ..Beat::default()
    };
    // Behind by ten minutes, half a minute of delay is not seen.
    stage.seconds(40, late).await;
    assert!(stage.lag() <= Duration::from_secs(1));
    wrong.store(0, Ordering::SeqCst);
    stage.seconds(40, late).await;
    assert!(stage.lag() >= Duration::from_secs(29), "{:?}", stage.lag());
}

/// A commit of one event, as a writer of another incarnation would have made it.
fn in_incarnation(mut commit: RecordedCommit, incarnation: u32) -> RecordedCommit {
    commit.incarnation = incarnation;
    for event in &mut commit.events {
        event.incarnation = incarnation;
        event.hash = chain::event_hash(&commit.prev_hash, &chain::link(event));
        commit.hash = event.hash;
    }
    commit.check().unwrap();
    commit
}

/// Says that the store is of the next incarnation.
const FENCED: Beat = Beat {
    ahead_s: 0,
    waiting_s: 0,
    without: None,
    incarnation: 2,
};

#[tokio::test(start_paused = true)]
async fn a_fence_that_the_relay_tells_of_is_read_in_the_store() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    assert_eq!(stage.reader.incarnation(), 1);
    // Nothing in the store bears it out.
    stage.seconds(3, FENCED).await;
    assert_eq!(stage.reader.incarnation(), 1);
    stage.memory.fence(0).await.unwrap();
    stage.seconds(3, FENCED).await;
    assert_eq!(stage.reader.incarnation(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_incarnation_of_which_only_the_feed_knows_is_not_believed() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    append(&stage.writer, account(1), vec![renamed("true")]).await;
    // A copy of the store was fenced, and its relay tells where this one's is heard. What it tells continues what is held.
    let told = in_incarnation(stage.last(1).await, 2);
    stage.relay.0.send(FeedMessage::Commit(Arc::new(told)));
    settle().await;
    stage.healthy(2).await;
    assert_eq!(stage.reader.incarnation(), 1);
    assert_eq!(stage.name_in_memory(1).await, "true");
    // What is held is what the store has.
    append(&stage.writer, account(1), vec![renamed("next")]).await;
    stage.relay_last(1).await;
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "next");
}

#[tokio::test(start_paused = true)]
async fn one_asks_for_all_who_hear_of_a_fence() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    let n_before = stage.store.n_meta.load(Ordering::SeqCst);
    stage.seconds(20, FENCED).await;
    let n_asked = stage.store.n_meta.load(Ordering::SeqCst) - n_before;
    // Every half a second.
    assert!((30..=60).contains(&n_asked), "{n_asked}");
}

/// Nor do they while the store cannot be asked which of the two it is, as through connections to where it was.
#[tokio::test(start_paused = true)]
async fn heartbeats_of_another_incarnation_vouch_for_nothing() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    stage.seconds(10, FENCED).await;
    assert!(stage.lag() >= Duration::from_secs(9), "{:?}", stage.lag());
    stage.store.is_gone.store(false, Ordering::SeqCst);
    stage.memory.fence(0).await.unwrap();
    stage.seconds(3, FENCED).await;
    assert!(stage.lag() <= Duration::from_secs(1), "{:?}", stage.lag());
    // A relay of the store as it was goes on.
    stage.store.is_gone.store(true, Ordering::SeqCst);
    let outlived = Beat {
        incarnation: 1,
        ..FENCED
    };
    stage.seconds(10, outlived).await;
    assert!(stage.lag() >= Duration::from_secs(9), "{:?}", stage.lag());
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_a_past_that_is_over_is_not_believed() {
    let stage = Stage::new().await;
    stage.memory.fence(0).await.unwrap();
    stage.seconds(3, FENCED).await;
    append(&stage.writer, account(1), vec![renamed("true")]).await;
    let stands = stage.last(1).await;
    assert_eq!(stands.incarnation, 2);
    // Somebody who has not heard of the fence commits the same, and it is told: it continues what is held.
    let told = in_incarnation(stands.clone(), 1);
    stage.relay.0.send(FeedMessage::Commit(Arc::new(told)));
    settle().await;
    let held = stage.reader.account(account(1)).await.unwrap();
    assert_eq!(held.head.hash, stands.hash);
}

#[tokio::test(start_paused = true)]
async fn all_who_ask_for_an_incarnation_share_one_reading_however_it_ends() {
    let stage = Stage::new().await;
    stage.store.is_gone.store(true, Ordering::SeqCst);
    let n_before = stage.store.n_meta.load(Ordering::SeqCst);
    let asked = (0..20).map(|_| stage.reader.incarnation_since(2));
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(Result::is_err));
    assert_eq!(stage.store.n_meta.load(Ordering::SeqCst) - n_before, 1);
    stage.store.is_gone.store(false, Ordering::SeqCst);
    stage.memory.fence(0).await.unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(stage.reader.incarnation_since(2).await.unwrap(), 2);
}

/// What was lost long before a fence nobody tells of: the relay compares only what is recent.
#[tokio::test(start_paused = true)]
async fn after_a_fence_no_state_of_before_it_is_decided_on() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    for lost in ["lost", "lost-too"] {
        append(&stage.writer, account(1), vec![renamed(lost)]).await;
        stage.relay_last(1).await;
    }
    settle().await;
    assert_eq!(stage.name_in_memory(1).await, "lost-too");
    let (backup, _) = two_accounts().await;
    backup.fence(0).await.unwrap();
    stage.store.becomes(backup);
    stage.seconds(1, FENCED).await;
    assert_eq!(stage.reader.incarnation(), 2);
    assert_eq!(name(&stage.reader, account(1)).await, "acme");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_bears_an_incarnation_which_never_was_is_answered_by_nobody_and_ends_nothing() {
    let stage = Stage::new().await;
    stage.healthy(3).await;
    append(&stage.writer, account(1), vec![renamed("true")]).await;
    let forged = in_incarnation(stage.last(1).await, 9);
    stage.store.shows(forged);
    // It is heard of, and read in the store.
    stage.relay.0.send(FeedMessage::Moved {
        log: LogId::Account(account(1)),
        last: Seq::new(2),
    });
    settle().await;
    let asked = stage.reader.account(account(1)).await;
    assert!(matches!(asked, Err(Error::Quarantined { .. })), "{asked:?}");
    assert_eq!(stage.reader.incarnation(), 1);
    assert_eq!(name(&stage.reader, account(2)).await, "acme");
}
