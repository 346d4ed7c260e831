//! `Trilby-Seq`, `Trilby-Min-Seq`, `Trilby-At-Seq`, `Trilby-At-Time`, and lists.

use std::collections::BTreeSet;

use serde_json::json;
use trilby_testkit::http::{Client, encode};
use trilby_testkit::installation::allow;

use super::installation;

const MIN: &str = "trilby-min-seq";
const AT: &str = "trilby-at-seq";
const AT_TIME: &str = "trilby-at-time";

#[test]
fn every_answer_that_read_or_wrote_says_where_the_log_stood() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    let created = root.post(&users, &json!({"name": "mary"})).expect(201);
    let seq = installation.state(account).seq();
    assert!(
        created.seq().starts_with(&format!("{account}@{seq}.")),
        "{}",
        created.seq()
    );
    assert_eq!(
        root.get(&format!("{users}/mary")).expect(200).seq(),
        created.seq()
    );
    let deleted = root.delete(&format!("{users}/mary")).expect(204);
    assert!(
        deleted
            .seq()
            .starts_with(&format!("{account}@{}.", seq.next()))
    );
}

#[test]
fn an_answer_is_at_least_as_new_as_asked_or_none() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    let created = root.post(&users, &json!({"name": "mary"})).expect(201);
    root.with_header(MIN, created.seq())
        .get(&format!("{users}/mary"))
        .expect(200);
    let seq = installation.state(account).seq();
    root.with_header(MIN, &format!("{account}@{seq}"))
        .get(&users)
        .expect(200);
    root.with_header(MIN, &format!("{account}@0"))
        .get(&users)
        .expect(200);
    let behind = root
        .with_header(MIN, &format!("{account}@{}", seq.next()))
        .get(&users);
    let behind = behind.expect_problem(503, "state_behind");
    assert_eq!(behind.header("retry-after"), Some("1"));
    let lost = root
        .with_header(MIN, &format!("{account}@{seq}.0123456789abcdef"))
        .get(&users);
    lost.expect_problem(409, "timeline_lost");
    for bad in [
        "",
        "x",
        &format!("{account}@"),
        &format!("{account}@01"),
        &format!("{account}@1,{account}@1"),
    ] {
        root.with_header(MIN, bad)
            .get(&users)
            .expect_problem(400, "invalid_parameter");
    }
}

#[test]
fn the_past_answers_as_it_was() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    let first = root.post(&users, &json!({"name": "mary"})).expect(201);
    let mary = format!("{users}/{}", first.text("/id"));
    let time = "2026-11-23T18:00:10Z";
    installation.clock().advance_seconds(60);
    root.with_header("if-match", first.etag())
        .patch(&mary, &json!({"name": "maria"}))
        .expect(200);
    root.post(&users, &json!({"name": "bob"})).expect(201);
    for (header, value) in [(AT, first.seq()), (AT_TIME, time)] {
        let then = root.with_header(header, value);
        let read = then.get(&mary).expect(200);
        assert_eq!(read.text("/name"), "mary");
        assert_eq!(read.etag(), first.etag());
        assert_eq!(
            read.seq(),
            first.seq(),
            "an answer about the past names where it stood"
        );
        then.get(&format!("{users}/bob"))
            .expect_problem(404, "not_found");
    }
    assert_eq!(root.get(&mary).expect(200).text("/name"), "maria");
    let state = installation.state(account);
    // The first two events were one commit.
    root.with_header(AT, &format!("{account}@1"))
        .get(&users)
        .expect_problem(400, "invalid_seq");
    root.with_header(AT, &format!("{account}@2"))
        .get(&users)
        .expect(200);
    root.with_header(AT, &format!("{account}@{}", state.seq().next()))
        .get(&users)
        .expect_problem(503, "state_behind");
    root.with_header(AT, &format!("{account}@2.0123456789abcdef"))
        .get(&users)
        .expect_problem(409, "timeline_lost");
    root.with_header(AT_TIME, "2001-01-01T00:00:00Z")
        .get(&users)
        .expect_problem(404, "not_found");
    root.with_header(AT_TIME, "yesterday")
        .get(&users)
        .expect_problem(400, "invalid_parameter");
    let both = root
        .with_header(AT, first.seq())
        .with_header(MIN, first.seq());
    both.get(&users).expect_problem(400, "invalid_parameter");
}

#[test]
fn the_past_is_a_right_of_its_own_and_read_only() {
    let installation = installation();
    let account = installation.account("Acme");
    installation.user(
        account,
        "mary",
        &allow(&["iam:ListUsers", "iam:CreateUser"]),
    );
    installation.user(
        account,
        "historian",
        &allow(&["iam:ListUsers", "iam:ReadHistory"]),
    );
    let users = format!("/v1/accounts/{account}/users");
    let at = |client: Client| client.with_header(AT, &format!("{account}@2"));
    let refused = at(installation.as_user(account, "mary"))
        .get(&users)
        .expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "iam:ReadHistory");
    // Rights are those of now: the historian did not exist then.
    let read = at(installation.as_user(account, "historian"))
        .get(&users)
        .expect(200);
    assert_eq!(read.json["items"], json!([]));
    at(installation.as_user(account, "mary"))
        .post(&users, &json!({"name": "x"}))
        .expect_problem(400, "invalid_parameter");
    at(installation.as_user(account, "mary"))
        .get("/v1/who")
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn the_past_is_counted_from_no_foreign_log() {
    let installation = installation();
    let (account, other) = (installation.account("Acme"), installation.account("Other"));
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    let own = installation.state(account).seq();
    // An end of a commit, the inside of one, beyond the end, another history, an account and an organization that are none.
    for foreign in [
        format!("{other}@2"),
        format!("{other}@1"),
        format!("{other}@999999"),
        format!("{other}@2.0123456789abcdef"),
        format!("{other}@2,{account}@{own}"),
        "999999999999@2".to_owned(),
        "o-aaaaaaaaaa@1".to_owned(),
        "platform@1".to_owned(),
    ] {
        let refused = root.with_header(AT, &foreign).get(&users);
        let refused = refused.expect_problem(400, "invalid_parameter");
        assert!(
            !refused.text("/detail").contains("999"),
            "{}",
            refused.text("/detail")
        );
    }
    // One that is named besides and not read means nothing.
    root.with_header(AT, &format!("{account}@{own},{other}@1"))
        .get(&users)
        .expect(200);
}

#[test]
fn pages_of_a_walk_show_one_state() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    for name in ["dora", "Anna", "carl", "bob", "emil"] {
        installation.user(account, name, &json!(null));
    }
    let first = root.get(&format!("{users}?limit=2")).expect(200);
    let names = |answer: &trilby_testkit::http::Answer| -> Vec<String> {
        let items = answer.json["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first), ["Anna", "bob"]);
    assert_eq!(first.text("/seq"), first.seq());
    // Somebody writes between the pages.
    root.delete(&format!("{users}/carl")).expect(204);
    installation.user(account, "bzzz", &json!(null));
    let second = root
        .get(&format!(
            "{users}?limit=2&cursor={}",
            encode(first.text("/next_cursor"))
        ))
        .expect(200);
    assert_eq!(names(&second), ["carl", "dora"]);
    assert_eq!(second.text("/seq"), first.text("/seq"));
    assert_eq!(second.json.get("seq_drift"), None);
    let third = root
        .get(&format!(
            "{users}?limit=2&cursor={}",
            encode(second.text("/next_cursor"))
        ))
        .expect(200);
    assert_eq!(names(&third), ["emil"]);
    assert_eq!(third.json["next_cursor"], json!(null));
    let fresh: BTreeSet<String> = names(&root.get(&users).expect(200)).into_iter().collect();
    assert!(fresh.contains("bzzz") && !fresh.contains("carl"));
}

#[test]
fn a_cursor_is_good_for_its_list_only() {
    let installation = installation();
    let (account, other) = (installation.account("Acme"), installation.account("Other"));
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    for name in ["anna", "bob"] {
        installation.user(account, name, &json!(null));
        installation.user(other, name, &json!(null));
    }
    let cursor = root
        .get(&format!("{users}?limit=1"))
        .expect(200)
        .text("/next_cursor")
        .to_owned();
    let cursor = encode(&cursor);
    root.get(&format!("{users}?cursor={cursor}")).expect(200);
    root.get(&format!("{users}?cursor={cursor}&name_prefix=b"))
        .expect_problem(400, "invalid_cursor");
    let theirs = format!("/v1/accounts/{other}/users?cursor={cursor}");
    installation
        .root(other)
        .get(&theirs)
        .expect_problem(400, "invalid_cursor");
    root.get(&format!("{users}?cursor=AAAA"))
        .expect_problem(400, "invalid_cursor");
    installation.clock().advance_seconds(3_600);
    installation
        .root(account)
        .get(&format!("{users}?cursor={cursor}"))
        .expect_problem(400, "invalid_cursor");
    for limit in ["0", "1001"] {
        let asked = installation
            .root(account)
            .get(&format!("{users}?limit={limit}"));
        asked.expect_problem(400, "invalid_parameter");
    }
}
