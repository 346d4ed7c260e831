//! Who calls: from `Authorization: Bearer` to a [`Caller`].
//!
//! Signature, times and audience come from the token and the fold of its account; whether the session still stands is
//! asked at every use, of the revocations and of the account's state now. A request that names positions is answered on
//! those: what the session rests on is brought there, and then the session is judged once more.

use std::sync::Arc;

use trilby_account::{
    AccessKeyStatus, Account, AccountStatus, Ref, SigningKey, SigningKeyState, UserStatus,
};
use trilby_directory::{AccountView, Asked, Error as DirectoryError, Freshness};
use trilby_model::{AccessKeyId, AccountId, Arn, LogId, Position, RoleId, Seq, Timestamp, UserId};
use trilby_service::caller::{
    Caller, CallerDependency, CallerFederation, CallerKind, CallerMfa, MfaMethod, SessionKind,
};
use trilby_service::problem::Problem;
use trilby_session::claims::{Claims, DependencyKind, SessionKind as TokenKind};
use trilby_session::{
    Expected, KeyRecord, Presented, PublicKey, Refusal, RestsOn, Verified, key_line,
};

use crate::problem;
use crate::services::Services;

/// Why a token is no caller.
#[derive(Debug)]
pub enum Rejected {
    /// It is bad, expired, revoked, or its principal is gone or out of service. Told apart for the token's owner only.
    Token(Why),
    /// It may be good: the state to tell is not there.
    Fault(Problem),
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The token itself.
    Refused(Refusal),
    /// Its account does not exist here.
    UnknownAccount,
    /// It, or something it rests on, was revoked.
    Revoked,
    /// It is from before the store was restored and fenced: where it stands in the logs cannot be told any more.
    Fenced,
    /// Its account, user, key or role is gone or out of service.
    Standing,
    /// A kind of session that our own APIs do not take.
    Kind,
}

impl From<Rejected> for Problem {
    /// As a Bearer token: one body for all of them.
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Token(_) => Self::unauthenticated(),
            Rejected::Fault(problem) => problem,
        }
    }
}

impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Self {
        Self::Token(Why::Refused(refusal))
    }
}

/// A session that stands now.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who it is.
    pub caller: Caller,
    /// The token as it was verified.
    pub verified: Arc<Verified>,
    /// Its account, at the state by which its standing was judged.
    pub account: Arc<AccountView>,
    /// What the store was asked to judge it.
    pub asked: Asked,
}

/// A federated session that stands now: an outside identity, proven once, without any right of its own.
#[derive(Debug, Clone)]
pub struct FederatedSession {
    /// The token as it was verified.
    pub verified: Arc<Verified>,
    /// The account of its provider, at the state by which its standing was judged.
    pub account: Arc<AccountView>,
    /// What the store was asked to judge it.
    pub asked: Asked,
}

/// A session of either sort.
#[derive(Debug, Clone)]
pub enum Anyone {
    /// A principal of an account.
    Session(Box<Session>),
    /// An outside identity.
    Federated(FederatedSession),
}

/// Verifies one of our own session tokens and everything it rests on, now. Federated sessions are refused.
///
/// Errors: [`Rejected`]; as a Bearer token every refusal is `unauthenticated`.
pub async fn authenticate(services: &Services, token: &str) -> Result<Session, Rejected> {
    let (verified, judged) = verify(services, token, trilby_session::AUDIENCE).await?;
    Session::standing(services, verified, judged)
}

/// As [`authenticate`], on states at least as fresh as the request asks.
///
/// Errors: as [`authenticate`]; those of freshness.
pub async fn authenticate_at(
    services: &Services,
    token: &str,
    freshness: &Freshness,
) -> Result<Session, Rejected> {
    let session = authenticate(services, token).await?;
    match reach(services, session.verified.rests_on(), freshness).await {
        Ok(false) => Ok(session),
        Ok(true) => session.again(services).await,
        Err(problem) => Err(Rejected::Fault(problem)),
    }
}

/// As [`authenticate`], where federated sessions are taken as well: in the token service alone.
///
/// Errors: as [`authenticate`].
pub async fn authenticate_anyone(services: &Services, token: &str) -> Result<Anyone, Rejected> {
    match authenticate(services, token).await {
        Err(Rejected::Token(Why::Refused(Refusal::WrongAudience))) => {}
        other => return other.map(|session| Anyone::Session(Box::new(session))),
    }
    let (verified, judged) = verify(services, token, trilby_session::FEDERATED_AUDIENCE).await?;
    FederatedSession::standing(verified, judged).map(Anyone::Federated)
}

/// As [`authenticate_anyone`], on states at least as fresh as the request asks.
///
/// Errors: as [`authenticate_at`].
pub async fn authenticate_anyone_at(
    services: &Services,
    token: &str,
    freshness: &Freshness,
) -> Result<Anyone, Rejected> {
    let anyone = authenticate_anyone(services, token).await?;
    let verified = match &anyone {
        Anyone::Session(session) => &session.verified,
        Anyone::Federated(session) => &session.verified,
    };
    match reach(services, verified.rests_on(), freshness).await {
        Ok(false) => return Ok(anyone),
        Ok(true) => {}
        Err(problem) => return Err(Rejected::Fault(problem)),
    }
    match anyone {
        Anyone::Session(session) => {
            let session = session.again(services).await?;
            Ok(Anyone::Session(Box::new(session)))
        }
        Anyone::Federated(session) => session.again(services).await.map(Anyone::Federated),
    }
}

/// Brings the logs that a session rests on to where the request asks for; whoever judged the session before judges it
/// again if this says that there were such. Only for a session that stood: and only logs that it names itself are waited
/// for, so that nobody learns by waiting how far others are.
///
/// Errors: those of freshness.
pub async fn reach(
    services: &Services,
    rests_on: &RestsOn,
    freshness: &Freshness,
) -> Result<bool, Problem> {
    let Freshness::AtLeast(wanted) = freshness else {
        return Ok(false);
    };
    let logs = rests_on.positions().iter();
    let mut was_named = false;
    for log in logs.map(|(account, _)| LogId::Account(*account)) {
        if let Some(position) = wanted.get(&log) {
            was_named = true;
            let reached = services.directory().at_least(position).await;
            reached.map_err(problem::of_directory)?;
        }
    }
    Ok(was_named)
}

impl Session {
    /// The incarnation of the store that it is of. It stood while the store was of this one.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.verified.claims().trilby.inc
    }

    /// Judges it once more, by what is known now.
    ///
    /// Errors: [`Rejected`].
    pub(crate) async fn again(self, services: &Services) -> Result<Self, Rejected> {
        let Self {
            verified, asked, ..
        } = self;
        let judged = judge_again(services, &verified, asked, trilby_session::AUDIENCE).await?;
        Self::standing(services, verified, judged)
    }

    fn standing(
        services: &Services,
        verified: Arc<Verified>,
        judged: Judged,
    ) -> Result<Self, Rejected> {
        let Judged { account, asked } = judged;
        let caller = standing(&account.state, verified.claims(), services.now())
            .ok_or(Rejected::Token(Why::Standing))?;
        let caller = caller.ok_or(Rejected::Token(Why::Kind))?;
        Ok(Self {
            caller,
            verified,
            account,
            asked,
        })
    }
}

impl FederatedSession {
    /// Judges it once more, by what is known now.
    ///
    /// Errors: [`Rejected`].
    pub(crate) async fn again(self, services: &Services) -> Result<Self, Rejected> {
        let Self {
            verified, asked, ..
        } = self;
        let audience = trilby_session::FEDERATED_AUDIENCE;
        let judged = judge_again(services, &verified, asked, audience).await?;
        Self::standing(verified, judged)
    }

    fn standing(verified: Arc<Verified>, judged: Judged) -> Result<Self, Rejected> {
        if verified.claims().trilby.kind != TokenKind::Federated {
            return Err(Rejected::Token(Why::Kind));
        }
        let Judged { account, asked } = judged;
        // Whether its provider still vouches is asked when it puts on a role.
        if account.state.status() != AccountStatus::Active {
            return Err(Rejected::Token(Why::Standing));
        }
        Ok(Self {
            verified,
            account,
            asked,
        })
    }
}

/// By what a session was judged.
struct Judged {
    account: Arc<AccountView>,
    asked: Asked,
}

/// Times a session is verified before its caller is told to come back, if the store turns out to be fenced meanwhile.
const ATTEMPTS_MAX: u32 = 3;

/// Signature, times, audience and revocations: everything but standing; all by states of one incarnation of the store, as far as
/// this process knows.
async fn verify(
    services: &Services,
    token: &str,
    audience: &str,
) -> Result<(Arc<Verified>, Judged), Rejected> {
    for _ in 0..ATTEMPTS_MAX {
        let begun_in = services.directory().incarnation();
        let verified = verify_once(services, token, audience).await;
        if services.directory().incarnation() == begun_in {
            return verified;
        }
    }
    Err(Rejected::Fault(problem::fenced()))
}

async fn verify_once(
    services: &Services,
    token: &str,
    audience: &str,
) -> Result<(Arc<Verified>, Judged), Rejected> {
    let now = services.now();
    let account = match services.tokens().get(token) {
        Some(known) => known.claims().trilby.acct,
        None => Presented::parse(token)?.account_hint(),
    };
    let mut asked = Asked::default();
    let view = view_again(services, account, &mut asked).await?;
    let key_of = |of: AccountId, kid: &str| {
        (of == account)
            .then(|| key_record(services, &view.state, kid))
            .flatten()
    };
    let expected = expected(services, audience);
    let verified = services.tokens().verify(token, key_of, &expected, now)?;
    let account = undead(services, view, &verified).await?;
    Ok((verified, Judged { account, asked }))
}

/// The same of a token that was verified before: all of it that can change.
async fn judge_again(
    services: &Services,
    verified: &Verified,
    mut asked: Asked,
    audience: &str,
) -> Result<Judged, Rejected> {
    let view = view_again(services, verified.claims().trilby.acct, &mut asked).await?;
    let key = key_record(services, &view.state, verified.kid());
    verified.recheck(key.as_ref(), &expected(services, audience), services.now())?;
    let account = undead(services, view, verified).await?;
    Ok(Judged { account, asked })
}

fn expected<'a>(services: &Services, audience: &'a str) -> Expected<'a> {
    let skew_s = i64::try_from(services.settings().tokens.skew_s).unwrap_or(trilby_session::SKEW_S);
    Expected { audience, skew_s }
}

/// Whether anything that the session rests on was revoked. Gives its account at a state that knows of the session.
async fn undead(
    services: &Services,
    view: Arc<AccountView>,
    verified: &Verified,
) -> Result<Arc<AccountView>, Rejected> {
    of_this_store(services, verified.claims()).await?;
    let view = at_issue(services, view, verified.claims()).await?;
    crate::late::in_time(services, &view.state)?;
    if services.revocations().is_dead(verified.rests_on()) {
        return Err(Rejected::Token(Why::Revoked));
    }
    Ok(view)
}

async fn view_again(
    services: &Services,
    account: AccountId,
    asked: &mut Asked,
) -> Result<Arc<AccountView>, Rejected> {
    let view = services.directory().account_again(account, asked).await;
    view.map_err(no_view)
}

pub(crate) async fn view_of(
    services: &Services,
    account: AccountId,
) -> Result<Arc<AccountView>, Rejected> {
    services.directory().account(account).await.map_err(no_view)
}

fn no_view(error: DirectoryError) -> Rejected {
    match error {
        DirectoryError::UnknownLog { .. } => Rejected::Token(Why::UnknownAccount),
        error => Rejected::Fault(problem::of_directory(error)),
    }
}

/// Positions are compared within one incarnation of the store only: what a session from before a fence has seen may have
/// been lost, and what ends it may bear a lower number.
pub(crate) async fn of_this_store(services: &Services, claims: &Claims) -> Result<(), Rejected> {
    let issued_in = claims.trilby.inc;
    let directory = services.directory();
    let now = directory.incarnation_since(issued_in).await;
    match now.map_err(no_view)? == issued_in {
        true => Ok(()),
        false => Err(Rejected::Token(Why::Fenced)),
    }
}

/// A node that is behind the token's issuer waits: create, assume and use must never meet an older state.
pub(crate) async fn at_issue(
    services: &Services,
    view: Arc<AccountView>,
    claims: &Claims,
) -> Result<Arc<AccountView>, Rejected> {
    let seq = Seq::new(claims.trilby.seq);
    if view.seq() >= seq {
        return Ok(view);
    }
    let position = Position {
        log: LogId::Account(claims.trilby.acct),
        seq,
        hash: None,
    };
    let waited = services.directory().at_least(&position).await;
    waited.map_err(|error| Rejected::Fault(problem::of_directory(error)))?;
    view_of(services, claims.trilby.acct).await
}

/// The key a token names, if its signatures may be believed now.
fn key_record(services: &Services, state: &Account, kid: &str) -> Option<KeyRecord> {
    let key: &SigningKey = state.signing_keys().get(kid)?;
    let jwk = serde_json::to_value(&key.jwk).ok()?;
    let jwk = serde_json::from_value(jwk).ok()?;
    Some(KeyRecord {
        account: state.id(),
        issuer: trilby_session::issuer(services.public_url(), state.id()),
        public: PublicKey::from_jwk(&jwk).ok()?,
        published: is_believed(key, services.now()),
    })
}

/// Whether a signature of this key may be believed now. No event tells when the last session is over that a retired key signed.
fn is_believed(key: &SigningKey, now: Timestamp) -> bool {
    let is_over = matches!(key.state, SigningKeyState::Retiring { since } if !key_line::is_believed_since(since, now));
    key.verifies() && !is_over
}

/// The caller, if account, principal and key are in service now. The inner `None`: a kind of session that is no
/// caller of our APIs.
#[expect(
    clippy::option_option,
    reason = "two different refusals, read in one place"
)]
pub(crate) fn standing(state: &Account, claims: &Claims, now: Timestamp) -> Option<Option<Caller>> {
    if state.status() != AccountStatus::Active {
        return None;
    }
    let private = &claims.trilby;
    let (kind, session_kind, principal_arn) = match private.kind {
        TokenKind::Root => {
            state.root().password.as_ref()?;
            (
                CallerKind::Root,
                SessionKind::Root,
                Arn::root(&private.acct),
            )
        }
        TokenKind::User => (user(state, claims)?, SessionKind::User, private.arn.clone()),
        TokenKind::Key => {
            key(state, claims, now)?;
            (user(state, claims)?, SessionKind::Key, private.arn.clone())
        }
        TokenKind::Role => (
            role(state, claims)?,
            SessionKind::Role,
            private.role.clone()?,
        ),
        TokenKind::Federated => return Some(None),
    };
    let principal_arn = match &kind {
        // By what they are called now: a renamed user keeps its session, and its policies know it by its id.
        CallerKind::User { name, path, .. } => Arn::user(&private.acct, path, name),
        CallerKind::Role { name, path, .. } => Arn::role(&private.acct, path, name),
        CallerKind::Root => principal_arn,
    };
    Some(Some(Caller {
        account: private.acct,
        kind,
        arn: private.arn.clone(),
        principal_arn,
        principal_id: claims.sub.clone(),
        session_id: claims.jti.clone(),
        session_kind,
        issued_at: Timestamp::from_unix_seconds(claims.iat),
        expires_at: Timestamp::from_unix_seconds(claims.exp),
        authenticated_at: Timestamp::from_unix_seconds(claims.auth_time),
        client_id: claims.client_id.clone(),
        seq: Seq::new(private.seq),
        dependencies: private.dep.iter().map(dependency).collect(),
        tags: private.tags.clone(),
        transitive_tag_keys: private.ttk.iter().map(ToString::to_string).collect(),
        session_policy: private.pol.clone().map(serde_json::Value::Object),
        session_policy_arns: private.parn.clone(),
        mfa: private.mfa.as_ref().map(|mfa| CallerMfa {
            at: Timestamp::from_unix_seconds(mfa.at),
            method: MfaMethod::Totp,
        }),
        federation: private.fed.as_ref().map(|fed| CallerFederation {
            provider: fed.prov.clone(),
            issuer: fed.iss.clone(),
            subject: fed.sub.clone(),
            audience: fed.aud.clone(),
        }),
        source_identity: private.si.as_ref().map(ToString::to_string),
        depth: private.depth,
        chain: private.chain.clone(),
    }))
}

fn user(state: &Account, claims: &Claims) -> Option<CallerKind> {
    let id: UserId = claims.principal_unique_id().parse().ok()?;
    let user = state
        .user(&Ref::Id(id))
        .filter(|user| user.status == UserStatus::Active)?;
    Some(CallerKind::User {
        id: user.id.clone(),
        name: user.name.clone(),
        path: user.path.clone(),
    })
}

/// The access key that a key session came from: still there, active, not expired, and its user's.
fn key(state: &Account, claims: &Claims, now: Timestamp) -> Option<()> {
    let id: AccessKeyId = claims.client_id.parse().ok()?;
    let key = state.access_key(&id)?;
    let fits = key.status == AccessKeyStatus::Active
        && key.opens_at(now)
        && key.user.to_string() == claims.principal_unique_id();
    fits.then_some(())
}

fn role(state: &Account, claims: &Claims) -> Option<CallerKind> {
    let id: RoleId = claims.principal_unique_id().parse().ok()?;
    let role = state.role(&Ref::Id(id))?;
    Some(CallerKind::Role {
        id: role.id.clone(),
        name: role.name.clone(),
        path: role.path.clone(),
        session_name: claims.trilby.sn.clone()?,
    })
}

fn dependency(dependency: &trilby_session::Dependency) -> CallerDependency {
    let kind = match dependency.kind {
        DependencyKind::Role => 'r',
        DependencyKind::Link => 'l',
        DependencyKind::Provider => 'p',
        DependencyKind::User => 'u',
        DependencyKind::AccessKey => 'k',
        DependencyKind::Session => 's',
        DependencyKind::Account => 'a',
    };
    CallerDependency {
        account: dependency.account,
        kind,
        id: dependency.id.clone(),
        seq: Seq::new(dependency.seq),
    }
}
