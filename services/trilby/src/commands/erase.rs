//! `trilby admin erase-subject` and `erase-log`: what is kept about a person, or an account, goes for good. The chains stay.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use serde_json::Value;
use trilby_account::{AccountStatus, Event, Rejection};
use trilby_directory::{
    Answer, Directory, Events, ExecuteError, IgnoreRevocations, Options, Plan, ReceiptKey, States,
    Write,
};
use trilby_eventlog::archive::Section;
use trilby_eventlog::{Archive, EventLog, HeadState, Polled, Recorded, SideWrite};
use trilby_model::{AccountId, LogId, Seq, UserId};
use trilby_service::clock::{Clock, EntropySource, SystemClock, SystemEntropy};
use trilby_service::settings::Settings;

use super::log::{open_to_change, store_key};
use crate::keys::store_secrets;

/// Events read at a time.
const PAGE: usize = 1_000;

/// Rows erased in one transaction.
const ROWS_MAX: usize = 200;

/// Erases what is kept about a user beside the log. A second time does no harm: the first may have been cut off.
pub async fn subject(
    settings: &Settings,
    account: AccountId,
    user: UserId,
) -> anyhow::Result<String> {
    let store: Arc<dyn Archive> = open_to_change(settings).await?.into();
    let directory = directory(settings, &store).await?;
    let view = directory.account(account).await?;
    // Before anything is erased.
    view.state.erase_user(&user)?;
    let operator = directory.platform().await?.state.operator_account();
    let mut eraser = Eraser::new(&store, account, user);
    eraser.walk_all(operator == Some(account)).await?;
    let Eraser {
        user,
        created,
        was_erased,
        n_requests,
        ..
    } = eraser;
    if !created {
        bail!("the account {account} never had a user {user}");
    }
    record(&directory, account, &user, was_erased).await?;
    let told = match was_erased {
        true => "was erased before; what had come since is erased as well",
        false => "is erased",
    };
    Ok(format!(
        "What was kept about {user} of account {account} {told}: verifiers, personal data, the origin of requests ({n_requests})."
    ))
}

/// Erases a closed account's log. A second time does no harm: the first may have been cut off.
pub async fn log(settings: &Settings, account: AccountId, yes: bool) -> anyhow::Result<String> {
    let store: Arc<dyn Archive> = open_to_change(settings).await?.into();
    let log = LogId::Account(account);
    let head = store.head(&log).await?;
    let head = head.with_context(|| format!("there is no account {account}"))?;
    if head.state == HeadState::Erased {
        store.close_log(&log, true).await?;
        return Ok(format!(
            "The log of account {account} was erased before; what was left of it is erased as well."
        ));
    }
    let status = directory(settings, &store)
        .await?
        .account(account)
        .await?
        .state
        .status();
    if status != AccountStatus::Closed {
        bail!(
            "the account {account} is {}: only a closed one is erased",
            status.as_str()
        );
    }
    if is_untold(settings, &*store, &log).await? {
        bail!(
            "the last commits of account {account} are not told to all processes yet; try again in some minutes"
        );
    }
    if !yes {
        bail!("this erases the log of account {account} for good; `--yes` does it");
    }
    store.close_log(&log, true).await?;
    Ok(format!(
        "The log of account {account} is erased: {} events keep their hashes and say nothing any more.",
        head.seq
    ))
}

/// Whether a process may still have to be told of the last commits. Over a folder none runs that could be.
async fn is_untold(settings: &Settings, store: &dyn Archive, log: &LogId) -> anyhow::Result<bool> {
    if settings.log.store.is_none() {
        return Ok(false);
    }
    let untold = store.export(Section::Outbox, Some(log), None, 1).await?;
    Ok(!untold.rows.is_empty())
}

async fn directory(settings: &Settings, store: &Arc<dyn Archive>) -> anyhow::Result<Directory> {
    let meta = store.store_meta().await?;
    let key = store_key(settings, &meta)?;
    let archive = Arc::clone(store);
    let log: Arc<dyn EventLog> = archive;
    let secrets = store_secrets(&key);
    // Others may write beside.
    let options = Options {
        ask_heads: true,
        ..Options::default()
    };
    let sink = Arc::new(IgnoreRevocations);
    let now = SystemClock.now();
    Ok(Directory::start(log, &Polled::default(), secrets, sink, now, options).await?)
}

/// Writes that the user is erased, and erases what is filed under the user's own id in the same transaction.
async fn record(
    directory: &Directory,
    account: AccountId,
    user: &UserId,
    was_erased: bool,
) -> anyhow::Result<()> {
    let log = LogId::Account(account);
    let subject = user.to_string();
    let rows = vec![
        SideWrite::CredentialDelete {
            log: log.clone(),
            subject: subject.clone(),
            kind: None,
        },
        SideWrite::PersonalDelete {
            log: log.clone(),
            subject,
            field: None,
        },
    ];
    if was_erased {
        directory.log().side_write(rows).await?;
        return Ok(());
    }
    let decide = |states: &States| -> Result<Plan<(), Rejection>, Rejection> {
        let state = states.account(account).map(|view| &view.state);
        let events: Vec<Event> = state.map_or(Ok(Vec::new()), |state| state.erase_user(user))?;
        let answer = |_: &trilby_directory::After| {
            Ok(Answer {
                value: (),
                status: 200,
                stored: None,
            })
        };
        Ok(Plan::new(vec![Events::Account(account, events)], answer).with_side(rows.clone()))
    };
    let written = directory.execute(write(log), decide).await;
    written.map(drop).map_err(|error| match error {
        ExecuteError::Refused(rejection) => anyhow!(rejection),
        error => anyhow!("{error}"),
    })
}

fn write(log: LogId) -> Write {
    let mut entropy = SystemEntropy.entropy();
    Write {
        logs: vec![log.clone()],
        receipt: ReceiptKey::random(log, &mut entropy),
        meta: serde_json::json!({ "operation": "erase_subject" }),
        alive: Vec::new(),
        incarnation: None,
        trace: None,
        now: SystemClock.now(),
        entropy,
    }
}

/// Reads logs for what names a user, and erases where the user's requests came from.
struct Eraser<'a> {
    store: &'a Arc<dyn Archive>,
    /// The log of the user's account.
    own: LogId,
    user: UserId,
    created: bool,
    was_erased: bool,
    n_requests: usize,
}

impl<'a> Eraser<'a> {
    fn new(store: &'a Arc<dyn Archive>, account: AccountId, user: UserId) -> Self {
        Self {
            store,
            own: LogId::Account(account),
            user,
            created: false,
            was_erased: false,
            n_requests: 0,
        }
    }

    /// Reads the account's log, and every other in which its users may have done something as themselves: those of
    /// organizations (an invitation may have been declined), and of the whole installation if the account is its
    /// operator's.
    async fn walk_all(&mut self, is_operator: bool) -> anyhow::Result<()> {
        self.walk(&self.own.clone()).await?;
        let mut after = None;
        loop {
            let heads = self.store.logs(after.as_ref(), PAGE).await?;
            let Some(last) = heads.last() else {
                return Ok(());
            };
            after = Some(last.log.clone());
            for head in heads {
                let is_meant = is_operator || matches!(head.log, LogId::Organization(_));
                if is_meant && head.log != self.own && head.state != HeadState::Erased {
                    self.walk(&head.log).await?;
                }
            }
        }
    }

    async fn walk(&mut self, log: &LogId) -> anyhow::Result<()> {
        let mut after = Seq::ZERO;
        loop {
            let page = self.store.events(log, after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.seq;
            let mut requests: Vec<String> = Vec::new();
            for event in &page {
                requests.extend(self.note(event)?);
            }
            // One request may have made several events.
            requests.dedup();
            for some in requests.chunks(ROWS_MAX) {
                let rows = some.iter().flat_map(|request| self.rows_of(log, request));
                self.store.side_write(rows.collect()).await?;
            }
            self.n_requests += requests.len();
        }
    }

    /// Where a request came from lies with the place that was asked: not always the log it wrote to, but then the
    /// account's own.
    fn rows_of(&self, log: &LogId, request: &str) -> Vec<SideWrite> {
        let own = (*log != self.own).then_some(&self.own);
        let rows = [log].into_iter().chain(own);
        let rows = rows.map(|log| SideWrite::PersonalDelete {
            log: log.clone(),
            subject: request.to_owned(),
            field: None,
        });
        rows.collect()
    }

    /// Takes in an event; gives its request, if the user made it and where it came from was kept.
    fn note(&mut self, event: &Recorded) -> anyhow::Result<Option<String>> {
        if event.body.is_none() {
            // Its log was erased meanwhile.
            return Ok(None);
        }
        match event.etype.as_str() {
            "user.created" => self.created |= self.is_about_user(event)?,
            "user.erased" => self.was_erased |= self.is_about_user(event)?,
            _ => {}
        }
        let meta = event.meta()?;
        let by_user = text(&meta, "/actor/principal_id") == Some(self.user.as_ref());
        let request = text(&meta, "/origin/subject").filter(|_| by_user);
        Ok(request.map(str::to_owned))
    }

    fn is_about_user(&self, event: &Recorded) -> anyhow::Result<bool> {
        let data = event.data()?;
        Ok(text(&data, "/user") == Some(self.user.as_ref()))
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}
