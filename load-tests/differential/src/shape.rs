//! One answer in a form that both sides can be brought into.

use serde_json::{Value, json};
use trilby_naive::{Answer, Fault};

/// An answer without its `id` and without what only one side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub Value);

/// A case that is answered in two ways.
#[derive(Clone, Debug)]
pub struct Differs {
    /// The case.
    pub case: Value,
    /// What the engine says.
    pub engine: Shape,
    /// What the naive evaluator says.
    pub naive: Shape,
}

/// What the engine says; an error is an answer too, and never the same as a decision.
#[must_use]
pub fn of_engine(case: &Value) -> Shape {
    let answer = trilby_engine::simulate::answer_text(&case.to_string(), 1);
    let answer = serde_json::to_value(answer).unwrap_or_default();
    let get = |name: &str| answer.get(name).cloned().unwrap_or_default();
    if answer.get("error").is_some() {
        return Shape(json!({ "error": get("error") }));
    }
    let matched: Vec<Value> = get("matched")
        .as_array()
        .into_iter()
        .flatten()
        .map(|matched| {
            json!([
                matched.get("kind"),
                matched.get("policy"),
                matched.get("statement"),
                matched.get("effect"),
            ])
        })
        .collect();
    Shape(json!({
        "decision": get("decision"),
        "layer": get("layer"),
        "layers": get("layers"),
        "matched": matched,
    }))
}

/// What the naive evaluator says, with a rule got wrong if one is given.
#[must_use]
pub fn of_naive(case: &Value, fault: Option<Fault>) -> Shape {
    let Answer {
        decision,
        layer,
        layers,
        matched,
    } = match fault {
        Some(fault) => trilby_naive::decide_wrongly(case, fault),
        None => trilby_naive::decide(case),
    };
    let layers: serde_json::Map<String, Value> = layers
        .into_iter()
        .map(|(layer, verdict)| (layer.to_owned(), verdict.into()))
        .collect();
    let matched: Vec<Value> = matched
        .iter()
        .map(|m| json!([m.layer, m.policy, m.statement, m.effect]))
        .collect();
    Shape(json!({
        "decision": decision,
        "layer": layer,
        "layers": layers,
        "matched": matched,
    }))
}

/// Where the two differ on a case.
#[must_use]
pub fn difference(case: &Value, fault: Option<Fault>) -> Option<Differs> {
    let (engine, naive) = (of_engine(case), of_naive(case, fault));
    (engine != naive).then(|| Differs {
        case: case.clone(),
        engine,
        naive,
    })
}
