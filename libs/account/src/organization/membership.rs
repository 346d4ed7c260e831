//! Members as the organization keeps them: their root's credential, and their leaving. Each is one
//! commit in the organization's log and the member's.

use trilby_model::{AccountId, Hash, Seq, Timestamp};

use super::command::Desk;
use super::event::{
    Event, MemberLeft, MemberOrigin, MemberRootCredentialDisabled, MemberRootCredentialEnabled,
    OrganizationDeleted,
};
use super::state::Organization;
use crate::command::{IssueRootPasswordTicket, RemoveRootCredential};
use crate::context::{Context, Precondition};
use crate::event::{AccountLeftOrganization, Event as AccountEvent, ProviderLinkSessionsRevoked};
use crate::quota::count;
use crate::rejection::{BLOCKERS_MAX, Blocker, Rejection, ThingKind};
use crate::state::Account;

/// Gives root of a member a ticket by which it chooses a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnableRoot {
    /// The member.
    pub account: AccountId,
    /// When the ticket stops opening.
    pub expires_at: Timestamp,
    /// SHA-256 of salt and body of the e-mail address's row; needed the first time.
    pub email: Option<Hash>,
}

/// Takes password and ticket of a member's root away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisableRoot {
    /// The member.
    pub account: AccountId,
}

/// What changes a member's root credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootCredential {
    /// For the organization's log.
    pub organization_events: Vec<Event>,
    /// For the member's log.
    pub account_events: Vec<AccountEvent>,
}

/// What ends a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// For the organization's log.
    pub organization_events: Vec<Event>,
    /// For the log of the account that leaves.
    pub account_events: Vec<AccountEvent>,
}

/// Decides on [`EnableRoot`]. `state` is the member's.
///
/// Errors: no such member, or it manages the organization, or it was invited; it is in quarantine or out
/// of service; those of the ticket.
pub fn enable_root(
    organization: &Organization,
    state: &Account,
    command: &EnableRoot,
    ctx: &Context,
) -> Result<RootCredential, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    let account = with_our_root(&desk, state, command.account)?;
    if organization.is_quarantined(account, None) {
        let why = "is in quarantine";
        return Err(Rejection::state(ThingKind::Account, &account, why));
    }
    let issue = IssueRootPasswordTicket {
        expires_at: command.expires_at,
        email: command.email,
    };
    Ok(RootCredential {
        organization_events: vec![MemberRootCredentialEnabled { account }.into()],
        account_events: state.decide(issue.into(), &unconditional(ctx))?,
    })
}

/// Decides on [`DisableRoot`]. `state` is the member's.
///
/// Errors: no such member, or it manages the organization, or it was invited; its root has neither
/// password nor ticket.
pub fn disable_root(
    organization: &Organization,
    state: &Account,
    command: &DisableRoot,
    ctx: &Context,
) -> Result<RootCredential, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    let account = with_our_root(&desk, state, command.account)?;
    Ok(RootCredential {
        organization_events: vec![MemberRootCredentialDisabled { account }.into()],
        account_events: state.decide(RemoveRootCredential {}.into(), &unconditional(ctx))?,
    })
}

/// Decides that a member leaves. `state` is the member's.
///
/// Errors: no such member, or it manages the organization; it, or one of its principals, is in
/// quarantine.
pub fn remove_member(
    organization: &Organization,
    state: &Account,
    account: AccountId,
    ctx: &Context,
) -> Result<Departure, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    desk.require(Some(desk.member(account)?.stamp.changed))?;
    managed(&desk, state, account)?;
    let mut quarantines = organization.quarantines().values();
    if quarantines.any(|quarantine| quarantine.target.account() == account) {
        let why = "is in quarantine, or one of its principals is, and cannot leave";
        return Err(Rejection::state(ThingKind::Account, &account, why));
    }
    Ok(departure(
        organization,
        state,
        account,
        vec![MemberLeft { account }.into()],
    ))
}

/// Decides that an organization ends. Its management account, whose state this is, stays what it was
/// before.
///
/// Errors: other accounts are in it; it does not exist.
pub fn delete_organization(
    organization: &Organization,
    state: &Account,
    ctx: &Context,
) -> Result<Departure, Rejection> {
    let desk = Desk::new(organization, ctx)?;
    desk.require(organization.stamp().map(|stamp| stamp.changed))?;
    let others = organization.members().values();
    let others = others.filter(|member| member.account != desk.management);
    let blockers = others.map(|member| Blocker {
        kind: ThingKind::Account,
        id: member.account.to_string(),
        name: Some(member.name.to_string()),
    });
    let blockers: Vec<Blocker> = blockers.take(BLOCKERS_MAX).collect();
    if !blockers.is_empty() {
        return Err(Rejection::DeleteConflict {
            kind: ThingKind::Organization,
            name: organization.id().to_string(),
            blockers,
        });
    }
    let account = desk.management;
    let ended = OrganizationDeleted {
        organization: organization.id().clone(),
    };
    let events = vec![MemberLeft { account }.into(), ended.into()];
    Ok(departure(organization, state, account, events))
}

fn departure(
    organization: &Organization,
    state: &Account,
    account: AccountId,
    organization_events: Vec<Event>,
) -> Departure {
    let organization_seq: Seq = organization.seq().plus(count(organization_events.len()));
    let left = AccountLeftOrganization {
        account,
        organization: organization.id().clone(),
        organization_seq,
    };
    // A provider may have been shared with the organization only. Which were is in other logs; so what came
    // through any link ends, and who may still log in does so again.
    let links = state.links().keys();
    let ended = links.map(|link| ProviderLinkSessionsRevoked { link: link.clone() }.into());
    Departure {
        organization_events,
        account_events: std::iter::once(left.into()).chain(ended).collect(),
    }
}

/// A member that does not manage the organization, with the state that says so too.
fn managed(desk: &Desk<'_>, state: &Account, account: AccountId) -> Result<AccountId, Rejection> {
    desk.member(account)?;
    let own = state
        .organization()
        .map(|membership| &membership.organization);
    if state.id() != account || own != Some(desk.organization.id()) {
        return Err(Rejection::not_found(ThingKind::Account, &account));
    }
    if account == desk.management {
        let why = "manages the organization";
        return Err(Rejection::state(ThingKind::Account, &account, why));
    }
    Ok(account)
}

/// A member whose root had no credential before the organization gave it one. One that came by
/// invitation was somebody's own: whoever manages an organization enters it by a role there.
fn with_our_root(
    desk: &Desk<'_>,
    state: &Account,
    account: AccountId,
) -> Result<AccountId, Rejection> {
    let managed = managed(desk, state, account)?;
    match desk.member(account)?.origin {
        MemberOrigin::Created | MemberOrigin::Management => Ok(managed),
        MemberOrigin::Invited => {
            let why = "was invited, and its root is its own";
            Err(Rejection::state(ThingKind::Account, &account, why))
        }
    }
}

/// A precondition of a request is about the membership, not about the account behind it.
fn unconditional(ctx: &Context) -> Context {
    ctx.clone().with_precondition(Precondition::None)
}
