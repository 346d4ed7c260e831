//! Writes: conditions, repetitions, what is kept.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trilby_model::{AccountId, LogId, Seq};
use trilby_testkit::installation::{Installation, allow};

use super::installation;

const KEY: &str = "idempotency-key";

fn events(installation: &Installation, account: AccountId) -> Vec<trilby_eventlog::Recorded> {
    let log = installation.services().log();
    let commits = installation
        .wait(log.read(&LogId::Account(account), Seq::ZERO, 1_000))
        .unwrap();
    commits
        .into_iter()
        .flat_map(|commit| commit.events)
        .collect()
}

#[test]
fn a_repetition_answers_as_the_first_and_changes_nothing() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation
        .root(account)
        .with_header(KEY, "0123456789abcdef");
    let users = format!("/v1/accounts/{account}/users");
    let first = root.post(&users, &json!({"name": "mary"})).expect(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    let written = events(&installation, account).len();
    let again = root.post(&users, &json!({"name": "mary"})).expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.bytes, first.bytes, "{first:?}");
    for header in ["etag", "location", "trilby-seq"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!(events(&installation, account).len(), written);
    root.post(&users, &json!({"name": "bob"}))
        .expect_problem(422, "idempotency_key_reused");
    // The key is the principal's own: another principal's same key is another key.
    installation.user(account, "admin", &allow(&["iam:*"]));
    let other = installation
        .as_user(account, "admin")
        .with_header(KEY, "0123456789abcdef");
    other.post(&users, &json!({"name": "bob"})).expect(201);
}

#[test]
fn without_a_key_a_repetition_is_a_second_request() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    root.post(&users, &json!({"name": "mary"})).expect(201);
    root.post(&users, &json!({"name": "mary"}))
        .expect_problem(409, "already_exists");
}

#[test]
fn a_refused_command_leaves_no_receipt() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation
        .root(account)
        .with_header(KEY, "0123456789abcdef");
    let users = format!("/v1/accounts/{account}/users");
    installation.user(account, "mary", &json!(null));
    root.post(&users, &json!({"name": "mary"}))
        .expect_problem(409, "already_exists");
    installation
        .root(account)
        .delete(&format!("{users}/mary"))
        .expect(204);
    root.post(&users, &json!({"name": "mary"})).expect(201);
}

#[test]
fn a_secret_is_sent_once_and_never_kept() {
    let installation = installation();
    let account = installation.account("Acme");
    let keys = format!("/v1/accounts/{account}/keys");
    installation
        .root(account)
        .post(&keys, &json!({"name": "ci"}))
        .expect_problem(400, "missing_parameter");
    let root = installation
        .root(account)
        .with_header(KEY, "0123456789abcdef");
    let first = root.post(&keys, &json!({"name": "ci"})).expect(201);
    assert_eq!(first.text("/secret"), "tbk_secret");
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let again = root.post(&keys, &json!({"name": "ci"})).expect(201);
    assert_eq!(
        again.json,
        json!({"name": "ci", "secret": null, "secret_withheld": true})
    );
    for bad in [
        "short",
        "has spaces in it and more",
        "ünïcödé-ünïcödé-ünïcödé",
    ] {
        let asked = installation
            .root(account)
            .with_header(KEY, bad)
            .post(&keys, &json!({"name": "x"}));
        asked.expect_problem(400, "invalid_parameter");
    }
}

#[test]
fn a_change_needs_the_etag_that_was_read() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    let created = root.post(&users, &json!({"name": "mary"})).expect(201);
    let mary = format!("{users}/{}", created.text("/id"));
    let rename = |etag: Option<&str>, name: &str| {
        let root = match etag {
            Some(etag) => root.with_header("if-match", etag),
            None => root.clone(),
        };
        root.patch(&mary, &json!({ "name": name }))
    };
    rename(None, "maria").expect_problem(428, "precondition_required");
    let stale = rename(Some("\"s1\""), "maria").expect_problem(412, "etag_mismatch");
    assert_eq!(stale.text("/current_etag"), created.etag());
    for never in [
        "\"other\"",
        "W/\"s7\"",
        "\"s\"",
        "\"s99999999999999999999\"",
    ] {
        rename(Some(never), "maria").expect_problem(412, "etag_mismatch");
    }
    for malformed in ["s7", "*", "\"s1\", \"s2\""] {
        rename(Some(malformed), "maria").expect_problem(400, "invalid_parameter");
    }
    let renamed = rename(Some(created.etag()), "maria").expect(200);
    assert_ne!(renamed.etag(), created.etag());
    rename(Some(created.etag()), "mary").expect_problem(412, "etag_mismatch");
    let same = rename(Some(renamed.etag()), "maria").expect(200);
    assert_eq!(same.etag(), renamed.etag(), "no events: nothing changed");
    assert_eq!(same.seq(), renamed.seq());
    root.with_header("if-match", "\"s1\"")
        .delete(&mary)
        .expect_problem(412, "etag_mismatch");
    root.with_header("if-match", renamed.etag())
        .delete(&mary)
        .expect(204);
    root.with_header("if-match", "\"s1\"")
        .post(&users, &json!({"name": "x"}))
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn of_many_writers_with_one_etag_one_wins() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    let created = root.post(&users, &json!({"name": "mary"})).expect(201);
    let mary = format!("{users}/{}", created.text("/id"));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..32)
            .map(|n| {
                let root = root.with_header("if-match", created.etag());
                let mary = mary.clone();
                scope.spawn(move || {
                    root.patch(&mary, &json!({ "name": format!("mary{n}") }))
                        .status
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [200, 412].contains(status)),
        "{statuses:?}"
    );
}

#[test]
fn the_same_request_from_many_clients_happens_once() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation
        .root(account)
        .with_header(KEY, "0123456789abcdef");
    let users = format!("/v1/accounts/{account}/users");
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..16)
            .map(|_| {
                let (root, users) = (root.clone(), users.clone());
                scope.spawn(move || {
                    let answer = root.post(&users, &json!({"name": "mary"}));
                    (answer.status, answer.json)
                })
            })
            .collect();
        senders
            .into_iter()
            .map(|sender| sender.join().unwrap())
            .collect()
    });
    let made: BTreeSet<String> = answers
        .iter()
        .filter(|(status, _)| *status == 201)
        .map(|(_, body)| body.to_string())
        .collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    for (status, body) in &answers {
        assert!(
            *status == 201 || body["code"] == "idempotency_in_progress",
            "{status} {body}"
        );
    }
}

#[test]
fn an_event_says_who_by_which_decision_in_which_request() {
    let installation = installation();
    let account = installation.account("Acme");
    installation.user(account, "mary", &allow(&["iam:CreateUser"]));
    let mut claims = installation.user_claims(account, "mary");
    claims.trilby.si = Some("mary@example.com".parse().unwrap());
    let created = installation
        .with_session(claims.clone())
        .with_header("user-agent", "test/1")
        .post(
            &format!("/v1/accounts/{account}/users"),
            &json!({"name": "bob"}),
        )
        .expect(201);
    let last = events(&installation, account).pop().unwrap();
    assert_eq!(last.etype, "user.created");
    let meta = last.meta().unwrap();
    assert_eq!(meta["actor"]["principal_id"], claims.sub);
    assert_eq!(meta["actor"]["session_id"], claims.jti.to_string());
    assert_eq!(meta["actor"]["source_identity"], "mary@example.com");
    assert_eq!(meta["operation"], "create_user");
    assert_eq!(
        meta["request_id"],
        created.header("trilby-request-id").unwrap()
    );
    assert!(meta["decision_id"].is_string());
    // The address is personal: beside the log, bound by its digest, never in it.
    assert!(
        !String::from_utf8(last.body.unwrap())
            .unwrap()
            .contains("127.0.0.1")
    );
    let log = LogId::Account(account);
    let store = installation.services().log();
    let subject = meta["origin"]["subject"].as_str().unwrap();
    let row = installation
        .wait(store.personal(&log, subject, 3, 1))
        .unwrap()
        .unwrap();
    assert_eq!(meta["origin"]["sha256"], row.digest().to_string());
    let body: Value = serde_json::from_slice(&row.body.0).unwrap();
    assert_eq!(
        body,
        json!({"address": "127.0.0.1", "user_agent": "test/1"})
    );
}

#[test]
fn a_write_by_a_session_that_dies_meanwhile_is_refused() {
    use trilby_directory::{Events, ExecuteError, Plan, ReceiptKey, Write};
    use trilby_eventlog::{Dependency, RevocationKind, revocation::id_hash};
    let installation = installation();
    let account = installation.account("Acme");
    let user = installation.user(account, "mary", &json!(null));
    let before = installation.state(account).seq();
    let name: trilby_account::UserRef = trilby_account::Ref::Name("mary".parse().unwrap());
    let status = trilby_account::UserStatus::Disabled;
    installation.run(
        account,
        trilby_account::command::SetUserStatus { user: name, status },
    );
    let log = LogId::Account(account);
    let write = Write {
        logs: vec![log.clone()],
        receipt: ReceiptKey {
            log: log.clone(),
            key: [1; 32],
            request_hash: [0; 32],
            chosen: false,
        },
        meta: json!({}),
        alive: vec![Dependency {
            log,
            kind: RevocationKind::User,
            id_hash: id_hash(RevocationKind::User, &[user.to_string()]),
            seq: before,
        }],
        incarnation: None,
        trace: None,
        now: installation.services().now(),
        entropy: installation.services().entropy(),
    };
    let event = trilby_account::event::AccountRenamed {
        name: "Mine".parse().unwrap(),
    };
    let executed = installation.wait(installation.services().directory().execute(write, |_| {
        let events = vec![Events::Account(account, vec![event.clone().into()])];
        Ok::<_, ()>(Plan::new(events, |_| {
            Ok(trilby_directory::Answer {
                value: (),
                status: 200,
                stored: None,
            })
        }))
    }));
    assert!(
        matches!(executed, Err(ExecuteError::SessionDead)),
        "{executed:?}"
    );
    assert_eq!(
        installation.state(account).name().unwrap().to_string(),
        "Acme"
    );
}
