//! Reading partitions back from their newest news.
//!
//! The fence may come long after the last commit, and a relay without anything to tell goes on writing heartbeats. So the
//! minutes count from the newest record of each partition that is news, not from now. It is looked for in steps back in time,
//! each twice as long as the one before.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use trilby_eventlog::Channel;

use super::seen::Seen;
use crate::context::Quiet;
use crate::feed::is_of_group;
use crate::passed_over::passed_over;
use crate::record::{self, Refused, Told};
use crate::{Error, Options};

/// How far before a partition's newest news the feed can hold what the store lost: longer than a standby that is promoted may
/// lag.
const BACK: Duration = Duration::from_secs(600);
/// How often that is doubled while the newest news are looked for: a week, which is how long the topic keeps them.
const DOUBLED_MAX: u32 = 10;
/// Records that are read while they are looked for. One heartbeat a second and partition: a day in which all were silent.
const SEARCHED_MAX: usize = 4_000_000;
/// How long the brokers are given for each answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest silence while reading back.
const SILENCE: Duration = Duration::from_secs(30);

/// The news of the last minutes of news of each of these partitions, as the relays of this store told them.
pub(super) fn read(options: &Options, own: &str, shards: &[u16]) -> Result<Seen, Error> {
    let reader = Reader::new(options, own)?;
    let newest = reader.newest(shards)?;
    let back_ms = millis(BACK);
    let since = newest.iter().map(|(partition, news)| {
        let since = news.at_ms.saturating_sub(back_ms).max(0);
        (*partition, Offset::Offset(since))
    });
    let from = reader.offsets(since)?;
    let spans: Vec<Span> = newest
        .iter()
        .filter_map(|(partition, news)| {
            Some(Span {
                partition: *partition,
                from: *from.get(partition)?,
                to: news.last.saturating_add(1),
            })
        })
        .collect();
    let mut seen = Seen::default();
    reader.each(&spans, |message, told| match told {
        Ok(told) => seen.note(told),
        // Nothing that anybody believed.
        Err(why) => passed_over(why, message.partition(), message.offset()),
    })?;
    Ok(seen)
}

/// Where the news of a partition end.
#[derive(Debug, Clone, Copy)]
struct News {
    /// When the newest commit was told. (What a comparison told that was cut off is newer, and says nothing of when.) Where there
    /// is none any more, when a comparison first told anything.
    at_ms: i64,
    /// The last record that is no heartbeat.
    last: i64,
}

/// A part of a partition, without its end.
#[derive(Debug, Clone, Copy)]
struct Span {
    partition: i32,
    from: i64,
    to: i64,
}

struct Reader<'a> {
    consumer: BaseConsumer<Quiet>,
    topic: String,
    /// Of which store.
    own: &'a str,
}

impl<'a> Reader<'a> {
    fn new(options: &Options, own: &'a str) -> Result<Self, Error> {
        let mut config = options.client("readback")?;
        config
            .set("group.id", format!("{}-readback", options.topic_prefix))
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true");
        Ok(Self {
            consumer: config.create_with_context(Quiet)?,
            topic: options.topic(Channel::Commits),
            own,
        })
    }

    /// Of each partition that has any, the newest news.
    fn newest(&self, shards: &[u16]) -> Result<BTreeMap<i32, News>, Error> {
        let ends = shards.iter().map(|shard| (i32::from(*shard), Offset::End));
        let mut until = self.offsets(ends)?;
        let (mut newest, mut last) = (BTreeMap::new(), BTreeMap::new());
        let mut rewound = BTreeMap::new();
        let (now_ms, mut n_read) = (now_ms(), 0_usize);
        for doubled in 0..=DOUBLED_MAX {
            let back = BACK.saturating_mul(1_u32 << doubled);
            let since = Offset::Offset(now_ms.saturating_sub(millis(back)).max(0));
            let from = self.offsets(until.keys().map(|partition| (*partition, since)))?;
            let spans = spans(&from, &until);
            let n_more = self.each(&spans, |message, told| {
                let partition = message.partition();
                let at_ms = message.timestamp().to_millis().unwrap_or(now_ms);
                match told {
                    Err(_) | Ok(Told::Beat(_) | Told::Revocation(_)) => return,
                    Ok(Told::Commit(_) | Told::Moved(..)) => {
                        newest.insert(partition, at_ms);
                    }
                    Ok(Told::Rewound(..)) => {
                        let first = rewound.entry(partition).or_insert(at_ms);
                        *first = at_ms.min(*first);
                    }
                }
                let last = last.entry(partition).or_insert(message.offset());
                *last = message.offset().max(*last);
            })?;
            n_read = n_read.saturating_add(n_more);
            until.retain(|partition, _| !newest.contains_key(partition));
            for span in spans {
                if let Some(to) = until.get_mut(&span.partition) {
                    *to = span.from;
                }
            }
            if until.is_empty() {
                break;
            }
            if n_read > SEARCHED_MAX {
                tracing::warn!(
                    n_partitions = until.len(),
                    "the feed has had no news for so long that they are not looked for any further back"
                );
                break;
            }
        }
        let news = last.into_iter().filter_map(|(partition, last)| {
            let told = newest.get(&partition);
            let at_ms = *told.or_else(|| rewound.get(&partition))?;
            Some((partition, News { at_ms, last }))
        });
        Ok(news.collect())
    }

    /// Where the first record is that is not older than a time. A partition that has none is left out.
    fn offsets(
        &self,
        times: impl Iterator<Item = (i32, Offset)>,
    ) -> Result<BTreeMap<i32, i64>, Error> {
        let mut asked = TopicPartitionList::new();
        for (partition, time) in times {
            asked.add_partition_offset(&self.topic, partition, time)?;
        }
        if asked.count() == 0 {
            return Ok(BTreeMap::new());
        }
        let found = self.consumer.offsets_for_times(asked, PATIENCE)?;
        let mut offsets = BTreeMap::new();
        for one in found.elements() {
            one.error()?;
            if let Offset::Offset(offset) = one.offset() {
                offsets.insert(one.partition(), offset);
            }
        }
        Ok(offsets)
    }

    /// Takes what is in these spans, each in its order. Gives how many records that were.
    fn each(
        &self,
        spans: &[Span],
        mut take: impl FnMut(&BorrowedMessage<'_>, Result<Told, Refused>),
    ) -> Result<usize, Error> {
        let mut at = TopicPartitionList::new();
        for span in spans {
            at.add_partition_offset(&self.topic, span.partition, Offset::Offset(span.from))?;
        }
        self.consumer.assign(&at)?;
        // A partition that was through with a span before stays paused when it is assigned anew.
        self.consumer.resume(&at)?;
        let mut left: BTreeMap<i32, i64> =
            spans.iter().map(|span| (span.partition, span.to)).collect();
        let (mut n_read, mut heard_at) = (0_usize, Instant::now());
        while !left.is_empty() {
            let Some(polled) = self.consumer.poll(Duration::from_millis(200)) else {
                if heard_at.elapsed() > SILENCE {
                    let what = "the feed cannot be read back".to_owned();
                    return Err(Error::Unavailable(what));
                }
                continue;
            };
            heard_at = Instant::now();
            let message = match polled {
                Ok(message) => message,
                Err(KafkaError::PartitionEOF(partition)) => {
                    left.remove(&partition);
                    continue;
                }
                Err(error) if is_of_group(&error) => continue,
                Err(error) => return Err(error.into()),
            };
            // What was fetched beyond a span that is through.
            let Some(to) = left.get(&message.partition()).copied() else {
                continue;
            };
            if message.offset() < to {
                n_read = n_read.saturating_add(1);
                take(&message, self.told(&message));
            }
            if message.offset().saturating_add(1) >= to {
                left.remove(&message.partition());
                self.pause(message.partition())?;
            }
        }
        Ok(n_read)
    }

    fn told(&self, message: &BorrowedMessage<'_>) -> Result<Told, Refused> {
        let headers = message.headers();
        let header = |name: &str| {
            let found = headers?.iter().find(|header| header.key == name);
            found.and_then(|header| header.value)
        };
        let value = message.payload().unwrap_or_default();
        record::decode(self.own, Channel::Commits, header, value)
    }

    fn pause(&self, partition: i32) -> Result<(), Error> {
        let mut of = TopicPartitionList::new();
        of.add_partition(&self.topic, partition);
        Ok(self.consumer.pause(&of)?)
    }
}

/// What is between two places of each partition, if anything is.
fn spans(from: &BTreeMap<i32, i64>, until: &BTreeMap<i32, i64>) -> Vec<Span> {
    let spans = until.iter().filter_map(|(partition, to)| {
        let from = *from.get(partition)?;
        (from < *to).then_some(Span {
            partition: *partition,
            from,
            to: *to,
        })
    });
    spans.collect()
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    millis(since.unwrap_or_default())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
