//! Users over HTTP.

use serde_json::json;
use trilby_credential::CredentialKind;

use crate::world::{PASSWORD, World, names, once, told};

#[test]
fn a_user_is_made_read_changed_and_deleted() {
    let world = World::new();
    let body = json!({ "name": "Mary", "path": "/eng/", "description": "Editor", "tags": { "Team": "editors" } });
    let made = world.admin.post(&world.at("/users"), &body).expect(201);
    let id = made.text("/id").to_owned();
    assert!(id.starts_with("TUSR"));
    assert_eq!(
        made.text("/arn"),
        format!("arn:trilby:iam::{}:user/eng/Mary", world.account)
    );
    assert_eq!(
        (made.text("/kind"), made.text("/status")),
        ("human", "active")
    );
    assert_eq!(made.json["login_profile"], false);
    assert_eq!(made.etag(), made.text("/etag"));
    assert_eq!(
        made.header("location"),
        Some(world.at(&format!("/users/{id}")).as_str())
    );

    let by_name = world.admin.get(&world.at("/users/mary")).expect(200);
    let by_id = world
        .admin
        .get(&world.at(&format!("/users/{id}")))
        .expect(200);
    assert_eq!(by_name.json, made.json);
    assert_eq!(by_id.json, made.json);
    assert!(by_name.seq().starts_with(&world.account.to_string()));

    let patch = json!({ "description": null, "status": "disabled" });
    let changed = world
        .admin
        .patch(&world.at("/users/Mary"), &patch)
        .expect(200);
    assert_eq!(changed.text("/status"), "disabled");
    assert!(changed.json.get("description").is_none());
    assert_ne!(changed.etag(), made.etag());
    let unchanged = world
        .admin
        .patch(&world.at("/users/Mary"), &patch)
        .expect(200);
    assert_eq!(unchanged.etag(), changed.etag());

    let gone = world.admin.delete(&world.at("/users/Mary")).expect(204);
    assert!(gone.bytes.is_empty() && gone.header("trilby-seq").is_some());
    world
        .admin
        .get(&world.at("/users/Mary"))
        .expect_problem(404, "not_found");
    let again = world
        .admin
        .post(&world.at("/users"), &json!({ "name": "Mary" }))
        .expect(201);
    assert_ne!(again.text("/id"), id, "an id is never given twice");
    world
        .admin
        .get(&world.at(&format!("/users/{id}")))
        .expect_problem(404, "not_found");
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let world = World::new();
    let post = |body| world.admin.post(&world.at("/users"), &body);
    let head = world.inside.state(world.account).seq();
    let bad = post(json!({ "name": "two words" })).expect_problem(400, "invalid_name");
    assert_eq!(bad.text("/errors/0/pointer"), "/name");
    post(json!({ "name": "x", "path": "eng" })).expect_problem(400, "invalid_name");
    post(json!({ "name": "TUSR0123456789ABCDEFG" })).expect_problem(400, "invalid_name");
    let bad = post(json!({})).expect_problem(400, "missing_parameter");
    assert_eq!(bad.text("/errors/0/pointer"), "/name");
    post(json!({ "name": 7 })).expect_problem(400, "invalid_parameter");
    post(json!({ "name": "x", "kind": "robot" })).expect_problem(400, "invalid_parameter");
    post(json!({ "name": "x", "email": "x@y" })).expect_problem(400, "unknown_field");
    post(json!({ "name": "x", "tags": { "aws:x": "1" } })).expect_problem(400, "invalid_parameter");
    post(json!({ "name": "x", "description": "\u{7}" })).expect_problem(400, "invalid_parameter");
    post(json!({ "name": "ADMIN" })).expect_problem(409, "already_exists");
    let twice = world
        .admin
        .request("POST", &world.at("/users"))
        .header("content-type", "application/json");
    twice
        .body(r#"{"name":"x","name":"y"}"#)
        .send()
        .expect_problem(400, "duplicate_field");
    world
        .admin
        .patch(&world.at("/users/admin"), &json!({ "name": null }))
        .expect_problem(400, "invalid_parameter");
    world
        .admin
        .patch(&world.at("/users/admin"), &json!({ "id": "x" }))
        .expect_problem(400, "unknown_field");
    world
        .admin
        .patch(&world.at("/users/nobody"), &json!({}))
        .expect_problem(404, "not_found");
    assert_eq!(world.inside.state(world.account).seq(), head);
}

#[test]
fn one_etag_one_winner() {
    let world = World::new();
    let made = world
        .admin
        .post(&world.at("/users"), &json!({ "name": "Mary" }))
        .expect(201);
    let with = world.admin.with_header("if-match", made.etag());
    let won = with
        .patch(&world.at("/users/Mary"), &json!({ "description": "one" }))
        .expect(200);
    let lost = with.patch(&world.at("/users/Mary"), &json!({ "description": "two" }));
    let lost = lost.expect_problem(412, "etag_mismatch");
    assert_eq!(lost.text("/current_etag"), won.etag());
    with.delete(&world.at("/users/Mary"))
        .expect_problem(412, "etag_mismatch");
    world
        .admin
        .with_header("if-match", won.etag())
        .delete(&world.at("/users/Mary"))
        .expect(204);
}

#[test]
fn a_repeated_request_gives_the_first_answer() {
    let world = World::new();
    let key = once();
    let client = world.admin.with_header("idempotency-key", &key);
    let first = client
        .post(&world.at("/users"), &json!({ "name": "Mary" }))
        .expect(201);
    let again = client
        .post(&world.at("/users"), &json!({ "name": "Mary" }))
        .expect(201);
    assert_eq!(again.json, first.json);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((again.etag(), again.seq()), (first.etag(), first.seq()));
    assert_eq!(again.header("location"), first.header("location"));
    let other = client.post(&world.at("/users"), &json!({ "name": "Bob" }));
    other.expect_problem(422, "idempotency_key_reused");
}

#[test]
fn lists_are_pages_of_one_state() {
    let world = World::new();
    for name in ["anna", "Bob", "carl", "Dora", "emil"] {
        let body = json!({ "name": name, "tags": { "initial": &name[..1] } });
        world.admin.post(&world.at("/users"), &body).expect(201);
    }
    let first = world.admin.get(&world.at("/users?limit=3")).expect(200);
    assert_eq!(names(&first), ["admin", "anna", "Bob"]);
    assert_eq!(first.text("/seq"), first.seq());
    world.admin.delete(&world.at("/users/emil")).expect(204);
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "cleo" }))
        .expect(201);
    let cursor = first.text("/next_cursor");
    let rest = world
        .admin
        .get(&world.at(&format!("/users?limit=9&cursor={cursor}")))
        .expect(200);
    assert_eq!(
        names(&rest),
        ["carl", "Dora", "emil"],
        "as it was when the walk began"
    );
    assert!(rest.json["next_cursor"].is_null());
    world
        .admin
        .get(&world.at(&format!("/users?name_prefix=a&cursor={cursor}")))
        .expect_problem(400, "invalid_cursor");
    world
        .admin
        .get(&world.at(&format!("/groups?cursor={cursor}")))
        .expect_problem(400, "invalid_cursor");

    let of = |query: &str| {
        names(
            &world
                .admin
                .get(&world.at(&format!("/users?{query}")))
                .expect(200),
        )
    };
    assert_eq!(of("name_prefix=A"), ["admin", "anna"]);
    assert_eq!(of("tag.initial=B"), ["Bob"]);
    assert_eq!(of("status=disabled"), Vec::<String>::new());
    assert_eq!(of("kind=human&name_prefix=d"), ["Dora"]);
    assert_eq!(of("path_prefix=/eng"), Vec::<String>::new());
    assert_eq!(
        of("created_after=2030-01-01T00:00:00Z"),
        Vec::<String>::new()
    );
    assert_eq!(
        of("created_before=2030-01-01T00:00:00Z&name_prefix=c"),
        ["carl", "cleo"]
    );
    for bad in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "status=gone",
        "sort=name",
        "created_after=yesterday",
    ] {
        let answer = world.admin.get(&world.at(&format!("/users?{bad}")));
        assert_eq!(answer.status, 400, "{bad}: {answer:?}");
    }
}

#[test]
fn another_name_needs_the_right_under_both() {
    let world = World::new();
    world
        .admin
        .post(
            &world.at("/users"),
            &json!({ "name": "mary", "path": "/eng/" }),
        )
        .expect(201);
    let in_eng = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "iam:GetUser", "Resource": "*" },
            { "Effect": "Allow", "Action": "iam:UpdateUser", "Resource": "arn:trilby:iam::*:user/eng/*" },
        ],
    });
    let helper = world.caller("helper", &in_eng);
    let path = world.at("/users/mary");
    helper
        .patch(&path, &json!({ "path": "/" }))
        .expect_problem(403, "access_denied");
    helper
        .patch(&path, &json!({ "name": "marie", "path": "/admins/" }))
        .expect_problem(403, "access_denied");
    let renamed = helper.patch(&path, &json!({ "name": "marie" })).expect(200);
    assert_eq!(
        renamed.text("/arn"),
        format!("arn:trilby:iam::{}:user/eng/marie", world.account)
    );
    world.admin.get(&path).expect_problem(404, "not_found");
    world
        .admin
        .patch(&world.at("/users/marie"), &json!({ "name": "admin" }))
        .expect_problem(409, "already_exists");
}

#[test]
fn tags_of_a_new_user_are_the_tagger_s_business() {
    let world = World::new();
    let only_blue = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*" },
            { "Effect": "Allow", "Action": "iam:TagUser", "Resource": "*",
              "Condition": { "StringEquals": { "aws:RequestTag/team": "blue" } } },
        ],
    });
    let helper = world.caller("helper", &only_blue);
    let post = |body| helper.post(&world.at("/users"), &body);
    post(json!({ "name": "a" })).expect(201);
    post(json!({ "name": "b", "tags": { "team": "blue" } })).expect(201);
    post(json!({ "name": "c", "tags": { "team": "red" } })).expect_problem(403, "access_denied");
}

#[test]
fn a_user_that_holds_on_to_things_goes_with_them_or_not_at_all() {
    let world = World::new();
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    world
        .admin
        .post(&world.at("/groups"), &json!({ "name": "Billing" }))
        .expect(201);
    world
        .admin
        .request("PUT", &world.at("/groups/Billing/members/mary"))
        .send()
        .expect(204);
    let key = world.key("mary").text("/access_key_id").to_owned();
    let profile = json!({ "password": PASSWORD });
    world
        .admin
        .put(&world.at("/users/mary/login-profile"), &profile)
        .expect(201);
    world
        .admin
        .request(
            "PUT",
            &world.at("/users/mary/attached-policies/system:ReadOnlyAccess"),
        )
        .send()
        .expect(204);
    let id = world
        .admin
        .get(&world.at("/users/mary"))
        .text("/id")
        .to_owned();

    let refused = world
        .admin
        .delete(&world.at("/users/mary"))
        .expect_problem(409, "delete_conflict");
    let kinds: Vec<&str> = refused.json["blockers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["attached policy", "group", "access key", "login profile"]
    );

    let path = world.at("/users/mary?cascade=true");
    for (n, part) in [
        "iam:DetachUserPolicy",
        "iam:RemoveUserFromGroup",
        "iam:DeleteAccessKey",
        "iam:DeleteLoginProfile",
    ]
    .into_iter()
    .enumerate()
    {
        let without = world.all_but(&format!("without-{n}"), &[part]);
        let refused = without.delete(&path).expect_problem(403, "access_denied");
        assert_eq!(refused.text("/action"), part);
    }
    assert!(world.credential(&key, CredentialKind::AccessKey).is_some());
    world.admin.delete(&path).expect(204);
    assert!(world.credential(&key, CredentialKind::AccessKey).is_none());
    assert!(world.credential(&id, CredentialKind::Password).is_none());
    assert_eq!(
        world.admin.get(&world.at("/groups/Billing")).json["member_count"],
        0
    );
}

#[test]
fn who_may_not_know_a_user_learns_nothing() {
    let world = World::new();
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    let nobody = world.allowed("nobody", &["iam:ListGroups"]);
    let there = nobody
        .get(&world.at("/users/mary"))
        .expect_problem(404, "not_found");
    let missing = nobody
        .get(&world.at("/users/nemo"))
        .expect_problem(404, "not_found");
    assert_eq!(told(&there), told(&missing));
    let there = nobody
        .delete(&world.at("/users/mary"))
        .expect_problem(404, "not_found");
    assert_eq!(told(&there), told(&missing));
    let reader = world.allowed("reader", &["iam:GetUser"]);
    reader
        .delete(&world.at("/users/mary"))
        .expect_problem(403, "access_denied");
    reader
        .delete(&world.at("/users/nemo"))
        .expect_problem(403, "access_denied");
}

#[test]
fn a_disabled_user_s_session_ends() {
    let world = World::new();
    let mary = world.allowed("mary", &["iam:GetUser"]);
    mary.get(&world.at("/users/mary")).expect(200);
    world
        .admin
        .patch(&world.at("/users/mary"), &json!({ "status": "disabled" }))
        .expect(200);
    mary.get(&world.at("/users/mary"))
        .expect_problem(401, "unauthenticated");
}

#[test]
fn groups_of_a_user_are_listed_by_name() {
    let world = World::new();
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    for name in ["Writers", "editors", "Billing"] {
        world
            .admin
            .post(&world.at("/groups"), &json!({ "name": name }))
            .expect(201);
        world
            .admin
            .request("PUT", &world.at(&format!("/groups/{name}/members/mary")))
            .send()
            .expect(204);
    }
    let page = world
        .admin
        .get(&world.at("/users/mary/groups?limit=2"))
        .expect(200);
    assert_eq!(names(&page), ["Billing", "editors"]);
    let next = format!("/users/mary/groups?cursor={}", page.text("/next_cursor"));
    assert_eq!(
        names(&world.admin.get(&world.at(&next)).expect(200)),
        ["Writers"]
    );
    let others = format!("/users/admin/groups?cursor={}", page.text("/next_cursor"));
    world
        .admin
        .get(&world.at(&others))
        .expect_problem(400, "invalid_cursor");
}
