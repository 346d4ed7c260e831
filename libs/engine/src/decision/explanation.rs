//! How much of an answer is told, and its form on the wire.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Serialize;
use trilby_model::ConsistencyToken;

use super::{
    Bypass, Decision, LayerVerdicts, Levels, MissingKey, NearMiss, Outcome, Relation,
    ResourceClasses, StatementRef,
};
use crate::advice::Advice;
use crate::layer::LayerKind;

/// The version of the rules by which documents are evaluated.
const POLICY_LANGUAGE: u32 = 1;

/// How much to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Explain {
    /// The answer and the layer that settled it.
    Reason,
    /// And the statements, and a sentence.
    Explain,
    /// And what nearly matched, and what was missing.
    Trace,
}

/// A word that is no level of explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an explanation is `reason`, `explain` or `trace`")]
pub struct ExplainError;

impl FromStr for Explain {
    type Err = ExplainError;

    fn from_str(text: &str) -> Result<Self, ExplainError> {
        match text {
            "reason" => Ok(Self::Reason),
            "explain" => Ok(Self::Explain),
            "trace" => Ok(Self::Trace),
            _ => Err(ExplainError),
        }
    }
}

/// An answer, cut to the level asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    decision: Outcome,
    layer: LayerKind,
    #[serde(flatten)]
    explain: Option<ExplainPart>,
    #[serde(flatten)]
    trace: Option<TracePart>,
}

#[derive(Clone, Debug, Serialize)]
struct ExplainPart {
    matched: Vec<StatementRef>,
    layers: LayerVerdicts,
    missing_context: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<String>,
    policy_language: u32,
    relation: Relation,
    deciding: Vec<StatementRef>,
    unmet: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bypass: Option<Bypass>,
    message: String,
}

#[derive(Clone, Debug, Serialize)]
struct TracePart {
    levels: Levels,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_classes: Option<ResourceClasses>,
    near_misses: Vec<NearMiss>,
    missing_context_detail: Vec<MissingKey>,
    type_mismatches: Vec<Mismatch>,
    resolved_variables: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_allow_if: Option<Advice>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Mismatch {
    key: String,
    value: String,
    operator: String,
}

impl Decision {
    /// The answer, cut to a level. `seq`: where the logs stood that it rests on.
    #[must_use]
    pub fn explanation(&self, level: Explain, seq: Option<&ConsistencyToken>) -> Explanation {
        Explanation {
            decision: self.outcome,
            layer: self.layer,
            explain: (level >= Explain::Explain).then(|| self.explain_part(seq)),
            trace: (level >= Explain::Trace).then(|| self.trace_part()),
        }
    }

    /// The answer as JSON, cut to a level; without the position, which the engine does not know.
    #[must_use]
    pub fn at_level(&self, level: Explain) -> serde_json::Value {
        // Nothing in an explanation can fail to be written: its keys are strings and its numbers are small.
        serde_json::to_value(self.explanation(level, None)).unwrap_or_default()
    }

    fn explain_part(&self, seq: Option<&ConsistencyToken>) -> ExplainPart {
        ExplainPart {
            matched: self.matched.clone(),
            layers: self.layers,
            missing_context: self.missing_context().map(str::to_owned).collect(),
            seq: seq.map(ToString::to_string),
            policy_language: POLICY_LANGUAGE,
            relation: self.relation,
            deciding: self.deciding.clone(),
            unmet: self.unmet.clone(),
            bypass: self.bypass,
            message: self.message(),
        }
    }

    fn trace_part(&self) -> TracePart {
        let mut type_mismatches: Vec<Mismatch> = Vec::new();
        for (_, found) in &self.type_mismatches {
            let told = Mismatch {
                key: found.key.clone(),
                value: found.value.clone(),
                operator: found.operator.clone(),
            };
            if !type_mismatches.contains(&told) {
                type_mismatches.push(told);
            }
        }
        TracePart {
            levels: self.levels.clone(),
            resource_classes: self.resource_classes,
            near_misses: self.near_misses.clone(),
            missing_context_detail: self.missing_keys.clone(),
            type_mismatches,
            resolved_variables: self
                .variables
                .iter()
                .map(|(_, key, value)| (key.clone(), value.clone()))
                .collect(),
            would_allow_if: self.advice.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
