//! Groups and who is in them.

mod add_group_member;
mod create_group;
mod delete_group;
mod get_group;
mod list_group_members;
mod list_groups;
mod path;
mod remove_group_member;
mod update_group;
mod view;

pub use add_group_member::AddGroupMember;
pub use create_group::CreateGroup;
pub use delete_group::DeleteGroup;
pub use get_group::GetGroup;
pub use list_group_members::ListGroupMembers;
pub use list_groups::ListGroups;
pub use remove_group_member::RemoveGroupMember;
pub use update_group::UpdateGroup;
pub use view::GroupView;

/// The group of operations in the API's document.
const TAG: &str = "Groups";
/// The right that tells whether a group may be known of.
const READ: &str = "iam:GetGroup";
