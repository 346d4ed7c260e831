//! A database for the run, and the baselines: raw inserts of rows like an event's.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls};
use trilby_eventlog_postgres::{Options, Postgres, Role, migrate};

use crate::Plan;
use crate::figures::LOGS;
use crate::work::{Draw, Turns, random, rate};

const DATABASE: &str = "trilby_bench";

/// Bytes of a body, as in `work::event`.
const BODY: usize = 350;

/// A row of the log's own table, by a login that no policy binds: the same partitions and index, and nothing beside it.
const ONE: &str = "insert into event (log_id, seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash) \
    values ($1, $2, $2, $2, $3, 'test.happened', 1, 1, $4, $5, $5)";

/// The same of many rows, whose bytes come from the client as the log's do.
const MANY: &str = "insert into event (log_id, seq, commit_first, commit_last, at, etype, ever, inc, body, body_hash, hash) \
    select $1, e.seq, $2, $2, $3, 'test.happened', 1, 1, e.body, e.hash, e.hash \
    from unnest($4::bigint[], $5::bytea[], $6::bytea[]) e(seq, body, hash)";

/// A fresh database, where it is, and a login to it that may do everything.
pub struct Database {
    url: String,
    config: Config,
}

async fn connect(config: &Config) -> anyhow::Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Database {
    pub async fn make(server: &str) -> anyhow::Result<Self> {
        let mut config: Config = server.parse().context("the URL")?;
        let client = connect(&config).await?;
        let statements = [
            format!("drop database if exists {DATABASE} with (force)"),
            format!("create database {DATABASE}"),
        ];
        for sql in statements {
            client.batch_execute(&sql).await?;
        }
        config.dbname(DATABASE);
        let (before, _) = server.rsplit_once('/').context("a URL with a database")?;
        let url = format!("{before}/{DATABASE}");
        migrate(&url, Some([1; 32])).await?;
        Ok(Self { url, config })
    }

    pub async fn client(&self) -> anyhow::Result<Client> {
        connect(&self.config).await
    }

    pub async fn store(&self) -> anyhow::Result<Postgres> {
        let mut options = Options::new(&self.url, Role::Identity);
        options.store_key_fingerprint = Some([1; 32]);
        Ok(Postgres::open(&options).await?)
    }

    /// How long a flush takes here, in milliseconds: a commit of next to nothing.
    pub async fn flush_ms(&self, plan: &Plan) -> anyhow::Result<f64> {
        let client = self.client().await?;
        client
            .batch_execute("create table if not exists flushed (n int)")
            .await?;
        let (begun, mut n) = (Instant::now(), 0_u32);
        while begun.elapsed() < plan.slice {
            client
                .batch_execute("insert into flushed values (1)")
                .await?;
            n += 1;
        }
        Ok(begun.elapsed().as_secs_f64() * 1_000.0 / f64::from(n))
    }

    /// Raw inserts a second by as many connections, of one row or of many. Each has logs of its own and draws among them, as
    /// the callers of the log do.
    pub async fn raw(&self, connections: usize, rows: u16, plan: &Plan) -> anyhow::Result<f64> {
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(Arc::new(self.client().await?));
        }
        // Numbers that no log has.
        let first = i64::from_be_bytes(random()?) >> 8;
        rate(connections, plan.slice, |n, turns| {
            let client = clients.get(n).cloned();
            let logs: Vec<i64> = (0..i64::try_from(LOGS).unwrap_or(0))
                .map(|log| log.wrapping_add(first))
                .skip(n)
                .step_by(connections)
                .collect();
            async move {
                let draw = Draw::of(n)?;
                insert(&*client.context("a client")?, &logs, draw, rows, &turns).await
            }
        })
        .await
    }
}

async fn insert(
    client: &Client,
    logs: &[i64],
    mut draw: Draw,
    rows: u16,
    turns: &Turns,
) -> anyhow::Result<()> {
    let statement = client.prepare(if rows == 1 { ONE } else { MANY }).await?;
    let (body, hash) = (vec![7_u8; BODY], vec![1_u8; 32]);
    let rows = i64::from(rows);
    let mut seq = 1_i64;
    while turns.goes_on() {
        let log = logs.get(draw.below(logs.len())?).context("a log")?;
        if rows == 1 {
            let values: [&(dyn ToSql + Sync); 5] = [log, &seq, &seq, &body, &hash];
            client.execute(&statement, &values).await?;
        } else {
            let seqs: Vec<i64> = (seq..seq + rows).collect();
            let bodies: Vec<&[u8]> = seqs.iter().map(|_| &body[..]).collect();
            let hashes: Vec<&[u8]> = seqs.iter().map(|_| &hash[..]).collect();
            let values: [&(dyn ToSql + Sync); 6] = [log, &seq, &seq, &seqs, &bodies, &hashes];
            client.execute(&statement, &values).await?;
        }
        seq += rows;
        turns.done(1);
    }
    Ok(())
}
