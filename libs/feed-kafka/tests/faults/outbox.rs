//! A store under a relay that is in memory: all its shards are one relay's.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use trilby_eventlog::relay::{From, Leases, RowId, Waiting};
use trilby_eventlog::shard;
use trilby_eventlog::{Error, EventLog as _, Head, Memory, RelayStore, StoreMeta};
use trilby_model::{Hash, LogId, Seq};

use crate::faulty::all_held;
use crate::support::append;

pub struct Outbox {
    log: Memory,
    rows: Mutex<BTreeMap<i64, (Instant, Waiting)>>,
    /// That there ever were: no id is drawn twice.
    n_rows: AtomicI64,
    /// It does not answer.
    pub is_away: AtomicBool,
    incarnation: AtomicU32,
    /// For which the feed was compared with it.
    checked: AtomicU32,
}

impl Outbox {
    pub fn new() -> Self {
        Self {
            log: Memory::for_tests(),
            rows: Mutex::default(),
            n_rows: AtomicI64::new(0),
            is_away: AtomicBool::new(false),
            incarnation: AtomicU32::new(1),
            checked: AtomicU32::new(1),
        }
    }

    /// One more commit of so many events in the log of that number, which waits to be told.
    pub async fn write(&self, n: u64, n_events: u64) -> Head {
        let head = append(&self.log, n, n_events).await;
        let before = Seq::new(head.seq.get() - n_events);
        let commit = self.log.read(&head.log, before, 1).await.unwrap().remove(0);
        let mut rows = self.rows.lock().unwrap();
        let id = 1 + self.n_rows.fetch_add(1, Ordering::SeqCst);
        let row = RowId {
            shard: shard::of(&head.log),
            id,
            mark: *commit.hash.as_bytes().first_chunk().unwrap(),
        };
        let waiting = Waiting {
            row,
            commit,
            revocations: Vec::new(),
            age: std::time::Duration::ZERO,
            trace: None,
        };
        rows.insert(id, (Instant::now(), waiting));
        head
    }

    /// It is taken back to before everything that waits, and fenced.
    pub fn take_back(&self) {
        let mut rows = self.rows.lock().unwrap();
        rows.clear();
        self.incarnation.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether the feed was compared with it since.
    pub fn is_checked(&self) -> bool {
        self.checked.load(Ordering::SeqCst) == self.incarnation.load(Ordering::SeqCst)
    }

    pub fn n_waiting(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    fn answer(&self) -> Result<(), Error> {
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(Error::Unavailable("it is away".to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl RelayStore for Outbox {
    async fn meta(&self) -> Result<StoreMeta, Error> {
        self.answer()?;
        Ok(StoreMeta {
            incarnation: self.incarnation.load(Ordering::SeqCst),
            ..self.log.store_meta().await?
        })
    }

    async fn lease(&self, _: [u8; 16]) -> Result<Leases, Error> {
        self.answer()?;
        Ok(all_held(Some(self.checked.load(Ordering::SeqCst))))
    }

    async fn release(&self, _: [u8; 16], _: Option<&[u16]>) -> Result<(), Error> {
        self.answer()
    }

    async fn checked(&self, _: &[u16], incarnation: u32) -> Result<(), Error> {
        self.answer()?;
        self.checked.store(incarnation, Ordering::SeqCst);
        Ok(())
    }

    async fn waiting(&self, from: &[From], most_each: usize) -> Result<Vec<Waiting>, Error> {
        self.answer()?;
        let rows = self.rows.lock().unwrap();
        let mut found = Vec::new();
        for From { shard, after } in from {
            let of = rows.range(after + 1..).map(|(_, row)| row);
            let of = of.filter(|(_, row)| row.row.shard == *shard);
            found.extend(of.take(most_each).map(|(since, row)| Waiting {
                age: since.elapsed(),
                ..row.clone()
            }));
        }
        Ok(found)
    }

    async fn told(&self, told: &[RowId]) -> Result<(), Error> {
        self.answer()?;
        let mut rows = self.rows.lock().unwrap();
        for row in told {
            let gone = rows.remove(&row.id);
            assert!(gone.is_none_or(|(_, gone)| gone.row == *row));
        }
        Ok(())
    }

    async fn stands(&self, places: &[(LogId, Seq, Hash)]) -> Result<Vec<bool>, Error> {
        self.answer()?;
        Ok(vec![true; places.len()])
    }
}
