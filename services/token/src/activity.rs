//! What the activity log says of sessions and logins.
//!
//! A session's record holds its claims: enough to list it, to see whether it still stands, and to decide for it by its
//! id alone. It does not hold the token.

use serde::{Deserialize, Serialize};
use trilby_access::Facts;
use trilby_eventlog::Activity;
use trilby_model::{AccountId, Arn, Hash, LogId, RequestId, SessionId, Timestamp};
use trilby_service::problem::{Code, Problem};
use trilby_session::Claims;

/// A session was issued; the record's id is the session's.
pub const SESSION_ISSUED: &str = "session.issued";
/// A session was refused; the record's id is its own: the request may have a record of its login as well.
pub const SESSION_REFUSED: &str = "session.refused";
/// A session of this account put on a role elsewhere; the record's id is the new session's.
pub const SESSION_USED_TO_ASSUME: &str = "session.used_to_assume";

/// Somebody logged in; the record's id is the request's, as for the next two.
pub const LOGIN_SUCCEEDED: &str = "login.succeeded";
/// A login was refused.
pub const LOGIN_FAILED: &str = "login.failed";
/// A login was not looked at: too many failed before.
pub const LOGIN_THROTTLED: &str = "login.throttled";

/// Body of [`SESSION_ISSUED`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssuedSession {
    /// The token's claims.
    pub claims: Claims,
    /// Address of who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The request.
    pub request_id: String,
}

/// The record of an issued session.
///
/// Errors: faults only.
pub(crate) fn issued(claims: &Claims, facts: &Facts) -> Result<Activity, Problem> {
    let body = IssuedSession {
        claims: claims.clone(),
        ip: facts.address.map(|address| address.to_string()),
        request_id: facts.request_id.to_string(),
    };
    Ok(Activity {
        log: LogId::Account(claims.trilby.acct),
        at: Timestamp::from_unix_seconds(claims.iat),
        kind: SESSION_ISSUED.to_owned(),
        id: claims.jti.to_string(),
        body: serde_json::to_vec(&body).map_err(Problem::internal)?,
    })
}

/// The record of a session for the account whose principal put on the role.
pub(crate) fn used_to_assume(caller: AccountId, claims: &Claims, facts: &Facts) -> Activity {
    let body = serde_json::json!({
        "jti": claims.jti.to_string(),
        "role": claims.trilby.role.as_ref().map(ToString::to_string),
        "arn": claims.trilby.arn.to_string(),
        "by": claims.trilby.chain.last().map(ToString::to_string),
        "exp": claims.exp,
        "ip": facts.address.map(|address| address.to_string()),
        "request_id": facts.request_id.to_string(),
    });
    Activity {
        log: LogId::Account(caller),
        at: Timestamp::from_unix_seconds(claims.iat),
        kind: SESSION_USED_TO_ASSUME.to_owned(),
        id: claims.jti.to_string(),
        body: body.to_string().into_bytes(),
    }
}

/// A session that was refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused<'a> {
    /// What the caller was told.
    pub(crate) code: Code,
    /// Why in truth, where the caller is told less.
    pub(crate) why: Option<&'a str>,
    /// The role.
    pub(crate) role: Option<&'a Arn>,
    /// Who asked.
    pub(crate) by: Option<&'a Arn>,
    /// Its session.
    pub(crate) session_id: Option<&'a str>,
    /// SHA-256 of the outside token: its only name here.
    pub(crate) token_sha256: Option<[u8; 32]>,
}

/// The record of a refused session, for one of the accounts that it concerns. `id` is fresh.
pub(crate) fn refused(
    account: AccountId,
    refused: &Refused<'_>,
    facts: &Facts,
    id: &RequestId,
) -> Activity {
    let body = serde_json::json!({
        "code": refused.code,
        "why": refused.why,
        "role": refused.role,
        "by": refused.by,
        "session_id": refused.session_id,
        "token_sha256": refused.token_sha256.map(|digest| Hash(digest).to_string()),
        "ip": facts.address.map(|address| address.to_string()),
        "request_id": facts.request_id.to_string(),
    });
    Activity {
        log: LogId::Account(account),
        at: facts.now,
        kind: SESSION_REFUSED.to_owned(),
        id: id.to_string(),
        body: body.to_string().into_bytes(),
    }
}

/// The record of a login. `person` is the unique id of whom was meant, if there is such a person: what was typed may be
/// a password in the wrong field, and is nowhere recorded.
pub(crate) fn login(
    kind: &'static str,
    account: AccountId,
    person: Option<&str>,
    facts: &Facts,
) -> Activity {
    let body = serde_json::json!({
        "person": person,
        "ip": facts.address.map(|address| address.to_string()),
        "user_agent": facts.user_agent,
        "request_id": facts.request_id.to_string(),
    });
    Activity {
        log: LogId::Account(account),
        at: facts.now,
        kind: kind.to_owned(),
        id: facts.request_id.to_string(),
        body: body.to_string().into_bytes(),
    }
}

/// Reads the record of an issued session.
pub(crate) fn read(record: &Activity) -> Option<IssuedSession> {
    let session: IssuedSession = serde_json::from_slice(&record.body).ok()?;
    let id: SessionId = record.id.parse().ok()?;
    (record.kind == SESSION_ISSUED && session.claims.jti == id).then_some(session)
}
