//! Policies of users, groups and roles: attached and inline.
//!
//! The operations are the same for the three; they differ in path, action and ARN, which [`HolderKind`] says.

mod attach_policy;
mod delete_inline_policy;
mod detach_policy;
mod get_inline_policy;
mod kind;
mod list_attached_policies;
mod list_inline_policies;
pub mod managed;
pub mod path;
mod put_inline_policy;
pub mod view;

pub use attach_policy::AttachPolicy;
pub use delete_inline_policy::DeleteInlinePolicy;
pub use detach_policy::DetachPolicy;
pub use get_inline_policy::GetInlinePolicy;
pub use kind::{Group, HolderKind, Names, Role, User, detach_action, find, target};
pub use list_attached_policies::ListAttachedPolicies;
pub use list_inline_policies::ListInlinePolicies;
pub use put_inline_policy::PutInlinePolicy;
