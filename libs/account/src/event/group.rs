//! Facts about groups.

use trilby_model::{GroupId, GroupName, InlinePolicyName, Path, Tags, UserId};

use crate::id::PolicyRef;
use crate::stored::facts;
use crate::text::PolicyText;
use crate::value::Description;

facts! {
    /// A group exists.
    GroupCreated {
        /// Its unique id.
        group: GroupId,
        /// Its name.
        name: GroupName,
        /// Its path.
        path: Path,
        /// Free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// Its tags.
        tags: Tags,
    }

    /// A group's description was replaced.
    GroupUpdated {
        /// The group.
        group: GroupId,
        /// The description it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
    }

    /// A group is gone for good.
    GroupDeleted {
        /// The group.
        group: GroupId,
    }

    /// A group's tags were replaced.
    GroupTagsChanged {
        /// The group.
        group: GroupId,
        /// All tags it has now.
        tags: Tags,
    }

    /// A user has the group's rights from here on.
    GroupMemberAdded {
        /// The group.
        group: GroupId,
        /// The user.
        user: UserId,
    }

    /// A user has the group's rights no more.
    GroupMemberRemoved {
        /// The group.
        group: GroupId,
        /// The user.
        user: UserId,
    }

    /// A managed policy gives a group's members rights.
    GroupPolicyAttached {
        /// The group.
        group: GroupId,
        /// The policy.
        policy: PolicyRef,
    }

    /// A managed policy gives a group's members rights no more.
    GroupPolicyDetached {
        /// The group.
        group: GroupId,
        /// The policy.
        policy: PolicyRef,
    }

    /// A group has an inline policy, new or replaced.
    GroupInlinePolicyPut {
        /// The group.
        group: GroupId,
        /// The policy's name.
        name: InlinePolicyName,
        /// Its text.
        policy: PolicyText,
    }

    /// An inline policy of a group is gone.
    GroupInlinePolicyDeleted {
        /// The group.
        group: GroupId,
        /// The policy's name.
        name: InlinePolicyName,
    }
}
