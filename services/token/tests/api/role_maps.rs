//! Rules from claims to roles, at a login.

use serde_json::{Value, json};
use trilby_account::Ref;
use trilby_account::command::DeleteRole;

use crate::outside::Outside;

#[test]
fn a_role_map_narrows_tags_and_chooses() {
    let outside = Outside::new(json!({ "exposed_claims": ["groups", "team"] }));
    let roles: Vec<String> = ["Reader", "Writer"]
        .iter()
        .map(|role| outside.role(outside.owner, role))
        .collect();
    let map = json!({ "rules": [
        { "id": "readers", "priority": 1, "roles": [roles[0]],
          "when": [{ "claim": "groups", "op": "contains", "value": "readers" }],
          "tags": { "team": "{claim:team}" }, "transitive": ["team"], "max_duration_seconds": 1800 },
        { "id": "writers", "priority": 2, "roles": [roles[1]],
          "when": [{ "claim": "groups", "op": "contains", "value": "writers" }] },
    ]});
    outside.map(outside.owner, map);
    let of = |groups: Value| outside.token("ana", json!({ "groups": groups, "team": "red" }));
    let ask = |groups: Value, role: &str| outside.assume(&of(groups), role, json!({}));
    let answer = ask(json!(["readers"]), &roles[0]).expect(200);
    let me = outside
        .wearing(&answer)
        .get("/v1/caller-identity")
        .expect(200);
    assert_eq!(me.json["tags"], json!({ "team": "red" }));
    let issued: trilby_model::Timestamp = me.text("/issued_at").parse().unwrap();
    let expires: trilby_model::Timestamp = me.text("/expires_at").parse().unwrap();
    assert_eq!(expires.seconds_since(issued), 1_800);
    outside
        .assume(
            &of(json!(["readers"])),
            &roles[0],
            json!({ "duration_seconds": 3_600 }),
        )
        .expect_problem(400, "duration_exceeds_limit");
    ask(json!(["readers"]), &roles[1]).expect_problem(403, "access_denied");
    ask(json!([]), &roles[0]).expect_problem(403, "access_denied");

    let unnamed = |groups: Value| {
        let body = json!({
            "provider": outside.provider(),
            "role_session_name": "ana",
            "web_identity_token": of(groups),
        });
        outside.post("/v1/assume-role-with-web-identity", &body)
    };
    let only = unnamed(json!(["writers"])).expect(200);
    assert!(
        only.text("/assumed_role/arn")
            .contains("assumed-role/Writer/")
    );
    unnamed(json!([])).expect_problem(403, "no_role_mapped");
    let choice = unnamed(json!(["readers", "writers"])).expect_problem(409, "role_choice_required");
    assert_eq!(choice.json["roles"], json!(roles));
    // A federated session is judged by the claims it keeps.
    for (groups, status) in [(json!(["writers"]), 200), (json!(["readers"]), 403)] {
        let session = outside.federated(json!({ "groups": groups }));
        let body = json!({ "role_arn": roles[1], "role_session_name": "ana" });
        outside
            .world
            .post(&session, "/v1/assume-role", &body)
            .expect(status);
    }
    // A role of the same name that was made later is not the one that the map means.
    let role = Ref::Name("Writer".parse().unwrap());
    outside.world.inside.run(
        outside.owner,
        DeleteRole {
            role,
            cascade: true,
        },
    );
    outside.role(outside.owner, "Writer");
    ask(json!(["writers"]), &roles[1]).expect_problem(403, "access_denied");
}

#[test]
fn an_ambiguous_map_and_an_empty_one_admit_nobody() {
    let outside = Outside::new(json!({}));
    let roles: Vec<String> = ["One", "Two"]
        .iter()
        .map(|role| outside.role(outside.owner, role))
        .collect();
    let any = json!([{ "claim": "sub", "op": "exists" }]);
    let rule = |id: &str, priority: u32, role: &str| json!({ "id": id, "priority": priority, "roles": [role], "when": any });
    let unnamed = || {
        let body = json!({
            "provider": outside.provider(),
            "role_session_name": "ana",
            "web_identity_token": outside.token("ana", json!({})),
        });
        outside.post("/v1/assume-role-with-web-identity", &body)
    };
    let rules = json!([rule("a", 1, &roles[0]), rule("b", 2, &roles[1])]);
    outside.map(
        outside.owner,
        json!({ "on_ambiguous": "deny", "rules": rules }),
    );
    let refused = unnamed().expect_problem(403, "ambiguous_role");
    assert_eq!(refused.json["rules"], json!(["a", "b"]));
    outside.map(
        outside.owner,
        json!({ "on_ambiguous": "highest", "rules": rules }),
    );
    let answer = unnamed().expect(200);
    assert!(
        answer
            .text("/assumed_role/arn")
            .contains("assumed-role/One/")
    );
    outside.map(outside.owner, json!({ "rules": [] }));
    outside
        .assume(&outside.token("ana", json!({})), &roles[0], json!({}))
        .expect_problem(403, "access_denied");
}
