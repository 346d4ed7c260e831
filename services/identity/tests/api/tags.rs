//! Tags over HTTP, the same for four kinds of things.

use serde_json::{Value, json};

use crate::world::World;

fn world() -> World {
    let world = World::new();
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    world
        .admin
        .post(&world.at("/groups"), &json!({ "name": "g" }))
        .expect(201);
    let policy = json!({ "name": "p", "document": trilby_testkit::installation::allow(&["s3:*"]) });
    world
        .admin
        .post(&world.at("/policies"), &policy)
        .expect(201);
    crate::roles::make(&world, "r");
    world
}

const THINGS: [&str; 4] = ["/users/mary", "/groups/g", "/policies/p", "/roles/r"];

#[test]
fn tags_are_replaced_merged_and_read() {
    let world = world();
    for thing in THINGS {
        let path = world.at(&format!("{thing}/tags"));
        assert_eq!(
            world.admin.get(&path).expect(200).json["tags"],
            json!({}),
            "{thing}"
        );
        let put = world
            .admin
            .put(&path, &json!({ "tags": { "Team": "blue", "cost": "1" } }))
            .expect(200);
        assert_eq!(put.json["tags"], json!({ "Team": "blue", "cost": "1" }));
        let patch = json!({ "tags": { "cost": null, "level": "2", "absent": null } });
        let patched = world.admin.patch(&path, &patch).expect(200);
        assert_eq!(
            patched.json["tags"],
            json!({ "Team": "blue", "level": "2" })
        );
        let whole = world.admin.get(&world.at(thing)).expect(200);
        assert_eq!(whole.json["tags"], patched.json["tags"]);
        assert_eq!(whole.etag(), patched.etag(), "tags are part of the thing");
        let stale = world.admin.with_header("if-match", put.etag());
        stale
            .put(&path, &json!({ "tags": {} }))
            .expect_problem(412, "etag_mismatch");
        let emptied = world.admin.put(&path, &json!({ "tags": {} })).expect(200);
        assert_eq!(emptied.json["tags"], json!({}));
    }
}

#[test]
fn bad_tags_are_refused() {
    let world = world();
    let path = world.at("/users/mary/tags");
    let put = |tags: Value| world.admin.put(&path, &json!({ "tags": tags }));
    put(json!({ "a": 1 })).expect_problem(400, "invalid_parameter");
    put(json!({ "trilby:x": "1" })).expect_problem(400, "invalid_parameter");
    put(json!({ "a": "1", "A": "2" })).expect_problem(400, "invalid_parameter");
    put(json!({ "": "1" })).expect_problem(400, "invalid_parameter");
    let patch = |tags: Value| world.admin.patch(&path, &json!({ "tags": tags }));
    patch(json!({ "a": "1", "A": null })).expect_problem(400, "invalid_parameter");
    world
        .admin
        .put(&path, &json!({}))
        .expect_problem(400, "missing_parameter");
    let many: serde_json::Map<String, Value> =
        (0..51).map(|n| (format!("k{n}"), json!("v"))).collect();
    let refused = put(Value::Object(many.clone()));
    assert!(
        refused.status == 400 || refused.status == 409,
        "{refused:?}"
    );
    patch(Value::Object(many)).expect_problem(409, "limit_exceeded");
    world
        .admin
        .get(&world.at("/users/nobody/tags"))
        .expect_problem(404, "not_found");
}

#[test]
fn setting_and_removing_are_two_rights() {
    let world = world();
    let path = world.at("/users/mary/tags");
    let tagger = world.allowed(
        "tagger",
        &["iam:GetUser", "iam:ListUserTags", "iam:TagUser"],
    );
    tagger
        .patch(&path, &json!({ "tags": { "a": "1", "b": "2" } }))
        .expect(200);
    let refused = tagger
        .patch(&path, &json!({ "tags": { "a": null } }))
        .expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "iam:UntagUser");
    tagger
        .put(&path, &json!({ "tags": { "a": "1" } }))
        .expect_problem(403, "access_denied");
    tagger
        .put(&path, &json!({ "tags": { "A": "9", "b": "2", "c": "3" } }))
        .expect(200);
    assert_eq!(
        tagger.get(&path).expect(200).json["tags"],
        json!({ "A": "9", "b": "2", "c": "3" })
    );
}

#[test]
fn conditions_see_what_is_asked_and_what_is_there() {
    let world = world();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "iam:GetUser", "Resource": "*" },
            { "Effect": "Allow", "Action": ["iam:TagUser", "iam:UntagUser"], "Resource": "*",
              "Condition": {
                "ForAllValues:StringEquals": { "trilby:TagKeys": ["color"] },
                "StringNotEquals": { "iam:ResourceTag/locked": "yes" },
              } },
        ],
    });
    let painter = world.caller("painter", &policy);
    let path = world.at("/users/mary/tags");
    let patch = |tags: Value| painter.patch(&path, &json!({ "tags": tags }));
    patch(json!({ "color": "red" })).expect(200);
    patch(json!({ "color": null })).expect(200);
    patch(json!({ "team": "red" })).expect_problem(403, "access_denied");
    world
        .admin
        .patch(&path, &json!({ "tags": { "team": "x" } }))
        .expect(200);
    patch(json!({ "team": null })).expect_problem(403, "access_denied");
    painter
        .put(&path, &json!({ "tags": { "color": "red" } }))
        .expect_problem(403, "access_denied");
    world
        .admin
        .patch(&path, &json!({ "tags": { "locked": "yes" } }))
        .expect(200);
    patch(json!({ "color": "blue" })).expect_problem(403, "access_denied");
}
