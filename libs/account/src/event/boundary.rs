//! Facts about permissions boundaries: what caps a user or a role, whatever its policies allow.

use trilby_model::{RoleId, UserId};

use crate::id::PolicyRef;
use crate::stored::facts;

facts! {
    /// A managed policy caps a user, in the place of any other.
    UserBoundarySet {
        /// The user.
        user: UserId,
        /// The policy.
        policy: PolicyRef,
    }

    /// Nothing caps a user any more.
    UserBoundaryRemoved {
        /// The user.
        user: UserId,
    }

    /// A managed policy caps a role, in the place of any other.
    RoleBoundarySet {
        /// The role.
        role: RoleId,
        /// The policy.
        policy: PolicyRef,
    }

    /// Nothing caps a role any more.
    RoleBoundaryRemoved {
        /// The role.
        role: RoleId,
    }
}
