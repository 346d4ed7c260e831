//! Public halves of the keys that sign an account's sessions.

use serde::{Deserialize, Serialize};
use trilby_model::{Seq, Timestamp};

use crate::stamp::{Stamp, micros};
use crate::value::PublicJwk;

/// A key that signs, will sign or has signed sessions of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// JOSE algorithm.
    pub alg: String,
    /// The public key.
    pub jwk: PublicJwk,
    /// Where it is in its life.
    pub state: SigningKeyState,
    /// The account's decision-point metadata signed with it.
    pub metadata: Option<String>,
    /// Birth and last change.
    pub stamp: Stamp,
}

/// Where a signing key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigningKeyState {
    /// Published, not used.
    Pending,
    /// Signs.
    Active {
        /// The event that made it so.
        since: Seq,
    },
    /// Signs no more; verifies until what it signed has expired.
    Retiring {
        /// When it stopped signing.
        #[serde(with = "micros")]
        since: Timestamp,
    },
    /// Not trusted.
    Revoked,
}

impl SigningKey {
    /// Whether a signature of it may be believed at all.
    #[must_use]
    pub fn verifies(&self) -> bool {
        match self.state {
            SigningKeyState::Active { .. } | SigningKeyState::Retiring { .. } => true,
            SigningKeyState::Pending | SigningKeyState::Revoked => false,
        }
    }

    /// Whether it belongs into the published key set.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.state != SigningKeyState::Revoked
    }
}
