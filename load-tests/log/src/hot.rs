//! The figure of one log that many write to: commands through the directory, as the services execute them.

use std::sync::Arc;
use std::time::{Instant, UNIX_EPOCH};

use anyhow::Context as _;
use serde_json::json;
use tokio::sync::Mutex;
use trilby_account::command::RenameAccount;
use trilby_account::event::{AccountCreated, Event};
use trilby_account::{Actor, Command, Context};
use trilby_directory::{
    Answer, Directory, Events, Executed, Options, Plan as Decided, ReceiptKey, RevocationSink,
    StoreSecrets, Write,
};
use trilby_eventlog::{Dependency, EventLog, Polled, Revocation, RevocationKind};
use trilby_eventlog_postgres::Postgres;
use trilby_model::{AccountId, Entropy, LogId, Seq, Timestamp};

use crate::Plan;
use crate::figures::Rounds;
use crate::report::Figures;
use crate::work::{random, rate};

/// Callers on the hot log.
const CALLERS: usize = 256;

struct NoSink;

impl RevocationSink for NoSink {
    fn revoked(&self, _: &Revocation) {}
}

/// One log: many callers at once, beside one command at a time. The figures' names begin with `name`.
pub async fn measure(
    store: &Postgres,
    plan: &Plan,
    name: &str,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let log: Arc<dyn EventLog> = Arc::new(store.clone());
    let secrets = StoreSecrets {
        claim_key: [1; 32],
        snapshot_key: [2; 32],
    };
    // As a service beside others.
    let options = Options {
        ask_heads: true,
        ..Options::default()
    };
    let (feed, sink) = (Polled::default(), Arc::new(NoSink));
    let directory = Directory::start(log, &feed, secrets, sink, now()?, options).await?;
    // Each time others.
    let first = u64::from_be_bytes(random()?) % 100_000_000;
    let account = |n: u64| format!("{:012}", 800_000_000 + first + n).parse::<AccountId>();
    let (alone, hot) = (account(0)?, account(1)?);
    begin(&directory, alone).await?;
    begin(&directory, hot).await?;
    let mut rounds = Rounds::default();
    let waits = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..plan.rounds {
        let single = commands(&directory, alone, 1, plan, None).await?;
        let together = commands(&directory, hot, CALLERS, plan, Some(&waits)).await?;
        rounds.add(together, single);
    }
    rounds.tell(name, None, figures);
    let mut waits = waits.lock().await;
    waits.sort_by(f64::total_cmp);
    let place = waits.len().saturating_mul(99) / 100;
    let p99 = waits.get(place).copied().unwrap_or(f64::NAN);
    figures.insert(format!("{name}_p99_ms"), p99);
    Ok(())
}

/// Accepted commands a second.
async fn commands(
    directory: &Directory,
    account: AccountId,
    callers: usize,
    plan: &Plan,
    waits: Option<&Arc<Mutex<Vec<f64>>>>,
) -> anyhow::Result<f64> {
    rate(callers, plan.slice, |caller, turns| {
        let (directory, waits) = (directory.clone(), waits.cloned());
        async move {
            let mut waited = Vec::new();
            let mut n = 0_u64;
            while turns.goes_on() {
                n += 1;
                let begun = Instant::now();
                rename(&directory, account, &format!("name {caller} {n}")).await?;
                waited.push(begun.elapsed().as_secs_f64() * 1_000.0);
                turns.done(1);
            }
            if let Some(waits) = waits {
                waits.lock().await.extend(waited);
            }
            Ok(())
        }
    })
    .await
}

async fn begin(directory: &Directory, account: AccountId) -> anyhow::Result<()> {
    let created: Event = AccountCreated {
        account,
        name: "hot".parse()?,
    }
    .into();
    let executed = directory
        .execute(write(account)?, |_| {
            Ok::<_, String>(plan(account, vec![created.clone()]))
        })
        .await;
    accepted(executed?)
}

async fn rename(directory: &Directory, account: AccountId, name: &str) -> anyhow::Result<()> {
    let command = Command::from(RenameAccount {
        name: name.parse()?,
    });
    let mut write = write(account)?;
    let ctx = Context::new(write.now, Actor::Root(account), &mut write.entropy);
    let executed = directory
        .execute(write, |states| {
            let state = &states.account(account).ok_or("no account")?.state;
            let mut ctx = ctx.clone();
            ctx.now = states.now();
            let events = state.decide(command.clone(), &ctx);
            let events = events.map_err(|rejection| rejection.to_string())?;
            Ok::<_, String>(plan(account, events))
        })
        .await;
    accepted(executed?)
}

fn accepted(executed: Executed<()>) -> anyhow::Result<()> {
    match executed {
        Executed::Done(done) if done.changed => Ok(()),
        other => anyhow::bail!("not written: {other:?}"),
    }
}

fn plan(account: AccountId, events: Vec<Event>) -> Decided<(), String> {
    Decided::new(vec![Events::Account(account, events)], |_| {
        Ok(Answer {
            value: (),
            status: 200,
            stored: Some(vec![b'{'; 120]),
        })
    })
}

/// By a caller whose session is looked at, with a receipt.
fn write(account: AccountId) -> anyhow::Result<Write> {
    let log = LogId::Account(account);
    Ok(Write {
        logs: vec![log.clone()],
        receipt: ReceiptKey {
            log: log.clone(),
            key: random()?,
            request_hash: [1; 32],
            chosen: false,
        },
        meta: json!({ "actor": { "id": "TUSR00000000000000001" } }),
        alive: vec![Dependency {
            log,
            kind: RevocationKind::Session,
            id_hash: random()?,
            seq: Seq::ZERO,
        }],
        incarnation: None,
        trace: None,
        now: now()?,
        entropy: Entropy::new(random()?),
    })
}

fn now() -> anyhow::Result<Timestamp> {
    let micros = UNIX_EPOCH.elapsed()?.as_micros();
    let micros = i64::try_from(micros).context("a time after 1970")?;
    Ok(Timestamp::from_micros(micros))
}
