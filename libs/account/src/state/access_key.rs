//! Access keys.

use serde::{Deserialize, Serialize};
use trilby_model::{AccessKeyId, Timestamp, UserId};

use crate::stamp::Stamp;

/// A program's credential. Its secret's keyed digest is in a side table under the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// Unique id, the public half of the credential.
    pub id: AccessKeyId,
    /// Whose it is.
    pub user: UserId,
    /// Whether it opens.
    pub status: AccessKeyStatus,
    /// When it stops opening.
    pub expires_at: Option<Timestamp>,
    /// Networks it may be used from; empty: any.
    pub allowed_cidrs: Vec<String>,
    /// Birth and last change.
    pub stamp: Stamp,
}

/// Whether an access key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKeyStatus {
    /// It does.
    Active,
    /// It does not.
    Inactive,
}

impl AccessKey {
    /// Whether it opens at a time: it is active and has not expired. Its user's standing is a
    /// question of its own.
    #[must_use]
    pub fn opens_at(&self, now: Timestamp) -> bool {
        self.status == AccessKeyStatus::Active && self.expires_at.is_none_or(|end| now < end)
    }
}
