//! Users.

mod create_user;
mod delete_user;
mod get_user;
mod list_user_groups;
mod list_users;
mod path;
mod update_user;
mod view;

pub use create_user::CreateUser;
pub use delete_user::DeleteUser;
pub use get_user::GetUser;
pub use list_user_groups::ListUserGroups;
pub use list_users::ListUsers;
pub use path::{UserPath, find, target};
pub use update_user::UpdateUser;

/// The group of operations in the API's document.
pub const TAG: &str = "Users";
/// The right that tells whether a user may be known of.
pub const READ: &str = "iam:GetUser";
