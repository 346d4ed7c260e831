//! Problems made from the errors of the crates below, each variant by name.

use trilby_account::{Blocker, ClaimKind, Rejection};
use trilby_directory::{Error as DirectoryError, ExecuteError};
use trilby_eventlog::Error as StoreError;
use trilby_policy::Finding;
use trilby_service::problem::{Code, FieldError, Problem};

use crate::reply::etag_text;

/// The store's and the directory's errors.
#[must_use]
pub fn of_directory(error: DirectoryError) -> Problem {
    match error {
        // Which log is not there is the caller's own word at most; the answer is that of any unknown resource.
        DirectoryError::UnknownLog { .. } | DirectoryError::BeforeGenesis { .. } => {
            Problem::not_found()
        }
        DirectoryError::Behind { ref log, wanted } => Problem::new(
            Code::StateBehind,
            format!("`{log}` has not reached seq {wanted} here"),
        )
        .retry_after(1),
        DirectoryError::TimelineLost { ref log, seq } => Problem::new(
            Code::TimelineLost,
            format!("`{log}` has another history at seq {seq}"),
        ),
        DirectoryError::Apart { .. } => Problem::new(Code::InvalidSeq, error.to_string()),
        DirectoryError::InvalidSeq { ref log, seq } => Problem::new(
            Code::InvalidSeq,
            format!("seq {seq} of `{log}` is not the end of a commit"),
        ),
        DirectoryError::Unavailable(ref cause) if matches!(**cause, StoreError::Busy(_)) => {
            store_busy(error)
        }
        DirectoryError::Quarantined { .. } | DirectoryError::Unavailable(_) => {
            Problem::unavailable(error).retry_after(1)
        }
        DirectoryError::Corrupt { .. } => Problem::internal(error),
    }
}

/// The store's queue is full: nothing was begun.
fn store_busy(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Problem {
    Problem::new(Code::Busy, "too many changes wait to be written")
        .caused_by(cause)
        .retry_after(1)
}

/// Revocations may be missing: no session can be judged.
pub(crate) fn revocations_unknown() -> Problem {
    Problem::new(
        Code::RevocationStateStale,
        "revocations may be missing here; nothing is decided until they are read",
    )
    .retry_after(1)
}

/// The store was fenced while somebody was answered: what it was answered by may be lost.
pub(crate) fn fenced() -> Problem {
    Problem::unavailable("the store was fenced meanwhile").retry_after(1)
}

/// A command's refusal.
#[must_use]
pub fn of_rejection(rejection: Rejection) -> Problem {
    of_rejection_in(rejection, "")
}

/// A command's refusal about a document that lies in the body at `pointer`: findings are placed there.
#[must_use]
pub fn of_rejection_in(rejection: Rejection, pointer: &str) -> Problem {
    let detail = rejection.to_string();
    match rejection {
        // One body for everything that is not there, whatever was looked for.
        Rejection::NotFound { .. } => Problem::not_found(),
        Rejection::AlreadyExists { .. } => Problem::new(Code::AlreadyExists, detail),
        Rejection::InvalidName { .. } => Problem::new(Code::InvalidName, detail),
        Rejection::DeleteConflict { blockers, .. } => {
            let blockers: Vec<serde_json::Value> = blockers.iter().map(blocker).collect();
            Problem::new(Code::DeleteConflict, detail).with("blockers", blockers)
        }
        Rejection::LimitExceeded { quota, limit, used } => {
            Problem::new(Code::LimitExceeded, detail)
                .with("quota", quota.as_str())
                .with("limit", limit)
                .with("used", used)
        }
        Rejection::EtagMismatch { current } => {
            let problem = Problem::new(Code::EtagMismatch, detail);
            match current {
                Some(seq) => problem.with("current_etag", etag_text(seq)),
                None => problem.with("current_etag", serde_json::Value::Null),
            }
        }
        Rejection::MalformedPolicy { findings } => with_findings(
            Problem::new(Code::MalformedPolicy, detail),
            &findings,
            pointer,
        ),
        Rejection::WeakTrustPolicy { findings } => with_findings(
            Problem::new(Code::WeakTrustPolicy, detail),
            &findings,
            pointer,
        ),
        Rejection::ExternalIdRequired { accounts } => {
            let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
            Problem::new(Code::ExternalIdRequired, detail).with("accounts", accounts)
        }
        Rejection::InvalidPrincipal { principals } => {
            Problem::new(Code::InvalidPrincipal, detail).with("principals", principals)
        }
        Rejection::AccountNotActive { .. } | Rejection::InvalidState { .. } => {
            Problem::new(Code::InvalidState, detail)
        }
        Rejection::InvalidParameter { pointer, why } => Problem::new(
            Code::InvalidParameter,
            detail,
        )
        .error(FieldError::at(pointer, Code::InvalidParameter, why)),
        Rejection::InvalidSettings(invalid) => {
            Problem::new(Code::InvalidParameter, detail).error(FieldError::at(
                format!("{pointer}{}", invalid.pointer),
                Code::InvalidParameter,
                invalid.message,
            ))
        }
        Rejection::RoleNotTrustingProvider { roles } => {
            Problem::new(Code::RoleNotTrustingProvider, detail).with("roles", roles)
        }
        Rejection::RootOnly => Problem::new(Code::RootOnly, detail),
        Rejection::ProtectedResource { .. } => Problem::new(Code::ProtectedResource, detail),
    }
}

/// What the policy checker found, placed in the body.
#[must_use]
pub fn with_findings(problem: Problem, findings: &[Finding], pointer: &str) -> Problem {
    findings.iter().fold(problem, |problem, finding| {
        let at = format!("{pointer}{}", finding.pointer);
        let detail = match &finding.hint {
            Some(hint) => format!("{}; {hint}", finding.message),
            None => finding.message.clone(),
        };
        let field = FieldError::at(at, Code::MalformedPolicy, detail).coded(finding.code);
        problem.error(field.placed(finding.line, finding.column))
    })
}

fn blocker(blocker: &Blocker) -> serde_json::Value {
    serde_json::json!({ "kind": blocker.kind.as_str(), "id": blocker.id, "name": blocker.name })
}

/// What an execution came to. The command's own refusal is a problem already.
#[must_use]
pub fn of_execution(error: ExecuteError<Problem>) -> Problem {
    match error {
        ExecuteError::Refused(problem) => problem,
        ExecuteError::Conflict => Problem::new(
            Code::WriteConflict,
            "others wrote here at the same time, again and again",
        )
        .retry_after(1),
        ExecuteError::Busy { ref log } => Problem::new(
            Code::Busy,
            format!("too many changes of `{log}` wait to be written"),
        )
        .retry_after(1),
        ExecuteError::StoreBusy(what) => store_busy(what),
        ExecuteError::KeyReused => Problem::new(
            Code::IdempotencyKeyReused,
            "this `Idempotency-Key` was used for another request",
        ),
        // The caller's session died between its check and the write.
        ExecuteError::SessionDead => Problem::unauthenticated(),
        ExecuteError::ClaimTaken { kind } => {
            let kind = ClaimKind::from_number(kind).map_or("name", ClaimKind::as_str);
            Problem::new(Code::AlreadyExists, format!("this {kind} is taken")).with("claim", kind)
        }
        ExecuteError::SideConflict { .. } => Problem::new(
            Code::InvalidState,
            "what this request relies on was used or changed meanwhile",
        ),
        ExecuteError::NotOpen { .. } => {
            Problem::new(Code::InvalidState, "the account is closed for good")
        }
        ExecuteError::TooLarge {
            what,
            limit,
            actual,
        } => Problem::new(
            Code::LimitExceeded,
            format!("this change needs {actual} {what}, {limit} is the most at once"),
        )
        .with("quota", what)
        .with("limit", limit)
        .with("used", actual),
        ExecuteError::Invalid(what) => Problem::internal(what),
        ExecuteError::Directory(error) => of_directory(error),
        ExecuteError::Unavailable(what) => Problem::unavailable(what).retry_after(1),
    }
}

#[cfg(test)]
mod tests;
