//! Invitations: how an account that exists already joins. The ticket's MAC is the caller's to file
//! and to compare; here it is decided for whom and until when it opens.

use std::fmt;
use std::str::FromStr;

use trilby_model::{AccountId, OrganizationId, Timestamp};

use super::command::Desk;
use super::decide::full_access;
use super::event::{
    Event, InvitationClosed, InvitationCreated, InvitationEnd, MemberJoined, MemberOrigin,
};
use super::node::UnitRef;
use super::state::{Invitation, Organization};
use crate::command::later_second;
use crate::context::Context;
use crate::event::{AccountJoinedOrganization, Event as AccountEvent};
use crate::id::NotAnId;
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::{Account, AccountStatus};

/// An invitation as URLs name it: the organization, a dot, the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationId {
    /// The organization.
    pub organization: OrganizationId,
    /// Its number there.
    pub number: u32,
}

impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.organization, self.number)
    }
}

impl FromStr for InvitationId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let parts = text.split_once('.').and_then(|(organization, number)| {
            Some(Self {
                organization: organization.parse().ok()?,
                number: number.parse().ok()?,
            })
        });
        // One spelling for each: `.07` and `.+7` are none.
        parts
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| NotAnId::of(text))
    }
}

/// Asks an account to join, or asks it anew: an earlier invitation of it opens nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateInvitation {
    /// The account. Whether it exists is not told.
    pub account: AccountId,
    /// When the ticket stops opening.
    pub expires_at: Timestamp,
}

/// Joins by an invitation whose ticket was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptInvitation {
    /// The invitation.
    pub number: u32,
}

/// Ends an invitation that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseInvitation {
    /// The invitation.
    pub number: u32,
    /// The account it must be for, where that account ends it.
    pub account: Option<AccountId>,
    /// How it ends.
    pub end: InvitationEnd,
}

/// What makes an account a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// For the organization's log.
    pub organization_events: Vec<Event>,
    /// For the account's log.
    pub account_events: Vec<AccountEvent>,
}

/// Decides on [`CreateInvitation`].
///
/// Errors: the account is a member; too many invitations are open.
pub fn create_invitation(
    organization: &Organization,
    command: &CreateInvitation,
    ctx: &Context,
) -> Result<Vec<Event>, Rejection> {
    Desk::new(organization, ctx)?;
    if organization.member(command.account).is_some() {
        return Err(Rejection::exists(ThingKind::Account, &command.account));
    }
    let is_void = |open: &Invitation| open.account == command.account || open.expires_at <= ctx.now;
    let (void, open): (Vec<_>, Vec<_>) = organization
        .invitations()
        .values()
        .partition(|open| is_void(open));
    within(Quota::Invitations, count(open.len()) + 1)?;
    let withdrawn = void.into_iter().map(|invitation| {
        InvitationClosed {
            number: invitation.number,
            end: InvitationEnd::Withdrawn,
        }
        .into()
    });
    let created = InvitationCreated {
        number: organization.last_invitation().saturating_add(1),
        account: command.account,
        expires_at: later_second(ctx, command.expires_at)?,
    };
    Ok(withdrawn.chain([created.into()]).collect())
}

/// Decides on [`AcceptInvitation`] for the account of `state`.
///
/// Errors: no such invitation for this account, or not any more; the account is out of service or
/// in an organization; the organization has as many accounts as it may.
pub fn accept_invitation(
    organization: &Organization,
    state: &Account,
    command: &AcceptInvitation,
    ctx: &Context,
) -> Result<Joined, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    let account = state.id();
    open(&desk, command.number, Some(account))?;
    let status = state.status();
    if status != AccountStatus::Active {
        return Err(Rejection::AccountNotActive { status });
    }
    if let Some(membership) = state.organization() {
        let organization = &membership.organization;
        return Err(Rejection::exists(ThingKind::Organization, organization));
    }
    within(
        Quota::OrganizationAccounts,
        count(organization.members().len()) + 1,
    )?;
    let Some(name) = state.name() else {
        return Err(Rejection::not_found(ThingKind::Account, &account));
    };
    let closed = InvitationClosed {
        number: command.number,
        end: InvitationEnd::Accepted,
    };
    let joined = MemberJoined {
        account,
        name: name.clone(),
        parent: UnitRef::Root(desk.root.id.clone()),
        origin: MemberOrigin::Invited,
        control_policies: vec![full_access()?],
    };
    let organization_events: Vec<Event> = vec![closed.into(), joined.into()];
    let joined = AccountJoinedOrganization {
        account,
        organization: organization.id().clone(),
        organization_seq: organization.seq().plus(count(organization_events.len())),
    };
    Ok(Joined {
        organization_events,
        account_events: vec![joined.into()],
    })
}

/// Decides on [`CloseInvitation`].
///
/// Errors: no such invitation for this account, or not any more.
pub fn close_invitation(
    organization: &Organization,
    command: &CloseInvitation,
    ctx: &Context,
) -> Result<Vec<Event>, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    open(&desk, command.number, command.account)?;
    let fact = InvitationClosed {
        number: command.number,
        end: command.end,
    };
    Ok(vec![fact.into()])
}

/// The invitation, if it opens now, for this account where one is given.
fn open<'a>(
    desk: &Desk<'a>,
    number: u32,
    account: Option<AccountId>,
) -> Result<&'a Invitation, Rejection> {
    let found = desk.organization.invitations().get(&number);
    let found = found.filter(|open| {
        account.is_none_or(|account| open.account == account) && desk.ctx.now < open.expires_at
    });
    found.ok_or_else(|| Rejection::not_found(ThingKind::Invitation, &number))
}
