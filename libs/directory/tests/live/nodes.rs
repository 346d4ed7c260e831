//! Several processes over one store: who has a revocation in force.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use trilby_directory::{Directory, Options, Presence};
use trilby_eventlog::{
    Applied, Archive as _, Channel, EventLog, FeedMessage, FeedSender, Heartbeat, Memory,
    MemoryNodes, Node, NodeKind, NodeTable, Polled, shard,
};
use trilby_model::{LogId, NodeId, Seq, Timestamp};

use crate::relayed::Relay;
use crate::store::*;

/// A store that processes share, its table of them, and one that writes.
struct Shared {
    memory: Memory,
    table: Arc<MemoryNodes>,
    writer: Directory,
    _present: Presence,
    begun: Instant,
}

/// Until a process is asked for news, so long that it never is.
const NEVER: Duration = Duration::from_secs(36_000);

impl Shared {
    async fn new() -> Self {
        let memory = Memory::for_tests();
        let begun = Instant::now();
        let table = Arc::new(MemoryNodes::new(move || {
            let since = i64::try_from(begun.elapsed().as_micros()).unwrap();
            // Another clock than anybody else's.
            Timestamp::from_micros(NOW.micros() + since).plus_seconds(5_000)
        }));
        let writer = follower(&memory).await;
        append(&writer, account(1), vec![created(account(1))]).await;
        let shared = Arc::clone(&table) as Arc<dyn NodeTable>;
        let id = NodeId::from([99; 16]);
        let present = writer.be_present(shared, id, NodeKind::Token).await;
        Self {
            memory,
            table,
            writer,
            _present: present,
            begun,
        }
    }

    async fn node(
        &self,
        n: u8,
        feed: &dyn trilby_eventlog::Feed,
        poll: Duration,
    ) -> (Directory, Presence) {
        let options = Options {
            poll_every: poll,
            ..Options::default()
        };
        let (node, _) = directory(&self.memory, feed, options).await;
        let table = Arc::clone(&self.table) as Arc<dyn NodeTable>;
        let presence = node
            .be_present(table, NodeId::from([n; 16]), NodeKind::Decision)
            .await;
        (node, presence)
    }

    async fn polled(&self, n: u8) -> (Directory, Presence) {
        self.node(n, &Polled::default(), Duration::from_secs(1))
            .await
    }

    async fn relayed(&self, n: u8, relay: &Relay) -> (Directory, Presence) {
        self.node(n, relay, NEVER).await
    }

    /// Ends sessions. Gives the event.
    async fn revoke(&self) -> Seq {
        let token = append(&self.writer, account(1), vec![suspended(1)]).await;
        token.positions()[0].seq
    }

    async fn acknowledged(&self, seq: Seq) -> (usize, Vec<NodeId>, Duration) {
        let begun = Instant::now();
        let log = LogId::Account(account(1));
        let answer = self.writer.acknowledged(&log, seq).await;
        assert!(answer.is_known);
        (answer.nodes, answer.missing, begun.elapsed())
    }

    /// The relay tells the revocations from this seq on.
    async fn tell(&self, relay: &Relay, from: Seq) {
        for row in self.memory.revocations_since(NOW).await.unwrap() {
            if row.seq >= from {
                relay.0.send(FeedMessage::Revocation(Arc::new(row)));
            }
        }
    }

    fn beat(&self, relay: &Relay) {
        self.beat_of(relay, 0);
    }

    fn beat_of(&self, relay: &Relay, incarnation: u32) {
        let since = i64::try_from(self.begun.elapsed().as_micros()).unwrap();
        for channel in [Channel::Commits, Channel::Revocations] {
            for partition in 0..shard::SHARDS {
                relay.0.send(FeedMessage::Heartbeat(Heartbeat {
                    channel,
                    partition,
                    at: Timestamp::from_micros(NOW.micros() + since),
                    waiting: Duration::ZERO,
                    incarnation,
                }));
            }
        }
    }
}

fn ids(ids: &[u8]) -> Vec<NodeId> {
    ids.iter().map(|n| NodeId::from([*n; 16])).collect()
}

#[tokio::test(start_paused = true)]
async fn where_there_is_one_process_it_has_acknowledged() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(
        &directory,
        account(1),
        vec![created(account(1)), suspended(1)],
    )
    .await;
    let log = LogId::Account(account(1));
    let answer = directory.acknowledged(&log, Seq::new(2)).await;
    assert_eq!(
        (answer.nodes, answer.missing, answer.is_known),
        (1, vec![], true)
    );
}

#[tokio::test(start_paused = true)]
async fn those_who_are_told_say_so_at_once() {
    let shared = Shared::new().await;
    let relay = Relay(FeedSender::new(512));
    let _one = shared.relayed(1, &relay).await;
    let _two = shared.relayed(2, &relay).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let seq = shared.revoke().await;
    shared.tell(&relay, seq).await;
    let (nodes, missing, took) = shared.acknowledged(seq).await;
    assert_eq!((nodes, missing), (2, vec![]));
    assert!(took < Duration::from_millis(100), "{took:?}");
}

/// What it was told of a past that is over bears the name of what comes.
#[tokio::test(start_paused = true)]
async fn after_a_fence_nobody_has_what_is_written_then_for_having_had_what_is_lost() {
    let shared = Shared::new().await;
    let relay = Relay(FeedSender::new(512));
    let _one = shared.relayed(1, &relay).await;
    let first = shared.revoke().await;
    let mut lost = shared
        .memory
        .revocations_since(NOW)
        .await
        .unwrap()
        .remove(0);
    lost.seq = first.next();
    relay.0.send(FeedMessage::Revocation(Arc::new(lost)));
    tokio::time::sleep(Duration::from_secs(3)).await;
    shared.memory.fence(0).await.unwrap();
    shared.beat_of(&relay, 2);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let seq = shared.revoke().await;
    assert_eq!(seq, first.next());
    let (_, missing, _) = shared.acknowledged(seq).await;
    assert_eq!(missing, ids(&[1]));
}

#[tokio::test(start_paused = true)]
async fn a_deaf_one_is_listed_as_missing_after_five_seconds() {
    let shared = Shared::new().await;
    let (relay, deaf) = (Relay(FeedSender::new(512)), Relay(FeedSender::new(512)));
    let _one = shared.relayed(1, &relay).await;
    let (_deaf, present) = shared.relayed(2, &deaf).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let seq = shared.revoke().await;
    shared.tell(&relay, seq).await;
    let (nodes, missing, took) = shared.acknowledged(seq).await;
    assert_eq!((nodes, missing), (1, ids(&[2])));
    assert!(
        took > Duration::from_millis(4_500) && took <= Duration::from_secs(5),
        "{took:?}"
    );
    // Told at last, it says so.
    shared.tell(&deaf, seq).await;
    let (nodes, missing, _) = shared.acknowledged(seq).await;
    assert_eq!((nodes, missing), (2, vec![]));
    // One that leaves is not waited for.
    present.leave().await;
    let seq = shared.revoke().await;
    shared.tell(&relay, seq).await;
    let (nodes, missing, took) = shared.acknowledged(seq).await;
    assert_eq!((nodes, missing), (1, vec![]));
    assert!(took < Duration::from_millis(100), "{took:?}");
}

/// It may be cut off from the store, and decide.
#[tokio::test(start_paused = true)]
async fn one_that_was_silent_already_is_missing_and_not_waited_for() {
    let shared = Shared::new().await;
    let relay = Relay(FeedSender::new(512));
    let _one = shared.relayed(1, &relay).await;
    let cut_off = Node {
        id: NodeId::from([2; 16]),
        kind: NodeKind::Decision,
        applied: Applied {
            until: Timestamp::from_micros(0),
            told: Vec::new(),
        },
    };
    shared.table.node_seen(&cut_off).await.unwrap();
    let acknowledged = async || {
        let seq = shared.revoke().await;
        shared.tell(&relay, seq).await;
        shared.acknowledged(seq).await
    };
    tokio::time::sleep(Duration::from_secs(20)).await;
    let (nodes, missing, took) = acknowledged().await;
    assert_eq!((nodes, missing), (1, ids(&[2])));
    assert!(took < Duration::from_millis(100), "{took:?}");
    // It has not come back.
    tokio::time::sleep(Duration::from_secs(41)).await;
    let (nodes, missing, _) = acknowledged().await;
    assert_eq!((nodes, missing), (1, vec![]));
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_the_store_acknowledge_when_they_have_asked() {
    let shared = Shared::new().await;
    for after_ms in (0..2_000).step_by(130) {
        let (_one, present) = shared.polled(1).await;
        tokio::time::sleep(Duration::from_millis(2_000 + after_ms)).await;
        let seq = shared.revoke().await;
        let (nodes, missing, took) = shared.acknowledged(seq).await;
        assert_eq!((nodes, missing), (1, vec![]), "{after_ms}");
        assert!(took < Duration::from_millis(2_500), "{after_ms}: {took:?}");
        present.leave().await;
    }
}

/// However many come after it, and however long ago it was.
#[tokio::test(start_paused = true)]
async fn one_of_many_is_acknowledged_by_the_next_heartbeat() {
    let shared = Shared::new().await;
    let relay = Relay(FeedSender::new(8_192));
    let _one = shared.relayed(1, &relay).await;
    for _ in 0..3 {
        shared.beat(&relay);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let seq = shared.revoke().await;
    for _ in 0..200 {
        shared.revoke().await;
    }
    shared.tell(&relay, seq).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let waits = shared.acknowledged(seq);
    let beats = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            shared.beat(&relay);
        }
    };
    let ((nodes, missing, took), ()) = tokio::join!(waits, beats);
    assert_eq!((nodes, missing), (1, vec![]));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

/// A heartbeat that is heard after something was lost is no acknowledgement of it.
#[tokio::test(start_paused = true)]
async fn what_was_lost_is_not_acknowledged_by_a_heartbeat() {
    let shared = Shared::new().await;
    let relay = Relay(FeedSender::new(8_192));
    let options = Options {
        poll_every: NEVER,
        ..Options::default()
    };
    // A process whose store cannot be asked, and which still says that it is there.
    let store = Arc::new(crate::through::Through::new(shared.memory.clone()));
    let sink = Arc::new(Sink::default());
    let log = Arc::clone(&store) as Arc<dyn EventLog>;
    let node = Directory::start(log, &relay, SECRETS, Arc::clone(&sink) as _, NOW, options);
    let node = node.await.unwrap();
    let table = Arc::clone(&shared.table) as Arc<dyn NodeTable>;
    let _present = node
        .be_present(table, NodeId::from([1; 16]), NodeKind::Decision)
        .await;
    store
        .is_gone
        .store(true, std::sync::atomic::Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seq = shared.revoke().await;
    relay.0.gap(1);
    let waits = shared.acknowledged(seq);
    let beats = async {
        for _ in 0..6 {
            shared.beat(&relay);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let ((_, missing, _), ()) = tokio::join!(waits, beats);
    assert_eq!(missing, ids(&[1]));
    assert!(sink.0.lock().unwrap().is_empty());
}
