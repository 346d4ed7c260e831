//! Policy documents as events and state keep them: canonical text and its digest.
//!
//! Text, not a tree: a condition may hold a fraction, and stored events have no floating-point
//! numbers; and the digest is over exactly these bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use trilby_model::federation::ProviderSettings;
use trilby_model::{AccountId, Hash, IssuedExternalId, OrganizationId, ProviderId};
use trilby_policy::Document;

use crate::id::PrincipalId;

/// One policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyText {
    /// Canonical JSON (RFC 8785), arrays where the language allows a single value. Shared with all that is compiled of it.
    #[serde(deserialize_with = "shared", serialize_with = "plain")]
    pub document: Arc<str>,
    /// SHA-256 of `document`.
    pub sha256: Hash,
}

impl PolicyText {
    /// The stored form of a parsed document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let document: Arc<str> = document.canonical().into();
        let sha256 = Hash(Sha256::digest(document.as_bytes()).into());
        Self { document, sha256 }
    }
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Into::into)
}

fn plain<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// A document that names principals, with the unique id each user, role and provider had when it was saved.
///
/// Whoever later bears the same name is somebody else: matching is by unique id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardText {
    /// The document.
    pub policy: PolicyText,
    /// Unique id by ARN, spelled as in the document. A role session's ARN has its role's id.
    pub principals: BTreeMap<String, PrincipalId>,
    /// Unique id of each identity provider by ARN, spelled as in the document. A provider that is
    /// registered again under the name is another one and is not meant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, ProviderId>,
}

/// Something about a trust policy that one should look at twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustWarning {
    /// Stable name of the rule.
    pub code: String,
    /// JSON pointer into the policy.
    pub pointer: String,
    /// The remark in words.
    pub message: String,
}

/// What the caller found out about principals of other accounts that a document names.
///
/// Principals of the account itself are looked up in its own state and need not be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownPrincipals {
    /// Unique id by ARN, spelled as in the document.
    pub ids: BTreeMap<String, PrincipalId>,
    /// Accounts that exist.
    pub accounts: BTreeSet<AccountId>,
    /// The organizations they are in.
    pub organizations: BTreeMap<AccountId, OrganizationId>,
    /// Settings of the identity providers that these accounts own and the document names.
    pub providers: BTreeMap<ProviderId, ProviderSettings>,
    /// External ids that the document names and that these accounts issued.
    pub external_ids: BTreeMap<AccountId, BTreeSet<IssuedExternalId>>,
}
