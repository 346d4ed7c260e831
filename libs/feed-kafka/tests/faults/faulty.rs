//! A store under a relay with something wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use trilby_eventlog::relay::{From, Lease, Leases, RowId, Waiting};
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{Error, RelayStore, StoreMeta};
use trilby_eventlog_postgres::Relaying;
use trilby_model::{Hash, LogId, Seq};

/// Where this process ends, without any last act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// It has read what waits, and told nothing.
    BeforeProduce,
    /// So much after it had read; what was told by then is not forgotten.
    BeforeAck(Duration),
    /// All was told, and nothing is forgotten.
    BeforeForget,
    /// The mistake: it forgot what it had read, and told nothing.
    Forgot,
}

/// What is wrong.
pub enum Fault {
    Dies(Death),
    /// It takes every shard for its own, whoever else does.
    Greedy(Arc<Gate>),
}

/// Holds up one read.
#[derive(Default)]
pub struct Gate {
    is_armed: AtomicBool,
    pub may_read: Notify,
    pub has_read: Notify,
    pub may_go_on: Notify,
}

impl Gate {
    /// The next read of all shards waits for `may_read`, and what it has found for `may_go_on`.
    pub fn arm(&self) {
        self.is_armed.store(true, Ordering::SeqCst);
    }
}

/// Every shard is held by whoever asks.
pub fn all_held(checked: Option<u32>) -> Leases {
    let all = (0..SHARDS).map(|shard| Lease {
        shard,
        epoch: 1,
        checked,
    });
    Leases {
        held: all.collect(),
        share: usize::from(SHARDS),
    }
}

pub struct Faulty {
    pub store: Arc<Relaying>,
    pub fault: Fault,
}

#[async_trait]
impl RelayStore for Faulty {
    async fn meta(&self) -> Result<StoreMeta, Error> {
        self.store.meta().await
    }

    async fn lease(&self, relay: [u8; 16]) -> Result<Leases, Error> {
        if let Fault::Dies(_) = self.fault {
            return self.store.lease(relay).await;
        }
        let checked = Some(self.store.meta().await?.incarnation);
        Ok(all_held(checked))
    }

    async fn release(&self, relay: [u8; 16], shards: Option<&[u16]>) -> Result<(), Error> {
        self.store.release(relay, shards).await
    }

    async fn checked(&self, shards: &[u16], incarnation: u32) -> Result<(), Error> {
        self.store.checked(shards, incarnation).await
    }

    async fn waiting(&self, from: &[From], most_each: usize) -> Result<Vec<Waiting>, Error> {
        if let Fault::Greedy(gate) = &self.fault
            && gate.is_armed.load(Ordering::SeqCst)
        {
            if from.len() < usize::from(SHARDS) {
                // A shard is not through with what was before.
                return Ok(Vec::new());
            }
            gate.is_armed.store(false, Ordering::SeqCst);
            gate.may_read.notified().await;
            let found = self.store.waiting(from, most_each).await;
            gate.has_read.notify_one();
            gate.may_go_on.notified().await;
            return found;
        }
        let found = self.store.waiting(from, most_each).await?;
        if found.is_empty() {
            return Ok(found);
        }
        match self.fault {
            Fault::Dies(Death::BeforeProduce) => std::process::abort(),
            Fault::Dies(Death::BeforeAck(after)) => {
                spawn(move || {
                    sleep(after);
                    std::process::abort()
                });
            }
            Fault::Dies(Death::Forgot) => {
                let rows: Vec<RowId> = found.iter().map(|one| one.row).collect();
                self.store.told(&rows).await?;
                std::process::abort();
            }
            Fault::Dies(Death::BeforeForget) | Fault::Greedy(_) => {}
        }
        Ok(found)
    }

    async fn told(&self, rows: &[RowId]) -> Result<(), Error> {
        match self.fault {
            Fault::Dies(Death::BeforeForget) => std::process::abort(),
            Fault::Dies(_) => std::future::pending().await,
            Fault::Greedy(_) => self.store.told(rows).await,
        }
    }

    async fn stands(&self, places: &[(LogId, Seq, Hash)]) -> Result<Vec<bool>, Error> {
        self.store.stands(places).await
    }
}
