//! Facts about access keys, signing keys and single sessions. None holds a secret.

use serde::{Deserialize, Serialize};
use trilby_model::{
    AccessKeyId, AccountId, RoleId, RoleSessionName, Seq, SessionId, SourceIdentity, Timestamp,
    UserId,
};

use crate::stored::facts;
use crate::value::{PublicJwk, Reason};

/// A value that sessions are told by, of which nobody is the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SessionMatch {
    /// Who is behind them.
    SourceIdentity(SourceIdentity),
    /// What they are called, of one role.
    Session {
        /// The role.
        role: RoleId,
        /// The name.
        name: RoleSessionName,
    },
}

facts! {
    /// A user has an access key. The keyed digest of its secret is filed under the key's id.
    AccessKeyCreated {
        /// The key.
        access_key: AccessKeyId,
        /// Whose it is.
        user: UserId,
        /// When it stops opening.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
        /// Networks it may be used from; empty: any.
        allowed_cidrs: Vec<String>,
    }

    /// An access key opens again; old sessions stay dead.
    AccessKeyActivated {
        /// The key.
        access_key: AccessKeyId,
    }

    /// An access key does not open; its sessions ended.
    AccessKeyDeactivated {
        /// The key.
        access_key: AccessKeyId,
    }

    /// An access key is gone for good; its sessions ended.
    AccessKeyDeleted {
        /// The key.
        access_key: AccessKeyId,
    }

    /// All sessions of an access key ended, and what came of them.
    AccessKeySessionsRevoked {
        /// The key.
        access_key: AccessKeyId,
        /// Only sessions from before this seq; absent: before this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before_seq: Option<Seq>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }

    /// One session ended, and everything chained from it.
    SessionRevoked {
        /// The session.
        session: SessionId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }

    /// Everything issued in or from the account ended.
    AccountSessionsRevoked {
        /// The account.
        account: AccountId,
        /// Only sessions from before this seq; absent: before this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before_seq: Option<Seq>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }

    /// Sessions of the account that carry a value ended.
    AccountMatchingSessionsRevoked {
        /// The account.
        account: AccountId,
        /// Which value.
        matching: SessionMatch,
        /// Only sessions from before this seq; absent: before this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before_seq: Option<Seq>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }

    /// A public key is known to verifiers; nothing is signed with it yet.
    SigningKeyPublished {
        /// RFC 7638 thumbprint.
        kid: String,
        /// JOSE algorithm.
        alg: String,
        /// The public key.
        jwk: PublicJwk,
    }

    /// Sessions are signed with a key from here on.
    SigningKeyActivated {
        /// The key.
        kid: String,
        /// The account's decision-point metadata signed with it, as a compact JWS.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metadata: Option<String>,
    }

    /// Nothing is signed with a key any more; what it signed stays good until it expires.
    SigningKeyRetired {
        /// The key.
        kid: String,
    }

    /// A key is not trusted any more: whatever it signed is refused at once.
    SigningKeyRevoked {
        /// The key.
        kid: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }
}
