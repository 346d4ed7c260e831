//! G5 and G6: nobody makes a credential for, or adds a member to, what may do more than himself.
//!
//! Only the administration of the account is compared (`iam`, `organizations`, `sts`), pattern by pattern. What cannot
//! be shown is refused; the setting `credential_ceiling` turns the comparison off.

use trilby_account::{Event, Holder, PrincipalId};
use trilby_model::UserId;
use trilby_policy::{ActionPattern, Kind};
use trilby_service::problem::Problem;

use super::rights::Layer;
use super::{Judged, refused};

pub(super) fn check(judged: &Judged<'_>) -> Result<(), Problem> {
    let Some(caller) = judged.principal() else {
        return Ok(());
    };
    if !judged.before.settings().security.credential_ceiling {
        return Ok(());
    }
    for event in judged.events {
        let (guard, holder, what) = match event {
            Event::AccessKeyCreated(fact) => of_user(&fact.user),
            Event::UserPasswordSet(fact) => of_user(&fact.user),
            Event::UserPasswordTicketIssued(fact) => of_user(&fact.user),
            Event::GroupMemberAdded(fact) => ("G6", Holder::Group(fact.group.clone()), "group"),
            _ => continue,
        };
        let own =
            matches!((&holder, &caller), (Holder::User(user), PrincipalId::User(me)) if user == me);
        if own {
            continue;
        }
        let target = Layer::of(&judged.after, &holder)?;
        for wanted in target.might() {
            if !covers(judged, &caller, &wanted)? {
                let detail = format!(
                    "the {what} may do `{}`, and it cannot be shown that you may",
                    wanted.as_str()
                );
                return Err(refused(guard, detail).with("action", wanted.as_str()));
            }
        }
    }
    Ok(())
}

fn of_user(user: &UserId) -> (&'static str, Holder, &'static str) {
    ("G5", Holder::User(user.clone()), "user")
}

/// Whether the caller surely may do all this: by its policies, its boundary and its session's policies.
fn covers(
    judged: &Judged<'_>,
    caller: &PrincipalId,
    wanted: &ActionPattern,
) -> Result<bool, Problem> {
    let holder = match caller.clone() {
        PrincipalId::User(id) => Holder::User(id),
        PrincipalId::Role(id) => Holder::Role(id),
    };
    if !Layer::of(judged.before, &holder)?.surely(wanted) {
        return Ok(false);
    }
    let boundary = Layer::boundary(judged.before, caller)?;
    if boundary.is_some_and(|boundary| !boundary.surely(wanted)) {
        return Ok(false);
    }
    // Of managed session policies nothing is shown: a session that has them is capped.
    if !judged.caller.session_policy_arns.is_empty() {
        return Ok(false);
    }
    match &judged.caller.session_policy {
        None => Ok(true),
        Some(policy) => {
            let text = policy.to_string();
            Ok(Layer::parsed([(text.as_str(), Kind::Session)])?.surely(wanted))
        }
    }
}
