//! Pages in browsers that log people in: which of them may read the answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trilby_account::command::ChangeSettings;
use trilby_account::settings::{Security, SettingsSection};
use trilby_model::AccountId;
use trilby_testkit::http::{Answer, Client};

use crate::outside::Outside;

const SHOP: &str = "https://shop.example";

fn allow(outside: &Outside, account: AccountId) {
    let security = Security {
        allowed_origins: BTreeSet::from([SHOP.to_owned()]),
        ..Security::default()
    };
    let section = SettingsSection::Security(security);
    outside
        .world
        .inside
        .run(account, ChangeSettings { section });
}

fn readable(answer: &Answer) -> bool {
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    match answer.header("access-control-allow-origin") {
        Some(origin) => origin == SHOP,
        None => false,
    }
}

/// Everything a page does that logs somebody in; `account` has the provider and the role.
fn journey(outside: &Outside, page: &Client, role: &str) -> Vec<(&'static str, Answer)> {
    let nonce = format!("/v1/nonces?account={}", outside.owner);
    let token = outside.token("ana", json!({}));
    let by_role = json!({
        "role_arn": role,
        "role_session_name": "ana",
        "web_identity_token": token,
    });
    let token = outside.token("ana", json!({}));
    let federated = json!({ "provider": outside.provider(), "web_identity_token": token });
    let known = outside.federated(json!({})).with_header("origin", SHOP);
    let web_identity = "/v1/assume-role-with-web-identity";
    vec![
        ("nonce", create_nonce(outside, page, &nonce)),
        ("role", outside.world.post(page, web_identity, &by_role)),
        (
            "federated",
            outside
                .world
                .post(page, "/v1/federated-sessions", &federated),
        ),
        ("roles", known.get("/v1/assumable-roles")),
    ]
}

fn create_nonce(outside: &Outside, page: &Client, path: &str) -> Answer {
    outside.world.inside.clock().advance_seconds(6);
    page.request("POST", path).send()
}

#[test]
fn a_page_logs_people_in_where_the_account_allows_its_origin() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let page = outside.world.inside.stranger().with_header("origin", SHOP);
    for (step, answer) in journey(&outside, &page, &role) {
        assert!(
            answer.status < 300 && !readable(&answer),
            "{step}: {answer:?}"
        );
    }
    allow(&outside, outside.owner);
    for (step, answer) in journey(&outside, &page, &role) {
        assert!(
            answer.status < 300 && readable(&answer),
            "{step}: {answer:?}"
        );
    }
    // What nobody is told of whose page it is nobody reads.
    assert!(!readable(&create_nonce(&outside, &page, "/v1/nonces")));
    let other = outside.world.another_account("Other");
    let query = format!("/v1/nonces?account={other}");
    assert!(!readable(&create_nonce(&outside, &page, &query)));
    let mary = outside.world.key_session(&outside.world.key);
    let mary = mary.with_header("origin", SHOP);
    assert!(readable(&mary.get("/v1/caller-identity").expect(200)));
}

#[test]
fn no_page_reads_what_is_for_programs() {
    let outside = Outside::new(json!({}));
    allow(&outside, outside.owner);
    let page = outside.world.inside.stranger().with_header("origin", SHOP);
    let mary = outside.world.key_session(&outside.world.key);
    let mary = mary.with_header("origin", SHOP);
    let answers = [
        page.form("/v1/token", &[("grant_type", "client_credentials")]),
        mary.post("/v1/assume-role", &Value::Null),
        mary.get(&format!("/v1/accounts/{}/sessions", outside.owner)),
    ];
    for answer in &answers {
        assert!(!readable(answer), "{answer:?}");
    }
    for path in ["/v1/token", "/v1/assume-role", "/v1/introspect"] {
        let asked = page.request("OPTIONS", path).send();
        assert!(!readable(&asked.expect_problem(405, "method_not_allowed")));
    }
}
