//! Organizations, their trees and their member accounts.

mod create_member_account;
mod create_organization;
mod get_member_account;
mod get_organization;
mod list_member_accounts;
mod list_units;
mod path;
pub mod view;

pub use create_member_account::CreateMemberAccount;
pub use create_organization::CreateOrganization;
pub use get_member_account::GetMemberAccount;
pub use get_organization::GetOrganization;
pub use list_member_accounts::ListMemberAccounts;
pub use list_units::ListUnits;

/// The group of operations in the API's document.
const TAG: &str = "Organizations";
/// The right that tells whether an organization may be known of.
const READ: &str = "organizations:GetOrganization";
