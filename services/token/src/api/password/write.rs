//! The event of a new password and, with it, the row of its hash.

use trilby_access::authenticate::Session;
use trilby_access::write::{actor, actor_meta};
use trilby_access::{Facts, Operation, Services, containment, problem};
use trilby_account::command::{SetRootCredential, SetUserPassword};
use trilby_account::{Actor, Command, Context, Event, Hashing, PrincipalId, Ref};
use trilby_credential::{CredentialKind, PasswordHash};
use trilby_directory::{Answer, Events, Executed, Plan, ReceiptKey, Write};
use trilby_eventlog::{Credential, Dependency, SideBody, SideWrite};
use trilby_model::{AccountId, LogId, Timestamp};
use trilby_service::problem::Problem;

use super::{ChangePassword, Claim};
use crate::proof::Person;

/// Writes the event and, with it, the hash; the ticket is used up.
pub(super) async fn set(
    services: &Services,
    facts: &Facts,
    claim: &Claim,
    hash: PasswordHash,
) -> Result<Timestamp, Problem> {
    let params = hash
        .params()
        .named()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let hashing = Hashing {
        algo: PasswordHash::ALGORITHM.to_owned(),
        params: params.collect(),
    };
    let command: Command = match &claim.person {
        Person::Root => SetRootCredential {
            hashing,
            email: None,
            ticket: claim.ticket,
        }
        .into(),
        Person::User(id) => SetUserPassword {
            user: Ref::Id(id.clone()),
            hashing,
            must_change: false,
            revoke_sessions: true,
            ticket: claim.ticket,
        }
        .into(),
    };
    let (log, subject) = (LogId::Account(claim.account), claim.subject());
    let ticket = claim.ticket;
    let side = move |events: &[Event]| {
        let generation = events.iter().find_map(generation_of);
        let generation =
            generation.ok_or_else(|| Problem::internal("a password was set without an event"))?;
        let kind = CredentialKind::Password.number();
        let mut rows = vec![SideWrite::CredentialDelete {
            log: log.clone(),
            subject: subject.clone(),
            kind: Some(kind),
        }];
        rows.push(row(
            &log,
            &subject,
            CredentialKind::Password,
            generation,
            hash.encode().into_bytes(),
            None,
        ));
        if let Some(generation) = ticket {
            let kind = CredentialKind::PasswordTicket.number();
            rows.push(SideWrite::CredentialTake {
                log: log.clone(),
                subject: subject.clone(),
                kind,
                generation,
            });
        }
        Ok(rows)
    };
    let who = claim.session.as_deref();
    execute(
        services,
        (claim.account, &claim.person),
        ChangePassword::ID,
        Some(facts),
        who,
        command,
        side,
    )
    .await
}

fn generation_of(event: &Event) -> Option<u32> {
    if let Event::UserPasswordSet(fact) = event {
        return Some(fact.generation);
    }
    if let Event::RootCredentialSet(fact) = event {
        Some(fact.generation)
    } else {
        None
    }
}

/// A row that an event names.
pub(super) fn row(
    log: &LogId,
    subject: &str,
    kind: CredentialKind,
    generation: u32,
    body: Vec<u8>,
    expires_at: Option<Timestamp>,
) -> SideWrite {
    SideWrite::CredentialInsert(Credential {
        log: log.clone(),
        subject: subject.to_owned(),
        kind: kind.number(),
        generation,
        body: SideBody(body),
        expires_at,
    })
}

/// Writes one command of a person about itself, with the rows that its events name.
///
/// Errors: `invalid_state` while the person is in quarantine; what the command is refused for; faults.
pub(super) async fn execute(
    services: &Services,
    (account, person): (AccountId, &Person),
    operation: &'static str,
    facts: Option<&Facts>,
    session: Option<&Session>,
    command: Command,
    side: impl Fn(&[Event]) -> Result<Vec<SideWrite>, Problem>,
) -> Result<Timestamp, Problem> {
    let mut entropy = services.entropy();
    let now = services.now();
    let actor = session.map_or(Actor::System, |session| actor(&session.caller));
    let ctx = Context::new(now, actor, &mut entropy);
    let log = LogId::Account(account);
    let mut meta = serde_json::Map::new();
    meta.insert("operation".to_owned(), operation.into());
    if let Some(facts) = facts {
        meta.insert("request_id".to_owned(), facts.request_id.to_string().into());
    }
    if let Some(session) = session {
        meta.insert("actor".to_owned(), actor_meta(&session.caller));
    }
    // It says who is in quarantine; a quarantine set meanwhile makes this decide again.
    let view = services.directory().account(account).await;
    let organization = containment::log(&view.map_err(problem::of_directory)?.state);
    let mut logs = vec![log.clone()];
    logs.extend(organization.clone());
    let write = Write {
        logs,
        receipt: ReceiptKey::random(log, &mut entropy),
        meta: meta.into(),
        alive: session.map(alive).unwrap_or_default(),
        incarnation: session.map(Session::incarnation),
        trace: facts.and_then(|facts| facts.trace.clone()),
        now,
        entropy,
    };
    let principal = match person {
        Person::Root => None,
        Person::User(id) => Some(PrincipalId::User(id.clone())),
    };
    let written = services.directory().execute(write, |states| {
        let view = states.account(account).ok_or_else(Problem::not_found)?;
        let at = states.now();
        containment::refuse(states, &view.state, principal.as_ref())?;
        let mut ctx = ctx.clone();
        ctx.now = at;
        let events = view
            .state
            .decide(command.clone(), &ctx)
            .map_err(problem::of_rejection)?;
        let rows = side(&events)?;
        let answer = move |_: &trilby_directory::After| {
            Ok(Answer {
                value: at,
                status: 200,
                stored: None,
            })
        };
        let guards = organization.clone().into_iter().collect();
        Ok(Plan::new(vec![Events::Account(account, events)], answer)
            .with_side(rows)
            .guarded_by(guards))
    });
    match written.await.map_err(problem::of_execution)? {
        Executed::Done(done) => Ok(done.value),
        Executed::Replayed { .. } => Err(Problem::internal("a command without a key was replayed")),
    }
}

fn alive(session: &Session) -> Vec<Dependency> {
    crate::api::revoke::rests_on(session)
}
