//! Settings of an account, in groups that are read and replaced as a whole.
//!
//! The operations are the same for each group; they differ in path and members, which [`Section`] says.

mod get_settings;
mod put_settings;
mod section;
mod view;

pub use get_settings::GetSettings;
pub use put_settings::PutSettings;
pub use section::{Decisions, PasswordPolicy, Section, Security, Tokens};

/// The group of operations in the API's document.
const TAG: &str = "Settings";
/// The right to read them.
const READ: &str = "iam:GetAccountSettings";
