//! What a transaction has to announce, and its rows in the outbox.

use rusqlite::{Connection, Result, params_from_iter, types::Value};
use trilby_eventlog::feed::FeedSender;
use trilby_eventlog::{RecordedCommit, Revocation};

use crate::rows::int;

/// Rows that one statement puts into the outbox, if there are as many.
const ROWS_TOGETHER: usize = 8;

/// What a transaction has to announce.
#[derive(Default)]
pub(crate) struct News {
    commits: Vec<(Place, RecordedCommit)>,
    revocations: Vec<Revocation>,
    /// Where each appended commit's part ends, so that commits and their revocations stay together.
    parts: Vec<(usize, usize)>,
}

/// Where a commit is in the outbox.
#[derive(Clone, Copy)]
enum Place {
    /// In this row.
    Row(i64),
    /// Nowhere yet; its log has this id.
    Of(i64),
}

/// How much news there was at some time.
#[derive(Clone, Copy)]
pub(crate) struct Mark(usize, usize, usize);

impl News {
    /// Adds a commit of this transaction, to the log with this id.
    pub fn add(&mut self, log_id: i64, commit: RecordedCommit) {
        self.commits.push((Place::Of(log_id), commit));
    }

    /// Adds a commit that is in the outbox already.
    pub fn add_leftover(&mut self, row: i64, commit: RecordedCommit) {
        self.commits.push((Place::Row(row), commit));
    }

    pub fn add_revocations(&mut self, revocations: impl IntoIterator<Item = Revocation>) {
        self.revocations.extend(revocations);
    }

    /// Ends the part of one append.
    pub fn close_part(&mut self) {
        self.parts
            .push((self.commits.len(), self.revocations.len()));
    }

    pub fn mark(&self) -> Mark {
        Mark(self.commits.len(), self.revocations.len(), self.parts.len())
    }

    pub fn truncate(&mut self, Mark(commits, revocations, parts): Mark) {
        self.commits.truncate(commits);
        self.revocations.truncate(revocations);
        self.parts.truncate(parts);
    }

    /// Puts what is not in the outbox into it, in the order of the log: last thing in the transaction, since every
    /// statement that adds to this table also counts its rows in another.
    pub fn write_outbox(&mut self, conn: &Connection) -> Result<()> {
        let mut missing: Vec<&mut (Place, RecordedCommit)> = self
            .commits
            .iter_mut()
            .filter(|(place, _)| matches!(place, Place::Of(_)))
            .collect();
        let mut chunks = missing.chunks_exact_mut(ROWS_TOGETHER);
        let many = include_str!("queries/outbox_insert_8.sql");
        chunks
            .by_ref()
            .try_for_each(|chunk| insert(conn, many, chunk))?;
        let one = include_str!("queries/outbox_insert.sql");
        let rest = chunks.into_remainder();
        rest.chunks_exact_mut(1)
            .try_for_each(|chunk| insert(conn, one, chunk))
    }

    /// Announces, in the order of the log, and gives the outbox rows that are done.
    pub fn announce(self, feed: &FeedSender) -> Vec<i64> {
        let mut announced = Vec::with_capacity(self.commits.len());
        let mut commits = self.commits.into_iter();
        let mut revocations = self.revocations.into_iter();
        let mut before = (0, 0);
        for (commits_end, revocations_end) in self.parts {
            let part = commits
                .by_ref()
                .take(commits_end - before.0)
                .map(|(place, commit)| {
                    if let Place::Row(id) = place {
                        announced.push(id);
                    }
                    commit
                });
            feed.announce(part, revocations.by_ref().take(revocations_end - before.1));
            before = (commits_end, revocations_end);
        }
        announced
    }
}

fn insert(
    conn: &Connection,
    sql: &str,
    commits: &mut [&mut (Place, RecordedCommit)],
) -> Result<()> {
    let mut values = Vec::with_capacity(commits.len() * 4);
    for (place, commit) in commits.iter() {
        let (Place::Of(id) | Place::Row(id)) = *place;
        // The transaction's id only has to differ between commits; the end of a hash does.
        let tx_id = commit.hash.as_bytes().last_chunk::<16>();
        values.push(Value::Integer(id));
        values.push(Value::Integer(int(commit.first)));
        values.push(Value::Integer(int(commit.last)));
        values.push(Value::Blob(tx_id.copied().unwrap_or_default().to_vec()));
    }
    conn.prepare_cached(sql)?
        .execute(params_from_iter(values))?;
    // The ids of a statement's rows follow each other; nobody else writes.
    let last = conn.last_insert_rowid();
    for ((place, _), row) in commits.iter_mut().rev().zip((0..=last).rev()) {
        *place = Place::Row(row);
    }
    Ok(())
}

/// Takes rows out of the outbox.
pub(crate) fn take_out(conn: &Connection, ids: &[i64]) -> Result<()> {
    let mut delete = conn.prepare_cached(include_str!("queries/outbox_delete.sql"))?;
    for run in ids.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            delete.execute((first, last))?;
        }
    }
    Ok(())
}
