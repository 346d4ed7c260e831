//! The store as a relay uses it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Pool;
use tokio_postgres::Row;
use trilby_eventlog::relay::{From, LEASE, Lease, Leases, RelayStore, RowId, Waiting};
use trilby_eventlog::{Error, EventLog, RecordedCommit, Revocation, StoreMeta, chain, shard};
use trilby_model::{Hash, LogId, Seq, Timestamp};
use uuid::Uuid;

use crate::connect::{self, Use, get, put_back};
use crate::failure::failure;
use crate::options::{OpenError, Options};
use crate::pipeline::{self, Ask, Begin, Logs, Param, params};
use crate::rows::{self, int, limit, odd};
use crate::store::Postgres;

type Answer<T> = Result<T, Error>;

/// Connections for reading what waits and for forgetting it: as many as there are batches under way, and one that renews.
const CONNECTIONS: usize = 6;

/// A store that commits are relayed from. Clones are the same.
#[derive(Debug, Clone)]
pub struct Relaying {
    store: Arc<Postgres>,
    pool: Pool,
}

impl Relaying {
    /// Opens the store for a relay. The role must be one that may: [`Role::Relay`](crate::Role::Relay) or `Admin`.
    ///
    /// Errors: as [`Postgres::open`].
    pub async fn open(options: &Options) -> Result<Self, OpenError> {
        let store = Arc::new(Postgres::open(options).await?);
        let timeline = store.timeline();
        let pool = connect::pool(options, CONNECTIONS, Use::Relaying, Some(timeline))?;
        Ok(Self { store, pool })
    }

    /// The same store, for what a relay does besides.
    #[must_use]
    pub fn store(&self) -> Arc<Postgres> {
        Arc::clone(&self.store)
    }

    /// Asks several things in one round trip.
    async fn ask(&self, begin: Begin, asks: &[Ask<'_>]) -> Answer<Vec<Vec<Row>>> {
        let client = get(&self.pool).await?;
        let done = pipeline::run(&client, begin, Logs::Numbered(&[]), asks).await;
        put_back(client, done.as_ref().err().map(|failed| &failed.error));
        done.map_err(|failed| failure(&failed.error))
    }
}

#[async_trait]
impl RelayStore for Relaying {
    async fn meta(&self) -> Answer<StoreMeta> {
        self.store.store_meta().await
    }

    async fn lease(&self, relay: [u8; 16]) -> Answer<Leases> {
        let relay = Uuid::from_bytes(relay);
        let shards = i32::from(shard::SHARDS);
        let for_s = LEASE.as_secs_f64();
        // Three transactions: each sees what the one before it wrote.
        self.ask(
            Begin::Write,
            &[
                Ask::new(include_str!("queries/relay_shards.sql"), params![&shards]),
                Ask::new(include_str!("queries/relay_seen.sql"), params![&relay]),
            ],
        )
        .await?;
        let of: &[Param<'_>] = &[&relay, &shards, &for_s];
        let ask = Ask::new(include_str!("queries/relay_lease.sql"), of);
        let answers = self.ask(Begin::Write, &[ask]).await?;
        leases(&answers.into_iter().next().unwrap_or_default())
    }

    async fn release(&self, relay: [u8; 16], shards: Option<&[u16]>) -> Answer<()> {
        let relay = Uuid::from_bytes(relay);
        let shards = shards.map(|shards| shards.iter().copied().map(small).collect::<Vec<i16>>());
        let of: &[Param<'_>] = &[&relay, &shards];
        let asks = [
            Ask::new(include_str!("queries/relay_release.sql"), of),
            Ask::new(include_str!("queries/relay_gone.sql"), of),
        ];
        self.ask(Begin::Write, &asks).await.map(drop)
    }

    async fn checked(&self, shards: &[u16], incarnation: u32) -> Answer<()> {
        let shards: Vec<i16> = shards.iter().copied().map(small).collect();
        let incarnation = i32::try_from(incarnation).unwrap_or(i32::MAX);
        let of: &[Param<'_>] = &[&shards, &incarnation];
        let ask = Ask::new(include_str!("queries/relay_checked.sql"), of);
        self.ask(Begin::Write, &[ask]).await.map(drop)
    }

    async fn waiting(&self, from: &[From], most_each: usize) -> Answer<Vec<Waiting>> {
        let shards: Vec<i16> = from.iter().map(|from| small(from.shard)).collect();
        let after: Vec<i64> = from.iter().map(|from| from.after).collect();
        let most = limit(most_each);
        let of: &[Param<'_>] = &[&shards, &after, &most];
        let asks = [
            Ask::new(include_str!("queries/relay_waiting.sql"), of),
            Ask::new(include_str!("queries/relay_revocations.sql"), of),
        ];
        let mut answers = self.ask(Begin::Snapshot, &asks).await?.into_iter();
        let mut found = gather(
            &self.store.meta_now().store_id,
            &answers.next().unwrap_or_default(),
        )?;
        with_revocations(&mut found, &answers.next().unwrap_or_default())?;
        Ok(found)
    }

    async fn told(&self, told: &[RowId]) -> Answer<()> {
        let shards: Vec<i16> = told.iter().map(|row| small(row.shard)).collect();
        let ids: Vec<i64> = told.iter().map(|row| row.id).collect();
        let marks: Vec<&[u8]> = told.iter().map(|row| &row.mark[..]).collect();
        let of: &[Param<'_>] = &[&shards, &ids, &marks];
        let ask = Ask::new(include_str!("queries/relay_told.sql"), of);
        self.ask(Begin::Write, &[ask]).await.map(drop)
    }

    async fn stands(&self, places: &[(LogId, Seq, Hash)]) -> Answer<Vec<bool>> {
        let names: Vec<String> = places.iter().map(|place| place.0.to_string()).collect();
        let seqs: Vec<i64> = places.iter().map(|place| int(place.1)).collect();
        let hashes: Vec<&[u8]> = places.iter().map(|place| &place.2.as_bytes()[..]).collect();
        let of: &[Param<'_>] = &[&names, &seqs, &hashes];
        let ask = Ask::new(include_str!("queries/relay_stands.sql"), of);
        let answers = self.ask(Begin::Read, &[ask]).await?;
        let found = answers.into_iter().next().unwrap_or_default();
        found.iter().map(|row| rows::get(row, 0)).collect()
    }
}

/// A shard as the column has it.
fn small(shard: u16) -> i16 {
    i16::try_from(shard).unwrap_or(i16::MAX)
}

fn leases(found: &[Row]) -> Answer<Leases> {
    let mut leases = Leases::default();
    for row in found {
        leases.share = rows::number(row, 0)?;
        let Some(shard) = rows::get::<Option<i16>>(row, 1)? else {
            continue;
        };
        let checked: Option<i32> = rows::get(row, 3)?;
        leases.held.push(Lease {
            shard: u16::try_from(shard).map_err(|_| odd("a shard is not one"))?,
            epoch: rows::get(row, 2)?,
            checked: checked.and_then(|checked| u32::try_from(checked).ok()),
        });
    }
    Ok(leases)
}

fn row_id(row: &Row) -> Answer<RowId> {
    let mark: &[u8] = rows::get(row, 2)?;
    Ok(RowId {
        shard: rows::number(row, 0)?,
        id: rows::get(row, 1)?,
        mark: mark.try_into().map_err(|_| odd("a mark is not one"))?,
    })
}

/// Rows of events to commits that wait. A row of the outbox that has no events is corruption.
fn gather(store_id: &[u8; 16], found: &[Row]) -> Answer<Vec<Waiting>> {
    let mut waiting: Vec<Waiting> = Vec::new();
    for row in found {
        let id = row_id(row)?;
        if waiting.last().is_none_or(|last| last.row != id) {
            waiting.push(begin(store_id, id, row)?);
        }
        let Some(last) = waiting.last_mut() else {
            continue;
        };
        let Some(_) = rows::get::<Option<i64>>(row, 9)? else {
            return Err(broken(&last.commit));
        };
        let event = rows::event_at(row, 9, &last.commit.log)?;
        last.commit.hash = event.hash;
        last.commit.at = event.at;
        last.commit.incarnation = event.incarnation;
        last.commit.events.push(event);
    }
    for one in &waiting {
        let n_events = u64::try_from(one.commit.events.len()).unwrap_or(u64::MAX);
        let (first, last) = (one.commit.first.get(), one.commit.last.get());
        if last.checked_sub(first).map(|n| n.saturating_add(1)) != Some(n_events) {
            return Err(broken(&one.commit));
        }
    }
    Ok(waiting)
}

fn begin(store_id: &[u8; 16], id: RowId, row: &Row) -> Answer<Waiting> {
    let log = rows::log(row, 3)?;
    let first = rows::seq(row, 4)?;
    let prev_hash = match rows::get::<Option<&[u8]>>(row, 8)? {
        Some(_) => rows::hash(row, 8)?,
        None if first == Seq::new(1) => chain::genesis(store_id, &log),
        None => return Err(odd(format!("`{log}` has no event before seq {first}"))),
    };
    let age: f64 = rows::get::<Option<f64>>(row, 7)?.unwrap_or(0.0);
    Ok(Waiting {
        row: id,
        commit: RecordedCommit {
            first,
            last: rows::seq(row, 5)?,
            prev_hash,
            hash: prev_hash,
            incarnation: 0,
            at: Timestamp::from_micros(0),
            events: Vec::new(),
            log,
        },
        revocations: Vec::new(),
        age: Duration::try_from_secs_f64(age.max(0.0)).unwrap_or_default(),
        trace: rows::get(row, 6)?,
    })
}

fn with_revocations(waiting: &mut [Waiting], found: &[Row]) -> Answer<()> {
    for row in found {
        let id = row_id(row)?;
        let revocation: Revocation = rows::revocation(row, 3)?;
        // Both are ordered by their rows, and were asked at one moment.
        let place = waiting.binary_search_by_key(&id, |one| one.row);
        let one = place.ok().and_then(|place| waiting.get_mut(place));
        one.ok_or_else(|| odd("a revocation of no commit"))?
            .revocations
            .push(revocation);
    }
    Ok(())
}

fn broken(commit: &RecordedCommit) -> Error {
    odd(format!(
        "`{}` has no whole commit from seq {} to {}",
        commit.log, commit.first, commit.last
    ))
}
