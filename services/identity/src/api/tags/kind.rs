//! The kinds of tagged things and in what their operations differ.

use trilby_access::{Scope, Target};
use trilby_account::{Account, HolderRef, Taggable};
use trilby_model::{AccountId, Seq, Tags};
use trilby_service::problem::Problem;

use crate::api::{holders, policies};

/// A kind of tagged things, as constants of its operations.
pub trait TaggedKind: Sized + 'static {
    /// The path's parameter: `user`.
    const PARAMETER: &'static str;
    /// What the parameter is, for the API's document.
    const DESCRIPTION: &'static str;
    /// Path template.
    const PATH: &'static str;
    /// Group of operations in the API's document.
    const GROUP: &'static str;
    /// The right that tells whether such a thing may be known of.
    const READ: &'static str;
    /// The right to read tags.
    const LIST: &'static str;
    /// The right to set tags.
    const TAG: &'static str;
    /// The right to remove tags.
    const UNTAG: &'static str;
    /// Ids of the operations that read, replace and change tags.
    const IDS: [&'static str; 3];
    /// One line about each.
    const SUMMARIES: [&'static str; 3];

    /// A thing by name or unique id. `None`: nothing can be called so.
    fn parse(text: &str) -> Option<Taggable>;
}

macro_rules! tagged {
    ($(#[$doc:meta])* $name:ident, $word:literal, $segment:literal, $group:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl TaggedKind for $name {
            const PARAMETER: &'static str = $word;
            const DESCRIPTION: &'static str = concat!("Name or unique id of the ", $word, ".");
            const PATH: &'static str = concat!("/v1/accounts/{account}/", $segment, "/{", $word, "}/tags");
            const GROUP: &'static str = $group;
            const READ: &'static str = concat!("iam:Get", stringify!($name));
            const LIST: &'static str = concat!("iam:List", stringify!($name), "Tags");
            const TAG: &'static str = concat!("iam:Tag", stringify!($name));
            const UNTAG: &'static str = concat!("iam:Untag", stringify!($name));
            const IDS: [&'static str; 3] = [
                concat!("get_", $word, "_tags"),
                concat!("put_", $word, "_tags"),
                concat!("update_", $word, "_tags"),
            ];
            const SUMMARIES: [&'static str; 3] = [
                concat!("Get the tags of a ", $word),
                concat!("Replace all tags of a ", $word),
                concat!("Change some tags of a ", $word),
            ];

            fn parse(text: &str) -> Option<Taggable> {
                text.parse().ok().map(Taggable::$name)
            }
        }
    };
}

tagged!(
    /// Users.
    User, "user", "users", "Users"
);
tagged!(
    /// Groups.
    Group, "group", "groups", "Groups"
);
tagged!(
    /// Roles.
    Role, "role", "roles", "Roles"
);
tagged!(
    /// Policies of the account.
    Policy, "policy", "policies", "Policies"
);

/// The thing as it is, or as it would be called if it were there.
pub fn target(account: AccountId, thing: &Taggable, scope: &Scope<'_>) -> Result<Target, Problem> {
    match thing {
        Taggable::User(user) => holders::target(account, &HolderRef::User(user.clone()), scope),
        Taggable::Group(group) => holders::target(account, &HolderRef::Group(group.clone()), scope),
        Taggable::Role(role) => holders::target(account, &HolderRef::Role(role.clone()), scope),
        Taggable::Policy(policy) => policies::path::target(account, policy, scope),
        Taggable::Application(_) | Taggable::Resource(..) => Err(foreign()),
    }
}

/// The tags of a thing and the event that last changed it.
///
/// Errors: `not_found`.
pub fn tags_of<'a>(account: &'a Account, thing: &Taggable) -> Result<(&'a Tags, Seq), Problem> {
    let found = match thing {
        Taggable::User(user) => account
            .user(user)
            .map(|user| (&user.tags, user.stamp.changed)),
        Taggable::Group(group) => account
            .group(group)
            .map(|group| (&group.tags, group.stamp.changed)),
        Taggable::Role(role) => account
            .role(role)
            .map(|role| (&role.tags, role.stamp.changed)),
        Taggable::Policy(policy) => account
            .policy(policy)
            .map(|policy| (&policy.tags, policy.stamp.changed)),
        Taggable::Application(_) | Taggable::Resource(..) => return Err(foreign()),
    };
    found.ok_or_else(Problem::not_found)
}

/// Applications and resources have their tags in their own documents.
fn foreign() -> Problem {
    Problem::internal("tags of a thing that has no tag operations")
}
