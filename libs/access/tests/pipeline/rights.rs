//! Who may, and what the others are told.

use std::time::{Duration, Instant};

use serde_json::json;
use trilby_testkit::http::Answer;
use trilby_testkit::installation::allow;

use super::installation;

/// A problem's body without what differs by request.
fn told(answer: &Answer) -> (u16, String) {
    let mut body = answer.json.clone();
    let members = body.as_object_mut().unwrap();
    members.remove("request_id").unwrap();
    members.remove("instance").unwrap();
    (answer.status, body.to_string())
}

#[test]
fn root_may_everything_in_its_own_account() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let created = root
        .post(
            &format!("/v1/accounts/{account}/users"),
            &json!({"name": "mary"}),
        )
        .expect(201);
    assert_eq!(
        created.header("location").unwrap(),
        format!("/v1/accounts/{account}/users/mary")
    );
    assert_eq!(created.text("/name"), "mary");
    let read = root
        .get(&format!("/v1/accounts/{account}/users/mary"))
        .expect(200);
    assert_eq!(read.etag(), created.etag());
    assert_eq!(read.seq(), created.seq());
}

#[test]
fn a_user_may_what_its_policy_allows_and_no_more() {
    let installation = installation();
    let account = installation.account("Acme");
    installation.user(account, "mary", &allow(&["iam:GetUser"]));
    let mary = installation.as_user(account, "mary");
    mary.get(&format!("/v1/accounts/{account}/users/mary"))
        .expect(200);
    let refused = mary.post(
        &format!("/v1/accounts/{account}/users"),
        &json!({"name": "bob"}),
    );
    let refused = refused.expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "iam:CreateUser");
    assert!(!refused.text("/decision_id").is_empty());
    assert_eq!(refused.json.get("resource"), None);
}

#[test]
fn request_tags_reach_the_conditions() {
    let installation = installation();
    let account = installation.account("Acme");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*",
            "Condition": { "StringEquals": { "aws:RequestTag/team": "blue" } },
        }],
    });
    installation.user(account, "mary", &policy);
    let mary = installation.as_user(account, "mary");
    let users = format!("/v1/accounts/{account}/users");
    mary.post(&users, &json!({"name": "bob"}))
        .expect_problem(403, "access_denied");
    mary.post(&users, &json!({"name": "bob", "tags": {"team": "red"}}))
        .expect_problem(403, "access_denied");
    mary.post(&users, &json!({"name": "bob", "tags": {"team": "blue"}}))
        .expect(201);
}

#[test]
fn foreign_unknown_and_forbidden_to_know_are_one_answer() {
    let installation = installation();
    let ours = installation.account("Ours");
    let theirs = installation.account("Theirs");
    installation.user(ours, "mary", &allow(&["iam:ListUsers"]));
    installation.user(ours, "bob", &json!(null));
    installation.user(theirs, "bob", &json!(null));
    let mary = installation.as_user(ours, "mary");
    let root = installation.root(ours);
    let answers = [
        // There, but mary may not know of it.
        mary.get(&format!("/v1/accounts/{ours}/users/bob")),
        mary.delete(&format!("/v1/accounts/{ours}/users/bob")),
        // Not there.
        mary.get(&format!("/v1/accounts/{ours}/users/nobody")),
        root.get(&format!("/v1/accounts/{ours}/users/nobody")),
        // Another account's.
        root.get(&format!("/v1/accounts/{theirs}/users/bob")),
        root.get(&format!("/v1/accounts/{theirs}/users")),
        root.post(
            &format!("/v1/accounts/{theirs}/users"),
            &json!({"name": "eve"}),
        ),
        // No such account, no account number at all, no such route.
        root.get("/v1/accounts/999999999999/users/bob"),
        root.get("/v1/accounts/nonsense/users/bob"),
        root.get("/v1/nonsense"),
    ];
    let first = told(&answers[0]);
    assert_eq!(first.0, 404);
    for answer in &answers {
        assert_eq!(told(answer), first, "{answer:?}");
    }
}

#[test]
fn a_refusal_tells_nothing_about_positions_of_foreign_logs() {
    let installation = installation();
    let ours = installation.account("Ours");
    let theirs = installation.account("Theirs");
    let root = installation.root(ours);
    let users = format!("/v1/accounts/{theirs}/users");
    let plain = told(&root.get(&users));
    for position in [
        format!("{theirs}@1"),
        format!("{theirs}@1.0000000000000000"),
        format!("{theirs}@999999"),
    ] {
        let asked = root.with_header("trilby-min-seq", &position).get(&users);
        assert_eq!(told(&asked), plain, "{position}");
        assert_eq!(asked.header("trilby-seq"), None);
    }
}

#[test]
fn a_refusal_never_waits_for_foreign_logs() {
    let installation = installation();
    let (own, theirs) = (installation.account("Acme"), installation.account("Other"));
    let root = installation.root(own);
    let took = |account: &str| {
        let far = root.with_header("trilby-min-seq", &format!("{account}@999999"));
        let begun = Instant::now();
        far.get(&format!("/v1/accounts/{account}/users"))
            .expect_problem(404, "not_found");
        begun.elapsed()
    };
    // The shortest of some: a busy machine makes anything slow. Waiting for a position takes half a second, always.
    for account in [theirs.to_string(), "999999999999".to_owned()] {
        let shortest = (0..3).map(|_| took(&account)).min();
        assert!(
            shortest < Some(Duration::from_millis(400)),
            "{account}: {shortest:?}"
        );
    }
}

#[test]
fn who_may_read_a_thing_is_told_that_it_may_not_change_it() {
    let installation = installation();
    let account = installation.account("Acme");
    installation.user(account, "mary", &allow(&["iam:GetUser"]));
    let mary = installation.as_user(account, "mary");
    let user = format!("/v1/accounts/{account}/users/mary");
    mary.delete(&user).expect_problem(403, "access_denied");
    // Also where there is nothing: whether it exists is said only after the right was asked.
    mary.delete(&format!("/v1/accounts/{account}/users/nobody"))
        .expect_problem(403, "access_denied");
}

#[test]
fn an_explicit_deny_beats_an_allow() {
    let installation = installation();
    let account = installation.account("Acme");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "iam:*", "Resource": "*" },
            { "Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*" },
        ],
    });
    installation.user(account, "mary", &policy);
    let mary = installation.as_user(account, "mary");
    mary.post(
        &format!("/v1/accounts/{account}/users"),
        &json!({"name": "bob"}),
    )
    .expect_problem(403, "access_denied");
}

#[test]
fn the_right_is_asked_on_the_address_of_the_client() {
    let installation = installation();
    let account = installation.account("Acme");
    let from = |network: &str| {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
                "Condition": { "IpAddress": { "aws:SourceIp": network }, "Bool": { "aws:SecureTransport": "false" } },
            }],
        })
    };
    installation.user(account, "here", &from("127.0.0.0/8"));
    installation.user(account, "elsewhere", &from("192.0.2.0/24"));
    let users = format!("/v1/accounts/{account}/users");
    installation
        .as_user(account, "here")
        .get(&users)
        .expect(200);
    let elsewhere = installation.as_user(account, "elsewhere");
    elsewhere.get(&users).expect_problem(403, "access_denied");
    // Nobody trusts this header here.
    elsewhere
        .with_header("x-forwarded-for", "192.0.2.1")
        .get(&users)
        .expect_problem(403, "access_denied");
}

#[test]
fn root_may_repair_a_resource_policy_that_locks_everyone_out_and_no_more() {
    use trilby_account::command::{PutResource, PutResourcePolicy, RegisterApplication};
    use trilby_account::{KnownPrincipals, ResourceName};
    let installation = installation();
    let account = installation.account("Acme");
    installation.user(account, "admin", &allow(&["*"]));
    let application: trilby_model::ApplicationName = "docs".parse().unwrap();
    let resource = ResourceName {
        kind: "doc".parse().unwrap(),
        key: "7".parse().unwrap(),
    };
    let tags = trilby_model::Tags::default();
    let (description, owner) = (None, None);
    installation.run(
        account,
        RegisterApplication {
            name: application.clone(),
            description: None,
            tags: tags.clone(),
        },
    );
    let put = PutResource {
        application: application.clone(),
        resource: resource.clone(),
        description,
        owner,
        tags,
    };
    installation.run(account, put);
    let (root, admin) = (
        installation.root(account),
        installation.as_user(account, "admin"),
    );
    let document = format!("/v1/accounts/{account}/documents/7");
    for client in [&root, &admin] {
        client.request("PUT", &document).send().expect(204);
        client.delete(&document).expect(204);
    }
    let lockout = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" }],
    });
    let lockout = trilby_testkit::given::document(trilby_policy::Kind::Resource, &lockout);
    let known = KnownPrincipals::default();
    installation.run(
        account,
        PutResourcePolicy {
            application,
            resource,
            document: lockout,
            known,
        },
    );
    root.request("PUT", &document)
        .send()
        .expect_problem(403, "access_denied");
    root.delete(&document).expect(204);
    admin
        .request("PUT", &document)
        .send()
        .expect_problem(403, "access_denied");
    admin.delete(&document).expect_problem(403, "access_denied");
}
