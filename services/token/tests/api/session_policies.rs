//! Policies of a session: they take rights away, at every use, as they are then.

use serde_json::{Value, json};
use trilby_account::command::{CreatePolicy, CreatePolicyVersion, DeletePolicy};
use trilby_account::{HolderRef, Ref};
use trilby_model::Tags;
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::allow;

use crate::world::{World, trusting};

/// A role that may see sessions and their lists, open to Mary.
fn world() -> World {
    let world = World::new();
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    world.role(world.account, "viewer", &trusting(&[mary]));
    world.inside.allow(
        world.account,
        HolderRef::Role(Ref::Name("viewer".parse().unwrap())),
        &allow(&["sts:*"]),
    );
    world
}

fn ask(world: &World, more: &Value) -> Answer {
    let mut body = json!({
        "role_arn": world.role_arn(world.account, "viewer"),
        "role_session_name": "ci-42",
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.post(&world.session("mary"), "/v1/assume-role", &body)
}

fn wearing(world: &World, more: &Value) -> Client {
    let answer = ask(world, more).expect(200);
    let token = answer.text("/credentials/session_token");
    world.inside.stranger().with_token(token)
}

fn may_list(world: &World, client: &Client) -> bool {
    world.inside.clock().advance_seconds(6);
    let path = format!("/v1/accounts/{}/sessions", world.account);
    match client.get(&path).status {
        200 => true,
        403 => false,
        other => panic!("{other}"),
    }
}

fn managed(world: &World, name: &str, policy: &Value) -> String {
    world.inside.run(
        world.account,
        CreatePolicy {
            name: name.parse().unwrap(),
            path: "/".parse().unwrap(),
            description: None,
            tags: Tags::default(),
            document: document(Kind::Identity, policy),
        },
    );
    format!("arn:trilby:iam::{}:policy/{name}", world.account)
}

#[test]
fn an_inline_policy_caps_the_session_and_grants_nothing() {
    let world = world();
    assert!(may_list(&world, &wearing(&world, &json!({}))));
    let policy = allow(&["sts:GetSession"]);
    assert!(!may_list(
        &world,
        &wearing(&world, &json!({ "policy": policy }))
    ));
    let policy = allow(&["sts:ListSessions", "iam:*"]);
    let capped = wearing(&world, &json!({ "policy": policy }));
    assert!(may_list(&world, &capped));
    capped
        .get(&format!(
            "/v1/accounts/{}/sessions/TSES00000000000000000",
            world.account
        ))
        .expect_problem(403, "access_denied");
    // As text it is the same policy.
    let text = allow(&["sts:GetSession"]).to_string();
    assert!(!may_list(
        &world,
        &wearing(&world, &json!({ "policy": text }))
    ));
    assert!(may_list(
        &world,
        &wearing(&world, &json!({ "policy": null }))
    ));
}

#[test]
fn a_denying_session_policy_caps_the_next_role_too() {
    // R22: what a session may not do by its own policy, it may not do by putting on a role.
    let world = world();
    world.role(
        world.account,
        "next",
        &trusting(&[world.role_arn(world.account, "viewer")]),
    );
    let next = world.role_arn(world.account, "next");
    let free = wearing(&world, &json!({}));
    world.assume(&free, &next).expect(200);
    let capped = wearing(&world, &json!({ "policy": allow(&["sts:ListSessions"]) }));
    world
        .assume(&capped, &next)
        .expect_problem(403, "access_denied");
}

#[test]
fn managed_policies_are_read_anew_at_every_use() {
    let world = world();
    let arn = managed(&world, "Listing", &allow(&["sts:ListSessions"]));
    let session = wearing(&world, &json!({ "policy_arns": [arn] }));
    assert!(may_list(&world, &session));
    let policy = || Ref::Name("Listing".parse().unwrap());
    world.inside.run(
        world.account,
        CreatePolicyVersion {
            policy: policy(),
            document: document(Kind::Identity, &allow(&["sts:GetSession"])),
            set_as_default: true,
        },
    );
    assert!(!may_list(&world, &session), "the policy is another now");
    world.inside.run(
        world.account,
        CreatePolicyVersion {
            policy: policy(),
            document: document(Kind::Identity, &allow(&["sts:*"])),
            set_as_default: true,
        },
    );
    assert!(may_list(&world, &session));
    world.inside.run(
        world.account,
        DeletePolicy {
            policy: policy(),
            cascade: true,
        },
    );
    assert!(!may_list(&world, &session), "the policy is gone");
    assert!(world.stands(&session), "the session itself stands");
}

#[test]
fn inline_and_managed_policies_are_one_layer() {
    let world = world();
    let arn = managed(&world, "Listing", &allow(&["sts:ListSessions"]));
    let both = json!({ "policy": allow(&["sts:GetSession"]), "policy_arns": [arn] });
    assert!(may_list(&world, &wearing(&world, &both)));
    let denying = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Action": "sts:ListSessions", "Resource": "*" },
    ]});
    let arn = managed(&world, "Anything", &allow(&["*"]));
    let both = json!({ "policy": denying, "policy_arns": [arn] });
    assert!(!may_list(&world, &wearing(&world, &both)));
}

#[test]
fn what_is_no_session_policy_is_refused() {
    let world = world();
    let refused = |more: Value, code: &str| {
        ask(&world, &more).expect_problem(400, code);
    };
    refused(json!({ "policy": {} }), "malformed_policy");
    refused(json!({ "policy": [] }), "malformed_policy");
    refused(json!({ "policy": "{" }), "malformed_policy");
    refused(json!({ "policy": 7 }), "malformed_policy");
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    refused(json!({ "policy": trusting(&[mary]) }), "malformed_policy");
    let long = allow(&vec!["docs:Read0123456789"; 120]);
    refused(json!({ "policy": long }), "malformed_policy");
    refused(
        json!({ "policy": format!("{}{}", allow(&["a:B"]), " ".repeat(2_048)) }),
        "malformed_policy",
    );

    let own = |name: &str| format!("arn:trilby:iam::{}:policy/{name}", world.account);
    refused(
        json!({ "policy_arns": [own("Unknown")] }),
        "invalid_parameter",
    );
    refused(
        json!({ "policy_arns": [world.role_arn(world.account, "viewer")] }),
        "invalid_parameter",
    );
    refused(
        json!({ "policy_arns": ["arn:trilby:iam::000000000001:policy/X"] }),
        "invalid_parameter",
    );
    let arn = managed(&world, "Listing", &allow(&["sts:ListSessions"]));
    refused(json!({ "policy_arns": [arn, arn] }), "invalid_parameter");
    let many: Vec<String> = (0..11).map(|n| own(&format!("P{n}"))).collect();
    refused(json!({ "policy_arns": many }), "invalid_parameter");
}

#[test]
fn policies_that_do_not_fit_into_a_token_are_refused() {
    let world = world();
    // Names that do not compress, in ten policies, beside tags.
    let arns: Vec<String> = (0..10)
        .map(|n| managed(&world, &format!("P{n}{}", "x".repeat(100)), &allow(&["*"])))
        .collect();
    let answer = ask(&world, &json!({ "policy_arns": arns })).expect(200);
    assert!(answer.json["packed_policy_percent"].as_u64().unwrap() > 50);
    let tags: serde_json::Map<_, _> = (0..10)
        .map(|n| (format!("t{n}"), json!("v".repeat(100))))
        .collect();
    ask(&world, &json!({ "policy_arns": arns, "tags": tags }))
        .expect_problem(400, "packed_policy_too_large");
}
