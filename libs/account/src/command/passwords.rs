//! Passwords of users. Hashes and tickets are the caller's to file, under the event's generation.

use trilby_model::Timestamp;

use super::access_keys::later_second;
use crate::decide::{Desk, Verdict};
use crate::event::{UserPasswordRemoved, UserPasswordSet, UserPasswordTicketIssued};
use crate::id::UserRef;
use crate::rejection::{Rejection, ThingKind};
use crate::state::User;
use crate::value::{Hashing, UserKind};

/// Gives a person a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUserPassword {
    /// The user.
    pub user: UserRef,
    /// How the password was hashed.
    pub hashing: Hashing,
    /// Whether another must be chosen before anything else.
    pub must_change: bool,
    /// Whether older sessions end.
    pub revoke_sessions: bool,
    /// The ticket that allows it, by generation; nothing where the caller's own rights do.
    pub ticket: Option<u32>,
}

/// Takes a person's password away; sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveUserPassword {
    /// The user.
    pub user: UserRef,
}

/// Makes a ticket that sets a person's password once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuePasswordTicket {
    /// The user.
    pub user: UserRef,
    /// When it stops opening.
    pub expires_at: Timestamp,
}

impl SetUserPassword {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let user = person(desk, &self.user)?;
        desk.require(Some(user.stamp.changed))?;
        if let Some(generation) = self.ticket {
            let ticket = user.password_ticket.as_ref();
            let opens = ticket.is_some_and(|ticket| {
                ticket.generation == generation && desk.ctx.now < ticket.expires_at
            });
            if !opens {
                let why = "has no such password ticket, or it was used or has expired";
                return Err(Rejection::state(ThingKind::User, &user.name, why));
            }
        }
        let fact = UserPasswordSet {
            user: user.id.clone(),
            generation: user.password_generation.saturating_add(1),
            hashing: self.hashing.clone(),
            must_change: self.must_change,
            revoke_sessions: self.revoke_sessions,
        };
        Ok(vec![fact.into()])
    }
}

impl RemoveUserPassword {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let user = desk.user(&self.user)?;
        desk.require(Some(user.stamp.changed))?;
        if user.password.is_none() && user.password_ticket.is_none() {
            return Err(Rejection::not_found(ThingKind::LoginProfile, &user.name));
        }
        let user = user.id.clone();
        Ok(vec![UserPasswordRemoved { user }.into()])
    }
}

impl IssuePasswordTicket {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let user = person(desk, &self.user)?;
        let fact = UserPasswordTicketIssued {
            user: user.id.clone(),
            generation: user.ticket_generation.saturating_add(1),
            expires_at: later_second(desk.ctx, self.expires_at)?,
        };
        Ok(vec![fact.into()])
    }
}

fn person<'a>(desk: &Desk<'a>, user: &UserRef) -> Result<&'a User, Rejection> {
    let user = desk.user(user)?;
    match user.kind {
        UserKind::Human => Ok(user),
        UserKind::Service => {
            let why = "is a service user and has no password";
            Err(Rejection::state(ThingKind::User, &user.name, why))
        }
    }
}
