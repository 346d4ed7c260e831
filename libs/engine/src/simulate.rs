//! One self-contained question: a request and every policy that bears on it, in one JSON object.
//!
//! Nothing but the case is looked at: no account, no clock. Principals are matched by ARN text, and derived condition
//! keys are filled in only where the case does not give them.

mod answer;
mod case;
mod context;
mod principal;
mod text;

use trilby_model::json::{self, ErrorCode, Node};

pub use answer::{Answer, CaseError, Decided, Failed, Match};

use crate::advice::{Budget, Setting, advised};
use crate::decision::Decision;
use crate::effort::is_too_much;
use crate::evaluate::evaluate;
#[cfg(test)]
use crate::{layer::Layers, request::Request};
use case::Case;

/// A case, answered: everything there is to say, not only what [`Answer`] prints.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// What the case calls itself, or its line.
    pub id: serde_json::Value,
    /// The answer.
    pub decision: Decision,
}

/// Answers a case. `line`: what it is called if it has no `id`.
///
/// # Errors
/// The case is not well-formed, or one of its documents is not.
pub fn simulate(case: &Node, line: u64) -> Result<Simulation, Failed> {
    let id = case::id(case, line)?;
    match Case::read(case) {
        Ok(case) => Ok(Simulation {
            decision: evaluate(&case.request, &case.layers),
            id,
        }),
        Err(error) => Err(Failed { id, error }),
    }
}

/// As [`simulate`], with advice where the answer is no.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_with_advice(
    case: &Node,
    line: u64,
    budget: &mut Budget,
) -> Result<Simulation, Failed> {
    let id = case::id(case, line)?;
    match Case::read(case) {
        Ok(Case { request, layers }) => {
            let decision = evaluate(&request, &layers);
            Ok(Simulation {
                decision: advised(decision, &request, &layers, Setting::SIMULATED, budget),
                id,
            })
        }
        Err(error) => Err(Failed { id, error }),
    }
}

const TAKES_TOO_LONG: &str =
    "policies and context are too large together; `trilby simulate` takes cases of any size";

/// What a case asks, and every policy that bears on it.
#[cfg(test)]
pub(crate) fn layers_of(case: &Node) -> Result<(Request, Layers), CaseError> {
    Case::read(case).map(|case| (case.request, case.layers))
}

/// Answers a case in the form that goes out.
#[must_use]
pub fn answer(case: &Node, line: u64) -> Answer {
    match simulate(case, line) {
        Ok(simulation) => Answer::decided(&simulation),
        Err(failed) => Answer::Failed(failed),
    }
}

/// As [`answer`], for whoever answers others as well: a case that may take long is in error.
#[must_use]
pub fn answer_soon(case: &Node, line: u64) -> Answer {
    let id = match case::id(case, line) {
        Ok(id) => id,
        Err(failed) => return Answer::Failed(failed),
    };
    let error = match Case::read(case) {
        Ok(case) if is_too_much(&case.request, &case.layers) => {
            CaseError::new("takes_too_long", "/request/context", TAKES_TOO_LONG)
        }
        Ok(case) => {
            return Answer::decided(&Simulation {
                decision: evaluate(&case.request, &case.layers),
                id,
            });
        }
        Err(error) => error,
    };
    Answer::Failed(Failed { id, error })
}

/// Answers a case that is still text.
#[must_use]
pub fn answer_text(case: &str, line: u64) -> Answer {
    match json::parse(case) {
        Ok(node) => answer(&node, line),
        Err(error) => Answer::Failed(unreadable(&error, line)),
    }
}

/// As [`answer`], as a JSON value.
#[must_use]
pub fn run(case: &Node, line: u64) -> serde_json::Value {
    // Nothing in an answer can fail to be written: its keys are strings and its numbers are small.
    serde_json::to_value(answer(case, line)).unwrap_or_default()
}

/// Answers a case for people: a few lines that say what was decided and why, and what would change a no.
#[must_use]
pub fn explain_text(case: &Node, line: u64) -> String {
    explained(case, line).unwrap_or_else(|failed| refusal_text(&failed))
}

/// As [`explain_text`].
///
/// # Errors
/// As [`simulate`]; [`refusal_text`] says it for people.
pub fn explained(case: &Node, line: u64) -> Result<String, Failed> {
    simulate_with_advice(case, line, &mut Budget::default())
        .map(|simulation| text::explain(&simulation))
}

/// A case that could not be decided, for people.
#[must_use]
pub fn refusal_text(failed: &Failed) -> String {
    text::refuse(failed)
}

/// What is said of text that is not JSON.
#[must_use]
pub fn unreadable(error: &json::Error, line: u64) -> Failed {
    let code = match error.code {
        ErrorCode::Syntax | ErrorCode::TooDeep => "invalid_json",
        ErrorCode::DuplicateMember => "duplicate_field",
    };
    Failed {
        id: line.into(),
        error: CaseError {
            code,
            path: error.pointer.clone(),
            message: error.to_string(),
        },
    }
}

/// What is said of a case that is longer than whoever runs it will read.
#[must_use]
pub fn too_large(line: u64, message: String) -> Failed {
    Failed {
        id: line.into(),
        error: CaseError::new("too_large", "", message),
    }
}

#[cfg(test)]
mod tests;
