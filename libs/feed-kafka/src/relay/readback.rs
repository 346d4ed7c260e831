//! After the store was taken back (restored, or a standby took over) the feed may hold commits that the store has lost.
//! They are found by reading the last minutes of the feed back, and their logs are told where they still stand.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use trilby_eventlog::{Channel, chain, shard};
use trilby_model::{Hash, LogId, Seq};

use super::Shared;
use crate::context::{Quiet, blocking};
use crate::passed_over::passed_over;
use crate::record::{self, Place, Told};
use crate::{Error, Options};

/// How far back the feed can hold what the store lost: longer than a standby that is promoted may lag.
const BACK: Duration = Duration::from_secs(600);
/// How long the brokers are given for each answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest silence while reading back.
const SILENCE: Duration = Duration::from_secs(30);
/// Places that are asked about at once.
const PLACES_AT_ONCE: usize = 500;

/// Places of one log that are remembered, the newest.
const PLACES_EACH_MAX: usize = 512;

/// Where commits of a log began and ended, as the feed has it, in order.
type Seen = BTreeMap<LogId, BTreeMap<Seq, Hash>>;

/// Tells of each log of these shards that was taken back.
pub(crate) async fn compare(shared: &Shared, shards: &[u16]) -> Result<(), Error> {
    let (options, of) = (shared.options.clone(), shards.to_vec());
    let own = record::source(&shared.store_id);
    let seen = blocking(move || Ok(read(&options, &own, &of))).await??;
    let mut rewound = Vec::new();
    let ends: Vec<(LogId, Seq, Hash)> = seen.iter().filter_map(last).collect();
    for places in ends.chunks(PLACES_AT_ONCE) {
        let stand = shared.store.stands(places).await?;
        let lost = places.iter().zip(stand).filter(|(_, stands)| !stands);
        for ((log, seq, _), _) in lost {
            tracing::error!(%log, %seq, "the feed has commits that the store has lost");
            rewound.push(keep(shared, log, &seen).await?);
        }
    }
    let batch = shared.producer.batch();
    let sent: Vec<_> = rewound
        .iter()
        .map(|place| {
            let record = record::rewound(&shared.store_id, place);
            batch.send(Channel::Commits, shard::of(&place.log), &record)
        })
        .collect();
    for one in sent {
        if let Err(lost) = one.arrived().await {
            shared.producer.replace(batch.generation);
            return Err(Error::Unavailable(format!("{lost:?}")));
        }
    }
    Ok(())
}

fn last((log, places): (&LogId, &BTreeMap<Seq, Hash>)) -> Option<(LogId, Seq, Hash)> {
    let (seq, hash) = places.last_key_value()?;
    Some((log.clone(), *seq, *hash))
}

/// The newest place of a log that the store still has.
async fn keep(shared: &Shared, log: &LogId, seen: &Seen) -> Result<Place, Error> {
    let places = seen.get(log).into_iter().flatten();
    let places: Vec<_> = places
        .map(|(seq, hash)| (log.clone(), *seq, *hash))
        .collect();
    for some in places.rchunks(PLACES_AT_ONCE) {
        let stand = shared.store.stands(some).await?;
        let kept = some.iter().zip(stand).rev().find(|(_, stands)| *stands);
        if let Some(((log, seq, hash), _)) = kept {
            return Ok(Place {
                log: log.clone(),
                seq: *seq,
                hash: *hash,
            });
        }
    }
    // Nothing of it: whoever holds any of it reads it anew.
    Ok(Place {
        log: log.clone(),
        seq: Seq::ZERO,
        hash: chain::genesis(&shared.store_id, log),
    })
}

/// The commits of the last minutes, as the relays of this store told them.
fn read(options: &Options, own: &str, shards: &[u16]) -> Result<Seen, Error> {
    let mut config = options.client("readback")?;
    config
        .set("group.id", format!("{}-readback", options.topic_prefix))
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true");
    let consumer: BaseConsumer<Quiet> = config.create_with_context(Quiet)?;
    let topic = options.topic(Channel::Commits);
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_sub(BACK);
    let since = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let mut times = TopicPartitionList::new();
    for shard in shards {
        times.add_partition_offset(&topic, i32::from(*shard), Offset::Offset(since))?;
    }
    let found = consumer.offsets_for_times(times, PATIENCE)?;
    let mut from = TopicPartitionList::new();
    for one in found.elements() {
        one.error()?;
        // The end: nothing was written since.
        if let Offset::Offset(_) = one.offset() {
            from.add_partition_offset(one.topic(), one.partition(), one.offset())?;
        }
    }
    consumer.assign(&from)?;
    gather(&consumer, own, from.count())
}

/// Reads each partition to its end.
fn gather(consumer: &BaseConsumer<Quiet>, own: &str, n_partitions: usize) -> Result<Seen, Error> {
    let mut seen = Seen::new();
    let mut ended = std::collections::BTreeSet::new();
    let mut heard_at = Instant::now();
    while ended.len() < n_partitions {
        let Some(polled) = consumer.poll(Duration::from_millis(200)) else {
            if heard_at.elapsed() > SILENCE {
                return Err(Error::Unavailable(
                    "the feed cannot be read back".to_owned(),
                ));
            }
            continue;
        };
        heard_at = Instant::now();
        let message = match polled {
            Ok(message) => message,
            Err(KafkaError::PartitionEOF(partition)) => {
                ended.insert(partition);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let headers = message.headers();
        let header = |name: &str| {
            let found = headers?.iter().find(|header| header.key == name);
            found.and_then(|header| header.value)
        };
        let value = message.payload().unwrap_or_default();
        match record::decode(own, Channel::Commits, header, value) {
            Ok(told) => note(&mut seen, told),
            // Nothing that anybody believed.
            Err(why) => passed_over(why, message.partition(), message.offset()),
        }
    }
    Ok(seen)
}

fn note(seen: &mut Seen, told: Told) {
    match told {
        Told::Commit(commit) => {
            let places = seen.entry(commit.log).or_default();
            if let Some(before) = commit.first.get().checked_sub(1) {
                places.entry(Seq::new(before)).or_insert(commit.prev_hash);
            }
            places.insert(commit.last, commit.hash);
            while places.len() > PLACES_EACH_MAX {
                places.pop_first();
            }
        }
        Told::Moved(place) => {
            seen.entry(place.log)
                .or_default()
                .insert(place.seq, place.hash);
        }
        // What came before it was told to be over.
        Told::Rewound(place) => {
            let places = seen.entry(place.log).or_default();
            places.retain(|seq, _| *seq < place.seq);
            places.insert(place.seq, place.hash);
        }
        Told::Beat(_) | Told::Revocation(_) => {}
    }
}
