//! Roles. The one of a new member account comes with it; they are read here.

mod get_role;
mod list_roles;
mod path;
mod view;

pub use get_role::GetRole;
pub use list_roles::ListRoles;

/// The group of operations in the API's document.
const TAG: &str = "Roles";
/// The right that tells whether a role may be known of.
const READ: &str = "iam:GetRole";
