//! The answer, with everything there is to say about it.

mod assemble;
mod brief;
mod deciding;
mod explanation;
mod redact;

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeMap};
use trilby_model::AccountId;
use trilby_policy::{ContextValue, Effect, TypeMismatch};

pub use brief::Brief;
pub use explanation::{Explain, ExplainError, Explanation};
pub use redact::Visible;

pub(crate) use assemble::{Presence, level_name};
pub(crate) use deciding::deciding;
pub(crate) use redact::{shown_layer, side};

use crate::advice::Advice;
use crate::compiled::CompiledPolicy;
use crate::layer::{LayerKind, Verdict};
use crate::matching::Class;
use crate::message::sentence;

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Yes.
    Allow,
    /// No: a statement says so.
    ExplicitDeny,
    /// No: nothing says yes.
    ImplicitDeny,
}

impl Outcome {
    /// Whether it is yes.
    #[must_use]
    pub fn is_allow(self) -> bool {
        self == Self::Allow
    }

    /// The word for it in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::ExplicitDeny => "explicit_deny",
            Self::ImplicitDeny => "implicit_deny",
        }
    }
}

/// How the principal stands to the resource, which settles whose Allow is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Both belong to one account.
    SameAccount,
    /// They belong to different accounts.
    CrossAccount,
    /// The resource must grant by its own policy: a role that is to be put on.
    Trust,
    /// The caller is a service.
    Service,
    /// The caller is nobody in particular.
    Anonymous,
}

/// A rule that let an Allow step around a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bypass {
    /// The resource policy names the caller itself, so that in the same account its boundary or session policy does
    /// not cap it.
    DirectResourceGrant,
    /// The root user repairs a resource policy of its own account that denies it.
    RootRepair,
}

/// A statement of a policy, and where it speaks from.
#[derive(Clone, Debug)]
pub struct StatementRef {
    pub(crate) policy: Arc<CompiledPolicy>,
    pub(crate) kind: LayerKind,
    pub(crate) statement: usize,
    pub(crate) sid: Option<Arc<str>>,
    pub(crate) effect: Effect,
    pub(crate) level: Option<Arc<str>>,
    pub(crate) class: Option<Class>,
}

impl StatementRef {
    /// Name of the policy.
    #[must_use]
    pub fn policy(&self) -> &str {
        self.policy.name()
    }

    /// The layer.
    #[must_use]
    pub fn kind(&self) -> LayerKind {
        self.kind
    }

    /// Index of the statement in the document, from 0.
    #[must_use]
    pub fn statement(&self) -> usize {
        self.statement
    }

    /// Its name in the document.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// What it does.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Version of a managed policy.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.policy.version()
    }

    /// Where in an organization's tree it is attached.
    #[must_use]
    pub fn level(&self) -> Option<&str> {
        self.level.as_deref()
    }

    /// How a resource policy names the caller.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        self.class
    }
}

impl Serialize for StatementRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("policy", self.policy())?;
        map.serialize_entry("kind", &self.kind)?;
        map.serialize_entry("statement", &self.statement)?;
        map.serialize_entry("sid", &self.sid())?;
        map.serialize_entry("effect", &self.effect)?;
        if let Some(version) = self.version() {
            map.serialize_entry("version", version)?;
        }
        if let Some(level) = self.level() {
            map.serialize_entry("level", level)?;
        }
        if let Some(class) = self.class {
            map.serialize_entry("class", &class)?;
        }
        map.end()
    }
}

/// What each layer says on its own. `None`: hidden from this viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LayerVerdicts {
    /// Policies of the principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Verdict>,
    /// The policy on the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Verdict>,
    /// The permissions boundary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Verdict>,
    /// Session policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Verdict>,
    /// Service control policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scp: Option<Verdict>,
    /// Resource control policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rcp: Option<Verdict>,
}

/// Whether each level of a chain allows, from the root down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Levels {
    /// Of the principal's organization.
    pub scp: Vec<LevelVerdict>,
    /// Of the resource's organization.
    pub rcp: Vec<LevelVerdict>,
}

/// What one level says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelVerdict {
    /// Id of the root, unit or account; its place in the list in a simulation.
    pub level: String,
    /// What it says.
    pub verdict: Verdict,
}

/// In which ways the resource policy grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResourceClasses {
    /// To the caller itself, or everyone.
    pub direct: bool,
    /// To the user or role behind the session.
    pub entity: bool,
    /// To the caller's account.
    pub account: bool,
}

/// What kept a statement from matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NearMissReason {
    /// It is about someone else.
    Principal,
    /// Its condition does not hold.
    Condition,
}

/// A statement about this action and resource that does not match.
#[derive(Clone, Debug, Serialize)]
pub struct NearMiss {
    /// Which.
    pub statement: StatementRef,
    /// What kept it from matching.
    pub failed: NearMissReason,
    /// What it wanted and what there was, for each test that failed.
    pub detail: Vec<Detail>,
}

/// One failed test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The condition operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The condition key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What the policy lists.
    pub wanted: Vec<String>,
    /// What the request carried.
    pub got: Option<ContextValue>,
}

/// A key that statements asked for and the request did not carry.
#[derive(Clone, Debug, Serialize)]
pub struct MissingKey {
    /// As the first of them spells it.
    pub key: String,
    /// Those statements.
    pub referenced_by: Vec<StatementRef>,
    /// Some value of this key alone could make the answer another.
    pub could_change_decision: bool,
}

/// The answer.
///
/// Everything in it may be shown to who may read the policies of both accounts. For anyone else, see
/// [`Decision::seen_from`].
#[derive(Clone, Debug)]
pub struct Decision {
    /// In one word.
    pub outcome: Outcome,
    /// The layer that settled it.
    pub layer: LayerKind,
    /// How principal and resource stand to each other.
    pub relation: Relation,
    /// Every matching statement, in the order of evaluation.
    pub matched: Vec<StatementRef>,
    /// What each layer says on its own.
    pub layers: LayerVerdicts,
    /// The statements the answer rests on: every Deny; or Allows that suffice, the grant before those that merely did not
    /// cap it. None where nothing was granted, and for a root user in its own account.
    pub deciding: Vec<StatementRef>,
    /// For an implicit deny: the Allows that were needed and not there, as layer or `layer:level`.
    pub unmet: Vec<String>,
    /// A rule that let the Allow step around a policy.
    pub bypass: Option<Bypass>,
    /// What each level of an organization's chain says.
    pub levels: Levels,
    /// In which ways the resource policy grants. `None`: hidden from this viewer.
    pub resource_classes: Option<ResourceClasses>,
    /// Statements about this action and resource that do not match.
    pub near_misses: Vec<NearMiss>,
    /// Keys that were asked for and not there.
    pub missing_keys: Vec<MissingKey>,
    /// What would make a no a yes, if it was asked for.
    pub advice: Option<Advice>,
    /// Account of the principal.
    pub principal_account: Option<AccountId>,
    /// Account that owns the resource.
    pub resource_account: Option<AccountId>,
    type_mismatches: Vec<(LayerKind, TypeMismatch)>,
    variables: Vec<(LayerKind, String, String)>,
    headline: String,
    causes: Vec<(LayerKind, String)>,
}

impl Decision {
    /// Whether the answer is yes.
    #[must_use]
    pub fn is_allow(&self) -> bool {
        self.outcome.is_allow()
    }

    /// The answer and its reason in one English sentence.
    #[must_use]
    pub fn message(&self) -> String {
        sentence(&self.headline, &self.causes)
    }

    /// Keys that a statement of the right action, resource and principal asked for, and for the lack of which alone it
    /// did not match.
    pub fn missing_context(&self) -> impl Iterator<Item = &str> {
        self.missing_keys.iter().map(|missing| missing.key.as_str())
    }
}
