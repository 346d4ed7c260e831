//! The figure of reading logs anew: accounts' real events, read from Postgres, their chain verified, folded as a process does
//! that has never seen them.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use anyhow::Context as _;
use serde_json::json;
use tokio::task::JoinSet;
use trilby_account::command::CreateUser;
use trilby_account::event::{
    AccountCreated, Event, UserCreated, UserDeleted, UserRenamed, UserTagsChanged,
};
use trilby_account::{Account, Actor, Context, UserKind};
use trilby_directory::{Directory, IgnoreRevocations, Options, StoreSecrets};
use trilby_eventlog::{Commit, Entry, EventLog, Expected, Head, NewEvent, Polled};
use trilby_eventlog_postgres::Postgres;
use trilby_model::{AccountId, Entropy, LogId, Seq, Tags, Timestamp, UserId};

use crate::Plan;
use crate::report::{Figures, median};
use crate::work::random;

/// Logs, each read by a task of its own.
const READERS: u64 = 2;

/// Events of a commit.
const BATCH: usize = 200;

/// Users that an account has at once; older ones are deleted.
const USERS_MAX: usize = 1_000;

/// Memory for the states: none is to be dropped.
const MEMORY_BYTES: u64 = 2 * 1024 * 1024 * 1024;

pub async fn measure(store: &Postgres, plan: &Plan, figures: &mut Figures) -> anyhow::Result<()> {
    let accounts: Vec<AccountId> = (0..READERS)
        .map(|n| format!("{:012}", 900_000_000 + n).parse().context("an id"))
        .collect::<anyhow::Result<_>>()?;
    let mut n_events = 0_u64;
    for account in &accounts {
        n_events += live(store, *account, plan.replayed / READERS).await?;
    }
    let n_events = u32::try_from(n_events)?;
    let mut values = Vec::new();
    for _ in 0..plan.rounds {
        let directory = fresh(store).await?;
        let begun = Instant::now();
        let mut readers = JoinSet::new();
        for account in accounts.clone() {
            let directory = directory.clone();
            readers.spawn(async move { directory.account(account).await });
        }
        while let Some(folded) = readers.join_next().await {
            let view = folded??;
            anyhow::ensure!(view.state.users().len() >= USERS_MAX.min(100), "no users");
        }
        values.push(f64::from(n_events) / begun.elapsed().as_secs_f64());
    }
    figures.insert("replay_events_per_s".to_owned(), median(&values));
    Ok(())
}

/// A directory that knows nothing and keeps no snapshots.
async fn fresh(store: &Postgres) -> anyhow::Result<Directory> {
    let log: Arc<dyn EventLog> = Arc::new(store.clone());
    let secrets = StoreSecrets {
        claim_key: [1; 32],
        snapshot_key: [2; 32],
    };
    let options = Options {
        memory_bytes_max: MEMORY_BYTES,
        snapshot_tail: u64::MAX,
        snapshot_after: Duration::MAX,
        ..Options::default()
    };
    let (feed, sink) = (Polled::default(), Arc::new(IgnoreRevocations));
    Ok(Directory::start(log, &feed, secrets, sink, now()?, options).await?)
}

/// Writes an account's life of so many events at least; how many there are.
async fn live(store: &Postgres, account: AccountId, n_events: u64) -> anyhow::Result<u64> {
    let log = LogId::Account(account);
    let mut life = Life::of(account)?;
    let mut head: Option<Head> = None;
    let mut waiting: Vec<Event> = vec![life.created.clone()];
    while head.as_ref().map_or(0, |head| head.seq.get()) < n_events {
        while waiting.len() < BATCH {
            waiting.extend(life.next()?);
        }
        let events: Vec<NewEvent> = waiting.drain(..BATCH).map(|event| stored(&event)).collect();
        let entry = Entry {
            log: log.clone(),
            expected: head.as_ref().map_or(Expected::New, Expected::at),
            events,
        };
        let meta = json!({ "actor": { "id": "TUSR00000000000000001" } });
        let commit = Commit::new(now()?, meta, random()?, vec![entry]);
        let committed = store.append(commit).await;
        let committed = committed.map_err(|error| anyhow::anyhow!("{error}"))?;
        head = committed.heads.into_iter().next();
    }
    Ok(head.map_or(0, |head| head.seq.get()))
}

fn stored(event: &Event) -> NewEvent {
    NewEvent {
        etype: event.etype().to_owned(),
        ever: event.version(),
        data: event.to_data(),
    }
}

/// Users come, change and go.
struct Life {
    account: AccountId,
    created: Event,
    /// With nobody in it, so that any user may be made.
    empty: Account,
    entropy: Entropy,
    there: std::collections::VecDeque<UserId>,
    n: u64,
}

impl Life {
    fn of(account: AccountId) -> anyhow::Result<Self> {
        let created: Event = AccountCreated {
            account,
            name: "replayed".parse()?,
        }
        .into();
        let mut empty = Account::empty(account);
        empty.evolve(&created, Seq::new(1), now()?);
        Ok(Self {
            account,
            created,
            empty,
            entropy: Entropy::new(random()?),
            there: std::collections::VecDeque::new(),
            n: 0,
        })
    }

    /// A user is made and changed; if there are enough, the oldest is deleted.
    fn next(&mut self) -> anyhow::Result<Vec<Event>> {
        self.n += 1;
        let command = CreateUser {
            name: format!("user-{}", self.n).parse()?,
            path: "/".parse()?,
            kind: UserKind::Human,
            description: None,
            tags: Tags::default(),
        };
        let ctx = Context::new(now()?, Actor::Root(self.account), &mut self.entropy);
        let decided = self.empty.decide(command.into(), &ctx);
        let mut events = decided.map_err(|rejection| anyhow::anyhow!("{rejection}"))?;
        let Some(Event::UserCreated(UserCreated { user, .. })) = events.first().cloned() else {
            anyhow::bail!("no user was made");
        };
        for team in ["blue", "green"] {
            let tags = serde_json::from_value(json!({ "team": team, "site": "north" }))?;
            let user = user.clone();
            events.push(UserTagsChanged { user, tags }.into());
        }
        let name = format!("user-{}-renamed", self.n).parse()?;
        let path = "/people/".parse()?;
        self.there.push_back(user.clone());
        events.push(UserRenamed { user, name, path }.into());
        if self.there.len() > USERS_MAX
            && let Some(user) = self.there.pop_front()
        {
            events.push(UserDeleted { user }.into());
        }
        Ok(events)
    }
}

fn now() -> anyhow::Result<Timestamp> {
    let micros = i64::try_from(UNIX_EPOCH.elapsed()?.as_micros())?;
    Ok(Timestamp::from_micros(micros))
}
