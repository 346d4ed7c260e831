//! The one way into an empty installation.

use serde_json::{Value, json};
use trilby_credential::{CredentialKind, PasswordHash, password};
use trilby_model::{AccountId, LogId};
use trilby_service::Secret;
use trilby_testkit::installation::Installation;

use crate::world::{PASSWORD, credential, empty, kept, peppers};

const EMAIL: &str = "root@acme.example";

fn ticket(inside: &Installation) -> String {
    let ticket = inside.wait(trilby_identity::bootstrap::issue_ticket(inside.services()));
    ticket.unwrap().expose().to_owned()
}

fn body(ticket: &str) -> Value {
    json!({ "ticket": ticket, "account_name": "Acme", "root_email": EMAIL, "root_password": PASSWORD })
}

fn is_done(inside: &Installation) -> bool {
    inside
        .wait(trilby_identity::bootstrap::is_done(inside.services()))
        .unwrap()
}

#[test]
fn the_ticket_makes_the_first_account_once() {
    let inside = empty();
    let ticket = ticket(&inside);
    assert!(ticket.starts_with("tbb_"));
    assert!(!is_done(&inside));
    let made = inside
        .stranger()
        .post("/v1/bootstrap", &body(&ticket))
        .expect(201);
    let id: AccountId = made.text("/account/id").parse().unwrap();
    assert_eq!(
        made.header("location"),
        Some(format!("/v1/accounts/{id}").as_str())
    );
    assert_eq!(made.text("/account/name"), "Acme");
    assert_eq!(made.json["account"]["root_credential"], true);
    assert_eq!(made.text("/root_arn"), format!("arn:trilby:iam::{id}:root"));
    assert!(
        made.seq().starts_with(&format!("{id}@2.")),
        "no decision reads the installation's log: {}",
        made.seq()
    );
    assert!(is_done(&inside));

    let again = inside.stranger().post("/v1/bootstrap", &body(&ticket));
    again.expect_problem(409, "invalid_state");
    assert!(
        inside
            .wait(trilby_identity::bootstrap::issue_ticket(inside.services()))
            .is_err()
    );
}

#[test]
fn root_can_be_known_by_its_password_and_neither_is_in_the_log() {
    let inside = empty();
    let made = inside
        .stranger()
        .post("/v1/bootstrap", &body(&ticket(&inside)))
        .expect(201);
    let id: AccountId = made.text("/account/id").parse().unwrap();
    let log = LogId::Account(id);
    let row = credential(&inside, &log, &id.to_string(), CredentialKind::Password).unwrap();
    assert_eq!(row.generation, 1);
    let hash = PasswordHash::decode(std::str::from_utf8(&row.body.0).unwrap()).unwrap();
    let typed = Secret::new(PASSWORD.to_owned());
    let verdict = password::verify(
        Some(&hash),
        typed.expose(),
        &peppers(),
        password::Params::FLOOR,
    )
    .unwrap();
    assert_ne!(verdict, password::Verdict::Wrong);
    let state = inside.state(id);
    let email = state.root().email.unwrap();
    let root = state.root_subject();
    let row = inside
        .services()
        .log()
        .personal(&log, &root, email.field.number(), 1);
    let row = inside.wait(row).unwrap().unwrap();
    assert_eq!(
        (row.digest(), row.body.0),
        (email.digest, EMAIL.as_bytes().to_vec())
    );
    for log in [log, LogId::Platform] {
        let text = kept(&inside, &log);
        assert!(
            !text.contains(PASSWORD) && !text.contains(EMAIL) && !text.contains("tbb_"),
            "{text}"
        );
    }
    assert!(
        credential(
            &inside,
            &LogId::Platform,
            "bootstrap",
            CredentialKind::BootstrapTicket
        )
        .is_none()
    );
}

#[test]
fn only_the_newest_ticket_opens_and_only_for_half_an_hour() {
    let inside = empty();
    let nobody = inside.stranger();
    let refused = |text: &str| {
        nobody
            .post("/v1/bootstrap", &body(text))
            .expect_problem(401, "invalid_credentials")
    };
    refused("tbb_guess");
    let first = ticket(&inside);
    let second = ticket(&inside);
    refused(&first);
    refused(&format!("{second}x"));
    refused(&second.replace("tbb_", "tbr_"));
    inside.clock().advance_seconds(1_800);
    refused(&second);
    assert!(!is_done(&inside));
    let third = ticket(&inside);
    inside.clock().advance_seconds(1_799);
    nobody.post("/v1/bootstrap", &body(&third)).expect(201);
}

#[test]
fn what_is_refused_leaves_the_ticket_good() {
    let inside = empty();
    let nobody = inside.stranger();
    let ticket = ticket(&inside);
    let with = |member: &str, value: Value| {
        let mut body = body(&ticket);
        body[member] = value;
        nobody.post("/v1/bootstrap", &body)
    };
    let weak = with("root_password", json!("hunter2")).expect_problem(422, "password_rejected");
    assert_eq!(weak.json["reasons"][0], "too_short");
    with("root_password", json!("root@acme.example")).expect_problem(422, "password_rejected");
    with("root_email", json!("nobody")).expect_problem(400, "invalid_name");
    with("account_name", json!("")).expect_problem(400, "invalid_name");
    with("root", json!(true)).expect_problem(400, "unknown_field");
    with("ticket", json!(7)).expect_problem(400, "invalid_parameter");
    assert!(!is_done(&inside));
    nobody.post("/v1/bootstrap", &body(&ticket)).expect(201);
}

#[test]
fn of_many_who_have_the_ticket_one_wins() {
    let inside = empty();
    let ticket = ticket(&inside);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    inside
                        .stranger()
                        .post("/v1/bootstrap", &body(&ticket))
                        .status
                })
            })
            .collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses
            .iter()
            .all(|status| [201, 401, 409].contains(status)),
        "{statuses:?}"
    );
    let logs = inside.wait(inside.services().log().logs(None, 10)).unwrap();
    assert_eq!(logs.len(), 2, "the installation and one account");
}
