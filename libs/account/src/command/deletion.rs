//! Deleting things that others hold on to: refused with the list, or all at once.

use crate::decide::Verdict;
use crate::event::{
    AccessKeyDeleted, Event, GroupInlinePolicyDeleted, GroupMemberRemoved, GroupPolicyDetached,
    RoleInlinePolicyDeleted, RolePolicyDetached, SubjectAliasDeleted, UserInlinePolicyDeleted,
    UserPasswordRemoved, UserPolicyDetached,
};
use crate::id::{Holder, PolicyRef, PrincipalId};
use crate::quota::{Quota, count};
use crate::rejection::{BLOCKERS_MAX, Blocker, Rejection, ThingKind, within};
use crate::state::{Account, Grants, Group, Policy, Role, SubjectKey, User};

/// Something that holds on to a thing, and the event that takes it away.
pub(super) struct Part {
    pub blocker: Blocker,
    pub removal: Event,
}

/// Deletes a thing whose `parts` go before it, if they may.
pub(super) fn decide(
    kind: ThingKind,
    name: &impl ToString,
    parts: impl Iterator<Item = Part>,
    cascade: bool,
    last: Event,
) -> Verdict {
    if cascade {
        // One more than fits is enough to refuse: a thing may have a million parts.
        let bound = usize::try_from(Quota::CommitEvents.limit()).unwrap_or(usize::MAX);
        let mut events: Vec<Event> = parts.take(bound).map(|part| part.removal).collect();
        events.push(last);
        within(Quota::CommitEvents, count(events.len()))?;
        return Ok(events);
    }
    let blockers: Vec<Blocker> = parts.take(BLOCKERS_MAX).map(|part| part.blocker).collect();
    if blockers.is_empty() {
        return Ok(vec![last]);
    }
    let name = name.to_string();
    Err(Rejection::DeleteConflict {
        kind,
        name,
        blockers,
    })
}

pub(super) fn parts_of_user<'a>(
    account: &'a Account,
    user: &'a User,
) -> impl Iterator<Item = Part> + 'a {
    let groups = user.groups.iter().map(|id| Part {
        blocker: Blocker {
            kind: ThingKind::Group,
            id: id.to_string(),
            name: account.groups().get(id).map(|group| group.name.to_string()),
        },
        removal: GroupMemberRemoved {
            group: id.clone(),
            user: user.id.clone(),
        }
        .into(),
    });
    let keys = user.access_keys.iter().map(|id| Part {
        blocker: Blocker {
            kind: ThingKind::AccessKey,
            id: id.to_string(),
            name: None,
        },
        removal: AccessKeyDeleted {
            access_key: id.clone(),
        }
        .into(),
    });
    let password = user.password.iter().map(|_| Part {
        blocker: Blocker {
            kind: ThingKind::LoginProfile,
            id: user.id.to_string(),
            name: None,
        },
        removal: UserPasswordRemoved {
            user: user.id.clone(),
        }
        .into(),
    });
    parts_of_grants(account, Holder::User(user.id.clone()), &user.grants)
        .chain(groups)
        .chain(keys)
        .chain(password)
        .chain(user.aliases.iter().map(part_of_alias))
}

pub(super) fn parts_of_group<'a>(
    account: &'a Account,
    group: &'a Group,
) -> impl Iterator<Item = Part> + 'a {
    let members = group.members.keys().map(|id| Part {
        blocker: Blocker {
            kind: ThingKind::Member,
            id: id.to_string(),
            name: account.users().get(id).map(|user| user.name.to_string()),
        },
        removal: GroupMemberRemoved {
            group: group.id.clone(),
            user: id.clone(),
        }
        .into(),
    });
    parts_of_grants(account, Holder::Group(group.id.clone()), &group.grants).chain(members)
}

pub(super) fn parts_of_role<'a>(
    account: &'a Account,
    role: &'a Role,
) -> impl Iterator<Item = Part> + 'a {
    parts_of_grants(account, Holder::Role(role.id.clone()), &role.grants)
        .chain(role.aliases.iter().map(part_of_alias))
}

/// Refuses if a policy caps somebody. There is no cascade over this: who loses a cap gains rights.
pub(super) fn caps_nobody(account: &Account, policy: &Policy) -> Result<(), Rejection> {
    let blocked = policy.bounds.iter().take(BLOCKERS_MAX);
    let blockers = blocked.map(|id| bounded(account, id)).collect();
    unless_blocked(ThingKind::Policy, &policy.name, blockers)
}

/// Refuses if something holds on to a thing that no cascade takes away.
pub(super) fn unless_blocked(
    kind: ThingKind,
    name: &impl ToString,
    blockers: Vec<Blocker>,
) -> Result<(), Rejection> {
    if blockers.is_empty() {
        return Ok(());
    }
    let name = name.to_string();
    Err(Rejection::DeleteConflict {
        kind,
        name,
        blockers,
    })
}

fn bounded(account: &Account, principal: &PrincipalId) -> Blocker {
    let name = match principal {
        PrincipalId::User(id) => account.users().get(id).map(|user| user.name.to_string()),
        PrincipalId::Role(id) => account.roles().get(id).map(|role| role.name.to_string()),
    };
    Blocker {
        kind: ThingKind::PermissionsBoundary,
        id: principal.to_string(),
        name,
    }
}

pub(super) fn parts_of_policy<'a>(
    account: &'a Account,
    policy: &'a Policy,
) -> impl Iterator<Item = Part> + 'a {
    policy.holders.iter().map(move |holder| {
        let (kind, name) = match holder {
            Holder::User(id) => (
                ThingKind::User,
                account.users().get(id).map(|user| user.name.to_string()),
            ),
            Holder::Group(id) => (
                ThingKind::Group,
                account.groups().get(id).map(|group| group.name.to_string()),
            ),
            Holder::Role(id) => (
                ThingKind::Role,
                account.roles().get(id).map(|role| role.name.to_string()),
            ),
        };
        Part {
            blocker: Blocker {
                kind,
                id: holder.to_string(),
                name,
            },
            removal: detached(holder, PolicyRef::Customer(policy.id.clone())),
        }
    })
}

fn parts_of_grants<'a>(
    account: &'a Account,
    holder: Holder,
    grants: &'a Grants,
) -> impl Iterator<Item = Part> + 'a {
    let of_inline = holder.clone();
    let attached = grants.attached.iter().map(move |attachment| {
        let (id, name) = match &attachment.policy {
            PolicyRef::Customer(id) => (
                id.to_string(),
                account
                    .policies()
                    .get(id)
                    .map(|policy| policy.name.to_string()),
            ),
            PolicyRef::System { name, .. } => (name.to_string(), None),
        };
        Part {
            blocker: Blocker {
                kind: ThingKind::AttachedPolicy,
                id,
                name,
            },
            removal: detached(&holder, attachment.policy.clone()),
        }
    });
    let inline = grants.inline.values().map(move |policy| Part {
        blocker: Blocker {
            kind: ThingKind::InlinePolicy,
            id: policy.name.to_string(),
            name: None,
        },
        removal: inline_deleted(&of_inline, policy.name.clone()),
    });
    attached.chain(inline)
}

fn part_of_alias(subject: &SubjectKey) -> Part {
    Part {
        blocker: Blocker {
            kind: ThingKind::SubjectAlias,
            id: subject.to_string(),
            name: None,
        },
        removal: SubjectAliasDeleted {
            subject: subject.clone(),
        }
        .into(),
    }
}

/// The event by which a holder loses a managed policy.
pub(super) fn detached(holder: &Holder, policy: PolicyRef) -> Event {
    match holder.clone() {
        Holder::User(user) => UserPolicyDetached { user, policy }.into(),
        Holder::Group(group) => GroupPolicyDetached { group, policy }.into(),
        Holder::Role(role) => RolePolicyDetached { role, policy }.into(),
    }
}

/// The event by which a holder loses an inline policy.
pub(super) fn inline_deleted(holder: &Holder, name: trilby_model::InlinePolicyName) -> Event {
    match holder.clone() {
        Holder::User(user) => UserInlinePolicyDeleted { user, name }.into(),
        Holder::Group(group) => GroupInlinePolicyDeleted { group, name }.into(),
        Holder::Role(role) => RoleInlinePolicyDeleted { role, name }.into(),
    }
}
