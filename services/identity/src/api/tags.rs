//! Tags of users, groups, roles and policies: the same operations for the four.

mod get_tags;
mod kind;
mod path;
mod put_tags;
mod update_tags;
mod view;

pub use get_tags::GetTags;
pub use kind::{Group, Policy, Role, TaggedKind, User};
pub use put_tags::PutTags;
pub use update_tags::UpdateTags;
