//! Writing the activity log: the records of one transaction are one segment.

use rusqlite::{Connection, Result};
use trilby_eventlog::activity::{self, SEGMENT_RECORDS_MAX};
use trilby_eventlog::{Activity, Error, Segment};
use trilby_model::{Hash, Timestamp};

use crate::append::ensure_log;
use crate::failure::failure;
use crate::rows::int;
use crate::writer::Session;

/// This process's chain of segments, and the one being filled.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    writer: [u8; 16],
    /// Number of the segment being filled, its row, and what it follows.
    n: u64,
    row_id: i64,
    prev_hash: Hash,
    /// Hashes of its records, and the times they span.
    leaves: Vec<Hash>,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl Chain {
    /// The chain of a process that begins.
    pub fn begin(writer: [u8; 16], conn: &Connection) -> Result<Self> {
        let mut chain = Self {
            writer,
            n: 1,
            row_id: 0,
            prev_hash: Hash([0; 32]),
            leaves: Vec::new(),
            first_at: Timestamp::from_micros(i64::MAX),
            last_at: Timestamp::from_micros(i64::MIN),
        };
        chain.renumber(conn)?;
        Ok(chain)
    }

    /// Looks up which row comes next; needed when others than this chain have added rows.
    pub fn renumber(&mut self, conn: &Connection) -> Result<()> {
        self.row_id = conn.query_row(include_str!("queries/segment_next_id.sql"), [], |row| {
            row.get(0)
        })?;
        Ok(())
    }

    /// A place for a record.
    fn add(&mut self, conn: &Connection, record: &Activity) -> Result<(i64, usize)> {
        if self.leaves.len() >= SEGMENT_RECORDS_MAX {
            self.close(conn)?;
        }
        let position = self.leaves.len();
        self.leaves.push(activity::leaf(record));
        self.first_at = self.first_at.min(record.at);
        self.last_at = self.last_at.max(record.at);
        Ok((self.row_id, position))
    }

    /// Writes the segment, if it has records, and begins the next.
    pub fn close(&mut self, conn: &Connection) -> Result<()> {
        if self.leaves.is_empty() {
            return Ok(());
        }
        let segment = Segment {
            writer: self.writer,
            n: self.n,
            first_at: self.first_at,
            last_at: self.last_at,
            count: u32::try_from(self.leaves.len()).unwrap_or(u32::MAX),
            prev_hash: self.prev_hash,
            root: activity::root(&self.leaves),
            expired: false,
        };
        insert_segment(conn, Some(self.row_id), &segment)?;
        *self = Self {
            writer: self.writer,
            n: self.n + 1,
            row_id: self.row_id + 1,
            prev_hash: segment.hash(),
            leaves: Vec::new(),
            first_at: Timestamp::from_micros(i64::MAX),
            last_at: Timestamp::from_micros(i64::MIN),
        };
        Ok(())
    }
}

pub(crate) fn insert_segment(conn: &Connection, id: Option<i64>, segment: &Segment) -> Result<()> {
    let mut insert = conn.prepare_cached(include_str!("queries/segment_insert.sql"))?;
    insert.execute((
        id,
        segment.writer,
        int(trilby_model::Seq::new(segment.n)),
        segment.first_at.micros(),
        segment.last_at.micros(),
        segment.count,
        segment.prev_hash.as_bytes(),
        segment.root.as_bytes(),
        segment.expired,
    ))?;
    Ok(())
}

/// Adds records to the segment of this transaction.
pub(crate) fn append(session: &mut Session<'_>, records: &[Activity]) -> Result<(), Error> {
    for record in records {
        activity::check(record)?;
        if !add(session, record).map_err(failure)? {
            return Err(activity::doubled(record));
        }
    }
    Ok(())
}

fn add(session: &mut Session<'_>, record: &Activity) -> Result<bool> {
    let log_id = ensure_log(session.conn, session.meta, &record.log)?;
    let (segment_id, position) = session.chain.add(session.conn, record)?;
    let mut insert = session
        .conn
        .prepare_cached(include_str!("queries/activity_insert.sql"))?;
    let n_rows = insert.execute((
        log_id,
        record.at.micros(),
        &record.kind,
        &record.id,
        &record.body,
        segment_id,
        i64::try_from(position).unwrap_or(i64::MAX),
    ))?;
    Ok(n_rows == 1)
}

/// Removes the records of segments that ended before a time.
pub(crate) fn purge(conn: &Connection, before: Timestamp) -> Result<u64> {
    let before = before.micros();
    let n_rows = conn
        .prepare_cached(include_str!("queries/activity_purge.sql"))?
        .execute([before])?;
    conn.prepare_cached(include_str!("queries/segment_expire.sql"))?
        .execute([before])?;
    Ok(u64::try_from(n_rows).unwrap_or(u64::MAX))
}
