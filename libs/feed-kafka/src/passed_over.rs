//! What stands in the topics of the feed and is not taken: counted, and told now and then.

use std::time::Instant;

use crate::metric;
use crate::record::Refused;
use crate::seldom::Seldom;

/// Records to be told of. All feeds of a process are of one store.
static OTHERS: Seldom = Seldom::new();
static MALFORMED: Seldom = Seldom::new();

/// Notes that a record at this place was not taken.
pub(crate) fn passed_over(why: Refused, partition: i32, offset: i64) {
    metrics::counter!(metric::FEED_PASSED_OVER).increment(1);
    let now = Instant::now();
    match why {
        Refused::OtherStore => {
            if let Some(n_records) = OTHERS.note(1, now) {
                tracing::warn!(
                    n_records,
                    "another store tells its news in the topics of this one, which passes them over: `kafka.topic_prefix` has to differ between stores"
                );
            }
        }
        Refused::Malformed(error) => {
            if let Some(n_records) = MALFORMED.note(1, now) {
                tracing::warn!(%error, partition, offset, n_records, "records of the feed are passed over");
            }
        }
    }
}
