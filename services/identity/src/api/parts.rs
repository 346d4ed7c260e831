//! Deleting a thing with all that hangs on it needs the right for each part.

use trilby_access::{Authorized, Operation, Target};
use trilby_account::{Account, Event, Holder, HolderRef, PolicyRef, PrincipalId, Ref};
use trilby_model::{Arn, UserId};
use trilby_service::problem::Problem;

use crate::api::{boundaries, holders};

/// Whether the caller could remove each of these parts on its own. The last event, the deletion itself, is what the
/// operation was authorized for.
///
/// Errors: `access_denied` for the first part that the caller could not remove; a fault for an event that is no part
/// of anything, so that a new kind of part cannot slip through.
pub fn may_remove<Op: Operation>(
    grant: &Authorized<Op>,
    account: &Account,
    events: &[Event],
) -> Result<(), Problem> {
    let parts = match events.split_last() {
        Some((_, parts)) => parts,
        None => return Ok(()),
    };
    for event in parts {
        let (action, target) = removal(account, event)?;
        grant.require(action, &target.resource, account.id(), &target.context)?;
    }
    Ok(())
}

/// The action that would remove this part, and on what.
fn removal(account: &Account, event: &Event) -> Result<(&'static str, Target), Problem> {
    let user = |id: &UserId| holder(account, &Holder::User(id.clone()));
    let detached = |of: Holder, policy: &PolicyRef| {
        let target =
            holder(account, &of)?.key("iam:PolicyARN", policy_arn(account, policy)?.to_string());
        Ok((holders::detach_action(&of), target))
    };
    match event {
        Event::UserPolicyDetached(fact) => detached(Holder::User(fact.user.clone()), &fact.policy),
        Event::GroupPolicyDetached(fact) => {
            detached(Holder::Group(fact.group.clone()), &fact.policy)
        }
        Event::RolePolicyDetached(fact) => detached(Holder::Role(fact.role.clone()), &fact.policy),
        Event::UserInlinePolicyDeleted(fact) => Ok(("iam:DeleteUserPolicy", user(&fact.user)?)),
        Event::GroupInlinePolicyDeleted(fact) => Ok((
            "iam:DeleteGroupPolicy",
            holder(account, &Holder::Group(fact.group.clone()))?,
        )),
        Event::RoleInlinePolicyDeleted(fact) => Ok((
            "iam:DeleteRolePolicy",
            holder(account, &Holder::Role(fact.role.clone()))?,
        )),
        Event::GroupMemberRemoved(fact) => Ok((
            "iam:RemoveUserFromGroup",
            holder(account, &Holder::Group(fact.group.clone()))?,
        )),
        Event::AccessKeyDeleted(fact) => {
            let key = account.access_key(&fact.access_key).ok_or_else(no_part)?;
            Ok(("iam:DeleteAccessKey", user(&key.user)?))
        }
        Event::UserPasswordRemoved(fact) => Ok(("iam:DeleteLoginProfile", user(&fact.user)?)),
        Event::SubjectAliasDeleted(fact) => {
            let meant = match &account
                .subject_alias(&fact.subject)
                .ok_or_else(no_part)?
                .principal
            {
                PrincipalId::User(id) => Holder::User(id.clone()),
                PrincipalId::Role(id) => Holder::Role(id.clone()),
            };
            Ok(("iam:DeleteSubjectAlias", holder(account, &meant)?))
        }
        _ => Err(no_part()),
    }
}

fn holder(account: &Account, holder: &Holder) -> Result<Target, Problem> {
    let wanted = match holder.clone() {
        Holder::User(id) => HolderRef::User(Ref::Id(id)),
        Holder::Group(id) => HolderRef::Group(Ref::Id(id)),
        Holder::Role(id) => HolderRef::Role(Ref::Id(id)),
    };
    let found = holders::find(account, &wanted).ok_or_else(no_part)?;
    let target = Target::new(account.id(), found.arn).resource_tags(found.tags);
    Ok(boundaries::bounded(target, account, found.boundary))
}

fn policy_arn(account: &Account, policy: &PolicyRef) -> Result<Arn, Problem> {
    match policy {
        PolicyRef::Customer(id) => {
            let policy = account.policies().get(id).ok_or_else(no_part)?;
            Ok(Arn::policy(&account.id(), &policy.path, &policy.name))
        }
        PolicyRef::System { name, .. } => Ok(Arn::system_policy(name)),
    }
}

fn no_part() -> Problem {
    Problem::internal("an event of a deletion removes no known part")
}
