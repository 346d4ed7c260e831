//! Who asks, and what the account knows of them.

use serde_json::{Map, Value, json};

use super::{account_of, is_somebody, push, tags};
use crate::caller::{Caller, Kind};
use crate::random::Random;

const GROUP: &str = "TGRP00000000000000001";

/// The unique id that goes with a name: of the user or role, also where the name is of a session.
pub(in crate::generate) fn id_of(arn: &str) -> String {
    id(arn, 0)
}

/// The id of who had the name before.
pub(super) fn former_id_of(arn: &str) -> String {
    id(arn, 50_000)
}

fn id(arn: &str, more: u64) -> String {
    let mut parts = arn.splitn(6, ':').skip(4);
    let account = parts.next().unwrap_or_default();
    let resource = parts.next().unwrap_or_default();
    let role = resource.contains("role/");
    // Of a session the role counts, by its name; of everybody the name without the path.
    let name = match resource.strip_prefix("assumed-role/") {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None if resource.starts_with("federated-user/") => "alice",
        None => resource.rsplit('/').next().unwrap_or_default(),
    };
    let prefix = if resource.starts_with("oidc-provider/") {
        "TIDP"
    } else if role {
        "TROL"
    } else {
        "TUSR"
    };
    let sum = [account, name]
        .concat()
        .bytes()
        .fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 49_999);
    format!("{prefix}{:017}", sum + more)
}

/// Who asks, as a token would tell it.
pub(super) fn principal(random: &mut Random, caller: &Caller, session: Option<Value>) -> Value {
    let account = account_of(caller);
    // Who has no id is looked for by name; a former id is of somebody who is gone.
    let id = |random: &mut Random, arn: &str| match random.below(16) {
        0 | 1 => Value::Null,
        2 => former_id_of(arn).into(),
        _ => id_of(arn).into(),
    };
    let mut told = match caller.kind {
        Kind::Anonymous => json!({ "kind": "anonymous" }),
        Kind::Service => json!({ "kind": "service", "name": caller.name }),
        Kind::WebIdentity => {
            let id = id(random, &caller.name);
            json!({ "kind": "web_identity", "arn": caller.name, "id": id })
        }
        Kind::Root => json!({ "kind": "root", "account": account }),
        Kind::User => {
            let id = id(random, &caller.name);
            let name = caller.name.rsplit('/').next();
            json!({ "kind": "user", "arn": caller.name, "id": id, "account": account, "name": name })
        }
        Kind::RoleSession => {
            let id = id(random, &caller.name);
            let name = caller.name.rsplit('/').next();
            json!({
                "kind": "role_session", "arn": caller.name, "role": caller.behind, "id": id,
                "account": account, "name": name, "policies": session,
            })
        }
        Kind::FederatedUser => {
            let id = caller.behind.as_ref().map(|user| id(random, user));
            let name = caller.name.rsplit('/').next();
            json!({
                "kind": "federated_user", "arn": caller.name, "user": caller.behind, "id": id,
                "account": account, "name": name, "policies": session,
            })
        }
    };
    if let Some(told) = told.as_object_mut() {
        if is_somebody(caller) {
            told.insert("tags".into(), tags(random));
        }
        if is_somebody(caller) || caller.kind == Kind::Root {
            told.insert("session".into(), facts(random));
        }
    }
    told
}

/// What a session tells of itself.
fn facts(random: &mut Random) -> Value {
    let mut facts = Map::new();
    let at = |random: &mut Random| Value::from(1_767_225_600 - i64::from(random.chance(50)) * 7);
    if random.chance(45) {
        let at = at(random);
        facts.insert("issued_at".into(), at);
    }
    if random.chance(35) {
        let at = at(random);
        facts.insert("mfa_at".into(), at);
    }
    for key in ["source_identity", "federated_provider"] {
        if random.chance(20) {
            facts.insert(key.into(), random.pick(&["red", "blue", "ann"]).into());
        }
    }
    if random.chance(30) {
        facts.insert("chain_depth".into(), random.between(1, 5).into());
    }
    Value::Object(facts)
}

/// Puts who asks into the account, mostly.
pub(super) fn seat(
    random: &mut Random,
    caller: &Caller,
    principal: &Value,
    get: &impl Fn(&str) -> Option<Value>,
    home: &mut Map<String, Value>,
) {
    let named = match caller.kind {
        Kind::User => Some(caller.name.as_str()),
        Kind::RoleSession | Kind::FederatedUser => caller.behind.as_deref(),
        Kind::Root | Kind::Service | Kind::WebIdentity | Kind::Anonymous => None,
    };
    let Some(named) = named.filter(|_| random.chance(97)) else {
        return;
    };
    let mut arn = named.to_owned();
    // Whoever is known by an id may have got another name since.
    let told = principal.get("id").is_some_and(Value::is_string);
    if told && random.chance(6) {
        arn.push_str("-now");
    }
    if let Some(rest) = arn.strip_prefix("arn:aws:") {
        arn = format!("arn:trilby:{rest}");
    }
    let mut own = match get("identity") {
        Some(Value::Array(policies)) => policies,
        _ => Vec::new(),
    };
    let id = id_of(if caller.kind == Kind::RoleSession {
        &caller.name
    } else {
        named
    });
    let name = arn.rsplit('/').next();
    if caller.kind == Kind::RoleSession {
        let closed = json!({ "name": "closed", "document": { "Version": "2012-10-17", "Statement":
            { "Effect": "Deny", "Principal": "*", "Action": "sts:Nothing" } } });
        let role = json!({
            "id": id, "arn": arn, "name": name, "tags": tags(random), "policies": own,
            "boundary": get("boundary"), "trust": closed,
        });
        push(home, "roles", role);
        return;
    }
    let of_group = own.split_off(own.len() - random.below(own.len() + 1));
    push(home, "groups", json!({ "id": GROUP, "policies": of_group }));
    let user = json!({
        "id": id, "arn": arn, "name": name, "tags": tags(random), "policies": own,
        "groups": [GROUP, "TGRP00000000000000002"], "boundary": get("boundary"),
        "disabled": random.chance(4),
    });
    push(home, "users", user);
}
