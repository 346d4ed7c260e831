//! Sessions that prove who somebody is and open nothing but roles.

use serde_json::{Value, json};
use trilby_account::Ref;
use trilby_account::command::UpdateProvider;
use trilby_model::federation::LinkFields;
use trilby_testkit::http::Client;

use crate::outside::{Outside, name};

#[test]
fn a_federated_session_puts_on_roles_and_does_nothing_else() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let (own, theirs) = (
        outside.role(outside.owner, "Own"),
        outside.role(linking, "Theirs"),
    );
    let answer = outside
        .federate(&outside.token("ana", json!({})))
        .expect(201);
    assert_eq!(answer.text("/subject"), "ana");
    let session = outside.wearing(&answer);
    for role in [&own, &theirs] {
        let body = json!({ "role_arn": role, "role_session_name": "ana" });
        let answer = outside
            .world
            .post(&session, "/v1/assume-role", &body)
            .expect(200);
        let me = outside
            .wearing(&answer)
            .get("/v1/caller-identity")
            .expect(200);
        assert_eq!(me.json["chain"][0]["kind"], "federated");
    }
    session
        .get("/v1/caller-identity")
        .expect_problem(401, "unauthenticated");
    let path = format!("/v1/accounts/{}/sessions", outside.owner);
    session.get(&path).expect_problem(401, "unauthenticated");
    let more = json!({ "role_arn": own, "role_session_name": "ana", "tags": { "a": "b" } });
    outside
        .world
        .post(&session, "/v1/assume-role", &more)
        .expect_problem(400, "invalid_parameter");

    // The same person is the same principal; another is another.
    let again = outside
        .federate(&outside.token("ana", json!({})))
        .expect(201);
    let bob = outside
        .federate(&outside.token("bob", json!({})))
        .expect(201);
    assert_eq!(answer.text("/principal_id"), again.text("/principal_id"));
    assert_ne!(answer.text("/principal_id"), bob.text("/principal_id"));
    let body = json!({ "role_arn": own, "role_session_name": "bob" });
    outside
        .world
        .post(&outside.wearing(&bob), "/v1/assume-role", &body)
        .expect_problem(403, "access_denied");
}

#[test]
fn what_a_federated_session_did_not_keep_admits_nobody_later() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let session = outside.federated(json!({ "banned": true }));
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    let ask = |session: &Client| outside.world.post(session, "/v1/assume-role", &body);
    ask(&session).expect(200);
    let settings = serde_json::from_value(json!({ "exposed_claims": ["banned"] })).unwrap();
    let provider = Ref::Name(name("login"));
    let command = UpdateProvider { provider, settings };
    outside.world.inside.run(outside.owner, command);
    let rule = |id: &str, effect: &str, op: Value| {
        json!({ "id": id, "priority": if effect == "deny" { 1 } else { 2 }, "effect": effect,
            "when": [op], "roles": [role] })
    };
    outside.map(
        outside.owner,
        json!({ "rules": [
            rule("banned", "deny", json!({ "claim": "banned", "op": "bool", "value": true })),
            rule("all", "allow", json!({ "claim": "sub", "op": "exists" })),
        ]}),
    );
    // The session is from before the claim was kept: to the rule it looks absent.
    ask(&session).expect_problem(403, "access_denied");
    ask(&outside.federated(json!({ "banned": true }))).expect_problem(403, "access_denied");
    ask(&outside.federated(json!({ "banned": false }))).expect(200);
}

#[test]
fn what_a_provider_asks_by_now_is_asked_of_older_sessions() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let role = outside.role(linking, "Customer");
    let session = outside.federated(json!({ "hd": "evil.example" }));
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    let ask = || outside.world.post(&session, "/v1/assume-role", &body);
    // Who else may link it is no question to who came by it.
    outside.share(&[linking, outside.world.another_account("Third")]);
    ask().expect(200);
    let settings = json!({
        "require_claims": [{ "claim": "hd", "op": "equals", "value": "acme.example" }],
    });
    let command = UpdateProvider {
        provider: Ref::Name(name("login")),
        settings: serde_json::from_value(settings).unwrap(),
    };
    outside.world.inside.run(outside.owner, command);
    ask().expect_problem(403, "access_denied");
}

#[test]
fn settings_that_change_count_for_the_next_session() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let session = outside.federated(json!({}));
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    outside
        .world
        .post(&session, "/v1/assume-role", &body)
        .expect(200);
    let settings = serde_json::from_value(json!({ "audiences": ["another"] })).unwrap();
    let provider = Ref::Name(name("login"));
    outside
        .world
        .inside
        .run(outside.owner, UpdateProvider { provider, settings });
    outside
        .world
        .post(&session, "/v1/assume-role", &body)
        .expect_problem(403, "access_denied");
}
