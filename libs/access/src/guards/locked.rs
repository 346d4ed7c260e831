//! G10: tags that rights depend on are set by those only who hold `iam:SetLockedTags`.

use trilby_account::{Event, Ref};
use trilby_model::{Arn, Tags};
use trilby_policy::Context;
use trilby_service::problem::Problem;

use super::{Judged, refused};

const ACTION: &str = "iam:SetLockedTags";

pub(super) fn check(judged: &Judged<'_>) -> Result<(), Problem> {
    let locked = &judged.before.settings().security.locked_tag_keys;
    if locked.is_empty() {
        return Ok(());
    }
    let none = Tags::empty();
    let account = judged.before.id();
    for event in judged.events {
        let (arn, before, after) = match event {
            Event::UserCreated(fact) => (
                Arn::user(&account, &fact.path, &fact.name),
                &none,
                &fact.tags,
            ),
            Event::RoleCreated(fact) => (
                Arn::role(&account, &fact.path, &fact.name),
                &none,
                &fact.tags,
            ),
            Event::UserTagsChanged(fact) => {
                let Some(user) = judged.before.user(&Ref::Id(fact.user.clone())) else {
                    continue;
                };
                (
                    Arn::user(&account, &user.path, &user.name),
                    &user.tags,
                    &fact.tags,
                )
            }
            Event::RoleTagsChanged(fact) => {
                let Some(role) = judged.before.role(&Ref::Id(fact.role.clone())) else {
                    continue;
                };
                (
                    Arn::role(&account, &role.path, &role.name),
                    &role.tags,
                    &fact.tags,
                )
            }
            _ => continue,
        };
        let changed = locked.iter().find(|key| before.get(key) != after.get(key));
        let Some(key) = changed else {
            continue;
        };
        let keys = Context::new();
        if !judged
            .inquiry
            .allows(judged.world, ACTION, &arn, Some(account), &keys)?
        {
            let detail = format!("the tag `{key}` is locked");
            return Err(refused("G10", detail).with("action", ACTION));
        }
    }
    Ok(())
}
