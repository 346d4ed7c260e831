//! Registered resources of applications, and the policies on them.

mod delete_resource;
mod delete_resource_policy;
mod get_resource;
mod get_resource_policy;
mod list_resources;
mod path;
pub mod principals;
mod put_resource;
mod put_resource_policy;
pub mod view;

pub use delete_resource::DeleteResource;
pub use delete_resource_policy::DeleteResourcePolicy;
pub use get_resource::GetResource;
pub use get_resource_policy::GetResourcePolicy;
pub use list_resources::ListResources;
pub use put_resource::PutResource;
pub use put_resource_policy::PutResourcePolicy;

/// The group of operations in the API's document.
const TAG: &str = "Resources";
/// The right that tells whether a resource may be known of.
const READ: &str = "registry:GetResource";
