//! How fast one relay empties an outbox that has piled up: read, told, acknowledged by the broker, forgotten.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio_postgres::Client;

use crate::report::Figures;
use crate::world::{self, Recipe};

/// How often the outbox is looked at.
const GLANCE: Duration = Duration::from_millis(50);
/// Longest it may take to empty it.
const PATIENCE: Duration = Duration::from_secs(600);

/// How much waits.
#[derive(Clone, Copy)]
pub struct Plan {
    pub commits: u32,
    pub accounts: u32,
}

/// The relay alone beside the store and the broker, from a start over what waits.
pub fn run(recipe: &Recipe<'_>, plan: Plan) -> anyhow::Result<Figures> {
    ensure!(recipe.kafka.is_some(), "a relay needs Kafka");
    let (mut cluster, _folder) = world::processes(recipe)?;
    for member in cluster.members() {
        member.stop()?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let client = runtime.block_on(world::connect(recipe.server))?;
    runtime.block_on(pile_up(&client, plan))?;
    let relays = cluster.service("relay");
    let relay = relays.first_mut().context("no relay in the topology")?;
    let count = || runtime.block_on(waiting(&client));
    let all = count()?;
    ensure!(all >= f64::from(plan.commits), "only {all} commits wait");
    let started = Instant::now();
    relay.start()?;
    let wait = |until: &dyn Fn(f64) -> bool| {
        loop {
            let n_left = count()?;
            if until(n_left) {
                return anyhow::Ok((n_left, Instant::now()));
            }
            ensure!(started.elapsed() < PATIENCE, "{n_left} commits still wait");
            sleep(GLANCE);
        }
    };
    // What it takes to start and to find the brokers is not its speed.
    let (n_left, begun) = wait(&|n_left| n_left < all)?;
    let (_, ended) = wait(&|n_left| n_left == 0.0)?;
    relay.stop()?;
    let seconds = ended.duration_since(begun).as_secs_f64();
    Ok(Figures::from([
        ("relay_backlog".to_owned(), all),
        ("relay_commits_per_s".to_owned(), n_left / seconds),
        (
            "relay_backlog_with_start_s".to_owned(),
            ended.duration_since(started).as_secs_f64(),
        ),
    ]))
}

/// Commits of one event, as a writer leaves them behind; the accounts take turns.
async fn pile_up(client: &Client, plan: Plan) -> anyhow::Result<()> {
    let each = plan
        .commits
        .checked_div(plan.accounts)
        .context("no accounts")?;
    let sql = include_str!("backlog.sql")
        .replace(":accounts", &plan.accounts.to_string())
        .replace(":each", &each.to_string());
    client.batch_execute(&sql).await.context("the backlog")
}

async fn waiting(client: &Client) -> anyhow::Result<f64> {
    let sql = "select count(*)::float8 from outbox";
    Ok(client.query_one(sql, &[]).await?.try_get(0)?)
}
