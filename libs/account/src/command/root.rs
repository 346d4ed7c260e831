//! Root's password. The caller files hash, ticket and e-mail address under the events' generations.

use trilby_model::{Hash, Timestamp};

use super::access_keys::later_second;
use crate::decide::{Desk, Verdict};
use crate::event::{RootCredentialRemoved, RootCredentialSet, RootPasswordTicketIssued};
use crate::rejection::{Rejection, ThingKind};
use crate::state::Account;
use crate::value::{Hashing, PersonalField, PersonalRef};

/// Gives root a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRootCredential {
    /// How the password was hashed.
    pub hashing: Hashing,
    /// SHA-256 of salt and body of the e-mail address's row; needed the first time.
    pub email: Option<Hash>,
    /// The ticket that allows it, by generation; nothing where root's own session does.
    pub ticket: Option<u32>,
}

/// Takes root's password away, and a ticket that would set one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveRootCredential {}

/// Makes a ticket that sets root's password once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRootPasswordTicket {
    /// When it stops opening.
    pub expires_at: Timestamp,
    /// SHA-256 of salt and body of the e-mail address's row; needed the first time, and possible
    /// only while root has no password: nobody else changes the address of a root that logs in.
    pub email: Option<Hash>,
}

impl SetRootCredential {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (account, root) = (desk.account.id(), desk.account.root());
        if let Some(generation) = self.ticket {
            let ticket = root.password_ticket.as_ref();
            let opens = ticket.is_some_and(|ticket| {
                ticket.generation == generation && desk.ctx.now < ticket.expires_at
            });
            if !opens {
                let why = "has no such password ticket, or it was used or has expired";
                return Err(Rejection::state(ThingKind::RootCredential, &account, why));
            }
        }
        let fact = RootCredentialSet {
            account,
            generation: root.password_generation.saturating_add(1),
            hashing: self.hashing.clone(),
            email: email(desk.account, self.email)?,
        };
        Ok(vec![fact.into()])
    }
}

impl RemoveRootCredential {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (account, root) = (desk.account.id(), desk.account.root());
        if root.password.is_none() && root.password_ticket.is_none() {
            return Err(Rejection::not_found(ThingKind::RootCredential, &account));
        }
        Ok(vec![RootCredentialRemoved { account }.into()])
    }
}

impl IssueRootPasswordTicket {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let (account, root) = (desk.account.id(), desk.account.root());
        if root.password.is_some() && self.email.is_some() {
            let why = "has a password, and its address is root's own to change";
            return Err(Rejection::state(ThingKind::RootCredential, &account, why));
        }
        let fact = RootPasswordTicketIssued {
            account,
            generation: root.ticket_generation.saturating_add(1),
            expires_at: later_second(desk.ctx, self.expires_at)?,
            email: email(desk.account, self.email)?,
        };
        Ok(vec![fact.into()])
    }
}

/// The e-mail address under its next generation, if one is given. Root must have one in the end.
fn email(account: &Account, given: Option<Hash>) -> Result<Option<PersonalRef>, Rejection> {
    let known = account.root().email;
    if known.is_none() && given.is_none() {
        let (pointer, why) = ("/root_email", "must be given with root's first password");
        return Err(Rejection::InvalidParameter { pointer, why });
    }
    let earlier = known.map_or(0, |email| email.generation);
    Ok(given.map(|digest| PersonalRef {
        field: PersonalField::Email,
        generation: earlier.saturating_add(1),
        digest,
    }))
}
