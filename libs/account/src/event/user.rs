//! Facts about users and their passwords.

use trilby_model::{InlinePolicyName, Path, Seq, Tags, Timestamp, UserId, UserName};

use crate::id::PolicyRef;
use crate::stored::facts;
use crate::text::PolicyText;
use crate::value::{Description, Hashing, Reason, UserKind};

facts! {
    /// A user exists.
    UserCreated {
        /// Its unique id.
        user: UserId,
        /// Its name.
        name: UserName,
        /// Its path.
        path: Path,
        /// Person or program.
        kind: UserKind,
        /// Free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
        /// Its tags.
        tags: Tags,
    }

    /// A user has another name or path, and so another ARN. The unique id stays.
    UserRenamed {
        /// The user.
        user: UserId,
        /// The name it has now.
        name: UserName,
        /// The path it has now.
        path: Path,
    }

    /// A user's description was replaced.
    UserUpdated {
        /// The user.
        user: UserId,
        /// The description it has now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Description>,
    }

    /// A user may not act any more; its sessions ended.
    UserDisabled {
        /// The user.
        user: UserId,
    }

    /// A user may act again; old sessions stay dead.
    UserEnabled {
        /// The user.
        user: UserId,
    }

    /// A user is gone for good; its sessions ended.
    UserDeleted {
        /// The user.
        user: UserId,
    }

    /// What was kept beside the log about a user that is gone was erased for good.
    UserErased {
        /// The user.
        user: UserId,
    }

    /// A user's tags were replaced.
    UserTagsChanged {
        /// The user.
        user: UserId,
        /// All tags it has now.
        tags: Tags,
    }

    /// A user has a new password.
    UserPasswordSet {
        /// The user.
        user: UserId,
        /// Counts the user's passwords, from 1; the hash is filed under it.
        generation: u32,
        /// How it was hashed.
        hashing: Hashing,
        /// Whether the user must choose another before anything else.
        must_change: bool,
        /// Whether the user's older sessions ended.
        revoke_sessions: bool,
    }

    /// A user has no password any more; its sessions ended.
    UserPasswordRemoved {
        /// The user.
        user: UserId,
    }

    /// Somebody was given a ticket that sets this user's password once.
    UserPasswordTicketIssued {
        /// The user.
        user: UserId,
        /// Counts the user's tickets, from 1; the ticket's hash is filed under it. Only the newest opens.
        generation: u32,
        /// When it stops opening.
        expires_at: Timestamp,
    }

    /// A managed policy gives a user rights.
    UserPolicyAttached {
        /// The user.
        user: UserId,
        /// The policy.
        policy: PolicyRef,
    }

    /// A managed policy gives a user rights no more.
    UserPolicyDetached {
        /// The user.
        user: UserId,
        /// The policy.
        policy: PolicyRef,
    }

    /// A user has an inline policy, new or replaced.
    UserInlinePolicyPut {
        /// The user.
        user: UserId,
        /// The policy's name.
        name: InlinePolicyName,
        /// Its text.
        policy: PolicyText,
    }

    /// An inline policy of a user is gone.
    UserInlinePolicyDeleted {
        /// The user.
        user: UserId,
        /// The policy's name.
        name: InlinePolicyName,
    }

    /// All sessions of a user ended, those of its keys and what came of them included.
    UserSessionsRevoked {
        /// The user.
        user: UserId,
        /// Only sessions from before this seq; absent: before this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before_seq: Option<Seq>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }
}
