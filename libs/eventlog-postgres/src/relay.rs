//! News of commits, within this process.
//!
//! A commit of this process is announced when it is durable, before its caller is answered. What other processes write
//! comes by a feed between processes.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use trilby_eventlog::{Error, EventLog, Feed, FeedReceiver, OutboxRow};
use trilby_model::Seq;

use crate::read;
use crate::store::Postgres;

/// Rows announced in one go; more are for the next.
const PAGE: usize = 256;

/// What an earlier process left in the outbox, if this one relays.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    told: AtomicBool,
}

#[async_trait]
impl Feed for Postgres {
    async fn subscribe(&self) -> Result<FeedReceiver, Error> {
        let receiver = self.inner().sender().subscribe();
        if self.inner().relays() && !self.inner().leftovers().told.swap(true, Ordering::AcqRel) {
            while self.announce_leftovers().await? {}
        }
        Ok(receiver)
    }
}

impl Postgres {
    /// Announces rows that an earlier process left in the outbox, and those of this one that are being forgotten, which
    /// come twice. `false`: there are no more.
    async fn announce_leftovers(&self) -> Result<bool, Error> {
        let rows: Vec<OutboxRow> = read::outbox(self.source(), PAGE).await?;
        let mut announced = Vec::with_capacity(rows.len());
        for row in rows {
            let before = Seq::new(row.first.get().saturating_sub(1));
            let commits = self.read(&row.log, before, 1).await?;
            let commits = commits.into_iter().filter(|commit| commit.last == row.last);
            let revocations = read::revocations_of(self.source(), &row).await?;
            self.inner().sender().announce(commits, revocations);
            announced.push(row.id);
        }
        if !announced.is_empty() {
            self.outbox_done(&announced).await?;
        }
        Ok(!announced.is_empty())
    }
}
