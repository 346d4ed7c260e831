//! Users and roles, where their boundaries differ.

use trilby_account::{HolderRef, PrincipalRef};

use crate::api::holders::{HolderKind, Names, Role, User};

/// A kind of principal that a policy can cap.
pub trait BoundedKind: HolderKind {
    /// The operation that sets the boundary.
    const PUT_BOUNDARY: Names;
    /// The operation that removes it.
    const DELETE_BOUNDARY: Names;
}

macro_rules! bounded {
    ($name:ident, $word:literal, $segment:literal) => {
        impl BoundedKind for $name {
            const PUT_BOUNDARY: Names = Names {
                id: concat!("put_", $word, "_permissions_boundary"),
                path: concat!(
                    "/v1/accounts/{account}/",
                    $segment,
                    "/{",
                    $word,
                    "}/permissions-boundary"
                ),
                summary: concat!("Set the permissions boundary of a ", $word),
                action: concat!("iam:Put", stringify!($name), "PermissionsBoundary"),
            };
            const DELETE_BOUNDARY: Names = Names {
                id: concat!("delete_", $word, "_permissions_boundary"),
                path: concat!(
                    "/v1/accounts/{account}/",
                    $segment,
                    "/{",
                    $word,
                    "}/permissions-boundary"
                ),
                summary: concat!("Remove the permissions boundary of a ", $word),
                action: concat!("iam:Delete", stringify!($name), "PermissionsBoundary"),
            };
        }
    };
}

bounded!(User, "user", "users");
bounded!(Role, "role", "roles");

/// The user or role of a path, for a command. `None`: a group, which no path of these operations names.
pub fn principal(holder: &HolderRef) -> Option<PrincipalRef> {
    match holder.clone() {
        HolderRef::User(user) => Some(PrincipalRef::User(user)),
        HolderRef::Role(role) => Some(PrincipalRef::Role(role)),
        HolderRef::Group(_) => None,
    }
}
