//! After the store was taken back (restored, or a standby took over) the feed may hold commits that the store has lost.
//! They are found by reading the last minutes of news in each partition back and named in our own log, and their logs are
//! told where they still stand.

mod reader;
mod seen;

use trilby_eventlog::{Channel, chain, shard};
use trilby_model::{LogId, Seq};

use super::Shared;
use crate::context::blocking;
use crate::record::{self, Place};
use crate::{Error, metric};
use seen::{Commit, Seen};

/// Places that are asked about at once.
const PLACES_AT_ONCE: usize = 500;

/// Lost commits that are named; the rest is counted.
const NAMED_MAX: usize = 1_000;

/// Tells of each log of these shards that was taken back.
pub(crate) async fn compare(
    shared: &Shared,
    shards: &[u16],
    incarnation: u32,
) -> Result<(), Error> {
    let (options, of) = (shared.options.clone(), shards.to_vec());
    let own = record::source(&shared.store_id);
    let seen = blocking(move || Ok(reader::read(&options, &own, &of))).await??;
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
            let record = record::rewound(&shared.store_id, place, incarnation);
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
