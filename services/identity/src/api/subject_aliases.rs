//! Subject aliases: which user or role a subject means that an enforcement point names in its own terms.
//!
//! Whoever may write an alias decides whom an application's question is about, so the right is asked of the user or
//! role that is meant, before and after.

mod delete_subject_alias;
mod get_subject_alias;
mod list_subject_aliases;
mod path;
mod put_subject_alias;
pub mod view;

pub use delete_subject_alias::DeleteSubjectAlias;
pub use get_subject_alias::GetSubjectAlias;
pub use list_subject_aliases::ListSubjectAliases;
pub use put_subject_alias::PutSubjectAlias;

/// The group of operations in the API's document.
const TAG: &str = "Subject aliases";
/// The right that tells whether an alias may be known of.
const READ: &str = "iam:GetSubjectAlias";
