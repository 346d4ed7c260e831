//! Changing one's own password.

use serde_json::json;
use trilby_service::clock::Clock;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::allow;

use crate::refusals::records;
use crate::world::{EMAIL, PASSWORD, World};

const NEW: &str = "nineteen brass lamps";

fn change(world: &World, client: &Client, old: &str, new: &str) -> Answer {
    world.post(
        client,
        "/v1/password",
        &json!({ "old_password": old, "new_password": new }),
    )
}

#[test]
fn the_old_password_and_the_right_are_needed() {
    let world = World::allowing(&allow(&["iam:ChangePassword"]));
    world.another_user(world.account, "bob", &serde_json::Value::Null);
    let mary = world.session("mary");
    change(&world, &mary, "wrong", NEW).expect_problem(401, "invalid_credentials");
    change(&world, &world.session("bob"), PASSWORD, NEW).expect_problem(403, "access_denied");
    change(&world, &world.inside.stranger(), PASSWORD, NEW).expect_problem(401, "unauthenticated");
    assert!(world.stands(&mary));
    change(&world, &mary, PASSWORD, NEW).expect(200);
    assert!(!world.stands(&mary), "a new password ends sessions");
    let account = world.account.to_string();
    world.login(&account, "mary", PASSWORD).expect(401);
    world.login(&account, "mary", NEW).expect(200);
    world.login(&account, "bob", PASSWORD).expect(200);
}

#[test]
fn root_changes_its_own() {
    let world = World::new();
    let account = world.account.to_string();
    let answer = world.login(&account, EMAIL, PASSWORD).expect(200);
    let root = world
        .inside
        .stranger()
        .with_token(answer.text("/access_token"));
    change(&world, &root, PASSWORD, "root@example.com").expect_problem(422, "password_rejected");
    change(&world, &root, PASSWORD, NEW).expect(200);
    assert!(!world.stands(&root));
    world.login(&account, EMAIL, PASSWORD).expect(401);
    world.login(&account, EMAIL, NEW).expect(200);
    world.login(&account, "mary", PASSWORD).expect(200);
}

#[test]
fn root_of_an_account_without_a_credential_gets_one_by_a_ticket_once() {
    let world = World::new();
    let later = world.inside.clock().now().plus_seconds(3_600);
    let (account, ticket) = world.account_with_ticket("acme-prod", later);
    let (other, _) = world.account_with_ticket("acme-dev", later);
    let account = account.to_string();
    world.login(&account, EMAIL, PASSWORD).expect(401);
    let stranger = world.inside.stranger();
    let redeem = |ticket: &str, new: &str| {
        let body = json!({ "ticket": ticket, "new_password": new });
        world.post(&stranger, "/v1/password", &body)
    };
    let elsewhere = ticket.replace(&account, &other.to_string());
    redeem(&elsewhere, NEW).expect_problem(401, "invalid_credentials");
    redeem(&ticket, "root@example.com").expect_problem(422, "password_rejected");
    redeem(&ticket, NEW).expect(200);
    redeem(&ticket, PASSWORD).expect_problem(401, "invalid_credentials");
    let login = world.login(&account, EMAIL, NEW).expect(200);
    assert_eq!(
        login.text("/trilby/arn"),
        format!("arn:trilby:iam::{account}:root")
    );
    world.login(&other.to_string(), EMAIL, NEW).expect(401);
}

#[test]
fn a_ticket_of_root_that_has_expired_opens_nothing() {
    let world = World::new();
    let later = world.inside.clock().now().plus_seconds(3_600);
    let (_, ticket) = world.account_with_ticket("acme-prod", later);
    world.inside.clock().advance_seconds(3_600);
    let body = json!({ "ticket": ticket, "new_password": NEW });
    world
        .post(&world.inside.stranger(), "/v1/password", &body)
        .expect_problem(401, "invalid_credentials");
}

#[test]
fn bad_passwords_are_refused_with_reasons() {
    let world = World::allowing(&allow(&["iam:ChangePassword"]));
    let mary = world.session("mary");
    for (new, reason) in [
        ("short", "too_short"),
        ("password12345678", "common"),
        ("mary mary mary 1", "contains_name"),
        ("abababababababab", "repetition"),
        ("abcdefghijklmnopq", "run"),
        (PASSWORD, "unchanged"),
    ] {
        let answer = change(&world, &mary, PASSWORD, new).expect_problem(422, "password_rejected");
        assert!(
            answer.json["reasons"]
                .as_array()
                .unwrap()
                .contains(&json!(reason)),
            "{new}: {answer:?}"
        );
    }
    change(&world, &mary, PASSWORD, &"x".repeat(257)).expect_problem(422, "password_rejected");
    assert!(world.stands(&mary));
}

#[test]
fn guesses_at_the_old_password_count_as_logins() {
    let world = World::allowing(&allow(&["iam:ChangePassword"]));
    let mary = world.session("mary");
    let statuses: Vec<u16> = (0..7)
        .map(|_| {
            mary.post(
                "/v1/password",
                &json!({ "old_password": "wrong", "new_password": NEW }),
            )
            .status
        })
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    for (kind, n) in [("login.failed", 5), ("login.throttled", 2)] {
        let on_record = records(&world, world.account, kind);
        assert_eq!(on_record.len(), n, "{on_record:?}");
        let mary = world.mary.as_str();
        assert!(on_record.iter().all(|record| record["person"] == mary));
    }
}

#[test]
fn the_body_names_one_proof() {
    let world = World::new();
    let mary = world.session("mary");
    for body in [
        json!({ "new_password": NEW }),
        json!({ "old_password": PASSWORD }),
        json!({ "ticket": "tbr_x", "old_password": PASSWORD, "new_password": NEW }),
        json!({ "ticket": "tbr_x", "new_password": NEW }),
        json!({ "old_password": PASSWORD, "new_password": NEW, "username": "bob" }),
    ] {
        world.post(&mary, "/v1/password", &body).expect(400);
    }
    let stranger = world.inside.stranger();
    for ticket in [
        "",
        "x",
        "tbr_",
        "tbb_0000000000000000000000000000000000000000000",
    ] {
        let body = json!({ "ticket": ticket, "new_password": NEW });
        world
            .post(&stranger, "/v1/password", &body)
            .expect_problem(401, "invalid_credentials");
    }
}
