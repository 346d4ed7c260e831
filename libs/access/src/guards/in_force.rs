//! G1: putting another text of a policy in force is attaching it anew to everybody who holds it.

use trilby_account::{Account, Event, Holder, Policy, PolicyRef, PrincipalId};
use trilby_model::{Arn, Tags};
use trilby_policy::Context;
use trilby_service::problem::Problem;

use super::{Judged, refused};
use crate::target::Target;

pub(super) fn check(judged: &Judged<'_>) -> Result<(), Problem> {
    for event in judged.events {
        let Event::PolicyDefaultVersionSet(fact) = event else {
            continue;
        };
        let Some(policy) = judged.before.policies().get(&fact.policy) else {
            continue;
        };
        let targets = beyond_reach(judged, policy)?;
        if !targets.is_empty() {
            let detail = "you may not attach this policy to everyone who holds it";
            return Err(refused("G1", detail).with("targets", targets));
        }
    }
    Ok(())
}

/// The ARNs of those to whom the caller could not give the policy.
fn beyond_reach(judged: &Judged<'_>, policy: &Policy) -> Result<Vec<String>, Problem> {
    let account = judged.before;
    let arn = Arn::policy(&account.id(), &policy.path, &policy.name).to_string();
    let mut targets = Vec::new();
    for holder in &policy.holders {
        let Some((of, tags, action)) = attaching(account, holder) else {
            continue;
        };
        let boundary = match holder.clone() {
            Holder::User(id) => boundary_arn(account, &PrincipalId::User(id)),
            Holder::Role(id) => boundary_arn(account, &PrincipalId::Role(id)),
            Holder::Group(_) => None,
        };
        let target = Target::new(account.id(), of).resource_tags(tags);
        let target = target.key("iam:PolicyARN", arn.clone());
        let target = match boundary {
            Some(boundary) => target.key("iam:PermissionsBoundary", boundary.to_string()),
            None => target,
        };
        ask(judged, action, &target, &mut targets)?;
    }
    for principal in &policy.bounds {
        let Some((of, tags, action)) = capping(account, principal) else {
            continue;
        };
        let target = Target::new(account.id(), of).resource_tags(tags);
        let target = target.key("iam:PermissionsBoundary", arn.clone());
        ask(judged, action, &target, &mut targets)?;
    }
    Ok(targets)
}

fn ask(
    judged: &Judged<'_>,
    action: &str,
    target: &Target,
    targets: &mut Vec<String>,
) -> Result<(), Problem> {
    let keys: &Context = &target.context;
    let (resource, owner) = (&target.resource, target.account);
    if !judged
        .inquiry
        .allows(judged.world, action, resource, owner, keys)?
    {
        targets.push(resource.to_string());
    }
    Ok(())
}

fn attaching<'a>(account: &'a Account, holder: &Holder) -> Option<(Arn, &'a Tags, &'static str)> {
    let of = account.id();
    Some(match holder {
        Holder::User(id) => {
            let user = account.users().get(id)?;
            (
                Arn::user(&of, &user.path, &user.name),
                &user.tags,
                "iam:AttachUserPolicy",
            )
        }
        Holder::Group(id) => {
            let group = account.groups().get(id)?;
            (
                Arn::group(&of, &group.path, &group.name),
                &group.tags,
                "iam:AttachGroupPolicy",
            )
        }
        Holder::Role(id) => {
            let role = account.roles().get(id)?;
            (
                Arn::role(&of, &role.path, &role.name),
                &role.tags,
                "iam:AttachRolePolicy",
            )
        }
    })
}

fn capping<'a>(
    account: &'a Account,
    principal: &PrincipalId,
) -> Option<(Arn, &'a Tags, &'static str)> {
    let of = account.id();
    Some(match principal {
        PrincipalId::User(id) => {
            let user = account.users().get(id)?;
            let arn = Arn::user(&of, &user.path, &user.name);
            (arn, &user.tags, "iam:PutUserPermissionsBoundary")
        }
        PrincipalId::Role(id) => {
            let role = account.roles().get(id)?;
            let arn = Arn::role(&of, &role.path, &role.name);
            (arn, &role.tags, "iam:PutRolePermissionsBoundary")
        }
    })
}

fn boundary_arn(account: &Account, principal: &PrincipalId) -> Option<Arn> {
    match &account.boundary(principal)?.policy {
        PolicyRef::Customer(id) => {
            let policy = account.policies().get(id)?;
            Some(Arn::policy(&account.id(), &policy.path, &policy.name))
        }
        PolicyRef::System { name, .. } => Some(Arn::system_policy(name)),
    }
}
