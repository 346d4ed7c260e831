//! Ending sessions.

use trilby_model::{AccessKeyId, RoleSessionName, Seq, SessionId, SourceIdentity};

use crate::decide::{Desk, Verdict};
use crate::event::{
    AccessKeySessionsRevoked, AccountMatchingSessionsRevoked, AccountSessionsRevoked, Event,
    ProviderSessionsRevoked, RoleSessionsRevoked, SessionMatch, SessionRevoked,
    UserSessionsRevoked,
};
use crate::id::{ProviderRef, RoleRef, UserRef};
use crate::rejection::{Rejection, ThingKind};
use crate::value::Reason;

/// Ends sessions and whatever came of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeSessions {
    /// Which.
    pub target: RevokeTarget,
    /// Only those from before this seq; absent: all there are. Not for a single session.
    pub issued_before_seq: Option<Seq>,
    /// Why.
    pub reason: Option<Reason>,
}

/// Which sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevokeTarget {
    /// One.
    Session(SessionId),
    /// Those of a user, of its keys too.
    User(UserRef),
    /// Those of a role.
    Role(RoleRef),
    /// Those of an access key.
    AccessKey(AccessKeyId),
    /// All that came through an identity provider, in every account, or what came of one subject.
    Provider {
        /// The provider.
        provider: ProviderRef,
        /// The subject, as the provider names it.
        subject: Option<String>,
    },
    /// Those with a source identity.
    SourceIdentity(SourceIdentity),
    /// Those of a role under a name.
    SessionName {
        /// The role.
        role: RoleRef,
        /// The name.
        name: RoleSessionName,
    },
    /// All of the account.
    Account,
}

impl RevokeSessions {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let issued_before_seq = self.before(desk)?;
        let reason = self.reason.clone();
        let event = match &self.target {
            RevokeTarget::Session(session) => SessionRevoked {
                session: session.clone(),
                reason,
            }
            .into(),
            RevokeTarget::User(user) => UserSessionsRevoked {
                user: desk.user(user)?.id.clone(),
                issued_before_seq,
                reason,
            }
            .into(),
            RevokeTarget::Role(role) => RoleSessionsRevoked {
                role: desk.role(role)?.id.clone(),
                issued_before_seq,
                reason,
            }
            .into(),
            RevokeTarget::AccessKey(id) => {
                let key = desk.account.access_key(id);
                let key = key.ok_or_else(|| Rejection::not_found(ThingKind::AccessKey, id))?;
                AccessKeySessionsRevoked {
                    access_key: key.id.clone(),
                    issued_before_seq,
                    reason,
                }
                .into()
            }
            RevokeTarget::Provider { provider, subject } => ProviderSessionsRevoked {
                provider: desk.provider(provider)?.id.clone(),
                subject: subject.clone().map(checked_subject).transpose()?,
                issued_before_seq,
                reason,
            }
            .into(),
            RevokeTarget::SourceIdentity(identity) => {
                let matching = SessionMatch::SourceIdentity(identity.clone());
                self.matching(desk, matching, issued_before_seq)
            }
            RevokeTarget::SessionName { role, name } => {
                let matching = SessionMatch::Session {
                    role: desk.role(role)?.id.clone(),
                    name: name.clone(),
                };
                self.matching(desk, matching, issued_before_seq)
            }
            RevokeTarget::Account => AccountSessionsRevoked {
                account: desk.account.id(),
                issued_before_seq,
                reason,
            }
            .into(),
        };
        Ok(vec![event])
    }

    fn matching(
        &self,
        desk: &Desk<'_>,
        matching: SessionMatch,
        issued_before_seq: Option<Seq>,
    ) -> Event {
        AccountMatchingSessionsRevoked {
            account: desk.account.id(),
            matching,
            issued_before_seq,
            reason: self.reason.clone(),
        }
        .into()
    }

    fn before(&self, desk: &Desk<'_>) -> Result<Option<Seq>, Rejection> {
        let pointer = "/issued_before_seq";
        let why = match (&self.target, self.issued_before_seq) {
            (_, None) => return Ok(None),
            (RevokeTarget::Session(_), Some(_)) => "does not go with a single session",
            (_, Some(seq)) if seq > desk.account.seq().next() => "is in the future",
            (_, Some(seq)) => return Ok(Some(seq)),
        };
        Err(Rejection::InvalidParameter { pointer, why })
    }
}

/// Longest subject of an outside token, in bytes: the verifier's bound, so that what can log in can be revoked.
const SUBJECT_MAX_BYTES: usize = 255;

fn checked_subject(subject: String) -> Result<String, Rejection> {
    if (1..=SUBJECT_MAX_BYTES).contains(&subject.len()) {
        return Ok(subject);
    }
    let (pointer, why) = ("/subject", "must have 1 to 255 bytes");
    Err(Rejection::InvalidParameter { pointer, why })
}
