//! Passwords of people, set by those who administer them.

use serde_json::json;
use trilby_credential::{CredentialKind, Mac, PasswordHash, password};
use trilby_model::LogId;

use crate::world::{PASSWORD, World, kept, once, peppers};

fn opens(world: &World, user: &str, text: &str) -> bool {
    let row = world.credential(user, CredentialKind::Password).unwrap();
    let hash = PasswordHash::decode(std::str::from_utf8(&row.body.0).unwrap()).unwrap();
    let verdict = password::verify(Some(&hash), text, &peppers(), password::Params::FLOOR).unwrap();
    verdict != password::Verdict::Wrong
}

#[test]
fn a_password_is_set_replaced_and_removed() {
    let world = World::new();
    let mary = world.allowed("mary", &["iam:GetUser"]);
    let id = world
        .admin
        .get(&world.at("/users/mary"))
        .text("/id")
        .to_owned();
    let path = world.at("/users/mary/login-profile");
    let first = world
        .admin
        .put(&path, &json!({ "password": PASSWORD, "must_change": true }))
        .expect(201);
    assert_eq!(first.json["must_change"], true);
    assert!(!first.body().contains(PASSWORD));
    assert!(opens(&world, &id, PASSWORD));
    mary.get(&world.at("/users/mary"))
        .expect_problem(401, "unauthenticated");
    assert_eq!(
        world.admin.get(&world.at("/users/mary")).expect(200).json["login_profile"],
        true
    );

    let other = "eleven green teapots";
    world
        .admin
        .put(&path, &json!({ "password": other }))
        .expect(200);
    assert!(opens(&world, &id, other) && !opens(&world, &id, PASSWORD));
    world.admin.delete(&path).expect(204);
    assert!(world.credential(&id, CredentialKind::Password).is_none());
    world.admin.delete(&path).expect_problem(404, "not_found");
    let text = kept(&world.inside, &LogId::Account(world.account));
    assert!(
        !text.contains(PASSWORD) && !text.contains(other) && !text.contains("$argon2id$"),
        "{text}"
    );
}

#[test]
fn bad_passwords_are_refused_with_reasons() {
    let world = World::new();
    let path = world.at("/users/admin/login-profile");
    let put = |text: &str| {
        let refused = world.admin.put(&path, &json!({ "password": text }));
        refused.expect_problem(422, "password_rejected").json["reasons"].clone()
    };
    assert_eq!(put("wander5mok"), json!(["too_short"]));
    assert_eq!(put("admin-Acme-admin-Acme"), json!(["contains_name"]));
    assert!(
        put("aaaaaaaaaaaaaaaaaaaa")
            .as_array()
            .unwrap()
            .contains(&json!("repetition"))
    );
    assert_eq!(put(&"\u{fc}".repeat(200)).as_array().unwrap().len(), 1);
    world
        .admin
        .put(&path, &json!({}))
        .expect_problem(400, "missing_parameter");
    assert!(
        world
            .inside
            .state(world.account)
            .users()
            .values()
            .all(|user| user.password.is_none())
    );
}

#[test]
fn service_users_have_no_password() {
    let world = World::new();
    world
        .admin
        .post(
            &world.at("/users"),
            &json!({ "name": "robot", "kind": "service" }),
        )
        .expect(201);
    let put = world.admin.put(
        &world.at("/users/robot/login-profile"),
        &json!({ "password": PASSWORD }),
    );
    put.expect_problem(409, "invalid_state");
    let reset = world
        .admin
        .request("POST", &world.at("/users/robot/password-reset"))
        .send();
    reset.expect_problem(409, "invalid_state");
}

#[test]
fn the_first_password_needs_one_more_right() {
    let world = World::new();
    let helper = world.allowed("helper", &["iam:GetUser", "iam:UpdateLoginProfile"]);
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    let path = world.at("/users/mary/login-profile");
    let refused = helper
        .put(&path, &json!({ "password": PASSWORD }))
        .expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "iam:CreateLoginProfile");
    helper
        .request("POST", &world.at("/users/mary/password-reset"))
        .send()
        .expect_problem(403, "access_denied");
    world
        .admin
        .put(&path, &json!({ "password": PASSWORD }))
        .expect(201);
    helper
        .put(&path, &json!({ "password": "eleven green teapots" }))
        .expect(200);
    helper.delete(&path).expect_problem(403, "access_denied");
}

#[test]
fn a_ticket_is_shown_once_and_the_next_voids_it() {
    let world = World::new();
    let id = world
        .admin
        .get(&world.at("/users/admin"))
        .text("/id")
        .to_owned();
    let client = world.admin.with_header("idempotency-key", &once());
    let path = world.at("/users/admin/password-reset");
    let made = client.request("POST", &path).send().expect(201);
    let ticket = made.text("/ticket").to_owned();
    assert!(ticket.starts_with(&format!("tbr_{}_{id}_", world.account)));
    let filed = |text: &str| {
        let row = world
            .credential(&id, CredentialKind::PasswordTicket)
            .unwrap();
        peppers().verify(Mac::from_bytes(&row.body.0).as_ref(), text)
    };
    assert!(filed(&ticket));
    assert!(client.request("POST", &path).send().expect(201).json["ticket"].is_null());
    let second = world
        .admin
        .request("POST", &path)
        .send()
        .expect(201)
        .text("/ticket")
        .to_owned();
    assert!(filed(&second) && !filed(&ticket));
    world.admin.get(&world.at("/users/admin")).expect(200);
    world
        .admin
        .put(
            &world.at("/users/admin/login-profile"),
            &json!({ "password": PASSWORD }),
        )
        .expect(201);
    assert!(
        world
            .credential(&id, CredentialKind::PasswordTicket)
            .is_none(),
        "a new password voids it"
    );
}

#[test]
fn no_receipt_holds_a_hash_of_a_password() {
    let world = World::new();
    let id = world
        .admin
        .get(&world.at("/users/admin"))
        .text("/id")
        .to_owned();
    let key = once();
    let client = world.admin.with_header("idempotency-key", &key);
    let path = world.at("/users/admin/login-profile");
    client
        .put(&path, &json!({ "password": PASSWORD }))
        .expect(201);
    let log = LogId::Account(world.account);
    let receipt = trilby_service::idempotency::receipt_key(&id, &key);
    let receipt = world.inside.services().log().receipt(&log, &receipt);
    assert!(world.inside.wait(receipt).unwrap().is_none());
}
