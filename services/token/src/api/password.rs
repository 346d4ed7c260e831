//! `POST /v1/password`: sets one's own password, by a ticket or by the old one.
//!
//! It ends the person's sessions and gives none: whoever sets a password logs in with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trilby_access::authenticate::{Session, authenticate};
use trilby_access::authorize::Inquiry;
use trilby_access::write::{actor, actor_meta};
use trilby_access::{
    Access, Authorized, Empty, Facts, Idempotency, Input, Json, Method, Operation, Reply, Services,
    problem,
};
use trilby_account::command::{IssuePasswordTicket, SetRootCredential, SetUserPassword};
use trilby_account::{Account, Actor, Command, Context, Event, Hashing, PersonalField, Ref};
use trilby_credential::password::rules::{Reason, RefusedPasswords, Rules, check};
use trilby_credential::password::{Params, PasswordHash, Verdict, verify as verify_password};
use trilby_credential::{Address, CredentialKind, Mac, Peppers, Ticket, TicketKind};
use trilby_directory::{Answer, Events, Freshness, Plan, ReceiptKey, Write};
use trilby_eventlog::{Credential, Dependency, SideBody, SideWrite};
use trilby_model::{AccountId, Arn, LogId, Timestamp, UserId};
use trilby_policy::Context as Keys;
use trilby_service::Secret;
use trilby_service::caller::CallerKind;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use crate::proof::{Person, Proof, Proved, login};
use crate::throttle::Network;
use crate::{TokenParts, hashing};

const CHANGE_PASSWORD: &str = "iam:ChangePassword";
/// Seconds a ticket opens that is given because a password must be changed.
const TICKET_S: i64 = 3_600;

/// Sets one's own password.
pub struct ChangePassword;

/// A new password, and what allows it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// A password ticket (`tbr_…`). Without one the caller needs a session and the old password.
    #[schema(value_type = Option<String>, format = Password)]
    ticket: Option<Secret<String>>,
    /// The password until now.
    #[schema(value_type = Option<String>, format = Password)]
    old_password: Option<Secret<String>>,
    /// The password from now on.
    #[schema(value_type = String, format = Password)]
    new_password: Secret<String>,
}

/// The password is set.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordAnswer {
    /// The account.
    account: AccountId,
    /// When it was set.
    set_at: Timestamp,
}

impl Operation for ChangePassword {
    const ID: &'static str = "change_password";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/password";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Set one's own password";
    const DESCRIPTION: &'static str = "By a password ticket, or by a session together with the old password (and the \
        right `iam:ChangePassword` on oneself). Ends all sessions of the person; does not log in.";
    const ACCESS: Access =
        Access::Public("a ticket or the old password is the proof, checked in the handler");
    const SUCCESS_DESCRIPTION: &'static str = "The password is set";
    const PROBLEMS: &'static [Code] = &[
        Code::Unauthenticated,
        Code::InvalidCredentials,
        Code::AccessDenied,
        Code::PasswordRejected,
        Code::RateLimited,
        Code::Busy,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;

    type Path = Empty;
    type Query = Empty;
    type Body = Json<PasswordRequest>;
    type Reply = PasswordAnswer;

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let facts = &input.facts;
        services
            .part::<TokenParts>()?
            .throttles
            .stranger(Network::of(facts.address), facts.now)?;
        let body = input.body.value;
        let claim = match (&body.ticket, &body.old_password) {
            (Some(_), Some(_)) => {
                return Err(Problem::invalid(
                    "/old_password",
                    "is not needed with a ticket",
                ));
            }
            (Some(ticket), None) => {
                if facts.header("authorization")?.is_some() {
                    return Err(Problem::new(
                        Code::InvalidParameter,
                        "send a ticket or a session, not both",
                    ));
                }
                by_ticket(services, facts, ticket).await?
            }
            (None, Some(old)) => by_session(services, facts, old).await?,
            (None, None) => {
                return Err(Problem::invalid(
                    "/old_password",
                    "is missing, and so is a ticket",
                ));
            }
        };
        let hash = hash(services, &claim, &body.new_password).await?;
        let set_at = set(services, facts, &claim, hash).await?;
        Ok(Reply::new(PasswordAnswer {
            account: claim.account,
            set_at,
        })
        .no_store())
    }
}

/// Whose password may be set, and by what.
struct Claim {
    account: AccountId,
    person: Person,
    /// The ticket's generation, if it is by a ticket.
    ticket: Option<u32>,
    session: Option<Box<Session>>,
}

/// A ticket that opens now: the newest of its person, by the log, with the MAC that was filed for it.
async fn by_ticket(
    services: &Services,
    facts: &Facts,
    text: &Secret<String>,
) -> Result<Claim, Problem> {
    let network = Network::of(facts.address);
    let opened = open_ticket(services, text.expose(), facts.now).await?;
    opened.ok_or_else(|| {
        if let Ok(parts) = services.part::<TokenParts>() {
            parts.throttles.failed(network, facts.now);
        }
        Problem::new(
            Code::InvalidCredentials,
            "the password ticket is not accepted",
        )
    })
}

async fn open_ticket(
    services: &Services,
    text: &str,
    now: Timestamp,
) -> Result<Option<Claim>, Problem> {
    let peppers = services.part::<Peppers>()?;
    let ticket = Ticket::parse(TicketKind::Password, text).ok();
    let (stored, claim) = match ticket.as_ref().and_then(Ticket::address) {
        Some(address) => filed_ticket(services, address, now).await?,
        None => (None, None),
    };
    let right = peppers.verify(stored.as_ref(), text);
    Ok(claim.filter(|_| right))
}

async fn filed_ticket(
    services: &Services,
    address: &Address,
    now: Timestamp,
) -> Result<(Option<Mac>, Option<Claim>), Problem> {
    let account = address.account();
    let Address::User(_, user) = address else {
        return Ok((None, None));
    };
    let view = match services.directory().account(account).await {
        Ok(view) => view,
        Err(trilby_directory::Error::UnknownLog { .. }) => return Ok((None, None)),
        Err(error) => return Err(problem::of_directory(error)),
    };
    let newest = view
        .state
        .user(&Ref::Id(user.clone()))
        .and_then(|user| user.password_ticket.as_ref());
    let Some(newest) = newest.filter(|ticket| now < ticket.expires_at) else {
        return Ok((None, None));
    };
    let row = credential(
        services,
        account,
        &address.subject(),
        CredentialKind::PasswordTicket,
    )
    .await?;
    let row = row.filter(|row| row.generation == newest.generation);
    let claim = Claim {
        account,
        person: Person::User(user.clone()),
        ticket: Some(newest.generation),
        session: None,
    };
    Ok((
        row.and_then(|row| Mac::from_bytes(&row.body.0)),
        Some(claim),
    ))
}

async fn credential(
    services: &Services,
    account: AccountId,
    subject: &str,
    kind: CredentialKind,
) -> Result<Option<Credential>, Problem> {
    let row = services
        .log()
        .credential(&LogId::Account(account), subject, kind.number())
        .await;
    row.map_err(|error| problem::of_directory(error.into()))
}

/// A session of the person itself with the right to change its password, and the password until now.
async fn by_session(
    services: &Services,
    facts: &Facts,
    old: &Secret<String>,
) -> Result<Claim, Problem> {
    let bearer = facts.bearer()?.ok_or_else(Problem::unauthenticated)?;
    let session = authenticate(services, bearer.expose())
        .await
        .map_err(Problem::from)?;
    let caller = &session.caller;
    let account = caller.account;
    let (person, arn) = match &caller.kind {
        CallerKind::Root => (Person::Root, Arn::root(&account)),
        CallerKind::User { id, .. } => (Person::User(id.clone()), caller.principal_arn.clone()),
        CallerKind::Role { .. } => {
            return Err(Problem::new(Code::AccessDenied, "a role has no password")
                .with("action", CHANGE_PASSWORD));
        }
    };
    let denied = || {
        Problem::new(
            Code::AccessDenied,
            format!("you are not allowed `{CHANGE_PASSWORD}` on yourself"),
        )
        .with("action", CHANGE_PASSWORD)
    };
    let inquiry = Inquiry::of(&session, facts, services.now())
        .map_err(|broken| denied().caused_by(broken))?;
    let world = services
        .directory()
        .world(Some(account), Some(account), &Freshness::Head)
        .await;
    let world = world.map_err(problem::of_directory)?;
    if !inquiry.allows(&world, CHANGE_PASSWORD, &arn, Some(account), &Keys::new())? {
        return Err(denied());
    }
    login::verify_again(services, facts, account, &person, old).await?;
    Ok(Claim {
        account,
        person,
        ticket: None,
        session: Some(Box::new(session)),
    })
}

/// Checks the new password and hashes it.
async fn hash(
    services: &Services,
    claim: &Claim,
    new: &Secret<String>,
) -> Result<PasswordHash, Problem> {
    let view = services
        .directory()
        .account(claim.account)
        .await
        .map_err(problem::of_directory)?;
    let state = &view.state;
    let length_min =
        usize::try_from(state.settings().password_policy.length_min).map_err(Problem::internal)?;
    let rules = Rules::new(length_min, false).unwrap_or(Rules::ALONE);
    let names = names(services, state, &claim.person).await?;
    let refused = services.part::<RefusedPasswords>()?;
    let password = check(
        new.expose(),
        rules,
        names.iter().map(String::as_str),
        refused,
    )
    .map_err(|reasons| rejected(&reasons))?;

    let row = credential(
        services,
        claim.account,
        &subject(claim),
        CredentialKind::Password,
    )
    .await?;
    let current =
        row.and_then(|row| PasswordHash::decode(std::str::from_utf8(&row.body.0).ok()?).ok());
    let (peppers, params) = (
        services.part::<Peppers>()?.clone(),
        *services.part::<Params>()?,
    );
    let (typed, mut entropy) = (new.clone(), services.entropy());
    let hashed = hashing::run(services, move || {
        if let Some(current) = &current
            && verify_password(Some(current), typed.expose(), &peppers, params)? != Verdict::Wrong
        {
            return Ok(None);
        }
        PasswordHash::make(&password, &peppers, params, &mut entropy).map(Some)
    });
    hashed
        .await?
        .map_err(|error: trilby_credential::password::Error| Problem::internal(error))?
        .ok_or_else(|| {
            Problem::new(Code::PasswordRejected, "the new password is the old one")
                .with("reasons", vec!["unchanged"])
        })
}

fn rejected(reasons: &[Reason]) -> Problem {
    let texts: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
    Problem::new(Code::PasswordRejected, texts.join("; ")).with("reasons", codes)
}

/// The names that a password should not be made of.
async fn names(
    services: &Services,
    state: &Account,
    person: &Person,
) -> Result<Vec<String>, Problem> {
    let mut names: Vec<String> = Vec::new();
    names.extend(state.name().map(ToString::to_string));
    names.extend(state.alias().map(ToString::to_string));
    match person {
        Person::User(id) => names.extend(
            state
                .user(&Ref::Id(id.clone()))
                .map(|user| user.name.to_string()),
        ),
        Person::Root => {
            if let Some(email) = &state.root().email {
                let (log, subject, field) = (
                    LogId::Account(state.id()),
                    state.root_subject(),
                    PersonalField::Email.number(),
                );
                let row = services
                    .log()
                    .personal(&log, &subject, field, email.generation)
                    .await;
                let row = row.map_err(|error| problem::of_directory(error.into()))?;
                names.extend(row.and_then(|row| String::from_utf8(row.body.0).ok()));
            }
        }
    }
    Ok(names)
}

fn subject(claim: &Claim) -> String {
    match &claim.person {
        Person::Root => claim.account.to_string(),
        Person::User(id) => id.to_string(),
    }
}

/// Writes the event and, with it, the hash; the ticket is used up.
async fn set(
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
        params: params.collect::<BTreeMap<_, _>>(),
    };
    let command: Command = match &claim.person {
        Person::Root => SetRootCredential {
            hashing,
            email: None,
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
    let (log, subject) = (LogId::Account(claim.account), subject(claim));
    let ticket = claim.ticket;
    let side = move |events: &[Event]| {
        let generation = events.iter().find_map(|event| match event {
            Event::UserPasswordSet(fact) => Some(fact.generation),
            Event::RootCredentialSet(fact) => Some(fact.generation),
            _ => None,
        });
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
        claim.account,
        ChangePassword::ID,
        Some(facts),
        who,
        command,
        side,
    )
    .await
}

/// Refuses a login with a password that must be changed, and gives a ticket to change it.
///
/// Errors: `password_change_required`.
pub(super) async fn require_no_change(services: &Services, proof: &Proof) -> Result<(), Problem> {
    let Proved::Password {
        account,
        person: Person::User(user),
        ..
    } = proof.proved()
    else {
        return Ok(());
    };
    let view = services
        .directory()
        .account(*account)
        .await
        .map_err(problem::of_directory)?;
    let password = view
        .state
        .user(&Ref::Id(user.clone()))
        .and_then(|user| user.password.as_ref());
    if !password.is_some_and(|password| password.must_change) {
        return Ok(());
    }
    let ticket = issue_ticket(services, *account, user).await?;
    Err(Problem::new(
        Code::PasswordChangeRequired,
        "the password must be changed first, with this ticket at `/v1/password`",
    )
    .with_oauth_error("invalid_grant")
    .with("password_ticket", ticket.expose())
    .with("expires_in", TICKET_S))
}

async fn issue_ticket(
    services: &Services,
    account: AccountId,
    user: &UserId,
) -> Result<Ticket, Problem> {
    let address = Address::User(account, user.clone());
    let subject = address.subject();
    let ticket = Ticket::addressed(TicketKind::Password, address, &mut services.entropy());
    let mac = ticket.mac(services.part::<Peppers>()?).to_bytes();
    let expires_at = services.now().plus_seconds(TICKET_S);
    let command: Command = IssuePasswordTicket {
        user: Ref::Id(user.clone()),
        expires_at,
    }
    .into();
    let log = LogId::Account(account);
    let side = move |events: &[Event]| {
        let generation = events.iter().find_map(|event| match event {
            Event::UserPasswordTicketIssued(fact) => Some(fact.generation),
            _ => None,
        });
        let generation =
            generation.ok_or_else(|| Problem::internal("a ticket was issued without an event"))?;
        let kind = CredentialKind::PasswordTicket;
        let delete = SideWrite::CredentialDelete {
            log: log.clone(),
            subject: subject.clone(),
            kind: Some(kind.number()),
        };
        Ok(vec![
            delete,
            row(
                &log,
                &subject,
                kind,
                generation,
                mac.clone(),
                Some(expires_at),
            ),
        ])
    };
    execute(
        services,
        account,
        "issue_password_ticket",
        None,
        None,
        command,
        side,
    )
    .await?;
    Ok(ticket)
}

fn row(
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
async fn execute(
    services: &Services,
    account: AccountId,
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
    let write = Write {
        logs: vec![log.clone()],
        receipt: ReceiptKey {
            log,
            key: entropy.take(),
            request_hash: entropy.take(),
            chosen: false,
        },
        meta: meta.into(),
        alive: session.map(alive).unwrap_or_default(),
        now,
        entropy,
    };
    let written = services.directory().execute(write, |states| {
        let view = states.account(account).ok_or_else(Problem::not_found)?;
        let at = states.now();
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
        Ok(Plan::new(vec![Events::Account(account, events)], answer).with_side(rows))
    });
    match written.await.map_err(problem::of_execution)? {
        trilby_directory::Executed::Done(done) => Ok(done.value),
        trilby_directory::Executed::Replayed { .. } => {
            Err(Problem::internal("a command without a key was replayed"))
        }
    }
}

fn alive(session: &Session) -> Vec<Dependency> {
    super::revoke::rests_on(session)
}
