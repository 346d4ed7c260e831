//! A page that asks what its own user may do, with that user's session alone.

use serde_json::json;
use trilby_testkit::installation::allow;

use crate::world::{World, assert_allowed, bearer, question};

#[test]
fn a_session_that_may_ask_about_itself_may_ask_about_nothing_else() {
    let world = World::new();
    world.role(
        world.account,
        "Customer",
        &allow(&["docs:Read", "trilby:EvaluateSelf"]),
    );
    let claims = world.inside.role_claims(world.account, "Customer", "ana");
    world.record(&claims);
    let own_token = world.inside.token(&claims);
    let page = world.inside.stranger().with_token(&own_token);
    let own_id = json!({"type": "session", "id": claims.jti.as_str()});
    let path = world.path("evaluation");
    for subject in [&bearer(&own_token), &own_id] {
        assert_allowed(
            &page
                .post(&path, &question(subject, "docs:Read"))
                .expect(200),
        );
        let denied = page
            .post(&path, &question(subject, "docs:Write"))
            .expect(200);
        assert_eq!(denied.json, json!({"decision": false}));
    }
    let batch =
        json!({"evaluations": [question(&own_id, "docs:Read"), question(&own_id, "docs:Write")]});
    page.post(&world.path("evaluations"), &batch).expect(200);

    let other = world.editor("ben");
    world.record(&other);
    let mut asserted = bearer(&own_token);
    asserted["properties"]["team"] = json!("red");
    let mut of_resource = question(&own_id, "docs:Read");
    of_resource["resource"]["properties"] = json!({"status": "open"});
    let from = |member: &str| {
        let mut question = question(&own_id, "docs:Read");
        question["context"] = json!({ member: "192.0.2.7" });
        question
    };
    // The circumstances are the asker's word, and their key says so; where it is from is not for itself to say.
    assert_allowed(&page.post(&path, &from("referrer")).expect(200));
    let others = [
        from("ip"),
        from("ip_address"),
        question(&bearer(&world.inside.token(&other)), "docs:Read"),
        question(
            &json!({"type": "session", "id": other.jti.as_str()}),
            "docs:Read",
        ),
        question(&json!({"type": "user", "id": "mary"}), "docs:Read"),
        question(&json!({"type": "role", "id": "Customer"}), "docs:Read"),
        question(&asserted, "docs:Read"),
        of_resource,
    ];
    for asked in &others {
        let refused = page.post(&path, asked).expect_problem(403, "access_denied");
        assert_eq!(refused.text("/action"), "trilby:Evaluate", "{asked}");
    }
    for other in &others {
        let mixed = json!({"evaluations": [question(&own_id, "docs:Read"), other]});
        page.post(&world.path("evaluations"), &mixed)
            .expect_problem(403, "access_denied");
    }
    // A default of the batch is as much a claim as an item's own.
    let default =
        json!({"context": {"ip": "192.0.2.7"}, "evaluations": [question(&own_id, "docs:Read")]});
    page.post(&world.path("evaluations"), &default)
        .expect_problem(403, "access_denied");
    // Reasons are another right.
    page.with_header("trilby-explain", "reason")
        .post(&path, &question(&own_id, "docs:Read"))
        .expect_problem(403, "access_denied");
}
