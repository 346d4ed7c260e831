//! Access keys over HTTP.

use serde_json::json;
use trilby_credential::{CredentialKind, Mac, rows};
use trilby_eventlog::{Credential, SideBody, SideWrite};
use trilby_model::LogId;
use trilby_service::clock::Clock;

use crate::world::{World, kept, once, peppers, told};

#[test]
fn the_secret_is_in_one_answer_and_only_its_mac_is_kept() {
    let world = World::new();
    let path = world.at("/users/admin/access-keys");
    world
        .admin
        .post(&path, &json!({}))
        .expect_problem(400, "missing_parameter");
    let client = world.admin.with_header("idempotency-key", &once());
    let made = client.post(&path, &json!({})).expect(201);
    let (id, secret) = (
        made.text("/access_key_id").to_owned(),
        made.text("/secret").to_owned(),
    );
    assert!(id.starts_with("TKEY") && secret.starts_with("tbk_"));
    assert_eq!(made.text("/status"), "active");
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let row = world.credential(&id, CredentialKind::AccessKey).unwrap();
    assert_eq!(row.generation, 1);
    assert!(peppers().verify(Mac::from_bytes(&row.body.0).as_ref(), &secret));

    let again = client.post(&path, &json!({})).expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert!(again.json["secret"].is_null());
    assert_eq!(again.json["secret_withheld"], true);
    assert_eq!(again.text("/access_key_id"), id);
    assert!(!again.body().contains(&secret));

    let list = world.admin.get(&path).expect(200);
    assert_eq!(list.json["items"].as_array().unwrap().len(), 1);
    assert!(!list.body().contains("secret"));
    assert!(!kept(&world.inside, &LogId::Account(world.account)).contains(&secret));
}

#[test]
fn when_a_key_was_last_used_is_told_to_the_hour_and_forgotten_with_the_key() {
    let world = World::new();
    let key = world.key("admin");
    let id = key.text("/access_key_id");
    let path = world.at(&format!("/users/admin/access-keys/{id}"));
    let asked = format!("{path}/last-used");
    let never = world.admin.get(&asked).expect(200);
    assert_eq!(never.json, json!({ "access_key_id": id }));
    let kind = CredentialKind::AccessKeyUse.number();
    let hour = rows::hour_of(world.inside.clock().now()).unwrap();
    let used = SideWrite::CredentialInsert(Credential {
        log: LogId::Account(world.account),
        subject: id.to_owned(),
        kind,
        generation: hour,
        body: SideBody::default(),
        expires_at: None,
    });
    let store = world.inside.services().log();
    world.inside.wait(store.side_write(vec![used])).unwrap();
    let told = world.admin.get(&asked).expect(200);
    let at = rows::beginning_of(hour).to_string();
    assert_eq!(told.text("/last_used_at"), at);
    world.admin.delete(&path).expect(204);
    assert!(world.credential(id, CredentialKind::AccessKeyUse).is_none());
    world.admin.get(&asked).expect_problem(404, "not_found");
}

#[test]
fn a_user_has_two_keys_at_most() {
    let world = World::new();
    world.key("admin");
    world.key("admin");
    let client = world.admin.with_header("idempotency-key", &once());
    let refused = client.post(&world.at("/users/admin/access-keys"), &json!({}));
    let refused = refused.expect_problem(409, "limit_exceeded");
    assert_eq!(refused.text("/quota"), "access_keys_per_user");
    assert_eq!(
        (
            refused.json["limit"].as_u64(),
            refused.json["used"].as_u64()
        ),
        (Some(2), Some(3))
    );
}

#[test]
fn bounds_of_a_key_are_checked() {
    let world = World::new();
    let post = |body| {
        let client = world.admin.with_header("idempotency-key", &once());
        client.post(&world.at("/users/admin/access-keys"), &body)
    };
    let bad =
        post(json!({ "allowed_cidrs": ["10.0.0.0"] })).expect_problem(400, "invalid_parameter");
    assert_eq!(bad.text("/errors/0/pointer"), "/allowed_cidrs");
    post(json!({ "expires_at": "2001-01-01T00:00:00Z" })).expect_problem(400, "invalid_parameter");
    post(json!({ "secret": "mine" })).expect_problem(400, "unknown_field");
    let made =
        post(json!({ "expires_at": "2027-01-01T00:00:00Z", "allowed_cidrs": ["10.0.0.0/8"] }))
            .expect(201);
    assert_eq!(made.text("/expires_at"), "2027-01-01T00:00:00.000Z");
    assert_eq!(made.json["allowed_cidrs"], json!(["10.0.0.0/8"]));
}

#[test]
fn a_key_is_put_to_rest_and_deleted() {
    let world = World::new();
    let made = world.key("admin");
    let id = made.text("/access_key_id").to_owned();
    let path = world.at(&format!("/users/admin/access-keys/{id}"));
    let rested = world
        .admin
        .patch(&path, &json!({ "status": "inactive" }))
        .expect(200);
    assert_eq!(rested.text("/status"), "inactive");
    assert_ne!(rested.etag(), made.etag());
    assert_eq!(
        world.admin.patch(&path, &json!({})).expect(200).etag(),
        rested.etag()
    );
    world
        .admin
        .patch(&path, &json!({ "status": "lost" }))
        .expect_problem(400, "invalid_parameter");
    let stale = world.admin.with_header("if-match", made.etag());
    stale.delete(&path).expect_problem(412, "etag_mismatch");
    world
        .admin
        .with_header("if-match", rested.etag())
        .delete(&path)
        .expect(204);
    assert!(world.credential(&id, CredentialKind::AccessKey).is_none());
    world.admin.delete(&path).expect_problem(404, "not_found");
    world.key("admin");
    world.key("admin");
}

#[test]
fn a_key_is_reached_through_its_own_user_only() {
    let world = World::new();
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    let id = world.key("mary").text("/access_key_id").to_owned();
    let wrong = world
        .admin
        .delete(&world.at(&format!("/users/admin/access-keys/{id}")));
    let missing = world
        .admin
        .delete(&world.at("/users/admin/access-keys/TKEY0123456789ABCDEFG"));
    assert_eq!(
        told(&wrong.expect_problem(404, "not_found")),
        told(&missing.expect_problem(404, "not_found"))
    );
    let none = world
        .admin
        .delete(&world.at("/users/mary/access-keys/nonsense"));
    none.expect_problem(404, "not_found");
    assert!(world.credential(&id, CredentialKind::AccessKey).is_some());
}

#[test]
fn one_s_own_keys_by_a_policy_variable() {
    let world = World::new();
    let own = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "iam:CreateAccessKey",
            "Resource": "arn:trilby:iam::*:user/${trilby:username}",
        }],
    });
    let mary = world.caller("mary", &own);
    let post = |user: &str| {
        let client = mary.with_header("idempotency-key", &once());
        client.post(&world.at(&format!("/users/{user}/access-keys")), &json!({}))
    };
    post("mary").expect(201);
    post("admin").expect_problem(404, "not_found");
}

#[test]
fn of_many_keys_made_at_once_two_are_made() {
    let world = World::new();
    let path = world.at("/users/admin/access-keys");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| {
                let client = world.admin.with_header("idempotency-key", &once());
                let path = &path;
                scope.spawn(move || client.post(path, &json!({})).status)
            })
            .collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(201), count(409)), (2, 6), "{statuses:?}");
    let kept = world.inside.state(world.account).access_keys().len();
    assert_eq!(kept, 2);
}
