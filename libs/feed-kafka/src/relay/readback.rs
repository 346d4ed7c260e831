//! After the store was taken back (restored, or a standby took over) the feed may hold commits that the store has lost.
//! They are found by reading the last minutes of the feed back and named in our own log, and their logs are told where they
//! still stand.

mod seen;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use trilby_eventlog::{Channel, chain, shard};
use trilby_model::{LogId, Seq};

use super::Shared;
use crate::context::{Quiet, blocking};
use crate::feed::is_of_group;
use crate::passed_over::passed_over;
use crate::record::{self, Place};
use crate::{Error, Options, metric};
use seen::{Commit, Seen};

/// How far back the feed can hold what the store lost: longer than a standby that is promoted may lag.
const BACK: Duration = Duration::from_secs(600);
/// How long the brokers are given for each answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest silence while reading back.
const SILENCE: Duration = Duration::from_secs(30);
/// Places that are asked about at once.
const PLACES_AT_ONCE: usize = 500;

/// Lost commits that are named; the rest is counted.
const NAMED_MAX: usize = 1_000;

/// Tells of each log of these shards that was taken back.
pub(crate) async fn compare(shared: &Shared, shards: &[u16]) -> Result<(), Error> {
    let (options, of) = (shared.options.clone(), shards.to_vec());
    let own = record::source(&shared.store_id);
    let seen = blocking(move || Ok(read(&options, &own, &of))).await??;
    let mut rewound = Vec::new();
    for places in seen.ends().chunks(PLACES_AT_ONCE) {
        let stand = shared.store.stands(places).await?;
        let lost = places.iter().zip(stand).filter(|(_, stands)| !stands);
        for ((log, _, _), _) in lost {
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
    let (mut told, mut failed) = (Vec::new(), None);
    for (place, one) in rewound.iter().zip(sent) {
        match one.arrived().await {
            Ok(_) => told.push(place),
            Err(lost) => failed = Some(lost),
        }
    }
    // Once: whoever reads back again finds that it was told.
    name_lost(&seen, &told);
    match failed {
        None => Ok(()),
        Some(lost) => {
            shared.producer.replace(batch.generation);
            Err(Error::Unavailable(format!("{lost:?}")))
        }
    }
}

/// Names what the store has lost of the logs that were told where they stand.
fn name_lost(seen: &Seen, told: &[&Place]) {
    let lost = told.iter().flat_map(|keep| seen.after(keep));
    let mut n_commits = 0_usize;
    for Commit { log, first, last } in lost {
        n_commits = n_commits.saturating_add(1);
        if n_commits <= NAMED_MAX {
            let (seq, hash) = last;
            tracing::error!(%log, %first, last = %seq, %hash, "the feed has a commit that the store has lost");
        }
    }
    if told.is_empty() {
        return;
    }
    let n = u64::try_from(n_commits).unwrap_or(u64::MAX);
    metrics::counter!(metric::ORPHANS).increment(n);
    tracing::error!(
        n_commits,
        n_logs = told.len(),
        n_not_named = n_commits.saturating_sub(NAMED_MAX),
        "the feed has commits that the store has lost"
    );
}

/// The newest place of a log that the store still has.
async fn keep(shared: &Shared, log: &LogId, seen: &Seen) -> Result<Place, Error> {
    let places = seen.places(log);
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
    let mut seen = Seen::default();
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
            Err(error) if is_of_group(&error) => continue,
            Err(error) => return Err(error.into()),
        };
        let headers = message.headers();
        let header = |name: &str| {
            let found = headers?.iter().find(|header| header.key == name);
            found.and_then(|header| header.value)
        };
        let value = message.payload().unwrap_or_default();
        match record::decode(own, Channel::Commits, header, value) {
            Ok(told) => seen.note(told),
            // Nothing that anybody believed.
            Err(why) => passed_over(why, message.partition(), message.offset()),
        }
    }
    Ok(seen)
}
