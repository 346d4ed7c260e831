//! Role maps: from a login's claims to roles, for a provider or a link.
//!
//! A map narrows what trust policies admit and can never widen it. Whoever saves one needs `iam:PassRole` on each role
//! that it names (guard G3).

mod delete_role_map;
mod get_role_map;
mod kind;
mod path;
mod put_role_map;
mod view;

pub use delete_role_map::DeleteRoleMap;
pub use get_role_map::GetRoleMap;
pub use kind::{Link, MapKind, Provider, find, target};
pub use path::MapPath;
pub use put_role_map::PutRoleMap;

use trilby_access::Target;

const DELETE: &str = "iam:DeleteRoleMap";

/// What deleting a provider or link is asked of: if its role map goes with it, the right to delete that as well.
pub fn deleting(target: Target, with_role_map: bool) -> Target {
    match with_role_map {
        true => {
            let arn = target.resource.clone();
            target.also(DELETE, arn)
        }
        false => target,
    }
}
