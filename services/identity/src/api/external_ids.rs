//! External ids: values that trust policies ask of accounts outside the organization.

mod create_external_id;
mod delete_external_id;
mod get_external_id;
mod list_external_ids;
mod path;
mod view;

pub use create_external_id::CreateExternalId;
pub use delete_external_id::DeleteExternalId;
pub use get_external_id::GetExternalId;
pub use list_external_ids::ListExternalIds;

/// The group of operations in the API's document.
const TAG: &str = "External ids";
/// The right that tells whether an external id may be known of.
const READ: &str = "iam:GetExternalId";
