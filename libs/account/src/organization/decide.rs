//! Making organizations and member accounts: commits in two logs.

use trilby_model::{
    AccountId, AccountName, Arn, Entropy, OrganizationId, Path, PolicyName, RoleId, RoleName,
    RootId, Seq, Tags,
};
use trilby_policy::{Document, Grammar, Kind};

use super::command::Desk;
use super::event::{Event, MemberJoined, MemberOrigin, OrganizationCreated};
use super::node::UnitRef;
use super::policy::ControlPolicyRef;
use super::state::Organization;
use crate::command::attached;
use crate::context::Context;
use crate::event::{
    AccountCreated, AccountJoinedOrganization, Event as AccountEvent, RoleCreated, RoleLimits,
};
use crate::guard;
use crate::id::{Holder, PolicyRef};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};
use crate::state::{Account, AccountStatus};
use crate::system_policies;
use crate::text::KnownPrincipals;

/// The role by which the management account enters the accounts it made.
pub const ACCESS_ROLE: &str = "OrganizationAccountAccessRole";

/// Makes an organization of which the deciding account is the management account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOrganization {
    /// Its name.
    pub name: AccountName,
}

/// What makes an organization: one commit in both logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrganization {
    /// Its id; its log is new.
    pub organization: OrganizationId,
    /// For the organization's log, from seq 1.
    pub organization_events: Vec<Event>,
    /// For the management account's log.
    pub account_events: Vec<AccountEvent>,
}

/// Makes an account inside an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMember {
    /// The account's name.
    pub name: AccountName,
}

/// What makes a member account: one commit in both logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// The account; its log is new.
    pub account: AccountId,
    /// The role by which the management account enters it.
    pub access_role: Arn,
    /// For the organization's log.
    pub organization_events: Vec<Event>,
    /// For the account's log, from seq 1.
    pub account_events: Vec<AccountEvent>,
}

/// Decides on [`CreateOrganization`] for the account that becomes the management account.
///
/// Errors: the account is not in service, or is in an organization already.
pub fn create_organization(
    account: &Account,
    command: &CreateOrganization,
    ctx: &Context,
) -> Result<NewOrganization, Rejection> {
    let status = account.status();
    if status != AccountStatus::Active {
        return Err(Rejection::AccountNotActive { status });
    }
    if let Some(membership) = account.organization() {
        let organization = &membership.organization;
        return Err(Rejection::exists(ThingKind::Organization, organization));
    }
    let mut entropy = ctx.entropy();
    let organization = OrganizationId::generate(&mut entropy);
    let root = RootId::generate(&mut entropy);
    let control_policies = vec![full_access()?];
    let created = OrganizationCreated {
        organization: organization.clone(),
        name: command.name.clone(),
        management_account: account.id(),
        root: root.clone(),
        control_policies: control_policies.clone(),
    };
    let name = account.name().unwrap_or(&command.name).clone();
    let joined = MemberJoined {
        account: account.id(),
        name,
        parent: UnitRef::Root(root),
        origin: MemberOrigin::Management,
        control_policies,
    };
    let organization_events = vec![created.into(), joined.into()];
    let joined = AccountJoinedOrganization {
        account: account.id(),
        organization: organization.clone(),
        organization_seq: Seq::ZERO.plus(count(organization_events.len())),
    };
    Ok(NewOrganization {
        organization,
        organization_events,
        account_events: vec![joined.into()],
    })
}

/// Decides on [`CreateMember`] for an organization. The account has no root credential; its one way
/// in is the role [`ACCESS_ROLE`], which trusts the management account.
///
/// Errors: no such organization, or it has as many accounts as it may.
pub fn create_member(
    organization: &Organization,
    command: &CreateMember,
    ctx: &Context,
) -> Result<NewMember, Rejection> {
    let Desk {
        root, management, ..
    } = Desk::new(organization, ctx)?;
    within(
        Quota::OrganizationAccounts,
        count(organization.members().len()) + 1,
    )?;
    let mut entropy = ctx.entropy();
    let account = AccountId::generate(&mut entropy);
    if organization.member(account).is_some() {
        return Err(Rejection::exists(ThingKind::Account, &account));
    }
    let joined = MemberJoined {
        account,
        name: command.name.clone(),
        parent: UnitRef::Root(root.id.clone()),
        origin: MemberOrigin::Created,
        control_policies: vec![full_access()?],
    };
    let organization_events = vec![joined.into()];
    let created = AccountCreated {
        account,
        name: command.name.clone(),
    };
    let joined = AccountJoinedOrganization {
        account,
        organization: organization.id().clone(),
        organization_seq: organization.seq().plus(count(organization_events.len())),
    };
    let mut account_events = vec![created.into(), joined.into()];
    let (access_role, events) = access_role(account, management, &mut entropy)?;
    account_events.extend(events);
    Ok(NewMember {
        account,
        access_role,
        organization_events,
        account_events,
    })
}

fn access_role(
    account: AccountId,
    management: AccountId,
    entropy: &mut Entropy,
) -> Result<(Arn, Vec<AccountEvent>), Rejection> {
    let (name, path) = (constant::<RoleName>(ACCESS_ROLE)?, constant::<Path>("/")?);
    let arn = Arn::role(&account, &path, &name);
    let trust = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "ManagementAccount",
            "Effect": "Allow",
            "Principal": { "AWS": Arn::root(&management).to_string() },
            "Action": "sts:AssumeRole",
        }],
    });
    let trust = Document::parse(&trust.to_string(), Kind::Trust, &Grammar::stored())
        .map_err(|findings| Rejection::MalformedPolicy { findings })?;
    let known = KnownPrincipals {
        accounts: [management].into(),
        ..KnownPrincipals::default()
    };
    let role = RoleId::generate(entropy);
    let created = RoleCreated {
        role: role.clone(),
        name,
        path,
        description: None,
        tags: Tags::empty(),
        trust: guard::trust(&Account::empty(account), &trust, &known)?,
        limits: RoleLimits::default(),
        external_id_waiver: None,
        warnings: Vec::new(),
    };
    let administrator = system("AdministratorAccess", Kind::Identity)?;
    let attached = attached(&Holder::Role(role), administrator);
    Ok((arn, vec![created.into(), attached]))
}

/// The service control policy that every level has from the start.
pub(super) fn full_access() -> Result<ControlPolicyRef, Rejection> {
    match system("FullAccess", Kind::Scp)? {
        PolicyRef::System { name, version } => Ok(ControlPolicyRef::System { name, version }),
        PolicyRef::Customer(id) => Err(Rejection::not_found(ThingKind::Policy, &id)),
    }
}

fn system(name: &str, kind: Kind) -> Result<PolicyRef, Rejection> {
    let policy = system_policies::find(&constant::<PolicyName>(name)?, kind);
    policy
        .and_then(system_policies::SystemPolicy::newest)
        .ok_or_else(|| Rejection::not_found(ThingKind::Policy, &name))
}

/// A name written in this file. That each parses is shown by the tests of this file; a fault here
/// would refuse the command, never write half of it.
fn constant<N: std::str::FromStr>(name: &str) -> Result<N, Rejection> {
    let name = name.parse();
    name.map_err(|_| Rejection::InvalidName {
        name: ACCESS_ROLE.to_owned(),
    })
}
