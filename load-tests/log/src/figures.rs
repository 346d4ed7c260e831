//! The figures of the log on Postgres.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::Mutex;
use trilby_eventlog::{EventLog, Head};
use trilby_eventlog_postgres::Postgres;
use trilby_model::LogId;

use crate::postgres::Database;
use crate::report::{Figures, median};
use crate::work::{Draw, account, append, rate};
use crate::{Plan, What, hot, replay};

/// Logs over which appends are spread.
pub const LOGS: u64 = 1_000;

/// Slower flushes, in microseconds, and how their figures are called: of a common disk, and of one across a network.
const SLOW_FLUSHES: [(u32, &str); 2] = [(600, "_flush_600us"), (SLOWEST_FLUSH, "_flush_4ms")];
const SLOWEST_FLUSH: u32 = 4_000;

pub async fn postgres(
    server: &str,
    flush_file: Option<&Path>,
    plan: &Plan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let slow_flush = |micros: u32| match flush_file {
        Some(file) => std::fs::write(file, micros.to_string()),
        None => Ok(()),
    };
    slow_flush(0)?;
    let database = Database::make(server).await?;
    let bench = Bench {
        logs: Logs::make(0, LOGS)?,
        store: database.store().await?,
        database,
        plan: *plan,
    };
    bench.warm().await?;
    figures.insert("flush_ms".to_owned(), bench.database.flush_ms(plan).await?);
    if plan.wants(What::Appends) {
        for callers in [1, 8, 32] {
            bench.appends(callers, "", figures).await?;
        }
    }
    if plan.wants(What::Batches) {
        bench.batches(figures).await?;
    }
    if plan.wants(What::Many) {
        bench.many(figures).await?;
    }
    if plan.wants(What::Replay) {
        replay::measure(&bench.store, plan, figures).await?;
    }
    if plan.wants(What::Hot) {
        hot::measure(&bench.store, plan, "hot_log_own_flush", figures).await?;
    }
    if flush_file.is_none() {
        println!("not measured: slow flushes, which need --flush-file");
        return Ok(());
    }
    if plan.wants(What::SlowAppends) {
        for (micros, name) in SLOW_FLUSHES {
            slow_flush(micros)?;
            let flush_ms = bench.database.flush_ms(plan).await?;
            figures.insert(format!("append{name}_ms"), flush_ms);
            for callers in [1, 8, 32] {
                bench.appends(callers, name, figures).await?;
            }
        }
    }
    if plan.wants(What::Hot) {
        slow_flush(SLOWEST_FLUSH)?;
        hot::measure(&bench.store, plan, "hot_log", figures).await?;
    }
    slow_flush(0)?;
    Ok(())
}

/// A log and where it stands.
type Log = Arc<Mutex<(LogId, Option<Head>)>>;

/// Logs, each of which is one caller's.
struct Logs {
    heads: Vec<Log>,
}

impl Logs {
    fn make(first: u64, n: u64) -> anyhow::Result<Self> {
        let log = |n| Ok(Arc::new(Mutex::new((account(n)?, None))));
        Ok(Self {
            heads: (first..first + n).map(log).collect::<anyhow::Result<_>>()?,
        })
    }

    /// Every n-th log, for one of n callers.
    fn of(&self, caller: usize, callers: usize) -> Vec<Log> {
        self.heads
            .iter()
            .skip(caller)
            .step_by(callers)
            .cloned()
            .collect()
    }
}

struct Bench {
    database: Database,
    store: Postgres,
    logs: Logs,
    plan: Plan,
}

impl Bench {
    /// Every log has begun before anything is measured.
    async fn warm(&self) -> anyhow::Result<()> {
        let callers = 16;
        let mut running = tokio::task::JoinSet::new();
        for caller in 0..callers {
            let (store, logs) = (self.store.clone(), self.logs.of(caller, callers));
            running.spawn(async move {
                for log in logs {
                    let mut log = log.lock().await;
                    let head = append(&store, &log.0, None, 1).await?;
                    log.1 = Some(head);
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = running.join_next().await {
            done??;
        }
        Ok(())
    }

    /// Commits a second by some callers, each in logs of its own, which it draws at random.
    async fn commits(&self, callers: usize, n_events: u64) -> anyhow::Result<f64> {
        rate(callers, self.plan.slice, |caller, turns| {
            let (store, logs) = (self.store.clone(), self.logs.of(caller, callers));
            async move {
                let mut draw = Draw::of(caller)?;
                while turns.goes_on() {
                    let log = logs.get(draw.below(logs.len())?).context("a log")?;
                    let mut log = log.lock().await;
                    let head = append(&store, &log.0, log.1.as_ref(), n_events).await?;
                    log.1 = Some(head);
                    turns.done(1);
                }
                Ok(())
            }
        })
        .await
    }

    async fn appends(
        &self,
        callers: usize,
        suffix: &str,
        figures: &mut Figures,
    ) -> anyhow::Result<()> {
        let mut rounds = Rounds::default();
        for _ in 0..self.plan.rounds {
            let raw = self.database.raw(callers, 1, &self.plan).await?;
            rounds.add(self.commits(callers, 1).await?, raw);
        }
        rounds.tell(&format!("append{suffix}"), Some(callers), figures);
        Ok(())
    }

    async fn batches(&self, figures: &mut Figures) -> anyhow::Result<()> {
        let callers = 8;
        let mut rounds = Rounds::default();
        for _ in 0..self.plan.rounds {
            let raw = self.database.raw(callers, 100, &self.plan).await?;
            rounds.add(self.commits(callers, 100).await?, raw);
        }
        figures.insert(
            "batch_events_per_s".to_owned(),
            100.0 * median(&rounds.values),
        );
        rounds.tell("batch", None, figures);
        Ok(())
    }

    /// The same appends among many logs, each of which is looked up first, as whoever writes to it must.
    async fn many(&self, figures: &mut Figures) -> anyhow::Result<()> {
        let client = self.database.client().await?;
        let many = i64::try_from(self.plan.many_logs)?;
        fill(&client, many).await?;
        let mut rounds = Rounds::default();
        for _ in 0..self.plan.rounds {
            let few = self.scattered(LOGS).await?;
            rounds.add(self.scattered(self.plan.many_logs).await?, few);
        }
        rounds.tell("many_logs", None, figures);
        Ok(())
    }

    /// Commits a second, each to a log drawn from the first so many.
    async fn scattered(&self, n_logs: u64) -> anyhow::Result<f64> {
        rate(8, self.plan.slice, |caller, turns| {
            let store = self.store.clone();
            async move {
                let mut draw = Draw::of(caller)?;
                let eighth = usize::try_from(n_logs / 8)?;
                while turns.goes_on() {
                    // Each caller draws from its own eighth.
                    let n = draw.below(eighth)? * 8 + caller;
                    let log = account(10_000_000 + u64::try_from(n)?)?;
                    let head = store.head(&log).await?;
                    append(&store, &log, head.as_ref(), 1).await?;
                    turns.done(1);
                }
                Ok(())
            }
        })
        .await
    }
}

/// Many logs, as if each had begun: an append goes on from where a log stands, and asks for no more of it than that.
async fn fill(client: &tokio_postgres::Client, n: i64) -> anyhow::Result<()> {
    let sql = "with h as (
            insert into log_head (public_id, kind, seq, hash, last_at)
            select to_char(10000000 + n, 'FM000000000000'), 1, 1, sha256(int8send(n)), 1 from generate_series(0, $1::bigint - 1) n
            returning log_id, hash)
        insert into event (log_id, seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash)
        select log_id, 1, 1, 1, 1, 'test.happened', 1, 1, convert_to(repeat('x', 330), 'UTF8'), hash, hash from h";
    client.execute(sql, &[&n]).await?;
    for table in ["log_head", "event"] {
        client
            .batch_execute(&format!("vacuum analyze {table}"))
            .await?;
    }
    Ok(())
}

/// What the rounds found.
#[derive(Default)]
pub struct Rounds {
    values: Vec<f64>,
    baselines: Vec<f64>,
    ratios: Vec<f64>,
}

impl Rounds {
    pub fn add(&mut self, value: f64, baseline: f64) {
        self.values.push(value);
        self.baselines.push(baseline);
        self.ratios.push(value / baseline);
    }

    pub fn tell(&self, name: &str, callers: Option<usize>, figures: &mut Figures) {
        let callers = callers.map_or_else(String::new, |n| format!("_{n}"));
        figures.insert(format!("{name}_ratio{callers}"), median(&self.ratios));
        figures.insert(format!("{name}_per_s{callers}"), median(&self.values));
        figures.insert(
            format!("{name}_baseline_per_s{callers}"),
            median(&self.baselines),
        );
    }
}
