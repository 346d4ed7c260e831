//! What is written, and how a rate is measured.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::task::JoinSet;
use trilby_eventlog::{
    AppendError, Commit, Dependency, Entry, EventLog, Expected, Head, NewEvent, NewReceipt,
    RevocationKind,
};
use trilby_model::{LogId, Seq, Timestamp};

/// Text in each event, so that a stored body has about 330 bytes.
const PADDING: usize = 200;

pub fn account(n: u64) -> anyhow::Result<LogId> {
    format!("{n:012}").parse().context("an account id")
}

pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Draws numbers, the same in every run.
pub struct Draw(u64);

impl Draw {
    pub fn of(caller: usize) -> anyhow::Result<Self> {
        Ok(Self(u64::try_from(caller)? + 1))
    }

    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: usize) -> anyhow::Result<usize> {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let drawn = usize::try_from(self.0 >> 33)?;
        drawn.checked_rem(bound).context("nothing to draw from")
    }
}

pub fn event(n: u64) -> NewEvent {
    NewEvent {
        etype: "test.happened".to_owned(),
        ever: 1,
        data: json!({ "n": n, "padding": "x".repeat(PADDING) }),
    }
}

/// A commit after a head, by a caller whose session is looked at, with a receipt.
pub fn commit(log: &LogId, head: Option<&Head>, n_events: u64) -> anyhow::Result<Commit> {
    let now = std::time::UNIX_EPOCH.elapsed()?.as_micros();
    let entry = Entry {
        log: log.clone(),
        expected: head.map_or(Expected::New, Expected::at),
        events: (0..n_events).map(event).collect(),
    };
    let at = Timestamp::from_micros(i64::try_from(now)?);
    let mut commit = Commit::new(
        at,
        json!({ "actor": { "id": "TUSR00000000000000001" } }),
        random()?,
        vec![entry],
    );
    commit.receipt = Some(NewReceipt {
        log: log.clone(),
        key: random()?,
        request_hash: [1; 32],
        status: 201,
        response: Some(vec![b'{'; 120]),
    });
    commit.alive = vec![Dependency {
        log: log.clone(),
        kind: RevocationKind::Session,
        id_hash: random()?,
        seq: Seq::ZERO,
    }];
    Ok(commit)
}

/// Appends, and gives the log's new head.
pub async fn append(
    store: &dyn EventLog,
    log: &LogId,
    head: Option<&Head>,
    n_events: u64,
) -> anyhow::Result<Head> {
    let committed = store.append(commit(log, head, n_events)?).await;
    let committed = committed.map_err(|error: AppendError| anyhow::anyhow!("{error}"))?;
    committed.heads.into_iter().next().context("no head")
}

/// How many times a second some callers get something done. Each caller is given whether to go on, and counts by it.
pub async fn rate<F>(
    callers: usize,
    slice: Duration,
    mut caller: impl FnMut(usize, Turns) -> F,
) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let turns = Turns {
        stop: Arc::new(AtomicBool::new(false)),
        done: Arc::new(AtomicU64::new(0)),
    };
    let mut running = JoinSet::new();
    let begun = Instant::now();
    for n in 0..callers {
        running.spawn(caller(n, turns.clone()));
    }
    tokio::time::sleep(slice).await;
    turns.stop.store(true, Ordering::Relaxed);
    let n_done = turns.done.load(Ordering::Relaxed);
    let elapsed = begun.elapsed().as_secs_f64();
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    #[expect(clippy::as_conversions, reason = "a count far below 2^52")]
    Ok(n_done as f64 / elapsed)
}

/// Whether a caller goes on.
#[derive(Clone)]
pub struct Turns {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
}

impl Turns {
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    pub fn done(&self, n: u64) {
        self.done.fetch_add(n, Ordering::Relaxed);
    }
}
