//! Groups as answers show them.

use serde::Serialize;
use trilby_access::{Operation, Reply, etag_text};
use trilby_account::{Group, User};
use trilby_model::{
    AccountId, Arn, GroupId, GroupName, Path, Seq, Tags, Timestamp, UserId, UserName,
};
use utoipa::ToSchema;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupView {
    /// Unique id; never given to another.
    pub id: GroupId,
    /// ARN.
    pub arn: Arn,
    /// Name.
    pub name: GroupName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// How many users are in it.
    pub member_count: usize,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For `If-Match`.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = GroupMember)]
pub struct MemberView {
    /// The user's unique id.
    pub id: UserId,
    /// The user's ARN.
    pub arn: Arn,
    /// The user's name.
    pub name: UserName,
    /// Of the membership: for `If-Match` when it is ended.
    #[schema(example = "\"s17\"")]
    pub etag: String,
}

impl GroupView {
    /// A group of an account.
    pub fn of(account: AccountId, group: &Group) -> Self {
        Self {
            id: group.id.clone(),
            arn: Arn::group(&account, &group.path, &group.name),
            name: group.name.clone(),
            path: group.path.clone(),
            description: group.description.as_ref().map(ToString::to_string),
            tags: group.tags.clone(),
            member_count: group.members.len(),
            created_at: group.stamp.created_at,
            updated_at: group.stamp.updated_at,
            etag: etag_text(group.stamp.changed),
        }
    }
}

impl MemberView {
    /// A user that is in a group since an event.
    pub fn of(account: AccountId, user: &User, since: Seq) -> Self {
        Self {
            id: user.id.clone(),
            arn: Arn::user(&account, &user.path, &user.name),
            name: user.name.clone(),
            etag: etag_text(since),
        }
    }
}

/// The group with its `ETag`.
pub fn reply<Op: Operation<Reply = GroupView>>(account: AccountId, group: &Group) -> Reply<Op> {
    Reply::new(GroupView::of(account, group)).etag(group.stamp.changed)
}
