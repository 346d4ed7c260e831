//! Cases at random: few words, so that policies and requests meet often, and every form of the language.

mod conditions;
mod documents;
mod opening;
mod words;
mod worlds;

use serde_json::{Map, Value, json};

use crate::random::Random;
use documents::{Seat, document};
use words::{ACCOUNTS, ACTIONS, ANY_CASE, HOME, RESOURCES, partition};

use worlds::id_of;
pub use worlds::world;

/// A valid case. Its `id` is the number given.
#[must_use]
pub fn case(random: &mut Random, id: u64) -> Value {
    let mut request = request(random);
    let mut policies = Map::new();
    let caller = request
        .get("principal")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let asked = request.clone();
    let list = |random: &mut Random, seat: Seat, most: usize| {
        let count = random.between(0, most);
        let mut items = Vec::new();
        for index in 0..count {
            let name = format!("{}-{index}", seat.name());
            items.push(json!({ "name": name, "document": document(random, seat) }));
        }
        // By chance alone too few would be allowed.
        if seat.is_flat() && random.chance(45) {
            let name = format!("{}-open", seat.name());
            items.push(json!({ "name": name, "document": opening::document(&asked) }));
        }
        Value::Array(items)
    };
    if random.chance(85) {
        policies.insert("identity".into(), list(random, Seat::Identity, 3));
    }
    if random.chance(30) {
        policies.insert("boundary".into(), list(random, Seat::Boundary, 2));
    }
    if random.chance(30) {
        policies.insert("session".into(), list(random, Seat::Session, 2));
    }
    if random.chance(55) {
        let mut document = document(random, Seat::Resource);
        if random.chance(45) {
            opening::add(random, &asked, &mut document);
        }
        let policy = json!({ "name": "resource", "document": document });
        policies.insert("resource".into(), policy);
    }
    for seat in [Seat::Scp, Seat::Rcp] {
        if random.chance(30) {
            let levels = random.between(0, 3);
            let mut chain = Vec::new();
            for _ in 0..levels {
                // A level that allows everything is what most have.
                if random.chance(75) {
                    chain.push(json!([{ "name": "full", "document": documents::full(seat) }]));
                    if random.chance(40)
                        && let Some(Value::Array(level)) = chain.last_mut()
                    {
                        level.push(json!({ "name": "more", "document": document(random, seat) }));
                    }
                } else {
                    chain.push(list(random, seat, 2));
                }
            }
            policies.insert(seat.name().into(), Value::Array(chain));
        } else if random.chance(20) {
            policies.insert(seat.name().into(), Value::Null);
        }
    }
    if let Some(request) = request.as_object_mut() {
        behind(random, caller.as_deref(), request);
    }
    json!({ "id": id, "request": request, "policies": policies })
}

fn request(random: &mut Random) -> Value {
    let mut action = random.pick(&ACTIONS).to_owned();
    let mut resource = random.pick(&RESOURCES).to_owned();
    let trusting = random.chance(22);
    if trusting {
        action = random
            .pick(&["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
            .to_owned();
        let account = random.pick(&[HOME, HOME, "222222222222"]);
        let role = random.pick(&["role/Dev", "role/Ops", "role/path/Deep"]);
        resource = format!("arn:aws:iam::{account}:{role}");
    }
    let principal = principal(random, &mut action);
    let mut request = Map::new();
    if random.chance(10) {
        action = match random.below(2) {
            0 => action.to_uppercase(),
            _ => action.to_lowercase(),
        };
    }
    request.insert("principal".into(), principal);
    request.insert("action".into(), action.into());
    if random.chance(97) {
        let resource = match random.below(30) {
            0 => "*".to_owned(),
            _ => partition(random, &resource),
        };
        request.insert("resource".into(), resource.into());
    }
    if random.chance(8) {
        request.insert("resource_account".into(), random.pick(&ACCOUNTS).into());
    }
    if random.chance(80) {
        request.insert("context".into(), conditions::context(random));
    }
    Value::Object(request)
}

fn principal(random: &mut Random, action: &mut String) -> Value {
    let arn = match random.below(20) {
        0 => return json!({ "anonymous": true }),
        1 => return json!({ "service": random.pick(&words::SERVICES) }),
        2 => {
            *action = random
                .pick(&["sts:AssumeRoleWithWebIdentity", "sts:TagSession"])
                .to_owned();
            random.pick(&words::PROVIDERS)
        }
        3 | 4 => random.pick(&words::ROOTS),
        5..=9 => random.pick(&words::SESSIONS),
        10 | 11 => random.pick(&words::FEDERATED),
        _ => random.pick(&words::USERS),
    };
    partition(random, arn).into()
}

/// Names the role or user behind a session, where a case may.
fn behind(random: &mut Random, caller: Option<&str>, request: &mut Map<String, Value>) {
    let Some(caller) = caller else { return };
    if caller.contains("assumed-role/Deep/") {
        let role = caller
            .replace(":sts:", ":iam:")
            .split(":assumed-role")
            .next()
            .map(|head| format!("{head}:role/path/Deep"));
        request.insert("role".into(), role.into());
    }
    if caller.contains("federated-user") && random.chance(80) {
        let user = random.pick(&["arn:aws:iam::111111111111:user/alice"]);
        request.insert("user".into(), user.into());
    }
}

/// Writes a text with some letters in the other case.
fn any_case(random: &mut Random, text: &str) -> String {
    if !random.chance(ANY_CASE) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| match random.below(3) {
            0 => c.to_ascii_uppercase(),
            1 => c.to_ascii_lowercase(),
            _ => c,
        })
        .collect()
}

/// A value alone where it is the only one, or a list of it.
fn one_or_many(random: &mut Random, mut values: Vec<Value>) -> Value {
    if values.len() == 1 && random.chance(60) {
        values.pop().unwrap_or_default()
    } else {
        Value::Array(values)
    }
}
