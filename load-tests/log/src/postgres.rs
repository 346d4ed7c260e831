//! A database for the run, and the baselines: raw inserts of rows like an event's.

use std::sync::Arc;

use anyhow::Context as _;
use tokio_postgres::{Client, Config, NoTls};
use trilby_eventlog_postgres::{Options, Postgres, Role, migrate};

use crate::Plan;
use crate::work::{Turns, random, rate};

const DATABASE: &str = "trilby_bench";

/// The columns of an event that cost something, in one table with one index.
const TABLE: &str = "create table if not exists raw (
    log_id bigint not null, seq bigint not null, commit_first bigint not null, commit_last bigint not null,
    at bigint not null, etype text not null, ever int not null, inc int not null,
    body bytea, body_hash bytea not null, hash bytea not null, primary key (log_id, seq))";

const ONE: &str = "insert into raw values ($1, $2, $2, $2, $3, 'test.happened', 1, 1, $4, $5, $5)";

const HUNDRED: &str = "insert into raw select $1, seq, $2, $2 + 99, $3, 'test.happened', 1, 1, $4, $5, $5 from generate_series($2::bigint, $2 + 99) seq";

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
        let made = Self { url, config };
        made.client().await?.batch_execute(TABLE).await?;
        Ok(made)
    }

    pub async fn client(&self) -> anyhow::Result<Client> {
        connect(&self.config).await
    }

    pub async fn store(&self) -> anyhow::Result<Postgres> {
        let mut options = Options::new(&self.url, Role::Identity);
        options.store_key_fingerprint = Some([1; 32]);
        Ok(Postgres::open(&options).await?)
    }

    /// Has each flush take this long at least, as on a disk across a network. 0: as it is.
    pub async fn slow_flush(&self, micros: u32) -> anyhow::Result<()> {
        let sql = format!(
            "alter database {DATABASE} set commit_delay = {micros}; alter database {DATABASE} set commit_siblings = 0"
        );
        Ok(self.client().await?.batch_execute(&sql).await?)
    }

    /// Raw inserts a second by as many connections, of one row or of a hundred.
    pub async fn raw(&self, connections: usize, rows: i64, plan: &Plan) -> anyhow::Result<f64> {
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(Arc::new(self.client().await?));
        }
        let first = i64::from_be_bytes(random()?) >> 8;
        rate(connections, plan.slice, |n, turns| {
            let client = clients.get(n).cloned();
            let log = i64::try_from(n).unwrap_or(0).wrapping_add(first);
            async move { insert(&*client.context("a client")?, log, rows, &turns).await }
        })
        .await
    }
}

async fn insert(client: &Client, log: i64, rows: i64, turns: &Turns) -> anyhow::Result<()> {
    let sql = if rows == 1 { ONE } else { HUNDRED };
    let statement = client.prepare(sql).await?;
    let (body, hash) = (vec![7_u8; 330], vec![1_u8; 32]);
    let mut seq = 1_i64;
    while turns.goes_on() {
        client
            .execute(&statement, &[&log, &seq, &seq, &body, &hash])
            .await?;
        seq += rows;
        turns.done(1);
    }
    Ok(())
}
