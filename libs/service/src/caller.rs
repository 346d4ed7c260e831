//! Who is calling: the verified session behind a request, as data.
//!
//! Only `libs/access` makes one, after signature, times, revocation and standing were checked. Services read it.

use serde_json::Value;
use trilby_model::{
    AccountId, Arn, Path, RoleId, RoleName, RoleSessionName, Seq, SessionId, Tags, Timestamp,
    UserId, UserName,
};

/// A verified caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// The account the principal belongs to.
    pub account: AccountId,
    /// What the principal is.
    pub kind: CallerKind,
    /// The principal as the token names it (for a role session the `sts` ARN).
    pub arn: Arn,
    /// The principal that policies are attached to (for a role session the role's ARN).
    pub principal_arn: Arn,
    /// Unique id of the principal, with `:session-name` for a role session: the token's `sub`.
    pub principal_id: String,
    /// The session, which is also the token's id.
    pub session_id: SessionId,
    /// How the session was earned.
    pub session_kind: SessionKind,
    /// When the token was issued.
    pub issued_at: Timestamp,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// When the origin of the chain was authenticated.
    pub authenticated_at: Timestamp,
    /// What proved the origin: an access key id or `console`.
    pub client_id: String,
    /// Last control-log position of `account` that the issuer had applied.
    pub seq: Seq,
    /// What the session rests on, besides itself.
    pub dependencies: Vec<CallerDependency>,
    /// Session tags.
    pub tags: Tags,
    /// Keys of session tags that are handed on to the next role.
    pub transitive_tag_keys: Vec<String>,
    /// Inline session policy, as it stands in the token.
    pub session_policy: Option<Value>,
    /// Managed policies that cap the session, evaluated live.
    pub session_policy_arns: Vec<Arn>,
    /// Second factor of the origin, if there was one.
    pub mfa: Option<CallerMfa>,
    /// The outside identity that the session began with, if it did.
    pub federation: Option<CallerFederation>,
    /// Who is behind the session, set once and inherited.
    pub source_identity: Option<String>,
    /// How many role sessions came before this one.
    pub depth: u8,
    /// Earlier principals' ARNs, oldest first.
    pub chain: Vec<Arn>,
}

/// What kind of principal is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerKind {
    /// The account's root user.
    Root,
    /// A user.
    User {
        /// Unique id.
        id: UserId,
        /// Name at issue.
        name: UserName,
        /// Path at issue.
        path: Path,
    },
    /// A session of a role.
    Role {
        /// Unique id of the role.
        id: RoleId,
        /// Name of the role at issue.
        name: RoleName,
        /// Path of the role at issue.
        path: Path,
        /// Name of the session.
        session_name: RoleSessionName,
    },
}

/// How a session was earned (`trilby.kind` in the token).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// Console login of the root user.
    Root,
    /// Console login of a user.
    User,
    /// Access key of a user.
    Key,
    /// A role was assumed.
    Role,
}

impl SessionKind {
    /// The word in the token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            SessionKind::Root => "root",
            SessionKind::User => "user",
            SessionKind::Key => "key",
            SessionKind::Role => "role",
        }
    }
}

/// One thing a session rests on: revoking it ends the session (tokens.md 9.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerDependency {
    /// Account in whose log it lives.
    pub account: AccountId,
    /// One of `r l p u k s a`.
    pub kind: char,
    /// Its unique id.
    pub id: String,
    /// Position of that account's log at which the issuer checked it.
    pub seq: Seq,
}

/// The outside identity a chain of sessions began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerFederation {
    /// ARN of the identity provider that vouched.
    pub provider: Arn,
    /// Its issuer.
    pub issuer: String,
    /// The subject there.
    pub subject: String,
    /// The audience that the outside token named.
    pub audience: String,
}

/// The origin's second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerMfa {
    /// When it was shown.
    pub at: Timestamp,
    /// How.
    pub method: MfaMethod,
}

/// Kinds of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MfaMethod {
    /// A time-based one-time password.
    Totp,
}

impl Caller {
    /// Whether the caller is the root user of its account.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.kind == CallerKind::Root
    }

    /// The unique id without a session name: what policies, receipts and claims go by.
    #[must_use]
    pub fn principal_unique_id(&self) -> &str {
        self.principal_id
            .split_once(':')
            .map_or(&self.principal_id, |(id, _)| id)
    }
}
