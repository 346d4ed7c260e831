//! The answer in AuthZEN's form. Bare unless reasons were asked for: stock clients compare it byte for byte.

use serde::Serialize;
use serde_json::{Map, Value, json};
use trilby_engine::{Decision, Explain};
use trilby_model::{ConsistencyToken, DecisionId, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

use super::mapping::Unanswerable;

/// What is said in place of reasons that one request has too many of.
const LEFT_OUT: &str =
    "the answers before hold as many reasons as fit: ask this question in another request";

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Decision, title = "Decision")]
pub struct DecisionBody {
    /// Whether it is allowed. `false` must stop the operation.
    pub decision: bool,
    /// Reasons, on request; the error of an item that could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Map<String, Value>>,
}

/// Answers in the order of the questions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Decisions, title = "Decisions")]
#[serde(untagged)]
pub enum BatchBody {
    /// There was one question, without `evaluations`.
    Single(DecisionBody),
    /// One answer for each question, up to where the batch stopped.
    Many {
        /// The answers.
        evaluations: Vec<DecisionBody>,
    },
}

/// What every explained answer of one request shares.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Id of the evaluation.
    pub id: DecisionId,
    /// When.
    pub at: Timestamp,
    /// How much to tell.
    pub explain: Option<Explain>,
}

impl DecisionBody {
    /// The answer and nothing else.
    pub fn bare(decision: bool) -> Self {
        Self {
            decision,
            context: None,
        }
    }

    /// The engine's answer, with as many reasons as were asked for.
    pub fn decided(
        decision: &Decision,
        level: Explain,
        token: Option<&ConsistencyToken>,
        shared: &Shared,
    ) -> Result<Self, Problem> {
        let trilby =
            serde_json::to_value(decision.explanation(level, token)).map_err(Problem::internal)?;
        Ok(Self::explained(
            decision.is_allow(),
            decision.outcome.as_str(),
            trilby,
            shared,
        ))
    }

    /// The same with a remark before the sentence that explains it, if there is one.
    pub fn with_remark(mut self, remark: &str) -> Self {
        let trilby = self
            .context
            .as_mut()
            .and_then(|context| context.get_mut("trilby"));
        if let Some(message) = trilby.and_then(|trilby| trilby.get_mut("message")) {
            let told = message.as_str().unwrap_or_default();
            *message = json!(format!("{remark}; {told}"));
        }
        self
    }

    /// The same with a word that more was asked for than it tells.
    pub fn left_out(mut self) -> Self {
        let trilby = self
            .context
            .as_mut()
            .and_then(|context| context.get_mut("trilby"))
            .and_then(Value::as_object_mut);
        if let Some(trilby) = trilby {
            trilby.insert("left_out".to_owned(), json!(LEFT_OUT));
        }
        self
    }

    /// Bytes of what it tells besides the decision.
    pub fn told_bytes(&self) -> usize {
        self.context
            .as_ref()
            .and_then(|context| serde_json::to_vec(context).ok())
            .map_or(0, |told| told.len())
    }

    /// No, without a policy having been asked.
    pub fn unanswerable(why: Unanswerable, shared: &Shared) -> Self {
        let Some(level) = shared.explain else {
            return Self::bare(false);
        };
        let mut trilby = json!({"decision": "implicit_deny", "layer": "identity"});
        if let (true, Some(members)) = (level >= Explain::Explain, trilby.as_object_mut()) {
            let message = why.message();
            for (name, value) in [
                ("matched", json!([])),
                ("layers", json!({})),
                ("missing_context", json!([])),
                ("policy_language", json!(1)),
                ("deciding", json!([])),
                ("unmet", json!([])),
                ("message", json!(message)),
            ] {
                members.insert(name.to_owned(), value);
            }
        }
        Self::explained(false, "implicit_deny", trilby, shared)
    }

    /// The item could not be asked.
    pub fn failed(problem: &Problem) -> Self {
        let error = json!({
            "status": problem.status().as_u16(),
            "code": problem.code.as_str(),
            "message": problem.detail,
        });
        let mut context = Map::new();
        context.insert("error".to_owned(), error);
        Self {
            decision: false,
            context: Some(context),
        }
    }

    fn explained(decision: bool, reason: &str, trilby: Value, shared: &Shared) -> Self {
        let mut context = Map::new();
        context.insert("evaluation_id".to_owned(), json!(shared.id.to_string()));
        context.insert("evaluated_at".to_owned(), json!(shared.at.to_string()));
        context.insert("reason".to_owned(), json!(reason));
        context.insert("trilby".to_owned(), trilby);
        Self {
            decision,
            context: Some(context),
        }
    }
}
