//! A store laid open, for verification, copying and administration.

use async_trait::async_trait;
use rusqlite::Connection;
use trilby_eventlog::archive::{Row, Rows, Section};
use trilby_eventlog::{Archive, Error, HeadState, Recorded, RecordedCommit, StoreMeta};
use trilby_model::{LogId, Seq};

use crate::append::log_id;
use crate::failure::failure;
use crate::store::Sqlite;
use crate::writer::Session;
use crate::{export, import, read};

/// What a closed log gives up when it is erased: rows that name it, and secrets.
const ERASURES: [&str; 10] = [
    include_str!("queries/event_erase.sql"),
    include_str!("queries/erase_claim.sql"),
    include_str!("queries/erase_snapshot.sql"),
    include_str!("queries/erase_receipt.sql"),
    include_str!("queries/erase_trusting.sql"),
    include_str!("queries/erase_credential.sql"),
    include_str!("queries/erase_sealed_key.sql"),
    include_str!("queries/erase_personal.sql"),
    include_str!("queries/erase_one_time.sql"),
    include_str!("queries/erase_counter.sql"),
];

#[async_trait]
impl Archive for Sqlite {
    async fn export(
        &self,
        section: Section,
        log: Option<&LogId>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Rows, Error> {
        let log = log.cloned();
        self.ask(move |conn| export::page(conn, section, log.as_ref(), after, limit))
            .await
    }

    async fn events(&self, log: &LogId, after: Seq, limit: usize) -> Result<Vec<Recorded>, Error> {
        let log = log.clone();
        self.ask(move |conn| read::events(conn, &log, after, limit))
            .await
    }

    async fn integrity(&self) -> Result<Vec<String>, Error> {
        self.ask(|conn| Ok(integrity(conn))).await
    }

    async fn import_meta(&self, meta: &StoreMeta) -> Result<(), Error> {
        let meta = meta.clone();
        self.write(move |session| import::meta(session, &meta))
            .await
    }

    async fn import_commits(&self, commits: Vec<RecordedCommit>) -> Result<(), Error> {
        self.write(move |session| import::commits(session, &commits))
            .await
    }

    async fn import_rows(&self, rows: Vec<Row>) -> Result<(), Error> {
        self.write(move |session| import::rows(session, &rows))
            .await
    }

    async fn fence(&self, least: u32) -> Result<u32, Error> {
        self.write(move |session| {
            let incarnation = session.meta.incarnation.saturating_add(1).max(least);
            let meta = StoreMeta {
                incarnation,
                ..session.meta.clone()
            };
            replace_meta(session, meta).map(|meta| meta.incarnation)
        })
        .await
    }

    async fn raise_reader_level(&self, level: u32) -> Result<u32, Error> {
        self.write(move |session| {
            let min_reader_level = session.meta.min_reader_level.max(level);
            let meta = StoreMeta {
                min_reader_level,
                ..session.meta.clone()
            };
            replace_meta(session, meta).map(|meta| meta.min_reader_level)
        })
        .await
    }

    async fn close_log(&self, log: &LogId, erase: bool) -> Result<(), Error> {
        let log = log.clone();
        self.write(move |session| {
            let conn = session.conn;
            let log_id = log_id(conn, &log).map_err(failure)?;
            let log_id =
                log_id.ok_or_else(|| Error::Invalid(format!("there is no log `{log}`")))?;
            let state = if erase {
                HeadState::Erased
            } else {
                HeadState::Sealed
            };
            conn.execute(
                include_str!("queries/head_close.sql"),
                (log_id, state.code()),
            )
            .map_err(failure)?;
            for sql in ERASURES.iter().filter(|_| erase) {
                conn.execute(sql, [log_id]).map_err(failure)?;
            }
            Ok(())
        })
        .await
    }
}

fn replace_meta(session: &mut Session<'_>, meta: StoreMeta) -> Result<StoreMeta, Error> {
    let values = (
        meta.store_id,
        meta.incarnation,
        meta.store_key_fingerprint,
        meta.min_reader_level,
    );
    session
        .conn
        .execute(include_str!("queries/meta_replace.sql"), values)
        .map_err(failure)?;
    *session.meta = meta.clone();
    Ok(meta)
}

/// Makes a fault of what a check found.
type Wording = fn(String) -> String;

/// SQLite's own check of the file, rows that name a log that is not there, and heads of another kind than their log.
fn integrity(conn: &Connection) -> Vec<String> {
    let orphans = "select \"table\" from pragma_foreign_key_check limit 20";
    let checks: [(&str, Wording); 3] = [
        ("pragma quick_check(20)", |line| line),
        (orphans, |table| {
            format!("a row of `{table}` names a log that is not there")
        }),
        (include_str!("queries/head_odd_kind.sql"), |log| {
            format!("the head of `{log}` is of another kind than its log")
        }),
    ];
    let mut faults = Vec::new();
    for (sql, fault) in checks {
        match texts(conn, sql) {
            Ok(lines) => faults.extend(lines.into_iter().filter(|line| line != "ok").map(fault)),
            Err(error) => faults.push(error.to_string()),
        }
    }
    faults
}

fn texts(conn: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    conn.prepare(sql)?
        .query_map([], |row| row.get(0))?
        .collect()
}
