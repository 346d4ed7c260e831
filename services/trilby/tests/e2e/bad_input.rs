//! What cannot be understood is refused with one stable code, and changes nothing.

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Call, Client};

use crate::acme::{Acme, fresh_key};
use crate::raw;

/// Largest body and headers as shipped.
const BODY_LIMIT: usize = 1 << 20;
const HEADER_LIMIT: usize = 16 * 1024;

/// A request that must be refused: what it is, status, code.
struct Bad<'a> {
    what: &'static str,
    call: Call<'a>,
    status: u16,
    code: &'static str,
}

fn raw_post<'a>(client: &'a Client, path: &str, body: impl Into<Vec<u8>>) -> Call<'a> {
    client
        .request("POST", path)
        .header("content-type", "application/json")
        .header("idempotency-key", &fresh_key())
        .body(body)
}

#[test]
fn what_is_not_understood_changes_nothing() {
    let acme = Acme::start();
    let client = acme.dev_admin();
    crate::acme::create_user(&client, &acme.dev.id, "Mary");
    let seq = acme.dev_seq();

    for bad in bodies(&client, &acme)
        .into_iter()
        .chain(requests(&client, &acme))
    {
        let answer = bad.call.send();
        assert_eq!(
            (answer.status, answer.code()),
            (bad.status, Some(bad.code)),
            "{}: {answer:?}",
            bad.what
        );
        assert_is_problem(&answer);
        assert_eq!(acme.dev_seq(), seq, "{} changed something", bad.what);
    }
    places(&client, &acme);
    policies(&client, &acme);
    methods(&client, &acme);
    bytes_on_the_wire(&acme);
    assert_eq!(acme.dev_seq(), seq);
    let users = client.get(&acme.in_dev("/users")).expect(200);
    assert_eq!(
        users.json["items"].as_array().unwrap().len(),
        1,
        "{users:?}"
    );
}

/// Bodies that are no JSON or not the JSON that is wanted.
fn bodies<'a>(client: &'a Client, acme: &Acme) -> Vec<Bad<'a>> {
    let users = acme.in_dev("/users");
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let deep_member = format!("{{\"name\":\"x\",\"tags\":{deep}}}");
    let large = format!(
        "{{\"name\":\"x\",\"description\":\"{}\"}}",
        "a".repeat(BODY_LIMIT)
    );
    let many_digits = format!("{{\"name\":1{}}}", "0".repeat(10_000));
    let texts: Vec<(&'static str, Vec<u8>, u16, &'static str)> = vec![
        (
            "unknown member",
            br#"{"name":"x","admin":true}"#.to_vec(),
            400,
            "unknown_field",
        ),
        (
            "member in other letters",
            br#"{"Name":"x"}"#.to_vec(),
            400,
            "unknown_field",
        ),
        (
            "unknown member inside",
            br#"{"name":"x","tags":{"a":{"b":1}}}"#.to_vec(),
            400,
            "invalid_parameter",
        ),
        (
            "doubled member",
            br#"{"name":"x","name":"y"}"#.to_vec(),
            400,
            "duplicate_field",
        ),
        (
            "doubled member, one escaped",
            br#"{"name":"x","n\u0061me":"y"}"#.to_vec(),
            400,
            "duplicate_field",
        ),
        (
            "number for text",
            br#"{"name":7}"#.to_vec(),
            400,
            "invalid_parameter",
        ),
        (
            "null for text",
            br#"{"name":null}"#.to_vec(),
            400,
            "invalid_parameter",
        ),
        (
            "list for object",
            br#"[]"#.to_vec(),
            400,
            "invalid_parameter",
        ),
        (
            "text for object",
            br#""x""#.to_vec(),
            400,
            "invalid_parameter",
        ),
        (
            "member missing",
            br#"{}"#.to_vec(),
            400,
            "missing_parameter",
        ),
        ("nothing", b"".to_vec(), 400, "invalid_json"),
        ("white space", b" \n\t ".to_vec(), 400, "invalid_json"),
        (
            "half an object",
            br#"{"name":"x""#.to_vec(),
            400,
            "invalid_json",
        ),
        (
            "two objects",
            br#"{"name":"x"}{"name":"y"}"#.to_vec(),
            400,
            "invalid_json",
        ),
        (
            "comma at the end",
            br#"{"name":"x",}"#.to_vec(),
            400,
            "invalid_json",
        ),
        (
            "comment",
            br#"{"name":"x"/*y*/}"#.to_vec(),
            400,
            "invalid_json",
        ),
        (
            "byte order mark",
            b"\xef\xbb\xbf{\"name\":\"x\"}".to_vec(),
            400,
            "invalid_json",
        ),
        (
            "not UTF-8",
            b"{\"name\":\"\xff\xfe\"}".to_vec(),
            400,
            "invalid_json",
        ),
        (
            "overlong UTF-8",
            b"{\"name\":\"\xc0\xaf\"}".to_vec(),
            400,
            "invalid_json",
        ),
        ("UTF-16", b"{\0\"\0n\0".to_vec(), 400, "invalid_json"),
        (
            "half a surrogate pair",
            br#"{"name":"\ud800"}"#.to_vec(),
            400,
            "invalid_json",
        ),
        (
            "NUL in the text",
            b"{\"name\":\"a\0b\"}".to_vec(),
            400,
            "invalid_json",
        ),
        (
            "escaped NUL in a name",
            br#"{"name":"a\u0000b"}"#.to_vec(),
            400,
            "invalid_name",
        ),
        (
            "control character in a name",
            br#"{"name":"a\u0007b"}"#.to_vec(),
            400,
            "invalid_name",
        ),
        (
            "empty name",
            br#"{"name":""}"#.to_vec(),
            400,
            "invalid_name",
        ),
        (
            "name with a slash",
            br#"{"name":"a/b"}"#.to_vec(),
            400,
            "invalid_name",
        ),
        (
            "name too long",
            format!("{{\"name\":\"{}\"}}", "n".repeat(65)).into_bytes(),
            400,
            "invalid_name",
        ),
        ("deep nesting", deep.into_bytes(), 400, "invalid_json"),
        (
            "deep nesting in a member",
            deep_member.into_bytes(),
            400,
            "invalid_json",
        ),
        (
            "number without end",
            many_digits.into_bytes(),
            400,
            "invalid_json",
        ),
        (
            "number out of range",
            br#"{"name":1e999}"#.to_vec(),
            400,
            "invalid_json",
        ),
        ("NaN", br#"{"name":NaN}"#.to_vec(), 400, "invalid_json"),
        ("too large", large.into_bytes(), 413, "payload_too_large"),
    ];
    let bad = |(what, body, status, code)| Bad {
        what,
        call: raw_post(client, &users, body),
        status,
        code,
    };
    texts.into_iter().map(bad).collect()
}

/// Requests that are wrong around a body that would be good.
fn requests<'a>(client: &'a Client, acme: &Acme) -> Vec<Bad<'a>> {
    let users = acme.in_dev("/users");
    let good = r#"{"name":"Good"}"#;
    let typed = |content_type: &str| {
        let call = client
            .request("POST", &users)
            .header("content-type", content_type);
        call.header("idempotency-key", &fresh_key()).body(good)
    };
    let headed = |name: &str, value: &str| raw_post(client, &users, good).header(name, value);
    let keyed = |key: &str| {
        let call = client
            .request("POST", &users)
            .header("content-type", "application/json");
        call.header("idempotency-key", key).body(good)
    };
    let get = |rest: &str| client.request("GET", &acme.in_dev(rest));
    let ahead = format!("{}@999999999", acme.dev.id);
    let lost = format!("{}@1.0000000000000000", acme.dev.id);
    let keys = acme.in_dev("/users/Mary/access-keys");
    let without_key = client.request("POST", &keys).json(&json!({}));
    let bad = |what, call, status, code| Bad {
        what,
        call,
        status,
        code,
    };
    vec![
        bad("text", typed("text/plain"), 415, "unsupported_media_type"),
        bad(
            "form for JSON",
            typed("application/x-www-form-urlencoded"),
            415,
            "unsupported_media_type",
        ),
        bad(
            "nearly JSON",
            typed("application/jsonp"),
            415,
            "unsupported_media_type",
        ),
        bad(
            "JSON in another charset",
            typed("application/json; charset=utf-16"),
            415,
            "unsupported_media_type",
        ),
        bad(
            "no type",
            client.request("POST", &users).body(good),
            415,
            "unsupported_media_type",
        ),
        bad(
            "packed",
            headed("content-encoding", "gzip"),
            415,
            "unsupported_media_type",
        ),
        bad("short key", keyed("short"), 400, "invalid_parameter"),
        bad(
            "key of other letters",
            keyed("spaces are not allowed"),
            400,
            "invalid_parameter",
        ),
        bad(
            "no key where one is needed",
            without_key,
            400,
            "missing_parameter",
        ),
        bad(
            "bad position",
            headed("trilby-min-seq", "yesterday"),
            400,
            "invalid_parameter",
        ),
        bad(
            "position not reached",
            get("/users").header("trilby-min-seq", &ahead),
            503,
            "state_behind",
        ),
        bad(
            "position of another history",
            get("/users").header("trilby-min-seq", &lost),
            409,
            "timeline_lost",
        ),
        bad(
            "bad time",
            get("/users").header("trilby-at-time", "noon"),
            400,
            "invalid_parameter",
        ),
        bad(
            "the past of a write",
            headed("trilby-at-seq", &lost),
            400,
            "invalid_parameter",
        ),
        bad(
            "unknown query",
            get("/users?colour=red"),
            400,
            "invalid_parameter",
        ),
        bad(
            "doubled query",
            get("/users?limit=1&limit=2"),
            400,
            "duplicate_parameter",
        ),
        bad(
            "limit too large",
            get("/users?limit=1001"),
            400,
            "invalid_parameter",
        ),
        bad(
            "limit below zero",
            get("/users?limit=-1"),
            400,
            "invalid_parameter",
        ),
        bad(
            "cursor of nobody",
            get("/users?cursor=AAAA"),
            400,
            "invalid_cursor",
        ),
        bad(
            "body where none belongs",
            get("/users/Mary").json(&json!({})),
            400,
            "invalid_parameter",
        ),
        bad("unknown route", get("/wishes"), 404, "not_found"),
        bad("route with a slash more", get("/users/"), 404, "not_found"),
        bad(
            "route with two slashes",
            client.request("GET", &users.replace("/v1/", "/v1//")),
            404,
            "not_found",
        ),
        bad(
            "route in capitals",
            client.request("GET", &users.replace("users", "Users")),
            404,
            "not_found",
        ),
        bad(
            "account that is none",
            client.request("GET", "/v1/accounts/12/users"),
            404,
            "not_found",
        ),
        bad(
            "account with a NUL",
            client.request("GET", "/v1/accounts/1%002/users"),
            404,
            "not_found",
        ),
        bad("user with a NUL", get("/users/Ma%00ry"), 404, "not_found"),
        bad("user not in UTF-8", get("/users/%ff%fe"), 404, "not_found"),
        bad(
            "user with a slash",
            get("/users/..%2F..%2Fusers%2FMary"),
            404,
            "not_found",
        ),
        bad("unknown user", get("/users/Nobody"), 404, "not_found"),
        bad(
            "two tokens",
            get("/users").header("authorization", "Bearer x"),
            401,
            "unauthenticated",
        ),
    ]
}

/// The place of a fault is told: pointer, line and column.
fn places(client: &Client, acme: &Acme) {
    let users = acme.in_dev("/users");
    let cases = [
        (
            "{\n  \"name\": \"x\",\n  \"tags\": {\"team\": 7}\n}",
            "/tags/team",
            3,
            20,
        ),
        ("{\n\"name\": \"x\",\n   \"name\": \"y\"}", "/name", 3, 4),
        (
            "{\"name\": \"x\",\n\n  \"colour\": \"red\"}",
            "/colour",
            3,
            13,
        ),
    ];
    for (body, pointer, line, column) in cases {
        let answer = raw_post(client, &users, body).send().expect(400);
        let error = &answer.json["errors"][0];
        assert_eq!(error["pointer"], pointer, "{answer:?}");
        assert_eq!(
            (&error["line"], &error["column"]),
            (&json!(line), &json!(column)),
            "{answer:?}"
        );
    }
}

/// Policies that say what no policy can say.
fn policies(client: &Client, acme: &Acme) {
    let statement = |statement: &str| {
        format!(
            "{{\"name\": \"Bad\",\n \"document\": {{\"Version\": \"2012-10-17\",\n  \"Statement\": [\n   {statement}\n]}}}}"
        )
    };
    let cases = [
        (
            statement(r#"{"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}"#),
            "/document/Statement/0/Effect",
            4,
        ),
        (
            statement(r#"{"Effect": "Allow", "Action": "everything", "Resource": "*"}"#),
            "/document/Statement/0/Action",
            4,
        ),
        (
            statement(r#"{"Effect": "Allow", "Resource": "*"}"#),
            "/document/Statement/0",
            4,
        ),
        (
            statement(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Colour": 1}"#),
            "/document/Statement/0/Colour",
            4,
        ),
        (
            statement(
                r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}"#,
            ),
            "/document/Statement/0/Principal",
            4,
        ),
        (
            statement(
                r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringIs": {"a:b": "c"}}}"#,
            ),
            "/document/Statement/0/Condition/StringIs",
            4,
        ),
    ];
    let places = [
        acme.in_dev("/policies"),
        acme.in_dev("/policies?validate_only=false"),
    ];
    for (body, pointer, line) in cases {
        for path in &places {
            let answer = raw_post(client, path, body.clone()).send();
            let answer = answer.expect_problem(400, "malformed_policy");
            let errors = answer.json["errors"].as_array().unwrap();
            let found = errors.iter().find(|error| error["pointer"] == pointer);
            let found = found.unwrap_or_else(|| panic!("no {pointer}: {answer:?}"));
            assert_eq!(found["line"], line, "{answer:?}");
            assert!(
                found["column"].as_u64().is_some_and(|column| column >= 1),
                "{answer:?}"
            );
            assert!(
                found["detail"]
                    .as_str()
                    .is_some_and(|detail| !detail.is_empty())
            );
        }
    }
    let doubled =
        statement(r#"{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}"#);
    let answer = raw_post(client, &places[0], doubled).send();
    answer.expect_problem(400, "duplicate_field");
    let inline = acme.in_dev("/users/Mary/inline-policies/Bad");
    let answer = client
        .request("PUT", &inline)
        .header("if-none-match", "*")
        .json(&json!({"document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}}))
        .send();
    answer.expect_problem(400, "malformed_policy");
    let answer = client.put(
        &inline,
        &json!({"document": {"Version": "2012-10-17", "Statement": []}}),
    );
    assert!([400, 428].contains(&answer.status), "{answer:?}");
}

/// A method that a path does not know is told which it knows.
fn methods(client: &Client, acme: &Acme) {
    let cases = [
        ("DELETE", acme.in_dev("/users"), vec!["GET", "HEAD", "POST"]),
        (
            "TRACE",
            acme.in_dev("/users/Mary"),
            vec!["DELETE", "GET", "HEAD", "PATCH"],
        ),
        (
            "BREW",
            "/v1/caller-identity".to_owned(),
            vec!["GET", "HEAD", "OPTIONS"],
        ),
        ("GET", "/v1/token".to_owned(), vec!["POST"]),
        ("POST", "/livez".to_owned(), vec!["GET", "HEAD"]),
    ];
    for (method, path, mut expected) in cases {
        let answer = client.request(method, &path).send();
        let answer = answer.expect_problem(405, "method_not_allowed");
        let mut allowed: Vec<&str> = answer.header("allow").unwrap().split(", ").collect();
        allowed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{answer:?}");
        assert_is_problem(&answer);
    }
}

/// What no client library sends.
fn bytes_on_the_wire(acme: &Acme) {
    let url = acme.trilby.url();
    let users = acme.in_dev("/users");
    let token = format!("Authorization: Bearer {}\r\n", acme.dev.admin);
    let head = format!("Host: x\r\nConnection: close\r\n{token}");
    let json = "Content-Type: application/json\r\n";
    let body = r#"{"name":"Wire"}"#;

    let many = format!(
        "GET {users} HTTP/1.1\r\n{head}X-Long: {}\r\n\r\n",
        "a".repeat(HEADER_LIMIT)
    );
    let answer = raw::exchange(&url, many.as_bytes()).unwrap();
    assert_eq!(
        (answer.status, answer.code().as_deref()),
        (431, Some("headers_too_large")),
        "{answer:?}"
    );

    // Beyond what is read at all: refused or cut, whatever the form.
    let huge = format!(
        "GET {users} HTTP/1.1\r\n{head}X-Long: {}\r\n\r\n",
        "a".repeat(4 << 20)
    );
    refused_or_cut(&url, huge.as_bytes());
    let lines: String = (0..2_000).map(|n| format!("X-{n}: y\r\n")).collect();
    refused_or_cut(
        &url,
        format!("GET {users} HTTP/1.1\r\n{head}{lines}\r\n").as_bytes(),
    );
    let path = format!(
        "GET {users}?cursor={} HTTP/1.1\r\n{head}\r\n",
        "a".repeat(1 << 20)
    );
    refused_or_cut(&url, path.as_bytes());

    // Two lengths, a length beside chunks, a bad chunk: where one reader ends another would go on (request smuggling).
    for lengths in [
        format!("Content-Length: {}\r\nContent-Length: 3\r\n", body.len()),
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n",
            body.len()
        ),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: +15\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
    ] {
        let request = format!("POST {users} HTTP/1.1\r\n{head}{json}{lengths}\r\n{body}");
        refused_or_cut(&url, request.as_bytes());
    }
    let chunks = format!(
        "POST {users} HTTP/1.1\r\n{head}{json}Transfer-Encoding: chunked\r\n\r\nzz\r\n{body}\r\n0\r\n\r\n"
    );
    refused_or_cut(&url, chunks.as_bytes());

    for line in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET /v1/caller-identity\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /v1/caller-identity HTTP/1.1\r\nHost: x\r\nBad Name: y\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        refused_or_cut(&url, line);
    }
    acme.stranger().get("/readyz").expect(200);
}

/// The request is answered with a refusal, or the connection is closed; nothing else.
fn refused_or_cut(url: &str, bytes: &[u8]) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
    if let Some(answer) = raw::exchange(url, bytes) {
        assert!((400..500).contains(&answer.status), "{shown}: {answer:?}");
    }
}

/// The one form of errors: problem+json with an address, a title, the request id.
#[track_caller]
fn assert_is_problem(answer: &Answer) {
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{answer:?}"
    );
    let code = answer.code().unwrap().replace('_', "-");
    assert!(
        answer.text("/type").ends_with(&format!("/problems/{code}")),
        "{answer:?}"
    );
    assert_eq!(answer.json["status"], answer.status, "{answer:?}");
    for member in ["/title", "/detail", "/instance"] {
        assert!(!answer.text(member).is_empty(), "{answer:?}");
    }
    assert_eq!(
        Some(answer.text("/request_id")),
        answer.header("trilby-request-id")
    );
    let body = answer.body();
    for leak in ["src/", ".rs", "panicked", "rusqlite", "serde", "struct "] {
        assert!(!body.contains(leak), "`{leak}` in {answer:?}");
    }
    let members: &Value = &answer.json;
    assert!(members["code"].is_string());
}
