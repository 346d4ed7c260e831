//! Statements that allow what is asked, to whom it is that asks.

use serde_json::{Value, json};

use crate::caller::{Caller, Kind};
use crate::random::Random;

/// A document that allows it to whomever it is attached to.
pub(super) fn document(asked: &Value) -> Value {
    let action = asked.get("action");
    json!({ "Version": "2012-10-17", "Statement":
        { "Effect": "Allow", "Action": action, "Resource": "*" } })
}

/// Adds a statement to a resource policy that names the caller, in one of the ways it can be named.
pub(super) fn add(random: &mut Random, asked: &Value, document: &mut Value) {
    let caller = Caller::of(asked);
    let account = caller.account.clone().unwrap_or_default();
    let principal = match caller.kind {
        Kind::Anonymous => json!("*"),
        Kind::Service => json!({ "Service": caller.name }),
        Kind::WebIdentity => json!({ "Federated": caller.name }),
        Kind::Root => json!({ "AWS": account }),
        Kind::User | Kind::RoleSession | Kind::FederatedUser => match random.below(5) {
            0 | 1 => json!({ "AWS": account }),
            2 => json!({ "AWS": caller.behind.as_ref().unwrap_or(&caller.name) }),
            3 => json!({ "AWS": caller.name }),
            _ => json!({ "AWS": "*" }),
        },
    };
    let statement =
        json!({ "Effect": "Allow", "Principal": principal, "Action": asked.get("action") });
    let Some(statements) = document.get_mut("Statement") else {
        return;
    };
    match statements {
        Value::Array(statements) => statements.push(statement),
        one => *one = json!([one.take(), statement]),
    }
}
