//! Control policies of organizations, their versions and where they are attached.

mod attachment;
mod create_control_policy;
mod create_control_policy_version;
mod delete_control_policy;
mod delete_control_policy_version;
mod get_control_policy;
mod get_control_policy_version;
mod list_control_policies;
mod list_control_policy_versions;
mod path;
mod set_default_control_policy_version;
mod update_control_policy;
pub mod view;

pub use attachment::{AttachControlPolicy, DetachControlPolicy};
pub use create_control_policy::CreateControlPolicy;
pub use create_control_policy_version::CreateControlPolicyVersion;
pub use delete_control_policy::DeleteControlPolicy;
pub use delete_control_policy_version::DeleteControlPolicyVersion;
pub use get_control_policy::GetControlPolicy;
pub use get_control_policy_version::GetControlPolicyVersion;
pub use list_control_policies::ListControlPolicies;
pub use list_control_policy_versions::ListControlPolicyVersions;
pub use set_default_control_policy_version::SetDefaultControlPolicyVersion;
pub use update_control_policy::UpdateControlPolicy;

/// The group of operations in the API's document.
const TAG: &str = "Control policies";
/// The right that tells whether a control policy may be known of.
const READ: &str = "organizations:GetPolicy";
/// The right to change a control policy, its versions included.
const UPDATE: &str = "organizations:UpdatePolicy";
