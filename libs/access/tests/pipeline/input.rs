//! Strict reading: nothing unknown, nothing twice, nothing ignored.

use serde_json::json;

use super::installation;

#[test]
fn bodies_are_read_strictly() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    let send = |body: &str| {
        root.request("POST", &users)
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    let unknown = send(r#"{"name": "mary", "nick": "m"}"#).expect_problem(400, "unknown_field");
    assert_eq!(unknown.json["errors"][0]["line"], 1);
    send(r#"{"name": "mary", "name": "bob"}"#).expect_problem(400, "duplicate_field");
    send(r#"{"name": 7}"#).expect_problem(400, "invalid_parameter");
    send(r#"{"name": "not a name"}"#).expect_problem(400, "invalid_parameter");
    send("{").expect_problem(400, "invalid_json");
    send("").expect_problem(400, "invalid_json");
    let form = root
        .request("POST", &users)
        .form(&[("name", "mary")])
        .send();
    form.expect_problem(415, "unsupported_media_type");
    let huge = format!(r#"{{"name": "{}"}}"#, "x".repeat(2_000_000));
    send(&huge).expect_problem(413, "payload_too_large");
    let body = root.request("GET", &users).json(&json!({})).send();
    body.expect_problem(400, "invalid_parameter");
    assert!(installation.state(account).users().is_empty());
}

#[test]
fn queries_are_read_strictly() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let users = format!("/v1/accounts/{account}/users");
    root.get(&format!("{users}?limit=5&name_prefix=m"))
        .expect(200);
    root.get(&format!("{users}?nonsense=1"))
        .expect_problem(400, "invalid_parameter");
    root.get(&format!("{users}?limit=5&limit=5"))
        .expect_problem(400, "duplicate_parameter");
    root.get(&format!("{users}?limit="))
        .expect_problem(400, "invalid_parameter");
    let word = root
        .get(&format!("{users}?limit=many"))
        .expect_problem(400, "invalid_parameter");
    assert_eq!(word.json["errors"][0]["parameter"], "limit");
    root.get(&format!("{users}/mary?x=1"))
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn methods_and_paths_that_are_none_are_told() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    let put = root
        .put(&format!("/v1/accounts/{account}/users"), &json!({}))
        .expect_problem(405, "method_not_allowed");
    assert_eq!(put.header("allow"), Some("GET, HEAD, POST"));
    root.get("/nonsense").expect_problem(404, "not_found");
    let head = root
        .request("HEAD", &format!("/v1/accounts/{account}/users"))
        .send();
    assert_eq!((head.status, head.bytes.len()), (200, 0));
}

#[test]
fn a_segment_may_hold_an_encoded_slash() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    // No user has such a name: what matters is that it is one segment, decoded once.
    root.get(&format!("/v1/accounts/{account}/users/a%2Fb"))
        .expect_problem(404, "not_found");
    installation.user(account, "a+b@c", &json!(null));
    root.get(&format!("/v1/accounts/{account}/users/a%2Bb%40c"))
        .expect(200);
}
