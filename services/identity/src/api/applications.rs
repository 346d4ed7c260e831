//! Applications: the customer's services, which own prefixes of actions and ARNs.

mod delete_application;
mod get_actions;
mod get_application;
mod list_applications;
pub mod path;
mod put_actions;
mod register_application;
mod update_application;
pub mod view;

pub use delete_application::DeleteApplication;
pub use get_actions::GetActions;
pub use get_application::GetApplication;
pub use list_applications::ListApplications;
pub use put_actions::PutActions;
pub use register_application::RegisterApplication;
pub use update_application::UpdateApplication;

/// The group of operations in the API's document.
const TAG: &str = "Applications";
/// The right that tells whether an application may be known of.
const READ: &str = "registry:GetApplication";
