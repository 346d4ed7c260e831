//! Organizations, their trees and their member accounts.

mod create_member_account;
mod create_organization;
mod create_unit;
mod delete_unit;
mod disable_root_credential;
mod enable_root_credential;
mod get_member_account;
mod get_organization;
mod get_unit;
mod list_member_accounts;
mod list_units;
mod move_member_account;
mod move_unit;
pub(super) mod path;
mod update_unit;
pub mod view;
pub(super) mod write;

pub use create_member_account::CreateMemberAccount;
pub use create_organization::CreateOrganization;
pub use create_unit::CreateUnit;
pub use delete_unit::DeleteUnit;
pub use disable_root_credential::DisableRootCredential;
pub use enable_root_credential::EnableRootCredential;
pub use get_member_account::GetMemberAccount;
pub use get_organization::GetOrganization;
pub use get_unit::GetUnit;
pub use list_member_accounts::ListMemberAccounts;
pub use list_units::ListUnits;
pub use move_member_account::MoveMemberAccount;
pub use move_unit::MoveUnit;
pub use update_unit::UpdateUnit;

/// The group of operations in the API's document.
const TAG: &str = "Organizations";
/// The right that tells whether an organization may be known of.
pub(super) const READ: &str = "organizations:GetOrganization";
/// The right that tells whether a unit may be known of.
const READ_UNIT: &str = "organizations:GetUnit";
/// The right to open and close the root of a member.
const ROOT_CREDENTIAL: &str = "organizations:EnableRootCredential";
/// The right that tells whether a member may be known of.
const READ_ACCOUNT: &str = "organizations:GetAccount";
