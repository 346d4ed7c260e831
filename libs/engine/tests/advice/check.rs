//! Whether advice is right, by the naive evaluator: what it says would allow does, and where it knows of nothing there is
//! nothing, as far as trying everything can tell.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use trilby_engine::simulate::simulate_with_advice;
use trilby_engine::{Addition, Advice, Budget, LayerKind};
use trilby_model::json as text;
use trilby_naive::{Random, generate};
use trilby_policy::{ContextValue, keys};

/// A mistake to plant in the advice, to see that checking finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Keeps statements to itself.
    NoStatements,
    /// Keeps values of keys to itself.
    NoValues,
    /// Gives another value than the one that was tried.
    OtherValue,
    /// Puts statements into the next layer.
    OtherLayer,
    /// Says that a statement helps against a Deny.
    StatementAgainstDeny,
    /// Names nothing that stands in the way.
    NothingInTheWay,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NoStatements,
        Self::NoValues,
        Self::OtherValue,
        Self::OtherLayer,
        Self::StatementAgainstDeny,
        Self::NothingInTheWay,
    ];

    fn plant(self, advice: &mut Advice) {
        let is_value = |addition: &Addition| matches!(addition, Addition::Context { .. });
        match self {
            Self::NoStatements => advice.any_of.retain(is_value),
            Self::NoValues => advice.any_of.retain(|addition| !is_value(addition)),
            Self::OtherValue => advice.any_of.iter_mut().for_each(|addition| {
                if let Addition::Context { value, .. } = addition {
                    *value = ContextValue::Scalar("something else".to_owned());
                }
            }),
            Self::OtherLayer => advice.any_of.iter_mut().for_each(|addition| {
                if let Addition::Statement { layer, .. } = addition {
                    *layer = match layer {
                        LayerKind::Identity => LayerKind::Boundary,
                        LayerKind::Rcp
                        | LayerKind::Scp
                        | LayerKind::Resource
                        | LayerKind::Boundary
                        | LayerKind::Session => LayerKind::Identity,
                    };
                }
            }),
            Self::StatementAgainstDeny if advice.any_of.is_empty() => {
                advice.any_of.push(Addition::Statement {
                    layer: LayerKind::Identity,
                    level: None,
                    statement: json!({ "Effect": "Allow", "Action": "*", "Resource": "*" }),
                    bypass: None,
                });
            }
            Self::StatementAgainstDeny => {}
            Self::NothingInTheWay => advice.in_the_way.clear(),
        }
    }
}

/// A generated case, at times without its context and without what caps it: then a single value is all that is lacking more
/// often than by chance.
pub fn case(random: &mut Random, id: u64) -> Value {
    let mut case = generate::case(random, id);
    if random.chance(50)
        && let Some(request) = case.get_mut("request").and_then(Value::as_object_mut)
    {
        request.remove("context");
    }
    if random.chance(60)
        && let Some(policies) = case.get_mut("policies").and_then(Value::as_object_mut)
    {
        for layer in ["scp", "rcp", "boundary", "session"] {
            policies.remove(layer);
        }
    }
    if random.chance(70) {
        let mut found = Vec::new();
        tests(case.get("policies").unwrap_or(&Value::Null), &mut found);
        if !found.is_empty() {
            let test = found.swap_remove(random.below(found.len()));
            let effect = if random.chance(70) { "Allow" } else { "Deny" };
            let all =
                json!({ "Effect": effect, "Action": "*", "Resource": "*", "Condition": test });
            put_statement(&mut case, "identity", None, all);
        }
    }
    case
}

/// Every test of a case's conditions, as a condition of its own.
fn tests(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| tests(item, found)),
        Value::Object(members) => {
            let operators = members.get("Condition").and_then(Value::as_object);
            for (operator, keys) in operators.into_iter().flatten() {
                for (key, values) in keys.as_object().into_iter().flatten() {
                    found.push(json!({ operator: { key: values } }));
                }
            }
            members.values().for_each(|item| tests(item, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What was seen of one denied case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub denied: u64,
    pub explicit: u64,
    pub values: u64,
    pub statements: u64,
    /// There is nothing, for certain.
    pub none: u64,
    /// Nothing is known.
    pub unsure: u64,
    /// Evaluations of the naive evaluator.
    pub tried: u64,
}

impl Seen {
    pub fn add(&mut self, other: Self) {
        self.denied += other.denied;
        self.explicit += other.explicit;
        self.values += other.values;
        self.statements += other.statements;
        self.none += other.none;
        self.unsure += other.unsure;
        self.tried += other.tried;
    }
}

/// Checks the advice on a case. `None`: it is allowed.
///
/// # Errors
/// What is wrong with the advice.
pub fn check(case: &Value, fault: Option<Fault>) -> Result<Option<Seen>, String> {
    let mut seen = Seen::default();
    if allowed(case, &mut seen) {
        return Ok(None);
    }
    let node = text::parse(&case.to_string()).map_err(|error| error.to_string())?;
    let simulation = simulate_with_advice(&node, 1, &mut Budget::default())
        .map_err(|failed| failed.error.message)?;
    let mut advice = simulation.decision.advice.ok_or("a no without advice")?;
    if let Some(fault) = fault {
        fault.plant(&mut advice);
    }
    seen.denied = 1;
    seen.explicit = u64::from(simulation.decision.outcome.as_str() == "explicit_deny");
    for addition in &advice.any_of {
        let changed = with(case, addition).ok_or_else(|| format!("no place for {addition:?}"))?;
        if !allowed(&changed, &mut seen) {
            return Err(format!("still denied with {addition:?}"));
        }
        match addition {
            Addition::Context { .. } => seen.values += 1,
            Addition::Statement { .. } => seen.statements += 1,
        }
    }
    if !advice.any_of.is_empty() {
        return Ok(Some(seen));
    }
    if advice.in_the_way.is_empty() {
        return Err("neither an addition nor what is in the way".to_owned());
    }
    if advice.none_exists {
        seen.none = 1;
    } else {
        seen.unsure = 1;
    }
    if let Some(found) = statement(case, &mut seen).or_else(|| value(case, &mut seen)) {
        return Err(format!("it is allowed with {found}"));
    }
    Ok(Some(seen))
}

fn allowed(case: &Value, seen: &mut Seen) -> bool {
    seen.tried += 1;
    trilby_naive::decide(case).decision == "allow"
}

/// The case with an addition.
fn with(case: &Value, addition: &Addition) -> Option<Value> {
    let mut case = case.clone();
    match addition {
        Addition::Context { key, value } => {
            let value = serde_json::to_value(value).ok()?;
            if !put_key(&mut case, key, value) {
                return None;
            }
        }
        Addition::Statement {
            layer,
            level,
            statement,
            ..
        } => {
            let level = level.as_ref().map(|level| level.parse()).transpose().ok()?;
            put_statement(&mut case, layer.as_str(), level, statement.clone())?;
        }
    }
    Some(case)
}

/// Gives the request a key that it lacks. Whether it lacks it.
fn put_key(case: &mut Value, key: &str, value: Value) -> bool {
    let request = case.get_mut("request").and_then(Value::as_object_mut);
    let Some(request) = request else { return false };
    let context = request
        .entry("context")
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(context) = context.as_object_mut() else {
        return false;
    };
    let normal = keys::normalise(key);
    let known = context.keys().any(|known| keys::normalise(known) == normal);
    if !known {
        context.insert(key.to_owned(), value);
    }
    !known
}

/// Puts a statement into a new policy of a layer or level; on a resource, into the one policy it has.
fn put_statement(
    case: &mut Value,
    layer: &str,
    level: Option<usize>,
    statement: Value,
) -> Option<()> {
    let policies = case
        .as_object_mut()?
        .entry("policies")
        .or_insert_with(|| json!({}))
        .as_object_mut()?;
    let document = json!({ "Version": "2012-10-17", "Statement": [statement.clone()] });
    let policy = json!({ "name": "added", "document": document });
    match (layer, level) {
        ("resource", None) => {
            let seat = policies.entry("resource").or_insert(Value::Null);
            if seat.is_null() {
                *seat = policy;
                return Some(());
            }
            let statements = seat.get_mut("document")?.get_mut("Statement")?;
            if !statements.is_array() {
                *statements = json!([statements.take()]);
            }
            statements.as_array_mut()?.push(statement);
        }
        (layer, None) => {
            let seat = policies.entry(layer).or_insert(Value::Null);
            if seat.is_null() {
                *seat = json!([]);
            }
            seat.as_array_mut()?.push(policy);
        }
        (layer, Some(level)) => {
            let chain = policies.get_mut(layer)?.as_array_mut()?;
            chain.get_mut(level)?.as_array_mut()?.push(policy);
        }
    }
    Some(())
}

/// A place in which the widest of all statements makes the case allowed.
fn statement(case: &Value, seen: &mut Seen) -> Option<String> {
    let mut places = vec![
        ("identity", None),
        ("resource", None),
        ("boundary", None),
        ("session", None),
    ];
    for chain in ["scp", "rcp"] {
        let levels = case
            .pointer(&format!("/policies/{chain}"))
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        places.extend((0..levels).map(|level| (chain, Some(level))));
    }
    if !has_sound_resource_policy(case) {
        places.retain(|(layer, _)| *layer != "resource");
    }
    for (layer, level) in places {
        let mut all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        if let ("resource" | "rcp", Some(members)) = (layer, all.as_object_mut()) {
            members.insert("Principal".to_owned(), json!("*"));
        }
        let mut case = case.clone();
        if put_statement(&mut case, layer, level, all).is_some() && allowed(&case, seen) {
            return Some(format!("a statement in {layer} {level:?}"));
        }
    }
    None
}

/// Whether anyone should be told to write a statement into a policy of the case's resource: there is no such policy of
/// nothing in particular, and what a trust policy must ask of outsiders is not made up here.
fn has_sound_resource_policy(case: &Value) -> bool {
    let text = |at: &str| case.pointer(at).and_then(Value::as_str).unwrap_or_default();
    let (resource, action) = (text("/request/resource"), text("/request/action"));
    let is_trust = resource.contains(":role/") && action.to_lowercase().starts_with("sts:");
    let caller = text("/request/principal").split(':').nth(4);
    let owner = case
        .pointer("/request/resource_account")
        .and_then(Value::as_str);
    let at_home = caller == owner.or(resource.split(':').nth(4))
        && !text("/request/principal").contains(":oidc-provider/");
    let policy = case.pointer("/policies/resource").map(Value::to_string);
    let asks = policy.is_some_and(|policy| policy.to_lowercase().contains("sts:externalid"));
    !matches!(resource, "" | "*") && (!is_trust || (at_home && !asks))
}

/// A value of a missing key that makes the case allowed.
fn value(case: &Value, seen: &mut Seen) -> Option<String> {
    let words = Words::of(case);
    for key in &words.keys {
        if follows(case, key) {
            continue;
        }
        for value in &words.values {
            let mut case = case.clone();
            if !put_key(&mut case, key, json!(value)) {
                break;
            }
            if allowed(&case, seen) {
                return Some(format!("{key} = {value:?}"));
            }
        }
    }
    None
}

/// Whether a key follows from who asks, so that giving it would replace it.
fn follows(case: &Value, key: &str) -> bool {
    let normal = keys::normalise(key);
    let principal = case.pointer("/request/principal").unwrap_or(&Value::Null);
    let arn = principal.as_str().unwrap_or_default();
    let is = |part: &str| arn.contains(part);
    match &*normal {
        "aws:principalaccount"
        | "aws:resourceaccount"
        | "aws:principaltype"
        | "aws:principalarn"
        | "aws:principalisawsservice" => true,
        "aws:userid" => !is(":user/") && !is(":assumed-role/"),
        "aws:username" => is(":user/"),
        "aws:viasession" => is(":assumed-role/") || is(":federated-user/"),
        "aws:principalservicename" | "aws:principalservicenameslist" => {
            principal.get("service").is_some()
        }
        "aws:federatedprovider" => is(":oidc-provider/"),
        _ => false,
    }
}

/// Words of a case that a key's value could be made of.
#[derive(Default)]
struct Words {
    keys: BTreeSet<String>,
    values: BTreeSet<String>,
}

impl Words {
    fn of(case: &Value) -> Self {
        let mut words = Self::default();
        for value in [
            "true",
            "false",
            "x",
            "",
            "0",
            "-7",
            "7.25",
            "999999999999999999999999999999999",
            "2025-06-01T00:00:00Z",
            "1999-01-01",
            "2040-01-01",
            "203.0.113.9",
            "2001:db8::7",
            "arn:aws:iam::111111111111:user/alice",
            "aGk=",
        ] {
            words.values.insert(value.to_owned());
        }
        if let Some(policies) = case.get("policies") {
            words.policies(policies);
        }
        for at in [
            "/request/context",
            "/request/resource",
            "/request/principal",
        ] {
            if let Some(value) = case.pointer(at) {
                words.text(value);
            }
        }
        words
    }

    /// Everything in conditions and resources.
    fn policies(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.policies(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    match name.as_str() {
                        "Condition" => self.condition(value),
                        "Resource" | "NotResource" => self.text(value),
                        _ => self.policies(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn condition(&mut self, condition: &Value) {
        let operators = condition.as_object().into_iter().flatten();
        for (key, value) in operators.flat_map(|(_, keys)| keys.as_object().into_iter().flatten()) {
            self.keys.insert(key.clone());
            self.text(value);
        }
    }

    fn text(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.text(item)),
            Value::Object(members) => members.values().for_each(|item| self.text(item)),
            Value::String(text) => self.word(text),
            Value::Number(_) | Value::Bool(_) => self.word(&value.to_string()),
            Value::Null => {}
        }
    }

    fn word(&mut self, text: &str) {
        for piece in text.split("${").skip(1) {
            let key = piece.split(['}', ',']).next().unwrap_or_default();
            if key.len() > 1 {
                self.keys.insert(key.to_owned());
            }
        }
        self.values.insert(text.to_owned());
        self.values.insert(text.to_lowercase());
        for stars in ["", "x"] {
            self.values
                .insert(text.replace('*', stars).replace('?', "x"));
        }
        for cut in [':', '/'] {
            self.values.extend(text.split(cut).map(str::to_owned));
        }
        let (head, tail) = text.split_once('/').unwrap_or((text, text));
        self.values.insert(head.to_owned());
        self.values.insert(tail.to_owned());
        if let Ok(number) = text.parse::<i64>() {
            for near in [number.saturating_add(1), number.saturating_sub(1)] {
                self.values.insert(near.to_string());
            }
        }
        if let Some((address, _)) = text.split_once('/') {
            self.values.insert(address.to_owned());
        }
    }
}
