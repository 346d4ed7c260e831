//! Managed policies and their versions.

mod create_policy;
mod create_policy_version;
mod delete_policy;
mod delete_policy_version;
mod get_policy;
mod get_policy_version;
mod get_system_policy;
mod list_policies;
mod list_policy_versions;
pub mod path;
mod set_default_policy_version;
mod update_policy;
pub mod view;

pub use create_policy::CreatePolicy;
pub use create_policy_version::CreatePolicyVersion;
pub use delete_policy::DeletePolicy;
pub use delete_policy_version::DeletePolicyVersion;
pub use get_policy::GetPolicy;
pub use get_policy_version::GetPolicyVersion;
pub use get_system_policy::GetSystemPolicy;
pub use list_policies::ListPolicies;
pub use list_policy_versions::ListPolicyVersions;
pub use set_default_policy_version::SetDefaultPolicyVersion;
pub use update_policy::UpdatePolicy;

/// The group of operations in the API's document.
const TAG: &str = "Policies";
/// The right that tells whether a policy may be known of.
const READ: &str = "iam:GetPolicy";
