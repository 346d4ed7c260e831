//! The claims of a session token: one strict struct, one version.
//!
//! Every member is typed and none is optional by accident: unknown and doubled members, numbers
//! that are no integers and values outside the alphabets are refused where the text is read. What
//! is empty is left out.

use std::fmt;

use serde::{Deserialize, Serialize};
use trilby_model::{
    AccountId, Arn, OrganizationId, RoleSessionName, SessionId, SourceIdentity, TagKey, Tags, json,
};

/// The one version of the private claims.
pub const VERSION: u8 = 1;
/// Latest time a claim may hold, in Unix seconds: far beyond any use, far from overflow.
pub const TIME_MAX: i64 = 1 << 40;
/// Dependencies of one session.
pub const DEPENDENCIES_MAX: usize = 12;
/// Length of a chain of sessions.
pub const CHAIN_MAX: usize = 8;
/// Audiences of one token.
pub const AUDIENCES_MAX: usize = 10;
/// Incarnation of a store that was never fenced.
pub const INCARNATION_FIRST: u32 = 1;
/// Nesting of actors.
pub const ACTORS_MAX: usize = 4;

/// What a session is a session of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    /// A role somebody put on.
    Role,
    /// A user who logged in.
    User,
    /// A user's access key.
    Key,
    /// An account's root.
    Root,
    /// An outside subject without rights of its own; no decision point takes it.
    Federated,
}

impl SessionKind {
    /// As it stands in the token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::Key => "key",
            Self::Root => "root",
            Self::Federated => "federated",
        }
    }
}

/// A session token's claims.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Issuer of the session's account.
    pub iss: String,
    /// Who may take the token.
    pub aud: Vec<String>,
    /// Unique id of the principal; for a role `TROL..:session-name`.
    pub sub: String,
    /// What proved the origin: access key id, provider id or `console`.
    pub client_id: String,
    /// Issued, in Unix seconds.
    pub iat: i64,
    /// Equal to `iat`.
    pub nbf: i64,
    /// First second in which it is no longer good.
    pub exp: i64,
    /// When the origin of the chain authenticated.
    pub auth_time: i64,
    /// The session.
    pub jti: SessionId,
    /// Who acts for the subject, newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// Everything of ours.
    pub trilby: Private,
}

/// One actor of a delegation (RFC 8693).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The actor's subject.
    pub sub: String,
    /// Who acted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
}

/// The private claims.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Version of this object.
    pub v: u8,
    /// What it is a session of.
    pub kind: SessionKind,
    /// The session's account.
    pub acct: AccountId,
    /// The account's organization when it was issued. Informative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<OrganizationId>,
    /// ARN of the principal: user, root, or role session.
    pub arn: Arn,
    /// ARN of the role, with its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Arn>,
    /// Session name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sn: Option<RoleSessionName>,
    /// Session tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Keys of the tags that go on to chained sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ttk: Vec<TagKey>,
    /// Source identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub si: Option<SourceIdentity>,
    /// Inline session policy, canonical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pol: Option<serde_json::Map<String, serde_json::Value>>,
    /// SHA-256 of the session policies, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polh: Option<String>,
    /// Managed session policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parn: Vec<Arn>,
    /// The origin's second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mfa: Option<Mfa>,
    /// The outside identity the chain began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fed: Option<Federation>,
    /// Chain depth.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u8,
    /// ARNs of earlier principals, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Arn>,
    /// Last event of `acct`'s log that the issuer had applied.
    pub seq: u64,
    /// Incarnation of the store in which all positions here are counted: a fence after a restore raises it, and what
    /// was counted before may be of events that the store has lost. Left out in a store that was never fenced.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub inc: u32,
    /// What the session rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dep: Vec<Dependency>,
}

/// A second factor, and when it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mfa {
    /// Unix seconds.
    pub at: i64,
    /// Method, such as `totp`.
    pub m: String,
}

/// An outside identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Federation {
    /// ARN of the provider.
    pub prov: Arn,
    /// Its issuer.
    pub iss: String,
    /// The subject there.
    pub sub: String,
    /// The audience the outside token named.
    pub aud: String,
    /// Claims kept for conditions.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub c: serde_json::Map<String, serde_json::Value>,
}

/// Something a session rests on: account, kind, id, and the position of that account's log at
/// which the issuer found it good. `["111122223333","u","TUSR..",48213]` in the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "DependencyWire", into = "DependencyWire")]
pub struct Dependency {
    /// Whose log speaks about it.
    pub account: AccountId,
    /// What it is.
    pub kind: DependencyKind,
    /// Its unique id.
    pub id: String,
    /// Position in the log of `account`.
    pub seq: u64,
}

type DependencyWire = (AccountId, DependencyKind, String, u64);

impl From<DependencyWire> for Dependency {
    fn from((account, kind, id, seq): DependencyWire) -> Self {
        Self {
            account,
            kind,
            id,
            seq,
        }
    }
}

impl From<Dependency> for DependencyWire {
    fn from(dependency: Dependency) -> Self {
        (
            dependency.account,
            dependency.kind,
            dependency.id,
            dependency.seq,
        )
    }
}

/// Kinds of things a session rests on, one letter each in the token and in revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DependencyKind {
    /// A role.
    #[serde(rename = "r")]
    Role,
    /// A provider link.
    #[serde(rename = "l")]
    Link,
    /// An identity provider.
    #[serde(rename = "p")]
    Provider,
    /// A user.
    #[serde(rename = "u")]
    User,
    /// An access key.
    #[serde(rename = "k")]
    AccessKey,
    /// A session.
    #[serde(rename = "s")]
    Session,
    /// An account.
    #[serde(rename = "a")]
    Account,
}

/// Claims that are no session of ours. Says where, never what stood there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No JSON, doubled members, unknown members, wrong types.
    #[error("claims are malformed")]
    Malformed,
    /// Version of the private claims.
    #[error("claims have version {found}, this release reads {VERSION}")]
    Version {
        /// The version found.
        found: u64,
    },
    /// Well-formed members that do not fit each other.
    #[error("claims contradict each other: {what}")]
    Inconsistent {
        /// Which rule broke.
        what: &'static str,
    },
}

impl Claims {
    /// Reads the payload of a token.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let value = json::parse(text).map_err(|_| Error::Malformed)?.to_serde();
        // The version is looked at first: another version may well have other members.
        if let Some(found) = value
            .pointer("/trilby/v")
            .and_then(serde_json::Value::as_u64)
            && found != u64::from(VERSION)
        {
            return Err(Error::Version { found });
        }
        let claims: Self = serde_json::from_value(value).map_err(|_| Error::Malformed)?;
        claims.check()?;
        Ok(claims)
    }

    /// The rules between members. Also asked before signing, so that we never issue what we would
    /// not take.
    pub fn check(&self) -> Result<(), Error> {
        let rule = |holds: bool, what: &'static str| {
            if holds {
                Ok(())
            } else {
                Err(Error::Inconsistent { what })
            }
        };
        let p = &self.trilby;
        rule(p.v == VERSION, "version")?;
        for time in [self.iat, self.nbf, self.exp, self.auth_time] {
            rule((0..=TIME_MAX).contains(&time), "a time is out of range")?;
        }
        rule(self.nbf == self.iat, "nbf is not iat")?;
        rule(self.auth_time <= self.iat, "auth_time is after iat")?;
        rule(self.iat < self.exp, "exp is not after iat")?;
        rule(
            self.exp - self.auth_time <= crate::lifetime::CHAIN_AGE_MAX_S,
            "it outlives the longest chain",
        )?;
        rule(
            (1..=AUDIENCES_MAX).contains(&self.aud.len()),
            "number of audiences",
        )?;
        rule(
            p.kind == SessionKind::Federated
                || self.aud.iter().all(|aud| aud != crate::FEDERATED_AUDIENCE),
            "only federated sessions are for the token service alone",
        )?;
        rule(p.inc >= INCARNATION_FIRST, "there is no such incarnation")?;
        rule(p.dep.len() <= DEPENDENCIES_MAX, "too many dependencies")?;
        rule(
            p.chain.len() <= CHAIN_MAX && usize::from(p.depth) <= CHAIN_MAX,
            "chain too long",
        )?;
        rule(depth_of(self.act.as_ref()) <= ACTORS_MAX, "too many actors")?;
        rule(
            p.arn.account_id() == Some(p.acct),
            "arn is of another account",
        )?;
        match (p.kind, &p.role, &p.sn) {
            (SessionKind::Role, Some(role), Some(name)) => {
                rule(
                    role.account_id() == Some(p.acct),
                    "role is of another account",
                )?;
                rule(
                    role.service() == "iam" && role.resource().starts_with("role/"),
                    "role",
                )?;
                let leaf = role.resource().rsplit('/').next().unwrap_or_default();
                rule(
                    p.arn.service() == "sts"
                        && p.arn.resource() == format!("assumed-role/{leaf}/{name}"),
                    "arn is not that of the role session",
                )?;
                let (id, session_name) = self.sub.split_once(':').unwrap_or_default();
                rule(
                    id.starts_with("TROL") && session_name == name.as_str(),
                    "sub",
                )
            }
            (SessionKind::User | SessionKind::Key, None, None) => {
                rule(
                    p.arn.service() == "iam" && p.arn.resource().starts_with("user/"),
                    "arn",
                )?;
                rule(self.sub.starts_with("TUSR"), "sub")
            }
            (SessionKind::Root, None, None) => {
                rule(
                    p.arn.service() == "iam" && p.arn.resource() == "root",
                    "arn",
                )?;
                rule(self.sub == p.acct.to_string(), "sub")
            }
            (SessionKind::Federated, None, None) => {
                rule(
                    p.arn.service() == "sts"
                        && p.arn.resource() == format!("federated-session/{}", self.sub),
                    "arn",
                )?;
                rule(p.fed.is_some(), "a federated session says whose it is")?;
                rule(
                    self.aud == [crate::FEDERATED_AUDIENCE],
                    "a federated session is for the token service alone",
                )?;
                rule(self.sub.starts_with("TIDP"), "sub")
            }
            (SessionKind::Role, _, _) => rule(false, "a role session names role and session"),
            (
                SessionKind::User | SessionKind::Key | SessionKind::Root | SessionKind::Federated,
                _,
                _,
            ) => rule(false, "no role session names a role"),
        }
    }

    /// Unique id of the principal itself: the role's for a role session.
    pub fn principal_unique_id(&self) -> &str {
        match self.trilby.kind {
            SessionKind::Role | SessionKind::Federated => self
                .sub
                .split_once(':')
                .map_or(self.sub.as_str(), |(id, _)| id),
            SessionKind::User | SessionKind::Key | SessionKind::Root => &self.sub,
        }
    }
}

/// Which session it is, and no more: claims are nobody's business in a log.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Claims({}, {} in {}, …)",
            self.jti,
            self.trilby.kind.as_str(),
            self.trilby.acct
        )
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Private({} in {}, …)", self.kind.as_str(), self.acct)
    }
}

fn depth_of(actor: Option<&Actor>) -> usize {
    std::iter::successors(actor, |actor| actor.act.as_deref()).count()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u8) -> bool {
    *number == 0
}

fn first() -> u32 {
    INCARNATION_FIRST
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_first(incarnation: &u32) -> bool {
    *incarnation == INCARNATION_FIRST
}

#[cfg(test)]
mod tests;
