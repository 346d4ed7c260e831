//! A store laid open, for verification, copying and administration: [`Role::Admin`](crate::Role::Admin), or a role that may
//! read what is asked for.

use async_trait::async_trait;
use trilby_eventlog::archive::{Row, Rows, Section};
use trilby_eventlog::{Archive, Error, HeadState, Recorded, RecordedCommit, StoreMeta};
use trilby_model::{LogId, Seq};

use crate::pipeline::{Ask, Logs, params};
use crate::store::{Postgres, long};
use crate::{export, import, read, rows};

/// Events that are erased in one transaction: an account may have more than there is time for in one.
const ERASED_AT_ONCE: i64 = 1_000;

/// What a closed log gives up besides when it is erased: rows that name it, and secrets.
const ERASURES: [&str; 9] = [
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
impl Archive for Postgres {
    async fn export(
        &self,
        section: Section,
        log: Option<&LogId>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Rows, Error> {
        export::page(self.source(), section, log, after, limit).await
    }

    async fn events(&self, log: &LogId, after: Seq, limit: usize) -> Result<Vec<Recorded>, Error> {
        read::events(self.source(), log, after, limit).await
    }

    /// Rows that name a log that is not there; Postgres has no check of its files that a database may ask for.
    async fn integrity(&self) -> Result<Vec<String>, Error> {
        let orphans = Ask::new(include_str!("queries/orphans.sql"), Vec::new());
        let kinds = Ask::new(include_str!("queries/head_odd_kind.sql"), Vec::new());
        let asks = [long(), orphans, kinds];
        let found = self.source().ask(Logs::Named(&[]), &asks).await?;
        let fault = |n: usize, name: &str| match n {
            0 => format!("a row of `{name}` names a log that is not there"),
            _ => format!("the head of `{name}` is of another kind than its log"),
        };
        let mut faults = Vec::new();
        for (n, rows) in found.iter().skip(1).enumerate() {
            for row in rows {
                faults.push(fault(n, rows::get(row, 0)?));
            }
        }
        Ok(faults)
    }

    async fn import_meta(&self, meta: &StoreMeta) -> Result<(), Error> {
        import::meta(self, meta).await
    }

    async fn import_commits(&self, commits: Vec<RecordedCommit>) -> Result<(), Error> {
        import::commits(self, &commits).await
    }

    async fn import_rows(&self, rows: Vec<Row>) -> Result<(), Error> {
        import::rows(self, &rows).await
    }

    async fn fence(&self, least: u32) -> Result<u32, Error> {
        let timeline = self.timeline();
        let least = i32::try_from(least)
            .map_err(|_| Error::Invalid("there is no such incarnation".to_owned()))?;
        let ask = Ask::new(
            include_str!("queries/fence.sql"),
            params![&timeline.system_id, &timeline.timeline, &least],
        );
        self.change_meta(ask).await.map(|meta| meta.incarnation)
    }

    async fn raise_reader_level(&self, level: u32) -> Result<u32, Error> {
        let level = i32::try_from(level)
            .map_err(|_| Error::Invalid("there is no such reader level".to_owned()))?;
        let ask = Ask::new(include_str!("queries/reader_level.sql"), params![&level]);
        self.change_meta(ask)
            .await
            .map(|meta| meta.min_reader_level)
    }

    /// Erases in parts, the head first: if that is cut off, the log is erased by the head and done by a second time.
    async fn close_log(&self, log: &LogId, erase: bool) -> Result<(), Error> {
        let (id, _) = self.log_and_last(log).await?;
        let state = if erase {
            HeadState::Erased
        } else {
            HeadState::Sealed
        };
        let state = i16::from(state.code());
        let close = Ask::new(include_str!("queries/head_close.sql"), params![&id, &state]);
        self.write_alone(&[id], &[close]).await?;
        if erase {
            self.erase_log(log).await?;
        }
        Ok(())
    }
}

impl Postgres {
    async fn erase_log(&self, log: &LogId) -> Result<(), Error> {
        // Nothing comes after it: the log is closed.
        let (id, last) = self.log_and_last(log).await?;
        let mut after = 0;
        while after < last {
            let up_to = after.saturating_add(ERASED_AT_ONCE);
            let sql = include_str!("queries/event_erase.sql");
            let ask = Ask::new(sql, params![&id, &after, &up_to]);
            self.write_alone(&[id], &[long(), ask]).await?;
            after = up_to;
        }
        for sql in ERASURES {
            let ask = Ask::new(sql, params![&id]);
            self.write_alone(&[id], &[long(), ask]).await?;
        }
        Ok(())
    }

    /// A log's number, and the seq of its last event.
    async fn log_and_last(&self, log: &LogId) -> Result<(i64, i64), Error> {
        let names = vec![log.to_string()];
        let sql = include_str!("queries/log_ids.sql");
        let known = self.source().rows(None, sql, &[&names]).await?;
        let row = known
            .first()
            .ok_or_else(|| Error::Invalid(format!("there is no log `{log}`")))?;
        Ok((rows::get(row, 1)?, rows::get(row, 2)?))
    }

    async fn change_meta(&self, ask: Ask<'_>) -> Result<StoreMeta, Error> {
        let found = self.write_alone(&[], &[long(), ask]).await?;
        let row = found.last().and_then(|rows| rows.first());
        let row = row.ok_or_else(|| rows::odd("the store has no identity"))?;
        let meta = rows::meta(row)?;
        self.learn_meta(meta.clone());
        Ok(meta)
    }
}
