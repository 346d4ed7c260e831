//! Roles, their trust policies and limits.

mod create_role;
mod delete_role;
mod get_role;
mod limits;
mod list_roles;
mod path;
mod put_trust_policy;
mod update_role;
mod view;

pub use create_role::CreateRole;
pub use delete_role::DeleteRole;
pub use get_role::GetRole;
pub use list_roles::ListRoles;
pub use put_trust_policy::PutTrustPolicy;
pub use update_role::UpdateRole;

/// The group of operations in the API's document.
const TAG: &str = "Roles";
/// The right that tells whether a role may be known of.
const READ: &str = "iam:GetRole";
