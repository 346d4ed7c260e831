//! Organizations, their trees and their member accounts.

mod accept_invitation;
mod create_invitation;
mod create_member_account;
mod create_organization;
mod create_unit;
mod decline_invitation;
mod delegation;
mod delete_delegated_admin;
mod delete_invitation;
mod delete_organization;
mod delete_quarantine;
mod delete_unit;
mod disable_root_credential;
mod enable_root_credential;
mod get_member_account;
mod get_organization;
mod get_unit;
mod invitation;
mod list_member_accounts;
mod list_parts;
mod list_units;
mod move_member_account;
mod move_unit;
pub(super) mod path;
mod put_delegated_admin;
mod put_quarantine;
mod quarantine;
mod remove_member_account;
mod update_unit;
pub mod view;
pub(super) mod write;

pub use accept_invitation::AcceptInvitation;
pub use create_invitation::CreateInvitation;
pub use create_member_account::CreateMemberAccount;
pub use create_organization::CreateOrganization;
pub use create_unit::CreateUnit;
pub use decline_invitation::DeclineInvitation;
pub use delete_delegated_admin::DeleteDelegatedAdmin;
pub use delete_invitation::DeleteInvitation;
pub use delete_organization::DeleteOrganization;
pub use delete_quarantine::DeleteQuarantine;
pub use delete_unit::DeleteUnit;
pub use disable_root_credential::DisableRootCredential;
pub use enable_root_credential::EnableRootCredential;
pub use get_member_account::GetMemberAccount;
pub use get_organization::GetOrganization;
pub use get_unit::GetUnit;
pub use list_member_accounts::ListMemberAccounts;
pub use list_parts::{DelegatedAdmins, Invitations, ListParts, Quarantines};
pub use list_units::ListUnits;
pub use move_member_account::MoveMemberAccount;
pub use move_unit::MoveUnit;
pub use put_delegated_admin::PutDelegatedAdmin;
pub use put_quarantine::PutQuarantine;
pub use remove_member_account::RemoveMemberAccount;
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
/// The right to invite accounts, and to take invitations back.
const INVITE: &str = "organizations:InviteAccount";
/// The right to begin and to lift quarantines.
const QUARANTINE: &str = "organizations:Quarantine";
