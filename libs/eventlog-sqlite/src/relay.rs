//! What a crash left in the outbox.

use rusqlite::Connection;
use trilby_eventlog::Error;
use trilby_model::Seq;

use crate::read;
use crate::writer::Session;

/// Rows announced in one go; more are for the next.
const PAGE: usize = 256;

/// Puts commits of the outbox among the news of this transaction, to be announced and done with it.
/// `false`: there was none.
///
/// INVARIANT: called before any append of this process is announced, or for rows that no append of
/// this process will announce; the first subscriber sees to that.
pub(crate) fn take_leftovers(session: &mut Session<'_>, below: i64) -> Result<bool, Error> {
    let conn: &Connection = session.conn;
    let mut found = false;
    for row in read::outbox(conn, PAGE)?
        .into_iter()
        .filter(|row| row.id < below)
    {
        let before = Seq::new(row.first.get().saturating_sub(1));
        let commits = read::commits(conn, &row.log, before, 1)?;
        for commit in commits.into_iter().filter(|commit| commit.last == row.last) {
            session.news.add_leftover(row.id, commit);
        }
        session
            .news
            .add_revocations(read::revocations_of(conn, &row)?);
        session.news.close_part();
        found = true;
    }
    Ok(found)
}
