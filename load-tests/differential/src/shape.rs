//! One answer in a form that both sides can be brought into.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trilby_engine::{
    Answered, Brief, Decision, Error, Noted, Notes, Ready, StatementRef, decide, decide_into,
};
use trilby_naive::{Answer, Fault};

use crate::world::World;

/// An answer without its `id` and without what only one side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(pub Value);

/// A question that is answered in two ways.
#[derive(Clone, Debug)]
pub struct Differs {
    /// The case or world.
    pub case: Value,
    /// What the engine says.
    pub engine: Shape,
    /// What the naive evaluator says, or the engine where it was asked in another way.
    pub other: Shape,
}

/// What the engine says of a case; an error is an answer too, and never the same as a decision.
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
    let missing = get("missing_context");
    let missing = missing.as_array().into_iter().flatten();
    Shape(json!({
        "decision": get("decision"),
        "layer": get("layer"),
        "layers": get("layers"),
        "matched": matched,
        "missing": normal(missing.filter_map(Value::as_str)),
    }))
}

/// Keys in one spelling, each once and in order.
fn normal<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<String> {
    let keys: BTreeSet<String> = keys
        .map(|key| trilby_policy::keys::normalise(key).into_owned())
        .collect();
    keys.into_iter().collect()
}

/// What the naive evaluator says of a case.
#[must_use]
pub fn of_naive(answer: &Answer) -> Shape {
    let layers: serde_json::Map<String, Value> = answer
        .layers
        .iter()
        .map(|(layer, verdict)| ((*layer).to_owned(), (*verdict).into()))
        .collect();
    let matched: Vec<Value> = answer
        .matched
        .iter()
        .map(|m| json!([m.layer, m.policy, m.statement, m.effect]))
        .collect();
    Shape(json!({
        "decision": answer.decision,
        "layer": answer.layer,
        "layers": layers,
        "matched": matched,
        "missing": answer.missing,
    }))
}

/// What the naive evaluator says of a case, with a rule got wrong if one is given.
#[must_use]
pub fn ask_naive(case: &Value, fault: Option<Fault>) -> Answer {
    match fault {
        Some(fault) => trilby_naive::decide_wrongly(case, fault),
        None => trilby_naive::decide(case),
    }
}

/// Where the two differ on a case.
#[must_use]
pub fn difference(case: &Value, naive: &Answer) -> Option<Differs> {
    let (engine, other) = (of_engine(case), of_naive(naive));
    (engine != other).then(|| Differs {
        case: case.clone(),
        engine,
        other,
    })
}

/// What the naive evaluator says of a world, with a rule got wrong if one is given.
#[must_use]
pub fn ask_naive_in_world(world: &Value, fault: Option<Fault>) -> Answer {
    match fault {
        Some(fault) => trilby_naive::decide_in_world_wrongly(world, fault),
        None => trilby_naive::decide_in_world(world),
    }
}

/// What the naive evaluator says of a world, in full.
#[must_use]
pub fn of_naive_in_world(answer: &Answer) -> Shape {
    if answer.decision == "error" {
        return Shape(json!("error"));
    }
    let Shape(mut shape) = of_naive(answer);
    let matched: Vec<Value> = answer
        .matched
        .iter()
        .map(|m| json!([m.layer, m.policy, m.statement, m.effect, m.class()]))
        .collect();
    if let Some(shape) = shape.as_object_mut() {
        shape.insert("matched".into(), matched.into());
        shape.insert("relation".into(), answer.relation.into());
        shape.insert("bypass".into(), answer.bypass.into());
        shape.insert("unmet".into(), answer.unmet.clone().into());
    }
    Shape(shape)
}

fn of_decision(decision: &Decision) -> Shape {
    let matched: Vec<Value> = decision
        .matched
        .iter()
        .map(|m| {
            json!([
                m.kind(),
                m.policy(),
                m.statement(),
                m.effect().as_str(),
                m.class(),
            ])
        })
        .collect();
    Shape(json!({
        "decision": decision.outcome,
        "layer": decision.layer,
        "layers": decision.layers,
        "matched": matched,
        "missing": normal(decision.missing_context()),
        "relation": decision.relation,
        "bypass": decision.bypass,
        "unmet": gates(decision),
    }))
}

/// The layers of the gates that were not met.
fn gates(decision: &Decision) -> Vec<&str> {
    let gates = decision.unmet.iter();
    gates
        .map(|gate| gate.split(':').next().unwrap_or_default())
        .collect()
}

/// Where the engine and the naive evaluator differ on a world, or the engine and its own fast way.
///
/// # Errors
/// What was given is no world.
pub fn difference_in_world(world: &Value, naive: &Answer) -> anyhow::Result<Option<Differs>> {
    let differs = |engine: Shape, other: Shape| {
        (engine != other).then(|| Differs {
            case: world.clone(),
            engine,
            other,
        })
    };
    let read = World::read(world)?;
    let worlds = read.worlds();
    let decision = decide(&read.request, &worlds);
    let mut notes = Notes::default();
    let ready = Ready::new(read.request.clone());
    let fast = decide_into(&ready, &worlds, &mut notes);
    let engine = match &decision {
        Ok(decision) => of_decision(decision),
        Err(_) => Shape(json!("error")),
    };
    let viewers = [read.request.principal.account(), read.request.owner()];
    let brief = viewers.into_iter().flatten().find_map(|viewer| {
        let (Ok(decision), Ok(fast)) = (&decision, &fast) else {
            return None;
        };
        let told = Brief::of(&ready, &worlds, fast, &notes, viewer);
        let whole = decision.clone().seen_from(viewer).brief();
        differs(in_brief(&Ok(whole)), in_brief(&told))
    });
    let checked = differs(engine, of_naive_in_world(naive)).or(brief);
    Ok(checked.or_else(|| {
        let (whole, fast) = match (&decision, &fast) {
            (Ok(decision), Ok(fast)) => (noted_of(decision), noted_in(fast, &notes, naive)),
            (decision, fast) => (
                Shape(format!("{:?}", decision.as_ref().err()).into()),
                Shape(format!("{:?}", fast.as_ref().err()).into()),
            ),
        };
        differs(whole, fast)
    }))
}

/// What is told of an answer in brief.
fn in_brief(brief: &Result<Brief, Error>) -> Shape {
    Shape(match brief {
        Ok(brief) => json!({
            "decision": brief.outcome,
            "layer": brief.layer,
            "deciding": brief.deciding,
            "unmet": brief.unmet,
            "message": brief.message,
        }),
        Err(error) => error.to_string().into(),
    })
}

/// What a decision comes to in the words of notes.
fn noted_of(decision: &Decision) -> Shape {
    let told = |m: &StatementRef| json!([m.kind(), m.statement(), m.effect().as_str(), m.class()]);
    // A statement that lacks two keys is told by both.
    let mut lacking: Vec<&StatementRef> = Vec::new();
    for statement in decision
        .missing_keys
        .iter()
        .flat_map(|key| &key.referenced_by)
    {
        let same = |known: &&StatementRef| {
            std::ptr::eq(known.policy(), statement.policy())
                && known.statement() == statement.statement()
                && known.level() == statement.level()
        };
        if !lacking.iter().any(same) {
            lacking.push(statement);
        }
    }
    Shape(json!({
        "decision": decision.outcome,
        "layer": decision.layer,
        "bypass": decision.bypass,
        "layers": decision.layers,
        "matched": decision.matched.iter().map(told).collect::<Vec<_>>(),
        "deciding": decision.deciding.iter().map(told).collect::<Vec<_>>(),
        "lacking": sorted(lacking.into_iter().map(told).collect()),
        "missing": decision.missing_context().collect::<Vec<_>>(),
        "unmet": gates(decision),
        "levels": true,
    }))
}

fn noted_in(fast: &Answered, notes: &Notes, naive: &Answer) -> Shape {
    let told = |n: &Noted| json!([n.layer, n.statement, n.effect.as_str(), n.class]);
    let levels = notes.matched().iter().map(|n| n.level);
    Shape(json!({
        "decision": fast.outcome,
        "layer": fast.layer,
        "bypass": fast.bypass,
        "layers": notes.layers(),
        "matched": notes.matched().iter().map(told).collect::<Vec<_>>(),
        "deciding": notes.deciding().map(told).collect::<Vec<_>>(),
        "lacking": sorted(notes.lacking().iter().map(told).collect()),
        "missing": notes.missing().iter().collect::<Vec<_>>(),
        "unmet": notes.unmet().map(|gate| gate.layer().as_str()).collect::<Vec<_>>(),
        "levels": levels.eq(naive.matched.iter().map(|m| m.level)),
    }))
}

fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_key(Value::to_string);
    values
}
