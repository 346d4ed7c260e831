//! Accounts over HTTP.

use serde_json::json;

use crate::world::{World, told};

#[test]
fn an_account_is_read_and_renamed() {
    let world = World::new();
    let account = world.admin.get(&world.at("")).expect(200);
    assert_eq!(account.text("/id"), world.account.to_string());
    assert_eq!(
        (account.text("/name"), account.text("/status")),
        ("Acme", "active")
    );
    assert_eq!(
        account.text("/arn"),
        format!("arn:trilby:iam::{}:account", world.account)
    );
    let patch = json!({ "name": "Acme Inc.", "alias": "acme" });
    let changed = world.admin.patch(&world.at(""), &patch).expect(200);
    assert_eq!(
        (changed.text("/name"), changed.text("/alias")),
        ("Acme Inc.", "acme")
    );
    let stale = world.admin.with_header("if-match", account.etag());
    stale
        .patch(&world.at(""), &json!({ "name": "Other" }))
        .expect_problem(412, "etag_mismatch");
    let cleared = world
        .admin
        .patch(&world.at(""), &json!({ "alias": null }))
        .expect(200);
    assert!(cleared.json.get("alias").is_none());
    world
        .admin
        .patch(&world.at(""), &json!({ "name": null }))
        .expect_problem(400, "invalid_parameter");
    world
        .admin
        .patch(&world.at(""), &json!({ "alias": "NO" }))
        .expect_problem(400, "invalid_name");
    world
        .admin
        .patch(&world.at(""), &json!({ "status": "closed" }))
        .expect_problem(400, "unknown_field");
}

#[test]
fn an_alias_is_one_account_s() {
    let world = World::new();
    let other = world.inside.account("Other");
    world
        .admin
        .patch(&world.at(""), &json!({ "alias": "acme" }))
        .expect(200);
    let root = world.inside.root(other);
    let taken = root.patch(
        &format!("/v1/accounts/{other}"),
        &json!({ "alias": "acme" }),
    );
    taken.expect_problem(409, "already_exists");
    world
        .admin
        .patch(&world.at(""), &json!({ "alias": null }))
        .expect(200);
    root.patch(
        &format!("/v1/accounts/{other}"),
        &json!({ "alias": "acme" }),
    )
    .expect(200);
}

#[test]
fn the_summary_counts() {
    let world = World::new();
    let used = |quota: &str| {
        let summary = world.admin.get(&world.at("/summary")).expect(200);
        let quotas = summary.json["quotas"].as_array().unwrap().clone();
        let found = quotas
            .into_iter()
            .find(|one| one["quota"] == quota)
            .unwrap();
        (
            found["used"].as_u64().unwrap(),
            found["limit"].as_u64().unwrap(),
        )
    };
    assert_eq!(used("users"), (1, 5_000));
    assert_eq!(used("groups"), (0, 300));
    world
        .admin
        .post(&world.at("/groups"), &json!({ "name": "g" }))
        .expect(201);
    assert_eq!(used("groups"), (1, 300));
}

#[test]
fn foreign_and_unknown_accounts_are_one_answer() {
    let world = World::new();
    let other = world.inside.account("Other");
    let foreign = world
        .admin
        .get(&format!("/v1/accounts/{other}"))
        .expect_problem(404, "not_found");
    let unknown = world
        .admin
        .get("/v1/accounts/123456789012")
        .expect_problem(404, "not_found");
    let nonsense = world
        .admin
        .get("/v1/accounts/nonsense")
        .expect_problem(404, "not_found");
    assert_eq!(told(&foreign), told(&unknown));
    assert_eq!(told(&foreign), told(&nonsense));
}

#[test]
fn the_past_needs_a_right_of_its_own() {
    let world = World::new();
    let then = world.admin.get(&world.at("")).expect(200).seq().to_owned();
    world
        .admin
        .patch(&world.at(""), &json!({ "name": "Later" }))
        .expect(200);
    let past = world
        .admin
        .with_header("trilby-at-seq", &then)
        .get(&world.at(""))
        .expect(200);
    assert_eq!(past.text("/name"), "Acme");
    assert_eq!(past.seq(), then);
    let without = world.all_but("without", &["iam:ReadHistory"]);
    without
        .with_header("trilby-at-seq", &then)
        .get(&world.at(""))
        .expect_problem(403, "access_denied");
}

#[test]
fn an_account_is_suspended_with_all_its_sessions_and_the_callers() {
    let world = World::new();
    let other = world.allowed("other", &["*"]);
    let path = world.at("/suspend");
    world
        .allowed("reader", &["iam:GetAccount"])
        .post(&path, &json!({}))
        .expect_problem(403, "access_denied");
    let body = json!({ "reason": "moving house" });
    let suspended = world.admin.post(&path, &body).expect(200);
    assert_eq!(suspended.text("/status"), "suspended");
    for client in [&world.admin, &other, &world.inside.root(world.account)] {
        client
            .get(&world.at(""))
            .expect_problem(401, "unauthenticated");
    }
}

#[test]
fn root_alone_closes_an_account_and_for_good() {
    let world = World::new();
    let path = world.at("/close");
    let close = |client: &trilby_testkit::http::Client| client.request("POST", &path).send();
    close(&world.admin).expect_problem(403, "root_only");
    let root = world.inside.root(world.account);
    assert_eq!(close(&root).expect(200).text("/status"), "closed");
    close(&root).expect_problem(401, "unauthenticated");
}
