//! From a question to its answer: which statements match, and what they come to.

use serde_json::Value;

use crate::caller::Caller;
use crate::combine::{Stance, combine, verdict};
use crate::context::{Context, normal};
use crate::fault::Fault;
use crate::principal::Class;
use crate::seats::{LAYERS, Layers, Seats};
use crate::seen::Seen;
use crate::statement::{Asked, Match, matches};
use crate::world;

/// A statement that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Its layer.
    pub layer: &'static str,
    /// Name of the policy.
    pub policy: String,
    /// Index of the statement.
    pub statement: usize,
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Index of the level in a chain.
    pub level: Option<usize>,
    pub(crate) class: Option<Class>,
}

impl Matched {
    /// How a statement of a resource policy names the caller.
    #[must_use]
    pub fn class(&self) -> Option<&'static str> {
        self.class.map(|class| match class {
            Class::Account => "account",
            Class::Entity => "entity",
            Class::Direct => "direct",
        })
    }
}

/// What a case comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `allow`, `explicit_deny` or `implicit_deny`; `error` where the state of the world is broken.
    pub decision: &'static str,
    /// The layer that settled it.
    pub layer: &'static str,
    /// How the caller stands to the resource.
    pub relation: &'static str,
    /// What each layer says alone, in the order of evaluation.
    pub layers: Vec<(&'static str, &'static str)>,
    /// Every statement that matched, in the order of evaluation.
    pub matched: Vec<Matched>,
    /// The rule that let an Allow step around a policy.
    pub bypass: Option<&'static str>,
    /// Layers whose Allow was needed and not there, a chain once for each of its levels; of an implicit deny.
    pub unmet: Vec<&'static str>,
    /// Keys, in normal form and in order, for want of which alone a statement did not match.
    pub missing: Vec<String>,
    /// What was met on the way.
    pub seen: Seen,
}

impl Answer {
    /// No answer: what decides is not there.
    pub(crate) fn error() -> Self {
        Self {
            decision: "error",
            layer: "",
            relation: "",
            layers: Vec::new(),
            matched: Vec::new(),
            bypass: None,
            unmet: Vec::new(),
            missing: Vec::new(),
            seen: Seen::default(),
        }
    }
}

/// Decides a case.
#[must_use]
pub fn decide(case: &Value) -> Answer {
    of_case(case, None)
}

/// Decides a case with one rule got wrong.
#[must_use]
pub fn decide_wrongly(case: &Value, fault: Fault) -> Answer {
    of_case(case, Some(fault))
}

/// Decides a question in a world: accounts, and the organizations they are in.
#[must_use]
pub fn decide_in_world(world: &Value) -> Answer {
    world::decide(world, None)
}

/// Decides a question in a world with one rule got wrong.
#[must_use]
pub fn decide_in_world_wrongly(world: &Value, fault: Fault) -> Answer {
    world::decide(world, Some(fault))
}

fn of_case(case: &Value, fault: Option<Fault>) -> Answer {
    let request = case.get("request").unwrap_or(&Value::Null);
    let text = |key: &str| request.get(key).and_then(Value::as_str);
    let caller = Caller::of(request);
    let context = Context::of(
        request.get("context").unwrap_or(&Value::Null),
        &caller,
        fault,
    );
    let layers = Layers::of_case(case.get("policies").unwrap_or(&Value::Null));
    judge(&Question {
        caller: &caller,
        action: text("action").unwrap_or_default(),
        resource: text("resource").unwrap_or("*"),
        context: &context,
        seats: layers.seated(&caller),
        stance: Stance::default(),
    })
}

/// A question with everything that bears on it.
pub(crate) struct Question<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
    pub(crate) seats: Seats<'a>,
    pub(crate) stance: Stance,
}

/// Answers a question.
pub(crate) fn judge(question: &Question<'_>) -> Answer {
    let (context, seats) = (question.context, &question.seats);
    let mut matched = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    for seat in &seats.all {
        let version = seat.document.get("Version").and_then(Value::as_str);
        let new = version == Some("2012-10-17");
        context.seen.count_document(new);
        let asked = Asked {
            caller: question.caller,
            action: question.action,
            resource: question.resource,
            context,
            bounded: seats.bind.contains(&"boundary"),
            variables: new || context.is_planted(Fault::OldVersionHasVariables),
            names_principals: seat.layer == "resource",
            ids: seat.ids,
        };
        for (index, statement) in statements(seat.document).into_iter().enumerate() {
            match matches(statement, &asked) {
                Match::No => {}
                Match::Lacks(keys) => missing.extend(keys.iter().map(|key| normal(key))),
                Match::Yes(class) => matched.push(Matched {
                    layer: seat.layer,
                    policy: seat.name.clone(),
                    statement: index,
                    effect: effect(statement).to_owned(),
                    level: seat.level,
                    class,
                }),
            }
        }
    }
    missing.sort();
    missing.dedup();
    let settled = combine(question, &matched);
    Answer {
        decision: settled.decision,
        layer: settled.layer,
        relation: settled.relation,
        bypass: settled.bypass,
        unmet: settled.unmet,
        layers: LAYERS
            .into_iter()
            .map(|layer| (layer, verdict(layer, seats, &matched)))
            .collect(),
        matched,
        missing,
        seen: context.seen.told(),
    }
}

fn effect(statement: &Value) -> &str {
    statement
        .get("Effect")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn statements(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}
