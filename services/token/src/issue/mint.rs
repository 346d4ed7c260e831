//! The last two steps: record, then sign.

use trilby_access::{Facts, Services};
use trilby_model::{AccountId, ConsistencyToken, SessionId, json};
use trilby_service::problem::{Code, Problem};
use trilby_session::key::SignError;
use trilby_session::lifetime::Refusal;
use trilby_session::{Claims, SigningKey, packed};

use super::Issued;
use crate::activity;

/// A session that may be issued.
pub(super) struct Draft {
    /// What its token will say.
    pub(super) claims: Claims,
    /// The states it stands on.
    pub(super) seq: Option<ConsistencyToken>,
    /// The account of who asked, where it may be another than the session's.
    pub(super) caller: Option<AccountId>,
}

/// Records the session, durably, and only then makes its token.
pub(super) async fn mint(
    services: &Services,
    draft: Draft,
    key: &SigningKey,
    facts: &Facts,
) -> Result<Issued, Problem> {
    let Draft {
        claims,
        seq,
        caller,
    } = draft;
    // A session that could not be signed is not recorded either.
    claims.check().map_err(Problem::internal)?;
    let mut records = vec![activity::issued(&claims, facts)?];
    if let Some(caller) = caller.filter(|caller| *caller != claims.trilby.acct) {
        records.push(activity::used_to_assume(caller, &claims, facts));
    }
    services
        .log()
        .activity_append(records)
        .await
        .map_err(|error| Problem::unavailable(error).retry_after(1))?;
    let token = key.sign(&claims).map_err(|error| match error {
        SignError::TooLarge { .. } => Problem::new(
            Code::PackedPolicyTooLarge,
            "the session does not fit into a token",
        ),
        SignError::Claims(_) | SignError::Library => Problem::internal(error),
    })?;
    let policy = claims.trilby.pol.clone().map(serde_json::Value::Object);
    let policy = policy.map(|policy| json::canonical(&policy));
    let packed_policy_percent =
        packed::percent(policy.as_deref(), &claims.trilby.parn, &claims.trilby.tags);
    Ok(Issued {
        token,
        claims,
        packed_policy_percent,
        seq,
    })
}

/// A fresh session id.
pub(super) fn session_id(services: &Services) -> SessionId {
    SessionId::generate(&mut services.entropy())
}

/// What is wrong with an asked-for duration.
pub(super) fn of_lifetime(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::TooLong { limit_s, limit } => {
            Problem::new(Code::DurationExceedsLimit, refusal.to_string())
                .with("limit_seconds", limit_s)
                .with("limit", limit.as_str())
        }
        Refusal::TooShort { min_s } => {
            Problem::new(Code::InvalidParameter, refusal.to_string()).with("minimum_seconds", min_s)
        }
        Refusal::ChainExpired => Problem::new(Code::ChainExpired, refusal.to_string()),
    }
}
