//! Organizations: one that both accounts are in, one for each, or none.

use serde_json::{Map, Value, json};

use super::principals::id_of;
use crate::caller::Caller;
use crate::random::Random;

const UNITS: [&str; 5] = [
    "ou-aaaaaaaa",
    "ou-bbbbbbbb",
    "ou-cccccccc",
    "ou-dddddddd",
    "ou-eeeeeeee",
];

/// Organizations, and the one that each account says it is in.
pub(super) struct Organizations {
    pub(super) all: Vec<Value>,
    pub(super) of: Vec<Option<&'static str>>,
}

/// `accounts`: the caller's first, if it is one of them.
pub(super) fn organizations(
    random: &mut Random,
    accounts: &[String],
    caller: &Caller,
    get: &impl Fn(&str) -> Option<Value>,
) -> Organizations {
    const ONE: &str = "o-aaaaaaaaaa";
    const OTHER: &str = "o-bbbbbbbbbb";
    let mut of = Vec::new();
    for index in 0..accounts.len() {
        of.push(match random.below(10) {
            0..=2 => None,
            3 if index > 0 => Some(OTHER),
            _ => Some(ONE),
        });
    }
    let mut all = Vec::new();
    for id in [ONE, OTHER] {
        let members: Vec<&String> = accounts
            .iter()
            .zip(&of)
            .filter_map(|(account, place)| (*place == Some(id)).then_some(account))
            .collect();
        if !members.is_empty() {
            all.push(organization(random, id, &members, caller, get));
        }
    }
    Organizations { all, of }
}

fn organization(
    random: &mut Random,
    id: &str,
    members: &[&String],
    caller: &Caller,
    get: &impl Fn(&str) -> Option<Value>,
) -> Value {
    const ROOT: &str = "r-abcd";
    let mut parents = Map::new();
    let depth = random.below(UNITS.len() + 1);
    let mut nodes = vec![ROOT];
    for unit in UNITS.iter().take(depth) {
        parents.insert((*unit).to_owned(), nodes.last().copied().into());
        nodes.push(unit);
    }
    for member in members {
        // An organization that does not know a member is broken, and no answer comes of it.
        if random.chance(99) {
            let node = nodes.get(random.below(nodes.len())).copied();
            parents.insert((*member).clone(), node.into());
        }
    }
    let mut attached = Map::new();
    let levels = nodes
        .iter()
        .map(|node| (*node).to_owned())
        .chain(members.iter().map(|member| (*member).clone()));
    for (index, node) in levels.enumerate() {
        let scp = level(random, "scp", get("scp"), index);
        let rcp = level(random, "rcp", get("rcp"), index);
        attached.insert(node, json!({ "scp": scp, "rcp": rcp }));
    }
    let managed = members.first().filter(|_| random.chance(8));
    let management = managed.map_or("999999999999", |account| account.as_str());
    let some = |random: &mut Random, percent: usize, value: Option<String>| {
        let value = value.filter(|_| random.chance(percent));
        Value::from(value.into_iter().collect::<Vec<_>>())
    };
    let who = caller.behind.as_ref().unwrap_or(&caller.name);
    json!({
        "id": id,
        "management": management,
        "scp": random.chance(75),
        "rcp": random.chance(75),
        "parents": parents,
        "attached": attached,
        "quarantined": some(random, 3, members.first().map(|account| (*account).clone())),
        "quarantined_principals": some(random, 4, Some(id_of(who))),
    })
}

/// What a case has at a level, and mostly what allows everything.
fn level(random: &mut Random, kind: &str, chain: Option<Value>, index: usize) -> Value {
    let mut policies = match chain.as_ref().and_then(|chain| chain.get(index)) {
        Some(Value::Array(policies)) => policies.clone(),
        _ => Vec::new(),
    };
    if random.chance(97) {
        let seat = if kind == "rcp" {
            super::super::documents::Seat::Rcp
        } else {
            super::super::documents::Seat::Scp
        };
        let full = super::super::documents::full(seat);
        policies.push(json!({ "name": "full", "document": full }));
    }
    Value::Array(policies)
}
