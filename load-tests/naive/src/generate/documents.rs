//! Documents and their statements.

use serde_json::{Map, Value, json};

use super::words::{ACTION_PATTERNS, NAMED, PROVIDERS, RESOURCE_PATTERNS, SERVICES, partition};
use super::{any_case, conditions, id_of, one_or_many};
use crate::random::Random;

/// Where a document is put.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    Identity,
    Boundary,
    Session,
    Resource,
    Scp,
    Rcp,
}

impl Seat {
    /// Whether its policies stand in one list.
    pub(super) fn is_flat(self) -> bool {
        match self {
            Self::Identity | Self::Boundary | Self::Session => true,
            Self::Resource | Self::Scp | Self::Rcp => false,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Resource => "resource",
            Self::Scp => "scp",
            Self::Rcp => "rcp",
        }
    }
}

/// The control policy that allows everything.
pub(super) fn full(seat: Seat) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    if let (Seat::Rcp, Some(members)) = (seat, statement.as_object_mut()) {
        members.insert("Principal".into(), "*".into());
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

pub(super) fn document(random: &mut Random, seat: Seat) -> Value {
    // A control policy of resources holds Denies, or is the one that allows everything.
    if seat == Seat::Rcp && random.chance(50) {
        return full(seat);
    }
    let mut document = Map::new();
    let version = match random.below(10) {
        0 => None,
        1 => Some("2008-10-17"),
        _ => Some("2012-10-17"),
    };
    if let Some(version) = version {
        document.insert("Version".into(), version.into());
    }
    let variables = version == Some("2012-10-17");
    let statements = (0..random.between(1, 3))
        .map(|index| statement(random, seat, index, variables))
        .collect();
    document.insert("Statement".into(), one_or_many(random, statements));
    Value::Object(document)
}

fn statement(random: &mut Random, seat: Seat, index: usize, variables: bool) -> Value {
    let mut statement = Map::new();
    if random.chance(20) {
        statement.insert("Sid".into(), format!("S{index}").into());
    }
    let allow = seat != Seat::Rcp && random.chance(85);
    let effect = if allow { "Allow" } else { "Deny" };
    statement.insert("Effect".into(), effect.into());
    if seat == Seat::Rcp {
        statement.insert("Principal".into(), "*".into());
    }
    if seat == Seat::Resource {
        let not = !allow && random.chance(40);
        let element = if not { "NotPrincipal" } else { "Principal" };
        statement.insert(element.into(), principals(random, not));
    }
    let negated = seat != Seat::Rcp && random.chance(10);
    let most = if negated { 2 } else { 3 };
    let actions = (0..random.between(1, most))
        .map(|_| {
            let pattern = random.pick(&ACTION_PATTERNS);
            any_case(random, pattern).into()
        })
        .collect();
    let element = if negated { "NotAction" } else { "Action" };
    statement.insert(element.into(), one_or_many(random, actions));
    if seat != Seat::Resource || random.chance(75) {
        let element = if random.chance(14) {
            "NotResource"
        } else {
            "Resource"
        };
        let resources = (0..random.between(1, 3))
            .map(|_| {
                let pattern = random.pick(&RESOURCE_PATTERNS);
                partition(random, pattern).into()
            })
            .collect();
        statement.insert(element.into(), one_or_many(random, resources));
    }
    if random.chance(38) {
        statement.insert("Condition".into(), conditions::block(random, variables));
    }
    Value::Object(statement)
}

fn principals(random: &mut Random, not: bool) -> Value {
    if random.chance(if not { 4 } else { 15 }) {
        return "*".into();
    }
    let mut map = Map::new();
    // Someone exempt is someone with a whole chain listed.
    let most = if not { 6 } else { 3 };
    if random.chance(90) {
        let named = (0..random.between(1, most))
            .map(|_| {
                let name = random.pick(&NAMED);
                match random.below(40) {
                    // What is left of a name whose bearer is gone.
                    0 if name.contains('/') => id_of(name).into(),
                    _ => partition(random, name).into(),
                }
            })
            .collect();
        map.insert("AWS".into(), one_or_many(random, named));
    }
    if random.chance(25) || map.is_empty() {
        let services = (0..random.between(1, 2))
            .map(|_| wild_or(random, &SERVICES).into())
            .collect();
        map.insert("Service".into(), one_or_many(random, services));
    }
    if random.chance(25) {
        let providers = (0..random.between(1, 2))
            .map(|_| {
                let name = wild_or(random, &PROVIDERS);
                partition(random, name).into()
            })
            .collect();
        map.insert("Federated".into(), one_or_many(random, providers));
    }
    Value::Object(map)
}

/// One of several, or whoever there is.
fn wild_or<'a>(random: &mut Random, names: &[&'a str]) -> &'a str {
    if random.chance(7) {
        "*"
    } else {
        random.pick(names)
    }
}
