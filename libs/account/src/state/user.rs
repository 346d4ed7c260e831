//! Users.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trilby_model::{AccessKeyId, GroupId, Path, Seq, Tags, Timestamp, UserId, UserName};

use super::{Attachment, Grants, SubjectKey};
use crate::stamp::{Stamp, micros};
use crate::value::{Description, Hashing, UserKind};

/// A person or program of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Unique id.
    pub id: UserId,
    /// Name, unique in the account without case.
    pub name: UserName,
    /// Path, part of the ARN.
    pub path: Path,
    /// Person or program.
    pub kind: UserKind,
    /// Whether it may act.
    pub status: UserStatus,
    /// Free text.
    pub description: Option<Description>,
    /// Tags.
    pub tags: Tags,
    /// Own policies; those of its groups come on top.
    pub grants: Grants,
    /// The policy that caps it, if any does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Attachment>,
    /// The groups it is in.
    pub groups: BTreeSet<GroupId>,
    /// Its access keys, at most two.
    pub access_keys: BTreeSet<AccessKeyId>,
    /// The subjects that mean it.
    pub aliases: BTreeSet<SubjectKey>,
    /// Its password, if it has one.
    pub password: Option<Password>,
    /// How many passwords it ever had.
    pub password_generation: u32,
    /// The newest ticket that sets a password, if none was set since.
    pub password_ticket: Option<PasswordTicket>,
    /// How many tickets it ever had.
    pub ticket_generation: u32,
    /// Birth and last change of what is written here; policies, keys and memberships have their own.
    pub stamp: Stamp,
}

/// Whether a user may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// It may.
    Active,
    /// It may not, and its keys and password do not open.
    Disabled,
}

/// What is known of a password here; the hash is in a side table under the generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// Which of the user's passwords it is.
    pub generation: u32,
    /// How it was hashed.
    pub hashing: Hashing,
    /// Whether another must be chosen before anything else.
    pub must_change: bool,
    /// The event that set it.
    pub since: Seq,
    /// When that was.
    #[serde(with = "micros")]
    pub set_at: Timestamp,
}

/// A ticket that sets a password once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordTicket {
    /// Which of the user's tickets it is; its hash is filed under it.
    pub generation: u32,
    /// When it stops opening.
    #[serde(with = "micros")]
    pub expires_at: Timestamp,
    /// The event that issued it.
    pub since: Seq,
}
