//! The decision into a buffer is the decision: in worlds made of generated cases both say the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::sync::Arc;

use serde_json::Value;
use trilby_engine::{
    AccountBuilder, CompiledPolicy, Decision, Gate, LayerKind, Notes, OrganizationBuilder,
    Principal, Ready, RegisteredResource, Request, Resolution, Resource, Role, RoleSession,
    SessionFacts, User, UserPrincipal, Worlds, decide, decide_into,
};
use trilby_model::{AccountId, Arn, Tags};
use trilby_naive::{Random, generate};
use trilby_policy::{Document, Grammar, Kind};

const CASES: u64 = 4_000;
const SEED: u64 = 7;
const ORGANIZATION: &str = "o-abcdefghij";

fn policy(layer: LayerKind, kind: Kind, told: &Value) -> Arc<CompiledPolicy> {
    let text = told["document"].to_string();
    let document = Document::parse(&text, kind, &Grammar::simulated()).unwrap();
    let name = told["name"].as_str().unwrap();
    CompiledPolicy::new(name, layer, document, &Resolution::ByName).shared()
}

fn list(layer: LayerKind, kind: Kind, told: &Value) -> Option<Vec<Arc<CompiledPolicy>>> {
    let items = told.as_array()?;
    Some(items.iter().map(|told| policy(layer, kind, told)).collect())
}

fn tags(random: &mut Random) -> Tags {
    let pairs = [
        ("team", random.pick(&["red", "blue", "red:x"])),
        ("Cost", "1"),
    ];
    let some = pairs.into_iter().take(random.below(3));
    let parse = |(key, value): (&str, &str)| (key.parse().unwrap(), value.parse().unwrap());
    Tags::new(some.map(parse)).unwrap()
}

/// How often the two were compared on the short way.
#[derive(Default)]
struct Seen {
    users: u32,
    sessions: u32,
    allowed: u32,
    matched: u32,
    lacking: u32,
    unmet: u32,
}

/// The layers of the gates that a decision says are unmet.
fn gates(decision: &Decision) -> Vec<LayerKind> {
    let layer = |gate: &String| {
        let name = gate.split(':').next();
        let mut kinds = LayerKind::ALL.into_iter();
        kinds.find(|kind| Some(kind.as_str()) == name).unwrap()
    };
    decision.unmet.iter().map(layer).collect()
}

fn compare(case: &Value, random: &mut Random, seen: &mut Seen) -> Option<()> {
    let (asked, policies) = (&case["request"], &case["policies"]);
    let arn: Arn = asked["principal"].as_str()?.parse().unwrap();
    let home = arn.account_id()?;
    let identity = list(LayerKind::Identity, Kind::Identity, &policies["identity"]);
    let mut identity = identity.unwrap_or_default();
    let boundary = list(LayerKind::Boundary, Kind::Boundary, &policies["boundary"]);
    let session = list(LayerKind::Session, Kind::Session, &policies["session"]);
    let resource: Resource = match asked["resource"].as_str() {
        Some(text) => text.parse().unwrap(),
        None => Resource::Any,
    };
    let on = policies["resource"].is_object();
    let on = on.then(|| policy(LayerKind::Resource, Kind::Resource, &policies["resource"]));
    let given: Option<AccountId> = asked["resource_account"]
        .as_str()
        .map(|a| a.parse().unwrap());

    let principal = match (arn.service(), arn.resource().split('/').collect::<Vec<_>>()) {
        ("iam", parts) if parts[0] == "user" => {
            seen.users += 1;
            Principal::User(UserPrincipal {
                id: Some("TUSR00000000000000001".parse().unwrap()),
                account: home,
                name: (*parts.last().unwrap()).to_owned(),
                tags: tags(random),
                session: SessionFacts::default(),
                arn,
            })
        }
        ("sts", parts) if parts[0] == "assumed-role" => {
            seen.sessions += 1;
            Principal::RoleSession(RoleSession {
                role_arn: format!("arn:trilby:iam::{home}:role/{}", parts[1])
                    .parse()
                    .unwrap(),
                role_id: Some("TROL00000000000000001".parse().unwrap()),
                account: home,
                session_name: parts[2].to_owned(),
                tags: tags(random),
                session_policies: session,
                session: SessionFacts::default(),
                session_arn: arn,
            })
        }
        _ => return None,
    };
    let mut request = Request::new(
        principal,
        asked["action"].as_str()?.parse().unwrap(),
        resource,
    );
    request.resource_account = given;
    for (key, value) in asked["context"].as_object().into_iter().flatten() {
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        match value {
            Value::Array(items) => {
                request
                    .context
                    .insert(key, items.iter().map(text).collect::<Vec<_>>());
            }
            one => request.context.insert(key, text(one)),
        }
    }
    let owner = request.owner();
    let foreign = owner.filter(|owner| *owner != home);

    let mut builder = AccountBuilder::new(home);
    let mut of_owner = foreign.map(AccountBuilder::new);
    let shared = identity.split_off(identity.len() / 2);
    builder.set_group("TGRP00000000000000001".parse().unwrap(), shared.clone());
    match &request.principal {
        Principal::User(user) => {
            builder.add_user(User {
                id: user.id.clone().unwrap(),
                name: user.name.clone(),
                arn: user.arn.clone(),
                tags: tags(random),
                policies: identity,
                groups: vec!["TGRP00000000000000001".parse().unwrap()],
                boundary,
                disabled: random.chance(3),
            });
        }
        Principal::RoleSession(session) => {
            identity.extend(shared);
            let open = serde_json::json!({ "name": "trust", "document": { "Version": "2012-10-17", "Statement":
                { "Effect": "Allow", "Principal": "*", "Action": "sts:*" } } });
            builder.add_role(Role {
                id: session.role_id.clone().unwrap(),
                name: session
                    .role_arn
                    .resource()
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .to_owned(),
                arn: session.role_arn.clone(),
                tags: tags(random),
                policies: identity,
                boundary,
                trust: on
                    .clone()
                    .unwrap_or_else(|| policy(LayerKind::Resource, Kind::Resource, &open)),
            });
        }
        _ => return None,
    }
    if let (Some(arn), true) = (request.resource.arn(), owner.is_some() && random.chance(80)) {
        let place = of_owner.as_mut().unwrap_or(&mut builder);
        place.add_resource(RegisteredResource {
            arn: arn.clone(),
            tags: tags(random),
            policy: on.filter(|_| random.chance(80)),
        });
        place.set_caps_everything(random.chance(30));
        if random.chance(15) {
            place.require_trust(arn.service(), arn.resource().split('/').next().unwrap());
        }
    }
    let mut tree = OrganizationBuilder::new(
        ORGANIZATION.parse().unwrap(),
        "999999999999".parse().unwrap(),
    );
    tree.scp_on(policies["scp"].is_array())
        .rcp_on(policies["rcp"].is_array());
    let nodes = [
        "r-abcd".to_owned(),
        "ou-abcdefgh".to_owned(),
        home.to_string(),
    ];
    tree.place(&nodes[1], &nodes[0]).place(&nodes[2], &nodes[1]);
    if let Some(foreign) = foreign {
        tree.place(&foreign.to_string(), &nodes[1]);
    }
    for (index, node) in nodes.iter().enumerate() {
        tree.attach_scp(
            node,
            list(LayerKind::Scp, Kind::Scp, &policies["scp"][index]).unwrap_or_default(),
        );
        tree.attach_rcp(
            node,
            list(LayerKind::Rcp, Kind::Rcp, &policies["rcp"][index]).unwrap_or_default(),
        );
    }
    if random.chance(2) {
        tree.quarantine(home);
    }
    let tree = tree.build();
    if random.chance(60) {
        builder.set_organization(Some(tree.id().clone()));
        if let (Some(of_owner), true) = (&mut of_owner, random.chance(60)) {
            of_owner.set_organization(Some(tree.id().clone()));
        }
    }
    let account = builder.build();
    let of_owner = of_owner.map(AccountBuilder::build);
    let worlds = Worlds {
        principal_account: Some(&account),
        principal_org: Some(&tree),
        resource_account: of_owner.as_ref(),
        resource_org: Some(&tree),
    };
    let whole = decide(&request, &worlds);
    let mut notes = Notes::default();
    let short = decide_into(&Ready::new(request), &worlds, &mut notes);
    match (whole, short) {
        (Ok(whole), Ok(short)) => {
            assert_eq!(
                (whole.outcome, whole.layer, whole.bypass),
                (short.outcome, short.layer, short.bypass),
                "{case}"
            );
            let all: Vec<_> = whole
                .matched
                .iter()
                .map(|m| (m.kind(), m.statement(), m.effect()))
                .collect();
            let told: Vec<_> = notes
                .matched()
                .iter()
                .map(|n| (n.layer, n.statement, n.effect))
                .collect();
            assert_eq!(all, told, "{case}");
            seen.allowed += u32::from(short.outcome.is_allow());
            seen.matched += u32::try_from(told.len()).unwrap();
            seen.lacking += u32::from(!notes.lacking().is_empty());
            assert_eq!(
                notes.lacking().is_empty(),
                whole.missing_keys.is_empty(),
                "{case}"
            );
            let missing: Vec<&str> = whole.missing_context().collect();
            assert_eq!(
                notes.missing().iter().collect::<Vec<_>>(),
                missing,
                "{case}"
            );
            assert_eq!(notes.layers(), Some(whole.layers), "{case}");
            assert_eq!(
                notes.unmet().map(Gate::layer).collect::<Vec<_>>(),
                gates(&whole),
                "{case}"
            );
            let resting: Vec<_> = whole
                .deciding
                .iter()
                .map(|m| (m.kind(), m.statement(), m.class()))
                .collect();
            let noted: Vec<_> = notes
                .deciding()
                .map(|n| (n.layer, n.statement, n.class))
                .collect();
            assert_eq!(noted, resting, "{case}");
            seen.unmet += u32::from(!whole.unmet.is_empty());
        }
        (whole, short) => assert_eq!(whole.err(), short.err(), "{case}"),
    }
    Some(())
}

#[test]
fn the_decision_into_a_buffer_is_the_decision() {
    let mut random = Random::new(SEED);
    let mut seen = Seen::default();
    for id in 0..CASES {
        let case = generate::case(&mut random, id);
        compare(&case, &mut random, &mut seen);
    }
    let Seen {
        users,
        sessions,
        allowed,
        matched,
        lacking,
        unmet,
    } = seen;
    println!(
        "{users} users, {sessions} sessions, {allowed} allowed, {matched} statements, {lacking} lacking"
    );
    assert!(users > 1_000 && sessions > 500 && allowed > 100 && lacking > 200 && unmet > 200);
}
