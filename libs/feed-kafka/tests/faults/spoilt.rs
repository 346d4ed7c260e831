//! Records of decisions that cannot be read at all: what is on the broker's disk was changed there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use trilby_eventlog::ActivitySink as _;
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog_postgres::Role;
use trilby_testkit::metrics::Measured;

use crate::broker_in;
use crate::decisions::{record, sink, stored};
use crate::lost::{noted, send, stage_at};
use crate::support::{PATIENCE, Topics, until};

const PASSED_OVER: &str = "trilby_relay_decisions_passed_over_total";
const LOST: &str = "trilby_relay_decisions_lost_total";

/// Where things are in a batch of records: <https://kafka.apache.org/documentation/#recordbatch>.
const LENGTH: usize = 8;
const CRC: usize = 17;
const ATTRIBUTES: usize = 21;
const LAST_OFFSET: usize = 23;
const RECORDS: usize = 61;
/// How we pack.
const LZ4: u8 = 3;

/// What is done to a batch.
#[derive(Clone, Copy, Debug)]
enum Harm {
    /// Its first record is longer than it.
    Bent,
    /// It is packed in a way that nobody knows.
    Unknown,
    /// It cannot be unpacked.
    Torn,
}

/// A file of a partition, batch by batch.
struct Segment {
    path: PathBuf,
    bytes: Vec<u8>,
    begins: Vec<usize>,
}

impl Segment {
    fn read(path: PathBuf) -> Self {
        let bytes = fs::read(&path).unwrap();
        let mut begins = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            begins.push(at);
            let length = number(&bytes[at + LENGTH..]);
            at += LENGTH + 4 + usize::try_from(length).unwrap();
        }
        Self {
            path,
            bytes,
            begins,
        }
    }

    /// Harms a batch; gives how many records are in it.
    fn harm(&mut self, n: usize, harm: Harm) -> u64 {
        let end = self.begins.get(n + 1).copied();
        let end = end.unwrap_or(self.bytes.len());
        let batch = &mut self.bytes[self.begins[n]..end];
        let packing = batch[ATTRIBUTES + 1] & 7;
        match harm {
            Harm::Bent => {
                assert_eq!(packing, 0);
                batch[RECORDS..RECORDS + 3].copy_from_slice(&[0xfe, 0xff, 0xff]);
            }
            Harm::Unknown => {
                assert_eq!(packing, LZ4);
                batch[ATTRIBUTES + 1] |= 7;
            }
            Harm::Torn => {
                assert_eq!(packing, LZ4);
                batch[RECORDS..RECORDS + 12].fill(0);
            }
        }
        let crc = crc32c(&batch[ATTRIBUTES..]).to_be_bytes();
        batch[CRC..CRC + 4].copy_from_slice(&crc);
        u64::from(number(&batch[LAST_OFFSET..])) + 1
    }

    fn write(&self) {
        fs::write(&self.path, &self.bytes).unwrap();
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

/// The checksum of batches (Castagnoli).
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// The files of the topic's partitions that hold at least so many batches.
fn segments(folder: &Path, topic: &str, n_batches: usize) -> Vec<Segment> {
    let name = |partition| format!("data/{topic}-{partition}/00000000000000000000.log");
    (0..SHARDS)
        .map(|partition| Segment::read(folder.join(name(partition))))
        .filter(|segment| segment.begins.len() >= n_batches)
        .collect()
}

/// As somebody made it before this release: what is packed stays packed.
async fn make_topic(topics: &Topics, name: &str) {
    let new = NewTopic::new(name, i32::from(SHARDS), TopicReplication::Fixed(1));
    let new = new.set("compression.type", "producer");
    let made = topics
        .admin()
        .create_topics(&[new], &AdminOptions::new())
        .await;
    assert!(made.unwrap().iter().all(Result::is_ok));
}

/// Stores what can be read of four thousand records, of which these are harmed, batch by batch in partitions of their own.
async fn store_but(harms: &'static [(Harm, &'static [usize])], is_old: bool) {
    let measured = Measured::new();
    let folder = tempfile::tempdir().unwrap();
    let mut broker = broker_in(folder.path()).await;
    let topics = Topics::at(&broker.address().to_string());
    let [_, _, topic] = topics.names();
    if is_old {
        make_topic(&topics, &topic).await;
    }
    let (database, topics, sender) = stage_at(topics).await;
    for n in 0..400 {
        let together = (n * 10..n * 10 + 10).map(|n| record(n, 1));
        sender.hand_over(together.collect()).await.unwrap();
    }
    let place = folder.path().to_owned();
    let (n_harmed, mut broker) = tokio::task::spawn_blocking(move || {
        // One that is killed would look at its files again.
        broker.stop().unwrap();
        let mut all = segments(&place, &topic, 4).into_iter();
        let mut n_harmed = 0;
        for (harm, batches) in harms {
            let mut segment = all.next().expect("enough partitions with enough in them");
            for n in *batches {
                let n = (*n).min(segment.begins.len() - 1);
                n_harmed += segment.harm(n, *harm);
            }
            segment.write();
        }
        broker.restart().unwrap();
        (n_harmed, broker)
    })
    .await
    .unwrap();
    let _sinking = sink(database.open(Role::Relay).await, &topics.0, false).await;
    let n_left = 4_000 - usize::try_from(n_harmed).unwrap();
    // What is silent is looked at after a while, and each look takes some seconds.
    let deadline = Instant::now() + PATIENCE * 4;
    while noted(&topics).await < 4_000 {
        assert!(Instant::now() < deadline, "it is stuck");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{n_harmed} records cannot be read");
    assert_eq!(stored(&database, 1).await.len(), n_left);
    assert_eq!(measured.counter(PASSED_OVER), n_harmed);
    assert_eq!(measured.counter(LOST), 0);
    // It reads on.
    send(&sender, 4_000..4_100).await;
    until(|| async { stored(&database, 1).await.len() == n_left + 100 }).await;
    drop(topics);
    broker.kill().unwrap();
}

/// The last of a partition.
const LAST: usize = usize::MAX;

/// In the middle of a partition, at its beginning and at its end; two in a row, and two that are not.
const PACKED: [(Harm, &[usize]); 6] = [
    (Harm::Torn, &[1]),
    (Harm::Torn, &[0]),
    (Harm::Torn, &[LAST]),
    (Harm::Unknown, &[1, 2]),
    (Harm::Unknown, &[0, 2]),
    (Harm::Unknown, &[LAST]),
];
const PLAIN: [(Harm, &[usize]); 2] = [(Harm::Bent, &[1]), (Harm::Bent, &[LAST])];

#[tokio::test]
#[ignore = "needs services"]
async fn what_cannot_be_unpacked_is_passed_over_and_nothing_else_is() {
    store_but(&PACKED, true).await;
}

#[tokio::test]
#[ignore = "needs services"]
async fn what_is_silent_is_passed_over_and_nothing_else_is() {
    store_but(&PLAIN, false).await;
}
