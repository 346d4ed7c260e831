//! The last two steps: record, then sign.

use trilby_access::{Facts, Services, problem};
use trilby_eventlog::{OneTime, SideError, SideWrite};
use trilby_model::{AccountId, ConsistencyToken, LogId, SessionId, Timestamp, json};
use trilby_service::problem::{Code, Problem};
use trilby_session::key::{SignError, Token};
use trilby_session::lifetime;
use trilby_session::{Claims, SigningKey, packed};

use super::Issued;
use super::refusal::Refusal;
use crate::activity;

/// Purposes of rows that say what was used: no key of one is a key of another.
const WEB_IDENTITY: u16 = 1;
const NONCE: u16 = 2;

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
        .map_err(|error| problem::of_directory(error.into()))?;
    let token = sign(&claims, key)?;
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

fn sign(claims: &Claims, key: &SigningKey) -> Result<Token, Problem> {
    key.sign(claims).map_err(|error| match error {
        SignError::TooLarge { .. } => Problem::new(
            Code::PackedPolicyTooLarge,
            "the session does not fit into a token",
        ),
        SignError::Claims(_) | SignError::Library => Problem::internal(error),
    })
}

/// What a session uses up: nothing, unless it comes from a token that may be used once.
#[derive(Debug, Clone, Default)]
pub(super) struct Once {
    /// The account that owns the provider: its rows say what was used.
    pub(super) owner: Option<AccountId>,
    /// The token's replay key, and until when it counts.
    pub(super) replay: Option<([u8; 32], Timestamp)>,
    /// The hash of a nonce of ours, and until when it counts.
    pub(super) nonce: Option<([u8; 32], Timestamp)>,
}

/// As [`mint`], for a session that uses something up: after everything that can fail for the client's fault.
///
/// Errors: `token_replayed`, `nonce_mismatch`; those of [`mint`].
pub(super) async fn mint_once(
    services: &Services,
    draft: Draft,
    key: &SigningKey,
    once: Once,
    facts: &Facts,
) -> Result<Issued, Refusal> {
    // What would not fit is found out before anything is used up.
    sign(&draft.claims, key)?;
    let used = use_up(services, once).await?;
    let issued = mint(services, draft, key, facts).await;
    Ok(issued.map_err(|problem| if used { begun(problem) } else { problem })?)
}

/// What is told once something was used up: not that nothing was begun.
fn begun(problem: Problem) -> Problem {
    match problem.code {
        Code::Busy => Problem::unavailable("the session was not recorded: too many records wait"),
        _ => problem,
    }
}

/// How much longer a mark is kept than what it marks is good, by the clock of whoever put it down: to a process whose clock is
/// behind, it is good for longer.
const CLOCKS_DIFFER_S: i64 = 600;

/// Puts down replay key and nonce in one step, each only if it is not there yet. Whether there was any.
async fn use_up(services: &Services, once: Once) -> Result<bool, Problem> {
    let Once {
        owner: Some(owner),
        replay,
        nonce,
    } = once
    else {
        return Ok(false);
    };
    let row = |purpose: u16, (key_hash, expires_at): ([u8; 32], Timestamp)| {
        SideWrite::OneTimeInsert(OneTime {
            log: LogId::Account(owner),
            purpose,
            key_hash,
            expires_at: expires_at.plus_seconds(CLOCKS_DIFFER_S),
        })
    };
    let replayed = replay.map(|replay| (row(WEB_IDENTITY, replay), Code::TokenReplayed));
    let stale = nonce.map(|nonce| (row(NONCE, nonce), Code::NonceMismatch));
    let (rows, codes): (Vec<_>, Vec<_>) = replayed.into_iter().chain(stale).unzip();
    if rows.is_empty() {
        return Ok(false);
    }
    match services.log().side_write(rows).await {
        Ok(_) => Ok(true),
        Err(SideError::Conflict { index }) => {
            let code = codes.get(index).copied().unwrap_or(Code::TokenReplayed);
            Err(Problem::new(code, "the token was used already"))
        }
        Err(SideError::Store(error)) => Err(problem::of_directory(error.into())),
    }
}

/// A fresh session id.
pub(super) fn session_id(services: &Services) -> SessionId {
    SessionId::generate(&mut services.entropy())
}

/// What is wrong with an asked-for duration.
pub(super) fn of_lifetime(refusal: lifetime::Refusal) -> Problem {
    match refusal {
        lifetime::Refusal::TooLong { limit_s, limit } => {
            Problem::new(Code::DurationExceedsLimit, refusal.to_string())
                .with("limit_seconds", limit_s)
                .with("limit", limit.as_str())
        }
        lifetime::Refusal::TooShort { min_s } => {
            Problem::new(Code::InvalidParameter, refusal.to_string()).with("minimum_seconds", min_s)
        }
        lifetime::Refusal::ChainExpired => Problem::new(Code::ChainExpired, refusal.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use trilby_eventlog::Error;

    use super::*;

    #[test]
    fn a_full_queue_is_not_busy_once_something_was_used_up() {
        let full = Error::Busy("the activity queue is full".to_owned());
        let full = problem::of_directory(full.into());
        assert_eq!(full.code, Code::Busy);
        assert_eq!(begun(full).code, Code::Unavailable);
        let other = Problem::new(Code::PackedPolicyTooLarge, "too large");
        assert_eq!(begun(other).code, Code::PackedPolicyTooLarge);
    }
}
