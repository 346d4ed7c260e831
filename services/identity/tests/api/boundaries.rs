//! Permissions boundaries over HTTP.

use serde_json::{Value, json};
use trilby_testkit::installation::allow;

use crate::roles;
use crate::world::World;

const READING: &str = "arn:trilby:iam::system:policy/ReadOnlyAccess";

fn policy(world: &World, name: &str, actions: &[&str]) -> String {
    let body = json!({ "name": name, "document": allow(actions) });
    let made = world.admin.post(&world.at("/policies"), &body).expect(201);
    made.text("/arn").to_owned()
}

fn body(arn: &str) -> Value {
    json!({ "policy_arn": arn })
}

#[test]
fn a_boundary_is_set_shown_replaced_and_removed() {
    let world = World::new();
    let cap = policy(&world, "cap", &["s3:*"]);
    roles::make(&world, "deploy");
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    for holder in ["/users/mary", "/roles/deploy"] {
        let (holder, place) = (
            world.at(holder),
            world.at(&format!("{holder}/permissions-boundary")),
        );
        let before = world.admin.get(&holder).expect(200);
        assert!(before.json.get("permissions_boundary").is_none());
        world
            .admin
            .put(&place, &body(&cap))
            .expect_problem(428, "precondition_required");
        let new = world.admin.with_header("if-none-match", "*");
        let set = new.put(&place, &body(&cap)).expect(201);
        assert_eq!(set.text("/policy_arn"), cap);
        assert_eq!(set.etag(), set.text("/etag"));
        new.put(&place, &body(&cap))
            .expect_problem(412, "etag_mismatch");
        let shown = world.admin.get(&holder).expect(200);
        assert_eq!(shown.json["permissions_boundary"], set.json);
        let known = world.admin.with_header("if-match", set.etag());
        let replaced = known.put(&place, &body(READING)).expect(200);
        assert_eq!(replaced.text("/policy_arn"), READING);
        known
            .request("DELETE", &place)
            .send()
            .expect_problem(412, "etag_mismatch");
        let newest = world.admin.with_header("if-match", replaced.etag());
        newest.request("DELETE", &place).send().expect(204);
        newest
            .request("DELETE", &place)
            .send()
            .expect_problem(412, "etag_mismatch");
        let after = world.admin.get(&holder).expect(200);
        assert!(after.json.get("permissions_boundary").is_none());
    }
}

#[test]
fn who_may_everything_may_within_the_boundary_only() {
    let world = World::new();
    let mary = world.allowed("mary", &["*"]);
    let users = world.at("/users");
    mary.post(&users, &json!({ "name": "first" })).expect(201);
    let new = world.admin.with_header("if-none-match", "*");
    let place = world.at("/users/mary/permissions-boundary");
    let set = new.put(&place, &body(READING)).expect(201);
    mary.post(&users, &json!({ "name": "second" }))
        .expect_problem(403, "access_denied");
    mary.get(&users).expect(200);
    // What caps her she cannot take off.
    mary.with_header("if-match", set.etag())
        .request("DELETE", &place)
        .send()
        .expect_problem(403, "access_denied");
}

#[test]
fn a_user_is_capped_from_the_beginning() {
    let world = World::new();
    let cap = policy(&world, "cap", &["iam:*"]);
    let new = |boundary: &str| json!({ "name": "mary", "permissions_boundary": boundary });
    for unknown in [
        "cap",
        "arn:trilby:iam::111111111111:policy/cap",
        "arn:trilby:iam::system:policy/FullAccess",
        "system:FullAccess",
    ] {
        let refused = world.admin.post(&world.at("/users"), &new(unknown));
        let refused = refused.expect_problem(400, "invalid_parameter");
        assert_eq!(refused.text("/errors/0/pointer"), "/permissions_boundary");
        // Which of the two it is, the text says.
        let said = match unknown {
            "cap" => "must be the ARN of a managed policy",
            _ => "names no managed policy",
        };
        assert!(refused.text("/detail").starts_with(said), "{unknown}");
    }
    let short = world
        .admin
        .post(
            &world.at("/users"),
            &json!({ "name": "ann", "permissions_boundary": "system:readonlyaccess" }),
        )
        .expect(201);
    assert_eq!(short.text("/permissions_boundary/policy_arn"), READING);
    let made = world
        .admin
        .post(&world.at("/users"), &new(&cap))
        .expect(201);
    assert_eq!(made.text("/permissions_boundary/policy_arn"), cap);
    let blocked = world
        .admin
        .request("DELETE", &world.at("/policies/cap?cascade=true"));
    let blocked = blocked.send().expect_problem(409, "delete_conflict");
    assert_eq!(blocked.text("/blockers/0/kind"), "permissions boundary");
    assert_eq!(blocked.text("/blockers/0/name"), "mary");
}

#[test]
fn delegation_is_bound_to_the_boundary_that_others_have_or_get() {
    let world = World::new();
    let cap = policy(&world, "cap", &["s3:*"]);
    let wide = policy(&world, "wide", &["*"]);
    let delegate = world.caller(
        "delegate",
        &json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": [
                    "iam:CreateUser", "iam:AttachUserPolicy", "iam:PutUserPolicy",
                    "iam:PutUserPermissionsBoundary",
                ],
                "Resource": "*",
                "Condition": { "StringEquals": { "iam:PermissionsBoundary": cap } },
            }, { "Effect": "Allow", "Action": "iam:Get*", "Resource": "*" }],
        }),
    );
    let users = world.at("/users");
    for refused in [
        json!({ "name": "free" }),
        json!({ "name": "free", "permissions_boundary": wide }),
    ] {
        delegate
            .post(&users, &refused)
            .expect_problem(403, "access_denied");
    }
    let capped = json!({ "name": "capped", "permissions_boundary": cap });
    delegate.post(&users, &capped).expect(201);
    let attach = |user: &str| {
        let path = world.at(&format!("/users/{user}/attached-policies/wide"));
        delegate.request("PUT", &path).send()
    };
    attach("capped").expect(204);
    world
        .admin
        .post(&users, &json!({ "name": "free" }))
        .expect(201);
    attach("free").expect_problem(403, "access_denied");
    let etag = world.admin.get(&world.at("/users/capped")).expect(200);
    let known = delegate.with_header("if-match", etag.text("/permissions_boundary/etag"));
    known
        .put(
            &world.at("/users/capped/permissions-boundary"),
            &body(&wide),
        )
        .expect_problem(403, "access_denied");
}
