//! The three kinds of holders and in what their operations differ.

use trilby_access::{Scope, Target};
use trilby_account::{Account, Attachment, Grants, Holder, HolderRef, Ref};
use trilby_model::{AccountId, Arn, GroupName, RoleName, Tags, UserName};
use trilby_service::problem::Problem;

use crate::api::boundaries;
use crate::names::root_path;

/// A kind of holder of policies, as constants of its operations.
pub trait HolderKind: Sized + 'static {
    /// The path's parameter: `user`.
    const PARAMETER: &'static str;
    /// What the parameter is, for the API's document.
    const DESCRIPTION: &'static str;
    /// Group of operations in the API's document.
    const TAG: &'static str;
    /// The right that tells whether such a holder may be known of.
    const READ: &'static str;
    /// The operation that lists attached policies.
    const LIST_ATTACHED: Names;
    /// The operation that attaches a policy.
    const ATTACH: Names;
    /// The operation that detaches a policy.
    const DETACH: Names;
    /// The operation that lists inline policies.
    const LIST_INLINE: Names;
    /// The operation that reads an inline policy.
    const GET_INLINE: Names;
    /// The operation that writes an inline policy.
    const PUT_INLINE: Names;
    /// The operation that removes an inline policy.
    const DELETE_INLINE: Names;

    /// A holder by name or unique id. `None`: nobody can be called so.
    fn parse(text: &str) -> Option<HolderRef>;
}

/// What one operation is called for one kind of holder.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// Operation id.
    pub id: &'static str,
    /// Path template.
    pub path: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Action.
    pub action: &'static str,
}

macro_rules! holder {
    ($(#[$doc:meta])* $name:ident, $word:literal, $segment:literal, $tag:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl HolderKind for $name {
            const PARAMETER: &'static str = $word;
            const DESCRIPTION: &'static str = concat!("Name or unique id of the ", $word, ".");
            const TAG: &'static str = $tag;
            const READ: &'static str = concat!("iam:Get", stringify!($name));
            const LIST_ATTACHED: Names = Names {
                id: concat!("list_attached_", $word, "_policies"),
                path: concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/attached-policies"),
                summary: concat!("List the managed policies attached to a ", $word),
                action: concat!("iam:ListAttached", stringify!($name), "Policies"),
            };
            const ATTACH: Names = Names {
                id: concat!("attach_", $word, "_policy"),
                path: concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/attached-policies/{policy}"),
                summary: concat!("Attach a managed policy to a ", $word),
                action: concat!("iam:Attach", stringify!($name), "Policy"),
            };
            const DETACH: Names = Names {
                id: concat!("detach_", $word, "_policy"),
                path: concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/attached-policies/{policy}"),
                summary: concat!("Detach a managed policy from a ", $word),
                action: concat!("iam:Detach", stringify!($name), "Policy"),
            };
            const LIST_INLINE: Names = Names {
                id: concat!("list_", $word, "_inline_policies"),
                path: concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/inline-policies"),
                summary: concat!("List the inline policies of a ", $word),
                action: concat!("iam:List", stringify!($name), "Policies"),
            };
            const GET_INLINE: Names = Names {
                id: concat!("get_", $word, "_inline_policy"),
                path: concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/inline-policies/{name}"),
                summary: concat!("Get an inline policy of a ", $word),
                action: concat!("iam:Get", stringify!($name), "Policy"),
            };
            const PUT_INLINE: Names = Names {
                id: concat!("put_", $word, "_inline_policy"),
                path: concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/inline-policies/{name}"),
                summary: concat!("Create or replace an inline policy of a ", $word),
                action: concat!("iam:Put", stringify!($name), "Policy"),
            };
            const DELETE_INLINE: Names = Names {
                id: concat!("delete_", $word, "_inline_policy"),
                path: concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/inline-policies/{name}"),
                summary: concat!("Delete an inline policy of a ", $word),
                action: concat!("iam:Delete", stringify!($name), "Policy"),
            };

            fn parse(text: &str) -> Option<HolderRef> {
                text.parse().ok().map(HolderRef::$name)
            }
        }
    };
}

holder!(
    /// Users.
    User, "user", "users", "Users"
);
holder!(
    /// Groups.
    Group, "group", "groups", "Groups"
);
holder!(
    /// Roles.
    Role, "role", "roles", "Roles"
);

/// A holder as answers and conditions need it.
#[derive(Debug)]
pub struct Found<'a> {
    /// Its unique id.
    pub holder: Holder,
    /// Its ARN.
    pub arn: Arn,
    /// Its tags.
    pub tags: &'a Tags,
    /// Its policies.
    pub grants: &'a Grants,
    /// What caps it; nothing ever caps a group.
    pub boundary: Option<&'a Attachment>,
}

/// The holder that a path names.
pub fn find<'a>(account: &'a Account, wanted: &HolderRef) -> Option<Found<'a>> {
    let id = account.id();
    Some(match wanted {
        HolderRef::User(user) => {
            let user = account.user(user)?;
            Found {
                holder: Holder::User(user.id.clone()),
                arn: Arn::user(&id, &user.path, &user.name),
                tags: &user.tags,
                grants: &user.grants,
                boundary: user.boundary.as_ref(),
            }
        }
        HolderRef::Group(group) => {
            let group = account.group(group)?;
            Found {
                holder: Holder::Group(group.id.clone()),
                arn: Arn::group(&id, &group.path, &group.name),
                tags: &group.tags,
                grants: &group.grants,
                boundary: None,
            }
        }
        HolderRef::Role(role) => {
            let role = account.role(role)?;
            Found {
                holder: Holder::Role(role.id.clone()),
                arn: Arn::role(&id, &role.path, &role.name),
                tags: &role.tags,
                grants: &role.grants,
                boundary: role.boundary.as_ref(),
            }
        }
    })
}

/// The holder as it is, or as it would be called if it were there.
pub fn target(
    account: AccountId,
    wanted: &HolderRef,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let state = scope.account.map(|view| &view.state);
    match state.and_then(|state| Some((state, find(state, wanted)?))) {
        Some((state, found)) => {
            let target = Target::new(account, found.arn).resource_tags(found.tags);
            Ok(boundaries::bounded(target, state, found.boundary))
        }
        None => Ok(Target::new(account, unknown_arn(account, wanted)?)),
    }
}

fn unknown_arn(account: AccountId, wanted: &HolderRef) -> Result<Arn, Problem> {
    let path = root_path()?;
    let none = |_| Problem::not_found();
    Ok(match wanted {
        HolderRef::User(Ref::Name(name)) => Arn::user(&account, &path, name),
        HolderRef::User(Ref::Id(id)) => {
            let name: UserName = id.as_str().parse().map_err(none)?;
            Arn::user(&account, &path, &name)
        }
        HolderRef::Group(Ref::Name(name)) => Arn::group(&account, &path, name),
        HolderRef::Group(Ref::Id(id)) => {
            let name: GroupName = id.as_str().parse().map_err(none)?;
            Arn::group(&account, &path, &name)
        }
        HolderRef::Role(Ref::Name(name)) => Arn::role(&account, &path, name),
        HolderRef::Role(Ref::Id(id)) => {
            let name: RoleName = id.as_str().parse().map_err(none)?;
            Arn::role(&account, &path, &name)
        }
    })
}

/// The action that takes a managed policy from this holder.
pub const fn detach_action(holder: &Holder) -> &'static str {
    match holder {
        Holder::User(_) => User::DETACH.action,
        Holder::Group(_) => Group::DETACH.action,
        Holder::Role(_) => Role::DETACH.action,
    }
}
