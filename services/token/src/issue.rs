//! The one procedure behind every grant.
//!
//! In order, the first failure decides: standing of everything the session rests on, now; parameters; rights, asked of
//! the engine; depth and lifetime of the chain; the record in the activity log; the token. Before it stands the proof,
//! which only a verifier can make.

pub(crate) mod assumable;
mod chain;
mod dress;
mod federated;
mod mint;
mod outside;
mod own;
mod refusal;
mod role;
mod standing;
mod trust;

use trilby_access::authenticate::FederatedSession;
use trilby_access::{Facts, Services};
use trilby_model::{AccountId, Arn, ConsistencyToken, ProviderId, UserId};
use trilby_service::problem::{Code, Problem};
use trilby_service::telemetry::metric;
use trilby_session::key::Token;
use trilby_session::{AUDIENCE, Claims, FEDERATED_AUDIENCE};

use crate::TokenParts;
use crate::proof::{Proof, Proved};
pub use crate::role_request::{OutsideRequest, RoleRequest};
pub use crate::session_policies::{Given, SessionPolicies};
pub use crate::session_tags::SessionTags;
use outside::Origin;
pub(crate) use outside::source_identity;
use refusal::Refusal;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// A session of whom.
    pub want: Want,
    /// How long, in seconds; absent: the kind's default.
    pub duration_s: Option<i64>,
    /// For whom the token is, besides our own APIs.
    pub audience: Option<String>,
}

/// A session of whom.
#[derive(Debug, Clone)]
pub enum Want {
    /// Of whoever was proved: user or root.
    Own,
    /// Of a role, by one of our sessions.
    Role(Box<RoleRequest>),
    /// Of a role, by a token of an outside issuer.
    Outside(Box<OutsideRequest>),
    /// Of an outside identity itself: a federated session.
    Federated,
}

/// A session that was issued. Its record is durable.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: Token,
    /// What it says.
    pub claims: Claims,
    /// Share of the room for policies and tags that it takes, in per cent.
    pub packed_policy_percent: usize,
    /// The states it stands on, the session's account first.
    pub seq: Option<ConsistencyToken>,
}

impl Issued {
    /// The role, for a role session.
    #[must_use]
    pub fn role(&self) -> Option<&Arn> {
        self.claims.trilby.role.as_ref()
    }
}

/// Issues a session.
///
/// Errors: `access_denied` for everything that concerns rights and the existence of a role; `invalid_credentials` for a
/// credential that is no longer good; what is wrong with the parameters; faults.
pub async fn issue_session(
    services: &Services,
    proof: Proof,
    asked: Asked,
    facts: &Facts,
) -> Result<Issued, Problem> {
    let context = context(&proof, &asked);
    let outcome = issue(services, &proof, asked, facts).await;
    match outcome {
        Ok(issued) => Ok(issued),
        Err(refusal) => Err(refusal::told(services, refusal, &context, facts).await),
    }
}

async fn issue(
    services: &Services,
    proof: &Proof,
    asked: Asked,
    facts: &Facts,
) -> Result<Issued, Refusal> {
    services
        .part::<TokenParts>()?
        .throttles
        .session(proof.account(), facts.now)?;
    let Asked {
        want,
        duration_s,
        audience,
    } = asked;
    match (want, proof.proved()) {
        (Want::Own, Proved::AccessKey { .. } | Proved::Password { .. }) => {
            Ok(own::issue(services, proof, duration_s, audience, facts).await?)
        }
        (Want::Role(request), Proved::Session(session)) => {
            let audience = audience.as_deref();
            role::issue(services, session, &request, duration_s, audience, facts).await
        }
        (Want::Role(request), Proved::Federated(session)) => {
            let provider = federated_provider(session)?;
            let origin = Origin::Session(session, provider);
            let request = outside_request(*request)?;
            let audience = audience.as_deref();
            outside::issue(services, origin, request, duration_s, audience, facts).await
        }
        (Want::Outside(request), Proved::WebIdentity(web)) => {
            let origin = Origin::Token(web);
            let audience = audience.as_deref();
            outside::issue(services, origin, *request, duration_s, audience, facts).await
        }
        (Want::Federated, Proved::WebIdentity(web)) => {
            federated::issue(services, web, duration_s, facts).await
        }
        // A session gives no second session of the same principal, and a secret alone no role: its session does.
        (Want::Own, Proved::Session(_) | Proved::Federated(_) | Proved::WebIdentity(_))
        | (
            Want::Role(_),
            Proved::AccessKey { .. } | Proved::Password { .. } | Proved::WebIdentity(_),
        )
        | (
            Want::Outside(_) | Want::Federated,
            Proved::AccessKey { .. }
            | Proved::Password { .. }
            | Proved::Session(_)
            | Proved::Federated(_),
        ) => Err(Problem::new(
            Code::InvalidParameter,
            "this grant does not give such a session",
        )
        .into()),
    }
}

/// The provider that a federated session names.
fn federated_provider(session: &FederatedSession) -> Result<ProviderId, Problem> {
    let id = session.verified.claims().principal_unique_id();
    id.parse().map_err(Problem::internal)
}

/// What an outside identity may say who puts on a role: its tags and who is behind it come from its issuer.
fn outside_request(request: RoleRequest) -> Result<OutsideRequest, Problem> {
    let RoleRequest {
        role_arn,
        session_name,
        external_id,
        source_identity,
        policies,
        tags,
    } = request;
    let is_plain =
        external_id.is_none() && source_identity.is_none() && tags == SessionTags::default();
    if !is_plain {
        return Err(Problem::new(
            Code::InvalidParameter,
            "an outside identity gives no external id, source identity or tags",
        ));
    }
    Ok(OutsideRequest {
        role_arn: Some(role_arn),
        session_name: Some(session_name),
        policies,
    })
}

/// Records a token that was not believed, and gives what its owner is told.
pub(crate) async fn refused_at_the_door(
    services: &Services,
    problem: Problem,
    account: AccountId,
    role: Option<&Arn>,
    digest: Option<[u8; 32]>,
    facts: &Facts,
) -> Problem {
    let context = refusal::Context {
        caller: Some(account),
        role: role.cloned(),
        token_sha256: digest,
        ..refusal::Context::default()
    };
    refusal::told(services, problem.into(), &context, facts).await
}

/// Refuses a user in quarantine, on record, who is to be given something else than a session.
///
/// Errors: `access_denied`; faults.
pub(crate) async fn refuse_quarantined(
    services: &Services,
    account: AccountId,
    user: &UserId,
    facts: &Facts,
) -> Result<(), Problem> {
    if !standing::is_account_quarantined(services, account, Some(user.as_str())).await? {
        return Ok(());
    }
    let context = refusal::Context {
        caller: Some(account),
        ..refusal::Context::default()
    };
    Err(refusal::told(services, standing::quarantined().into(), &context, facts).await)
}

/// Whom a refusal concerns.
fn context(proof: &Proof, asked: &Asked) -> refusal::Context {
    let role = match &asked.want {
        Want::Own | Want::Federated => None,
        Want::Role(request) => Some(request.role_arn.clone()),
        Want::Outside(request) => request.role_arn.clone(),
    };
    let (by, session_id) = match proof.proved() {
        Proved::Session(session) => (
            Some(session.caller.arn.clone()),
            Some(session.caller.session_id.to_string()),
        ),
        Proved::Federated(session) => {
            let claims = session.verified.claims();
            (
                Some(claims.trilby.arn.clone()),
                Some(claims.jti.to_string()),
            )
        }
        Proved::AccessKey { .. } | Proved::Password { .. } | Proved::WebIdentity(_) => (None, None),
    };
    let token_sha256 = match proof.proved() {
        Proved::WebIdentity(web) => Some(*web.identity.token_digest()),
        Proved::Session(_)
        | Proved::Federated(_)
        | Proved::AccessKey { .. }
        | Proved::Password { .. } => None,
    };
    refusal::Context {
        caller: Some(proof.account()),
        by,
        session_id,
        role,
        token_sha256,
    }
}

/// Counts what came of a request for a session: its proof is part of it.
pub fn count(outcome: &Result<Issued, Problem>) {
    match outcome {
        Ok(issued) => {
            metric::SESSIONS_ISSUED.add(1, &[issued.claims.trilby.kind.as_str()]);
        }
        Err(problem) => metric::SESSIONS_REFUSED.add(1, &[problem.code.as_str()]),
    }
}

/// The audiences of a token: ours, or the one asked for if it is allowed.
fn audiences(
    asked: Option<String>,
    allowed: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Problem> {
    match asked {
        None => Ok(vec![AUDIENCE.to_owned()]),
        Some(audience) if audience == AUDIENCE => Ok(vec![audience]),
        // Whatever a role allows: that one is for federated sessions alone.
        Some(audience) if audience != FEDERATED_AUDIENCE && allowed(&audience) => {
            Ok(vec![audience])
        }
        Some(_) => Err(Problem::new(
            Code::InvalidTarget,
            "a session of this kind is not given for that audience",
        )),
    }
}
