//! What a write leaves behind in answers and in side tables.

use trilby_account::{Account, Event, ThingKind};
use trilby_credential::CredentialKind;
use trilby_eventlog::{Credential, SideBody, SideWrite};
use trilby_model::{LogId, Timestamp};
use trilby_service::problem::Problem;

/// For what must be there because it was just written.
pub fn lost(kind: ThingKind) -> Problem {
    Problem::internal(format!("a written {kind} is not there"))
}

/// The row of a verifier that an event names.
pub fn credential(
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

/// Removes every row of one sort.
pub fn no_credentials(log: &LogId, subject: &str, kind: CredentialKind) -> SideWrite {
    SideWrite::CredentialDelete {
        log: log.clone(),
        subject: subject.to_owned(),
        kind: Some(kind.number()),
    }
}

/// Removes every row of one subject.
fn nothing_of(log: &LogId, subject: &str) -> SideWrite {
    SideWrite::CredentialDelete {
        log: log.clone(),
        subject: subject.to_owned(),
        kind: None,
    }
}

/// The verifiers that these events leave without an owner. They go in the same commit, so that nothing opens by a row
/// that somebody forgot.
pub fn orphaned(account: &Account, events: &[Event]) -> Vec<SideWrite> {
    let log = LogId::Account(account.id());
    let mut rows = Vec::new();
    for event in events {
        // Only events that end a credential matter here; all others leave the side tables alone.
        if let Event::AccessKeyDeleted(fact) = event {
            rows.push(nothing_of(&log, fact.access_key.as_ref()));
        } else if let Event::UserPasswordRemoved(fact) = event {
            let user = fact.user.to_string();
            rows.push(no_credentials(&log, &user, CredentialKind::Password));
            rows.push(no_credentials(&log, &user, CredentialKind::PasswordTicket));
        } else if let Event::UserDeleted(fact) = event {
            rows.push(nothing_of(&log, fact.user.as_ref()));
        }
    }
    rows
}
