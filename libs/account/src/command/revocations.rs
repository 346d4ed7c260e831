//! Ending sessions.

use trilby_model::{AccessKeyId, Seq, SessionId};

use crate::decide::{Desk, Verdict};
use crate::event::{
    AccessKeySessionsRevoked, AccountSessionsRevoked, RoleSessionsRevoked, SessionRevoked,
    UserSessionsRevoked,
};
use crate::id::{RoleRef, UserRef};
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
            RevokeTarget::Account => AccountSessionsRevoked {
                account: desk.account.id(),
                issued_before_seq,
                reason,
            }
            .into(),
        };
        Ok(vec![event])
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
