//! What accounts' own records say of sessions that were refused, and of sessions used elsewhere.

use serde_json::{Value, json};
use trilby_eventlog::ActivityFilter;
use trilby_model::{AccountId, LogId};
use trilby_testkit::installation::allow;

use crate::world::{PASSWORD, World, trusting};

pub fn records(world: &World, account: AccountId, kind: &str) -> Vec<Value> {
    let filter = ActivityFilter {
        kinds: vec![kind.to_owned()],
        from: None,
        until: None,
        after: None,
    };
    let log = LogId::Account(account);
    let log_of = world.inside.services().log();
    let found = world
        .inside
        .wait(log_of.activity_list(&log, &filter, 1_000));
    found
        .unwrap()
        .iter()
        .map(|record| serde_json::from_slice(&record.activity.body).unwrap())
        .collect()
}

#[test]
fn a_refusal_is_recorded_with_its_reason_in_both_accounts() {
    let world = World::allowing(&allow(&["sts:AssumeRole"]));
    let other = world.another_account("Other");
    world.role(
        other,
        "private",
        &trusting(&[format!("arn:trilby:iam::{other}:root")]),
    );
    let session = world.session("mary");
    let role = world.role_arn(other, "private");
    let told = world
        .assume(&session, &role)
        .expect_problem(403, "access_denied");
    assert!(!told.json.to_string().contains("resource"), "{told:?}");
    for account in [world.account, other] {
        let records = records(&world, account, "session.refused");
        assert_eq!(records.len(), 1, "{account}");
        assert_eq!(records[0]["code"], "access_denied");
        assert_eq!(records[0]["role"], json!(role));
        assert_eq!(
            records[0]["why"],
            "sts:AssumeRole: implicit_deny by resource"
        );
        assert!(records[0]["by"].as_str().unwrap().ends_with("user/mary"));
    }
    // An account that does not exist has no records, and that is no fault.
    let nobody = world.role_arn("000000000001".parse().unwrap(), "any");
    world
        .assume(&session, &nobody)
        .expect_problem(403, "access_denied");
    assert_eq!(records(&world, world.account, "session.refused").len(), 2);
}

#[test]
fn of_a_flood_of_refusals_some_are_recorded() {
    let world = World::new();
    let session = world.session("mary");
    let role = world.role_arn(world.account, "none");
    let body = json!({ "role_arn": role, "role_session_name": "ci-42" });
    for _ in 0..30 {
        session
            .post("/v1/assume-role", &body)
            .expect_problem(403, "access_denied");
    }
    assert_eq!(records(&world, world.account, "session.refused").len(), 10);
}

#[test]
fn the_callers_account_knows_of_roles_put_on_elsewhere() {
    let world = World::allowing(&allow(&["sts:AssumeRole"]));
    let other = world.another_account("Member");
    world.role(
        other,
        "access",
        &trusting(&[format!("arn:trilby:iam::{}:root", world.account)]),
    );
    let session = world.session("mary");
    let answer = world
        .assume(&session, &world.role_arn(other, "access"))
        .expect(200);
    let used = records(&world, world.account, "session.used_to_assume");
    assert_eq!(used.len(), 1);
    assert_eq!(used[0]["jti"], answer.json["session_id"]);
    assert_eq!(records(&world, other, "session.used_to_assume").len(), 0);
    assert_eq!(records(&world, other, "session.issued").len(), 1);
}

#[test]
fn logins_are_recorded_without_what_was_typed() {
    let world = World::new();
    let account = world.account.to_string();
    world.login(&account, "mary", PASSWORD).expect(200);
    world.login(&account, "mary", "wrong").expect(401);
    // A password in the field of the name is nobody's name, and nobody reads it.
    world.login(&account, PASSWORD, "x").expect(401);
    let succeeded = records(&world, world.account, "login.succeeded");
    assert_eq!(succeeded.len(), 1);
    assert_eq!(succeeded[0]["person"], json!(world.mary.as_str()));
    let failed = records(&world, world.account, "login.failed");
    let mut persons: Vec<_> = failed
        .iter()
        .map(|record| record["person"].clone())
        .collect();
    persons.sort_by_key(ToString::to_string);
    assert_eq!(persons, [json!(world.mary.as_str()), Value::Null]);
    assert!(!json!(failed).to_string().contains(PASSWORD));
    for _ in 0..8 {
        world.login(&account, "mary", "wrong");
    }
    assert!(!records(&world, world.account, "login.throttled").is_empty());
    // An account that does not exist keeps no records, and its refusal is the same.
    world.login("000000000001", "mary", PASSWORD).expect(401);
}
