//! G14: an account keeps somebody who can administer it.
//!
//! A write after which no user and no role may surely do `iam:*`, where one could before, is refused, unless root says
//! `?i_know=true`.

use trilby_account::{Account, Event, Holder, PrincipalId, UserStatus};
use trilby_policy::ActionPattern;
use trilby_service::problem::Problem;

use super::rights::Layer;
use super::{Judged, refused};

pub(super) fn check(judged: &Judged<'_>) -> Result<(), Problem> {
    let knows = judged.caller.is_root() && says_i_know(&judged.facts.path_and_query);
    if knows || !judged.events.iter().any(may_take) {
        return Ok(());
    }
    if !has_administrator(judged.before)? || has_administrator(&judged.after)? {
        return Ok(());
    }
    let detail =
        "nobody could administer the account after this; root may still do it with `i_know=true`";
    Err(refused("G14", detail))
}

fn says_i_know(path_and_query: &str) -> bool {
    let query = path_and_query.split_once('?').map(|(_, query)| query);
    query.is_some_and(|query| query.split('&').any(|pair| pair == "i_know=true"))
}

/// Facts that may take rights from somebody.
fn may_take(event: &Event) -> bool {
    matches!(
        event,
        Event::UserDisabled(_)
            | Event::UserDeleted(_)
            | Event::UserPolicyDetached(_)
            | Event::UserInlinePolicyPut(_)
            | Event::UserInlinePolicyDeleted(_)
            | Event::UserBoundarySet(_)
            | Event::GroupDeleted(_)
            | Event::GroupMemberRemoved(_)
            | Event::GroupPolicyDetached(_)
            | Event::GroupInlinePolicyPut(_)
            | Event::GroupInlinePolicyDeleted(_)
            | Event::RoleDeleted(_)
            | Event::RolePolicyDetached(_)
            | Event::RoleInlinePolicyPut(_)
            | Event::RoleInlinePolicyDeleted(_)
            | Event::RoleBoundarySet(_)
            | Event::PolicyDefaultVersionSet(_)
    )
}

fn has_administrator(account: &Account) -> Result<bool, Problem> {
    let all = ActionPattern::parse("iam:*").map_err(Problem::internal)?;
    let active = account
        .users()
        .values()
        .filter(|user| user.status == UserStatus::Active);
    let users = active.map(|user| PrincipalId::User(user.id.clone()));
    let roles = account.roles().keys().cloned().map(PrincipalId::Role);
    for principal in users.chain(roles) {
        if administers(account, principal, &all)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn administers(
    account: &Account,
    principal: PrincipalId,
    all: &ActionPattern,
) -> Result<bool, Problem> {
    let boundary = Layer::boundary(account, &principal)?;
    if boundary.is_some_and(|boundary| !boundary.surely(all)) {
        return Ok(false);
    }
    let holder = match principal {
        PrincipalId::User(id) => Holder::User(id),
        PrincipalId::Role(id) => Holder::Role(id),
    };
    Ok(Layer::of(account, &holder)?.surely(all))
}
