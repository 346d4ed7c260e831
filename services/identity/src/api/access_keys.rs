//! Access keys of users.

mod create_access_key;
mod delete_access_key;
mod get_access_key_last_used;
mod list_access_keys;
mod path;
mod update_access_key;
mod view;

pub use create_access_key::CreateAccessKey;
pub use delete_access_key::DeleteAccessKey;
pub use get_access_key_last_used::GetAccessKeyLastUsed;
pub use list_access_keys::ListAccessKeys;
pub use update_access_key::UpdateAccessKey;

/// The group of operations in the API's document.
const TAG: &str = "Access keys";
/// The right that tells whether a user's keys may be known of.
const READ: &str = "iam:ListAccessKeys";
