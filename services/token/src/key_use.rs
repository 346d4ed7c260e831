//! When an access key was last used, kept to the hour.
//!
//! No decision rests on it: it tells an administrator which keys nobody would miss. So a note that cannot be written stops
//! no session.

use trilby_access::Services;
use trilby_credential::{CredentialKind, rows};
use trilby_eventlog::{Credential, SideBody, SideWrite};
use trilby_model::{AccessKeyId, AccountId, LogId, Timestamp};

/// Notes that a key was used now; at most one row an hour is written for each.
pub async fn note(services: &Services, account: AccountId, key: &AccessKeyId, now: Timestamp) {
    let Some(hour) = rows::hour_of(now) else {
        return;
    };
    let (log, kind) = (LogId::Account(account), CredentialKind::AccessKeyUse);
    let noted = services
        .log()
        .credential(&log, key.as_str(), kind.number())
        .await;
    match noted {
        Ok(Some(row)) if row.generation >= hour => return,
        Ok(_) => {}
        Err(error) => return tell(account, &error),
    }
    let earlier = SideWrite::CredentialDelete {
        log: log.clone(),
        subject: key.to_string(),
        kind: Some(kind.number()),
    };
    let newest = SideWrite::CredentialInsert(Credential {
        log,
        subject: key.to_string(),
        kind: kind.number(),
        generation: hour,
        body: SideBody::default(),
        expires_at: None,
    });
    if let Err(error) = services.log().side_write(vec![earlier, newest]).await {
        tell(account, &error);
    }
}

fn tell(account: AccountId, error: &impl std::fmt::Display) {
    tracing::warn!(account.id = %account, %error, "the use of an access key was not noted");
}
