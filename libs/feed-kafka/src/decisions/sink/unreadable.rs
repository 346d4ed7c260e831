//! What cannot be read at all: records that the disk spoilt, or that somebody packed in a way which is unknown here. A
//! reader gets the same error for them for ever, or nothing at all.
//!
//! Of an error neither the partition is known nor how much it is about. So each partition is read by itself from where the
//! sink is in it, and where the same comes again and again, the first place after it is looked for that gives something
//! else: in steps twice as long each time, then in halves. Records that were packed together can be read together or not
//! at all, so nothing that can be read is passed over as long as there is one such batch in a row.
//!
//! The client library could compare checksums (`check.crcs`); as of its release 2.12 a checksum that is wrong ends the
//! process.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};

use crate::context::Quiet;
use crate::feed::{is_led, passes};
use crate::{Error, Options};

/// How often the same place is read before it counts as unreadable.
const TRIES: u32 = 4;
/// Pause between them.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a place is waited for that gives nothing. The end of the partition has to be reached in that time as well.
const SILENCE: Duration = Duration::from_secs(3);
/// How long the brokers are given for each other answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Partitions that are passed over at once: whoever takes longer is taken for dead by the group. There is a next time.
const PARTITIONS_MAX: usize = 2;

/// Records that cannot be read: from a place to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub partition: i32,
    pub from: i64,
    pub to: i64,
}

/// Whether an error is of the records themselves, so that it comes again.
pub(super) fn is_of_records(error: &KafkaError) -> bool {
    matches!(
        error,
        KafkaError::MessageConsumption(
            RDKafkaErrorCode::BadMessage
                | RDKafkaErrorCode::BadCompression
                | RDKafkaErrorCode::NotImplemented
                | RDKafkaErrorCode::InvalidMessage
                // What it says of records that seem to go on beyond what there is.
                | RDKafkaErrorCode::MessageSizeTooLarge
        )
    )
}

/// Looks whether the partitions can be read on from these places.
pub(super) fn find(
    options: &Options,
    places: &BTreeMap<i32, i64>,
) -> Result<Vec<Unreadable>, Error> {
    let topic = options.decisions();
    let asking = consumer(options)?;
    let mut suspects = Vec::new();
    for (partition, place) in places {
        let (first, end) = asking.fetch_watermarks(&topic, *partition, PATIENCE)?;
        let from = first.max(*place);
        if from < end {
            let (partition, to) = (*partition, end);
            suspects.push(Unreadable {
                partition,
                from,
                to,
            });
        }
    }
    for n in 0..TRIES {
        if n > 0 && !suspects.is_empty() {
            sleep(PAUSE);
        }
        let mut left = Vec::new();
        for one in suspects {
            if left.len() < PARTITIONS_MAX && !is_readable(options, one, one.from)? {
                left.push(one);
            }
        }
        suspects = left;
    }
    for one in &mut suspects {
        let look = |place| is_readable(options, *one, place);
        one.to = readable_after(look, one.from, one.to)?;
    }
    Ok(suspects)
}

/// Reads places and commits nothing.
fn consumer(options: &Options) -> Result<BaseConsumer<Quiet>, Error> {
    let mut config = options.client("decision-probe")?;
    config
        // The library wants a name though no group is joined.
        .set("group.id", options.sink_group())
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.error.backoff.ms", "20");
    Ok(config.create_with_context(Quiet)?)
}

/// What is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// A record, or the end.
    Something,
    /// What cannot be read.
    Error,
    Silence,
}

/// Whether there is something else at a place of this partition, whose end is known, than what cannot be read.
fn is_readable(options: &Options, of: Unreadable, place: i64) -> Result<bool, Error> {
    match look(options, of.partition, place)? {
        Found::Something => Ok(true),
        Found::Error => Ok(false),
        // Where the end is reached it is not the brokers that are slow.
        Found::Silence => match look(options, of.partition, of.to)? {
            Found::Something => Ok(false),
            Found::Error | Found::Silence => {
                Err(Error::Unavailable("a partition cannot be read".to_owned()))
            }
        },
    }
}

fn look(options: &Options, partition: i32, place: i64) -> Result<Found, Error> {
    // Another for each: one that was at an unreadable place may tell of it later, too.
    let consumer = consumer(options)?;
    let topic = options.decisions();
    is_led(&consumer, &topic)?;
    let mut places = TopicPartitionList::new();
    places.add_partition_offset(&topic, partition, Offset::Offset(place))?;
    consumer.assign(&places)?;
    let deadline = Instant::now() + SILENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match consumer.poll(left) {
            Some(Ok(message)) if message.offset() < place => {}
            Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => return Ok(Found::Something),
            Some(Err(error)) if is_of_records(&error) => return Ok(Found::Error),
            Some(Err(error)) if passes(&error) && !left.is_zero() => {}
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(Found::Silence),
        }
    }
}

/// The first place after one that cannot be read which can be, or the end.
fn readable_after(
    mut is_readable: impl FnMut(i64) -> Result<bool, Error>,
    place: i64,
    end: i64,
) -> Result<i64, Error> {
    // INVARIANT: `bad` cannot be read, and `good` can, or is the end.
    let (mut bad, mut good, mut step) = (place, end, 1_i64);
    while bad.saturating_add(step) < good {
        let next = bad.saturating_add(step);
        if is_readable(next)? {
            good = next;
            break;
        }
        bad = next;
        step = step.saturating_mul(2);
    }
    while good.saturating_sub(bad) > 1 {
        let middle = bad.saturating_add(good.saturating_sub(bad) / 2);
        match is_readable(middle)? {
            true => good = middle,
            false => bad = middle,
        }
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a partition whose unreadable batches are these, read from a place to its end, with how often it was looked at.
    fn after(unreadable: &[(i64, i64)], place: i64, end: i64) -> (i64, usize) {
        let mut n_looks = 0;
        let mut is_readable = |at: i64| {
            n_looks += 1;
            Ok(!unreadable
                .iter()
                .any(|(from, to)| (*from..*to).contains(&at)))
        };
        let found = readable_after(&mut is_readable, place, end).unwrap();
        (found, n_looks)
    }

    #[test]
    fn of_one_batch_exactly_its_end_is_found_in_few_looks() {
        for place in [0, 7] {
            for n_records in (1..200).chain([9_999, 1_000_000]) {
                for more in [0, 1, 5, 1_000] {
                    let to = place + n_records;
                    let (found, n_looks) = after(&[(place, to)], place, to + more);
                    assert_eq!(found, to, "{n_records} and {more}");
                    assert!(n_looks <= 42, "{n_looks}");
                }
            }
        }
    }

    #[test]
    fn of_two_in_a_row_at_most_what_is_between_them_goes() {
        for between in 1..40 {
            let second = 10 + between;
            let (found, _) = after(&[(0, 10), (second, second + 10)], 0, 1_000);
            assert!(found == 10 || found == second + 10, "{between}: {found}");
        }
    }
}
