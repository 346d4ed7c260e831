//! What a case is answered with.

use serde::Serialize;
use trilby_policy::Effect;

use super::Simulation;
use crate::decision::{LayerVerdicts, Outcome, StatementRef};
use crate::layer::LayerKind;

/// The answer to one case.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// It was decided.
    Decided(Box<Decided>),
    /// It was in error.
    Failed(Failed),
}

/// A decided case.
#[derive(Clone, Debug, Serialize)]
pub struct Decided {
    /// What the case calls itself, or its line.
    pub id: serde_json::Value,
    /// The answer in one word.
    pub decision: Outcome,
    /// The layer that settled it.
    pub layer: LayerKind,
    /// Every statement that matched, in the order of evaluation.
    pub matched: Vec<Match>,
    /// What each layer says on its own.
    pub layers: LayerVerdicts,
    /// Condition keys that alone kept a statement from matching, by not being there.
    pub missing_context: Vec<String>,
}

/// A statement that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Match {
    /// Name of the policy.
    pub policy: String,
    /// Its layer.
    pub kind: LayerKind,
    /// Index of the statement, from 0.
    pub statement: usize,
    /// Its name in the document.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
}

/// A case that could not be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// What the case calls itself, or its line.
    pub id: serde_json::Value,
    /// Why.
    pub error: CaseError,
}

/// What is wrong with a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseError {
    /// Stable name of the kind of error.
    pub code: &'static str,
    /// JSON pointer (RFC 6901) into the case.
    pub path: String,
    /// One sentence for a person.
    pub message: String,
}

impl Answer {
    pub(super) fn decided(simulation: &Simulation) -> Self {
        let decision = &simulation.decision;
        Self::Decided(Box::new(Decided {
            id: simulation.id.clone(),
            decision: decision.outcome,
            layer: decision.layer,
            matched: decision.matched.iter().map(Match::from).collect(),
            layers: decision.layers,
            missing_context: decision.missing_context().map(str::to_owned).collect(),
        }))
    }

    /// Whether the case was in error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl From<&StatementRef> for Match {
    fn from(statement: &StatementRef) -> Self {
        Self {
            policy: statement.policy().to_owned(),
            kind: statement.kind(),
            statement: statement.statement(),
            sid: statement.sid().map(str::to_owned),
            effect: statement.effect(),
        }
    }
}

impl CaseError {
    pub(super) fn new(
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code,
            path: path.into(),
            message: message.into(),
        }
    }

    pub(super) fn wrong(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new("invalid_parameter", path, message)
    }
}
