//! Document to JSON: lists as arrays, numbers and booleans of conditions as text, accounts as digits.

use serde_json::{Map, Value};

use super::Document;
use crate::condition::Condition;
use crate::pattern::ArnPattern;
use crate::principal::{AwsPrincipal, PrincipalElement, PrincipalSet};
use crate::statement::Statement;

pub(super) fn document(document: &Document) -> Value {
    let mut object = Map::new();
    put(&mut object, "Version", document.version.as_str());
    if let Some(id) = &document.id {
        put(&mut object, "Id", id.as_str());
    }
    let statements = document.statements.iter().map(statement).collect();
    object.insert("Statement".into(), Value::Array(statements));
    Value::Object(object)
}

fn statement(statement: &Statement) -> Value {
    let mut object = Map::new();
    if let Some(sid) = &statement.sid {
        put(&mut object, "Sid", sid.as_str());
    }
    put(&mut object, "Effect", statement.effect.as_str());
    if let Some(element) = &statement.principal {
        let name = match element {
            PrincipalElement::Principal(_) => "Principal",
            PrincipalElement::NotPrincipal(_) => "NotPrincipal",
        };
        object.insert(name.into(), principal(element.set()));
    }
    let name = if statement.action.is_not() {
        "NotAction"
    } else {
        "Action"
    };
    let actions = statement.action.patterns().iter().map(|p| p.as_str());
    object.insert(name.into(), strings(actions));
    if let Some(resource) = &statement.resource {
        let name = if resource.is_not() {
            "NotResource"
        } else {
            "Resource"
        };
        let patterns = resource.patterns().iter().map(ArnPattern::as_str);
        object.insert(name.into(), strings(patterns));
    }
    if !statement.condition.is_empty() {
        object.insert("Condition".into(), condition(&statement.condition));
    }
    Value::Object(object)
}

fn principal(set: &PrincipalSet) -> Value {
    if set.everyone {
        return Value::from("*");
    }
    let mut object = Map::new();
    let aws: Vec<String> = set.aws.iter().map(AwsPrincipal::as_text).collect();
    for (name, values) in [
        ("AWS", &aws),
        ("Federated", &set.federated),
        ("Service", &set.service),
    ] {
        if !values.is_empty() {
            object.insert(name.into(), strings(values.iter().map(String::as_str)));
        }
    }
    Value::Object(object)
}

fn condition(condition: &Condition) -> Value {
    let mut operators: Map<String, Value> = Map::new();
    for test in condition.tests() {
        let keys = operators
            .entry(test.operator.to_string())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(keys) = keys {
            let values = strings(test.values.iter().map(AsRef::as_ref));
            keys.insert(test.key.as_str().to_owned(), values);
        }
    }
    Value::Object(operators)
}

fn put(object: &mut Map<String, Value>, name: &str, text: &str) {
    object.insert(name.into(), Value::from(text));
}

fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    Value::Array(texts.map(Value::from).collect())
}
