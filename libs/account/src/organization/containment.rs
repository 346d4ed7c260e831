//! Quarantine: written in the organization's log, where its target cannot undo it, and in the same
//! commit the end of the target's sessions in its own.

use trilby_model::AccountId;

use super::command::Desk;
use super::event::{Event, QuarantineLifted, QuarantineSet};
use super::quarantine::QuarantineTarget;
use super::state::Organization;
use crate::command::{RevokeSessions, RevokeTarget};
use crate::context::{Context, Precondition};
use crate::event::Event as AccountEvent;
use crate::id::{PrincipalId, Ref};
use crate::rejection::{Rejection, ThingKind};
use crate::state::Account;
use crate::value::Reason;

/// Denies everything to a member's principals, or to one user or role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetQuarantine {
    /// Whom.
    pub target: QuarantineTarget,
    /// Why.
    pub reason: Option<Reason>,
}

/// Ends a quarantine. Sessions that it ended stay dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiftQuarantine {
    /// Whose.
    pub target: QuarantineTarget,
    /// The account of who asks.
    pub by: AccountId,
}

/// What puts somebody into quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contained {
    /// For the organization's log.
    pub organization_events: Vec<Event>,
    /// For the target's log.
    pub account_events: Vec<AccountEvent>,
}

/// Decides on [`SetQuarantine`]. `state` is that of the target's account.
///
/// Errors: no such member or principal; the management account as a whole cannot be held.
pub fn set_quarantine(
    organization: &Organization,
    state: &Account,
    command: &SetQuarantine,
    ctx: &Context,
) -> Result<Contained, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    let target = &command.target;
    let account = target.account();
    desk.member(account)?;
    if state.id() != account {
        return Err(Rejection::not_found(ThingKind::Account, &account));
    }
    let sessions = match target {
        QuarantineTarget::Account(_) if account == desk.management => {
            let why = "manages the organization and cannot be in quarantine as a whole";
            return Err(Rejection::state(ThingKind::Account, &account, why));
        }
        QuarantineTarget::Account(_) => RevokeTarget::Account,
        QuarantineTarget::Principal { principal, .. } => match principal {
            PrincipalId::User(id) => RevokeTarget::User(Ref::Id(id.clone())),
            PrincipalId::Role(id) => RevokeTarget::Role(Ref::Id(id.clone())),
        },
    };
    let there = organization.quarantines().get(&target.to_string());
    desk.require(there.map(|quarantine| quarantine.stamp.changed))?;
    if there.is_some() {
        return Ok(Contained {
            organization_events: Vec::new(),
            account_events: Vec::new(),
        });
    }
    let revoke = RevokeSessions {
        target: sessions,
        issued_before_seq: None,
        reason: command.reason.clone(),
    };
    let unconditional = ctx.clone().with_precondition(Precondition::None);
    let account_events = state.decide(revoke.into(), &unconditional)?;
    let fact = QuarantineSet {
        target: target.clone(),
        reason: command.reason.clone(),
    };
    Ok(Contained {
        organization_events: vec![fact.into()],
        account_events,
    })
}

/// Decides on [`LiftQuarantine`].
///
/// Errors: there is none; it is about the account of who asks. A member that may hold others is not let out by its own
/// people, whoever put it there: who took over one of them would undo what was done against that.
pub fn lift_quarantine(
    organization: &Organization,
    command: &LiftQuarantine,
    ctx: &Context,
) -> Result<Vec<Event>, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    let target = &command.target;
    let there = organization.quarantines().get(&target.to_string());
    let there = there.filter(|quarantine| quarantine.target == *target);
    let Some(there) = there else {
        return Err(Rejection::not_found(ThingKind::Quarantine, target));
    };
    desk.require(Some(there.stamp.changed))?;
    if command.by == target.account() && command.by != desk.management {
        return Err(Rejection::protected(ThingKind::Quarantine, target));
    }
    let target = target.clone();
    Ok(vec![QuarantineLifted { target }.into()])
}
