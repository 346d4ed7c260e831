//! Every row, for verification and copying.

use std::collections::BTreeMap;

use async_trait::async_trait;
use trilby_model::{LogId, Seq};

use super::Memory;
use super::state::State;
use crate::archive::{Archive, Row, Rows, Section};
use crate::envelope::{HeadState, Recorded, RecordedCommit};
use crate::error::Error;
use crate::meta::StoreMeta;

#[async_trait]
impl Archive for Memory {
    async fn export(
        &self,
        section: Section,
        log: Option<&LogId>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Rows, Error> {
        let state = self.lock();
        let skip = usize::try_from(after.unwrap_or(0)).unwrap_or(usize::MAX);
        let all = state.rows(section);
        let mut rows: Vec<Row> = all
            .into_iter()
            .filter(|row| log.is_none_or(|log| row.log().is_none_or(|of| of == log)))
            .skip(skip)
            .take(limit.saturating_add(1))
            .collect();
        let next = (rows.len() > limit).then(|| super::state::count(skip.saturating_add(limit)));
        rows.truncate(limit);
        Ok(Rows { rows, next })
    }

    async fn events(&self, log: &LogId, after: Seq, limit: usize) -> Result<Vec<Recorded>, Error> {
        let state = self.lock();
        let events = state.commits(log).flat_map(|commit| &commit.events);
        Ok(events
            .filter(|event| event.seq > after)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn integrity(&self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    async fn import_meta(&self, meta: &StoreMeta) -> Result<(), Error> {
        let mut state = self.lock();
        if !state.logs.is_empty() || !state.segments.is_empty() {
            return Err(Error::Invalid(
                "the store to copy to is not empty".to_owned(),
            ));
        }
        state.meta = meta.clone();
        state.writer = meta.store_id;
        Ok(())
    }

    async fn import_commits(&self, commits: Vec<RecordedCommit>) -> Result<(), Error> {
        let mut state = self.lock();
        for commit in commits {
            let log = state.ensure(&commit.log);
            let last = log.commits.last().map_or(Seq::ZERO, |commit| commit.last);
            if commit.first != last.next() {
                return Err(Error::Invalid(format!(
                    "a commit of `{}` does not follow",
                    commit.log
                )));
            }
            log.commits.push(commit);
        }
        Ok(())
    }

    async fn import_rows(&self, rows: Vec<Row>) -> Result<(), Error> {
        let mut state = self.lock();
        for row in rows {
            state.import(row);
        }
        Ok(())
    }

    async fn fence(&self, least: u32) -> Result<u32, Error> {
        let mut state = self.lock();
        state.meta.incarnation = state.meta.incarnation.saturating_add(1).max(least);
        Ok(state.meta.incarnation)
    }

    async fn raise_reader_level(&self, level: u32) -> Result<u32, Error> {
        let mut state = self.lock();
        state.meta.min_reader_level = state.meta.min_reader_level.max(level);
        Ok(state.meta.min_reader_level)
    }

    async fn close_log(&self, log: &LogId, erase: bool) -> Result<(), Error> {
        self.lock().close(log, erase)
    }
}

impl State {
    fn rows(&self, section: Section) -> Vec<Row> {
        match section {
            Section::Heads => self
                .logs
                .values()
                .map(|log| Row::Head(log.head.clone()))
                .collect(),
            Section::Receipts => self.receipts.values().cloned().map(Row::Receipt).collect(),
            Section::Claims => {
                let rows = self.claims.iter();
                rows.map(|(key, owner)| Row::Claim(key.clone(), owner.clone()))
                    .collect()
            }
            Section::Revocations => self
                .revocations
                .iter()
                .cloned()
                .map(Row::Revocation)
                .collect(),
            Section::Trusting => self.trusting.values().cloned().map(Row::Trusting).collect(),
            Section::Outbox => self.outbox.values().cloned().map(Row::Outbox).collect(),
            Section::Snapshots => self
                .snapshots
                .values()
                .cloned()
                .map(Row::Snapshot)
                .collect(),
            Section::Credentials => self
                .side
                .credentials
                .values()
                .cloned()
                .map(Row::Credential)
                .collect(),
            Section::SealedKeys => self
                .side
                .sealed_keys
                .values()
                .cloned()
                .map(Row::SealedKey)
                .collect(),
            Section::Personal => self
                .side
                .personal
                .values()
                .cloned()
                .map(Row::Personal)
                .collect(),
            Section::OneTime => self
                .side
                .one_time
                .values()
                .cloned()
                .map(Row::OneTime)
                .collect(),
            Section::Counters => {
                let rows = self.side.counters.iter();
                rows.map(|((_, subject, kind), (log, counter))| {
                    Row::Counter(log.clone(), subject.clone(), *kind, *counter)
                })
                .collect()
            }
            Section::Segments => self.segments.iter().cloned().map(Row::Segment).collect(),
            Section::Activity => {
                let mut records: Vec<_> = self.activity.values().cloned().collect();
                let place: BTreeMap<_, _> = self
                    .segments
                    .iter()
                    .zip(0_usize..)
                    .map(|(one, i)| ((one.writer, one.n), i))
                    .collect();
                records.sort_by_key(|one| {
                    (place.get(&(one.writer, one.segment)).copied(), one.position)
                });
                records.into_iter().map(Row::Activity).collect()
            }
        }
    }

    fn import(&mut self, row: Row) {
        if let Some(log) = row.log().cloned() {
            self.ensure(&log);
        }
        let side = &mut self.side;
        match row {
            Row::Head(head) => {
                let log = head.log.clone();
                self.ensure(&log).head = head;
            }
            Row::Receipt(row) => {
                self.receipts.insert((row.log.to_string(), row.key), row);
            }
            Row::Claim(key, owner) => {
                self.claims.insert(key, owner);
            }
            Row::Revocation(row) => self.add_revocation(row),
            Row::Trusting(row) => {
                self.trusting
                    .insert((row.key, row.log.to_string(), row.role.clone()), row);
            }
            Row::Outbox(row) => {
                self.outbox_last = self.outbox_last.max(row.id);
                self.outbox.insert(row.id, row);
            }
            Row::Snapshot(row) => {
                self.snapshots
                    .insert((row.log.to_string(), row.state_schema, row.seq), row);
            }
            Row::Credential(row) => {
                let key = (
                    row.log.to_string(),
                    row.subject.clone(),
                    row.kind,
                    row.generation,
                );
                side.credentials.insert(key, row);
            }
            Row::SealedKey(row) => {
                side.sealed_keys
                    .insert((row.log.to_string(), row.kind, row.id.clone()), row);
            }
            Row::Personal(row) => {
                let key = (
                    row.log.to_string(),
                    row.subject.clone(),
                    row.field,
                    row.generation,
                );
                side.personal.insert(key, row);
            }
            Row::OneTime(row) => {
                side.one_time
                    .insert((row.log.to_string(), row.purpose, row.key_hash), row);
            }
            Row::Counter(log, subject, kind, counter) => {
                side.counters
                    .insert((log.to_string(), subject, kind), (log, counter));
            }
            Row::Segment(row) => self.segments.push(row),
            Row::Activity(row) => {
                let key = (row.activity.log.to_string(), row.activity.id.clone());
                self.activity.insert(key, row);
            }
        }
    }

    fn close(&mut self, log: &LogId, erase: bool) -> Result<(), Error> {
        let Some(closed) = self.logs.get_mut(&log.to_string()) else {
            return Err(Error::Invalid(format!("there is no log `{log}`")));
        };
        if !erase {
            if closed.head.state == HeadState::Open {
                closed.head.state = HeadState::Sealed;
            }
            return Ok(());
        }
        closed.head.state = HeadState::Erased;
        for event in closed
            .commits
            .iter_mut()
            .flat_map(|commit| &mut commit.events)
        {
            event.body = None;
        }
        self.claims.retain(|_, owner| owner.log != *log);
        self.snapshots.retain(|_, row| row.log != *log);
        self.receipts.retain(|_, row| row.log != *log);
        self.trusting.retain(|_, row| row.log != *log);
        self.side.erase(log);
        Ok(())
    }
}
