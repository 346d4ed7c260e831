//! Compiled policies, one for each text, shared by all states that have it. The text itself is shared with the fold.

use std::collections::BTreeMap;
use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};
use trilby_account::organization::ControlKind;
use trilby_account::{GuardText, PolicyText, system_policies};
use trilby_engine::{CompiledPolicy, LayerKind, Resolution};
use trilby_model::{Arn, Hash, PolicyName};
use trilby_policy::{Grammar, Kind};

use super::Broken;

/// Compiled policies that are kept without any account holding them.
const POLICIES_MAX: u64 = 20_000;

/// Everything that a compiled policy is made of. The digest is computed here, never taken from an event: equal keys are
/// equal policies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    name: String,
    kind: Kind,
    layer: LayerKind,
    version: Option<u32>,
    sha256: [u8; 32],
    principals: BTreeMap<String, String>,
}

/// A bounded cache of compiled policies.
pub(crate) struct PolicyCache {
    policies: Cache<Key, Arc<CompiledPolicy>>,
}

impl Default for PolicyCache {
    fn default() -> Self {
        Self {
            policies: Cache::new(POLICIES_MAX),
        }
    }
}

impl PolicyCache {
    /// An identity-based policy: of a user, group or role.
    pub(crate) fn identity(
        &self,
        name: &str,
        version: Option<u32>,
        text: &PolicyText,
    ) -> Result<Arc<CompiledPolicy>, Broken> {
        self.checked(
            name,
            Kind::Identity,
            LayerKind::Identity,
            version,
            text,
            BTreeMap::new(),
        )
    }

    /// A managed policy where it caps a user or role.
    pub(crate) fn boundary(
        &self,
        name: &str,
        version: u32,
        text: &PolicyText,
    ) -> Result<Arc<CompiledPolicy>, Broken> {
        self.checked(
            name,
            Kind::Boundary,
            LayerKind::Boundary,
            Some(version),
            text,
            BTreeMap::new(),
        )
    }

    /// A policy on a resource, or a role's trust policy.
    pub(crate) fn guard(
        &self,
        name: &str,
        kind: Kind,
        text: &GuardText,
    ) -> Result<Arc<CompiledPolicy>, Broken> {
        self.checked(
            name,
            kind,
            LayerKind::Resource,
            None,
            &text.policy,
            named(text),
        )
    }

    /// A control policy of an organization.
    pub(crate) fn control(
        &self,
        name: &str,
        kind: ControlKind,
        version: u32,
        text: &PolicyText,
    ) -> Result<Arc<CompiledPolicy>, Broken> {
        let layer = match kind {
            ControlKind::Scp => LayerKind::Scp,
            ControlKind::Rcp => LayerKind::Rcp,
        };
        self.checked(
            name,
            kind.grammar(),
            layer,
            Some(version),
            text,
            BTreeMap::new(),
        )
    }

    /// A policy of the system in one version.
    pub(crate) fn system(
        &self,
        name: &PolicyName,
        version: u32,
        kind: Kind,
        layer: LayerKind,
    ) -> Result<Arc<CompiledPolicy>, Broken> {
        let missing = || Broken::Missing {
            name: format!("system:{name}:v{version}"),
        };
        let policy = system_policies::find(name, kind).ok_or_else(missing)?;
        let text = policy.text(version).ok_or_else(missing)?;
        let sha256 = Sha256::digest(text.as_bytes()).into();
        self.compiled(
            policy.name(),
            kind,
            layer,
            Some(version),
            &text.into(),
            sha256,
            BTreeMap::new(),
        )
    }

    fn checked(
        &self,
        name: &str,
        kind: Kind,
        layer: LayerKind,
        version: Option<u32>,
        text: &PolicyText,
        principals: BTreeMap<String, String>,
    ) -> Result<Arc<CompiledPolicy>, Broken> {
        let sha256: [u8; 32] = Sha256::digest(text.document.as_bytes()).into();
        if text.sha256 != Hash(sha256) {
            return Err(Broken::Digest {
                name: name.to_owned(),
            });
        }
        self.compiled(
            name,
            kind,
            layer,
            version,
            &text.document,
            sha256,
            principals,
        )
    }

    #[expect(clippy::too_many_arguments, reason = "each is part of the cache's key")]
    fn compiled(
        &self,
        name: &str,
        kind: Kind,
        layer: LayerKind,
        version: Option<u32>,
        text: &Arc<str>,
        sha256: [u8; 32],
        principals: BTreeMap<String, String>,
    ) -> Result<Arc<CompiledPolicy>, Broken> {
        let key = Key {
            name: name.to_owned(),
            kind,
            layer,
            version,
            sha256,
            principals,
        };
        if let Some(known) = self.policies.get(&key) {
            return Ok(known);
        }
        let compiled = CompiledPolicy::read(
            name,
            layer,
            Arc::clone(text),
            kind,
            Grammar::stored(),
            &resolution(name, kind, &key.principals)?,
        )
        .map_err(|findings| Broken::Unreadable {
            name: name.to_owned(),
            reason: findings
                .first()
                .map_or_else(String::new, |finding| finding.message.clone()),
        })?;
        let compiled = match version {
            Some(version) => compiled.with_version(format!("v{version}")),
            None => compiled,
        };
        let compiled = compiled.shared();
        self.policies.insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }
}

/// The unique ids of all that a document names, by ARN.
fn named(text: &GuardText) -> BTreeMap<String, String> {
    let principals = text.principals.iter();
    let providers = text.providers.iter();
    principals
        .map(|(arn, id)| (arn.clone(), id.to_string()))
        .chain(providers.map(|(arn, id)| (arn.clone(), id.to_string())))
        .collect()
}

/// How the principals a document names are recognised: by the unique ids they had when it was saved. Whoever is not
/// among them is gone, and matches nobody.
fn resolution(
    name: &str,
    kind: Kind,
    principals: &BTreeMap<String, String>,
) -> Result<Resolution, Broken> {
    match kind {
        Kind::Resource | Kind::Trust => {}
        Kind::Identity | Kind::Boundary | Kind::Session | Kind::Scp | Kind::Rcp => {
            return Ok(Resolution::ByName);
        }
    }
    let mut pairs: Vec<(Arn, String)> = Vec::new();
    for (arn, id) in principals {
        let arn = arn.parse().map_err(|_| Broken::Arn {
            name: format!("{arn} in {name}"),
        })?;
        pairs.push((arn, id.clone()));
    }
    Ok(Resolution::by_id(
        pairs.iter().map(|(arn, id)| (arn, id.as_str())),
    ))
}
