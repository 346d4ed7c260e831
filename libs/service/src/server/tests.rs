//! The servers over real sockets.

mod harness;

use std::io::Write;
use std::net::TcpStream;

use super::*;
use harness::{Answer, JSON, exchange, get, send, settings, start};

#[test]
fn each_bad_request_gets_one_clear_problem() {
    let running = start(settings());
    let api = running.api;
    let long = "x".repeat(2_000_000);
    let table: Vec<(&str, Answer, u16, &str)> = vec![
        ("unknown route", get(api, "/nowhere", ""), 404, "not_found"),
        (
            "unknown route, other method",
            send(api, "DELETE", "/nowhere/x", "", ""),
            404,
            "not_found",
        ),
        (
            "unknown method",
            send(api, "DELETE", "/things", "", ""),
            405,
            "method_not_allowed",
        ),
        (
            "strange method",
            send(api, "BREW", "/things", "", ""),
            405,
            "method_not_allowed",
        ),
        (
            "path of a wrong type",
            get(api, "/number/x", ""),
            404,
            "not_found",
        ),
        (
            "no content type",
            send(api, "POST", "/things", "", "{}"),
            415,
            "unsupported_media_type",
        ),
        (
            "wrong content type",
            send(api, "POST", "/things", "content-type: text/plain\r\n", "{}"),
            415,
            "unsupported_media_type",
        ),
        (
            "empty body",
            send(api, "POST", "/things", JSON, ""),
            400,
            "invalid_json",
        ),
        (
            "not JSON",
            send(api, "POST", "/things", JSON, "{\"name\":"),
            400,
            "invalid_json",
        ),
        (
            "duplicate member",
            send(
                api,
                "POST",
                "/things",
                JSON,
                "{\"name\":\"a\",\"name\":\"b\"}",
            ),
            400,
            "duplicate_field",
        ),
        (
            "unknown member",
            send(api, "POST", "/things", JSON, "{\"name\":\"a\",\"x\":1}"),
            400,
            "unknown_field",
        ),
        (
            "wrong type",
            send(api, "POST", "/things", JSON, "{\"name\":1}"),
            400,
            "invalid_parameter",
        ),
        (
            "large body",
            send(api, "POST", "/things", JSON, &long),
            413,
            "payload_too_large",
        ),
        (
            "large headers",
            get(
                api,
                "/things",
                &format!("x-large: {}\r\n", "x".repeat(17_000)),
            ),
            431,
            "headers_too_large",
        ),
        (
            "OAuth form, wrong type",
            send(api, "POST", "/oauth", JSON, "{}"),
            415,
            "unsupported_media_type",
        ),
        (
            "OAuth form, large",
            send(
                api,
                "POST",
                "/oauth",
                "content-type: application/x-www-form-urlencoded\r\n",
                &"a".repeat(65),
            ),
            413,
            "payload_too_large",
        ),
        (
            "unknown problem page",
            get(api, "/problems/none", ""),
            404,
            "not_found",
        ),
        (
            "unknown document",
            get(api, "/openapi/other.json", ""),
            404,
            "not_found",
        ),
        (
            "unknown file of the docs",
            get(api, "/docs/../../etc/passwd", ""),
            404,
            "not_found",
        ),
        (
            "metrics are the operator's",
            get(api, "/metrics", ""),
            404,
            "not_found",
        ),
        (
            "operator's routes are not the API's",
            get(api, "/operator/v1/ping", ""),
            404,
            "not_found",
        ),
        (
            "API routes are not the operator's",
            get(running.operator, "/things", ""),
            404,
            "not_found",
        ),
    ];
    for (name, answer, status, code) in table {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{name}: {}",
            answer.body
        );
        assert!(answer.header("trilby-request-id").is_some(), "{name}");
        let json = answer.json();
        assert_eq!(
            json["request_id"].as_str(),
            answer.header("trilby-request-id"),
            "{name}"
        );
        if json.get("type").is_some() {
            let slug = code.replace('_', "-");
            assert_eq!(
                json["type"],
                format!("http://{api}/problems/{slug}"),
                "{name}"
            );
        }
    }
    let allow = send(api, "DELETE", "/things", "", "");
    assert_eq!(allow.header("allow"), Some("POST, GET, HEAD"));
}

#[test]
fn a_right_request_is_answered_with_its_id_and_no_stored_copy() {
    let running = start(settings());
    let created = send(running.api, "POST", "/things", JSON, "{\"name\":\"a\"}");
    assert_eq!(
        (created.status, created.json()["name"].as_str()),
        (201, Some("a"))
    );
    assert_eq!(
        created.json()["request_id"].as_str(),
        created.header("trilby-request-id")
    );
    assert_eq!(created.header("cache-control"), Some("no-store"));
    assert_eq!(created.header("x-content-type-options"), Some("nosniff"));
    let head = exchange(
        running.api,
        "HEAD /things HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    );
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn a_clients_request_id_comes_back_on_answers_and_on_every_kind_of_error() {
    let running = start(settings());
    let id = "x-request-id: pep-4711\r\n";
    for answer in [
        get(running.api, "/things", id),
        get(running.api, "/nowhere", id),
        get(running.api, "/panics", id),
        send(running.api, "POST", "/things", &format!("{JSON}{id}"), "{"),
        send(running.api, "POST", "/things", id, "{}"),
        send(running.api, "PUT", "/things", id, ""),
        get(
            running.api,
            "/things",
            &format!("{id}x-large: {}\r\n", "x".repeat(17_000)),
        ),
    ] {
        assert_eq!(
            answer.header("x-request-id"),
            Some("pep-4711"),
            "{}",
            answer.body
        );
        assert_ne!(answer.header("trilby-request-id"), Some("pep-4711"));
    }
    let long = get(
        running.api,
        "/nowhere",
        &format!("x-request-id: {}\r\n", "y".repeat(300)),
    );
    assert_eq!(long.header("x-request-id").map(str::len), Some(256));
    assert_eq!(get(running.api, "/things", "").header("x-request-id"), None);
}

#[test]
fn no_header_of_a_request_changes_a_link() {
    let mut settings = settings();
    settings.server.public_url = Some("https://iam.example.com".parse().unwrap());
    let running = start(settings);
    let forged = "x-forwarded-host: evil.example\r\nx-forwarded-proto: http\r\nforwarded: host=evil.example\r\nx-forwarded-for: 1.1.1.1\r\n";
    let answer = get(running.api, "/nowhere", forged);
    assert_eq!(
        answer.json()["type"],
        "https://iam.example.com/problems/not-found"
    );
    assert!(!answer.body.contains("evil"));
    assert!(answer.header("strict-transport-security").is_some());
    assert_eq!(get(running.api, "/address", forged).body, "127.0.0.1");
}

#[test]
fn a_named_proxy_is_believed() {
    let mut settings = settings();
    settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let running = start(settings);
    assert_eq!(
        get(
            running.api,
            "/address",
            "x-forwarded-for: 6.6.6.6, 203.0.113.9\r\n"
        )
        .body,
        "203.0.113.9"
    );
}

#[test]
fn a_panic_is_a_500_problem_and_the_server_goes_on() {
    let running = start(settings());
    for _ in 0..4 {
        let answer = get(running.api, "/panics", "");
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (500, "internal_error")
        );
        assert!(!answer.body.contains("tbk_x"));
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    assert_eq!(get(running.api, "/livez", "").status, 200);
}

#[test]
fn a_request_that_takes_too_long_is_a_503_problem() {
    let mut settings = settings();
    settings.server.request_timeout_ms = 150;
    let running = start(settings);
    let answer = get(running.api, "/slow/10000", "");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "unavailable")
    );
    assert!(answer.header("retry-after").is_some());
    assert_eq!(get(running.api, "/slow/1", "").status, 200);
}

#[test]
fn a_body_that_does_not_arrive_is_a_408_problem() {
    let mut settings = settings();
    settings.server.body_timeout_ms = 150;
    let running = start(settings);
    let half = format!(
        "POST /things HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 100\r\n{JSON}\r\n{{"
    );
    let answer = exchange(running.api, &half);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (408, "request_timeout")
    );
}

#[test]
fn pages_documents_and_docs_are_served_without_outside_addresses() {
    let running = start(settings());
    let markdown = get(running.api, "/problems/etag-mismatch", "");
    assert!(
        markdown
            .header("content-type")
            .unwrap()
            .starts_with("text/markdown")
    );
    assert!(markdown.body.starts_with("# The resource has changed"));
    let html = get(
        running.api,
        "/problems/etag-mismatch",
        "accept: text/html,*/*\r\n",
    );
    assert!(
        html.header("content-type")
            .unwrap()
            .starts_with("text/html")
            && html.body.contains("<h1>The resource has changed</h1>")
    );
    assert!(
        get(running.api, "/problems", "")
            .body
            .contains("/problems/etag-mismatch")
    );
    assert_eq!(
        get(running.api, "/openapi/identity.json", "").json()["openapi"],
        "3.1.0"
    );

    assert_eq!(
        get(running.api, "/docs", "").header("location"),
        Some("/docs/")
    );
    let page = get(running.api, "/docs/", "");
    assert!(
        page.body.contains("swagger-ui") && !page.body.contains("http"),
        "{}",
        page.body
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("http"));
    let initializer = get(running.api, "/docs/swagger-initializer.js", "");
    assert!(
        initializer.body.contains("/openapi/identity.json")
            && initializer.body.contains("\"validatorUrl\": \"none\""),
        "{}",
        initializer.body
    );
    assert_eq!(
        get(running.api, "/docs/swagger-ui-bundle.js", "").status,
        200
    );
}

#[test]
fn readiness_follows_its_checks_and_tells_why_to_the_operator_only() {
    let running = start(settings());
    assert_eq!(get(running.api, "/readyz", "").status, 200);
    running
        .health
        .check("store", || Err("disk full on /dev/sda1".to_owned()));
    let public = get(running.api, "/readyz", "");
    assert_eq!(
        (public.status, public.json()["status"].as_str()),
        (503, Some("not_ready"))
    );
    assert!(public.body.contains("store") && !public.body.contains("sda1"));
    assert!(get(running.operator, "/readyz", "").body.contains("sda1"));
    assert_eq!(get(running.api, "/livez", "").status, 200);
}

#[test]
fn metrics_are_on_the_operators_port_by_operation_and_status() {
    let running = start(settings());
    get(running.api, "/things", "");
    let text = get(running.operator, "/metrics", "").body;
    assert!(
        text.contains("trilby_http_requests_total{operation=\"read_thing\",status=\"200\"}"),
        "{text}"
    );
    assert!(
        text.contains("trilby_http_request_duration_seconds_bucket{operation=\"read_thing\",le=\""),
        "{text}"
    );
    assert_eq!(get(running.operator, "/operator/v1/ping", "").status, 200);
}

#[test]
fn a_port_in_use_is_one_clear_error_that_names_the_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut settings = settings();
    settings.server.listen = address;
    let error = Listeners::open(&settings).unwrap_err();
    assert!(matches!(error, Error::PortInUse { .. }));
    let text = error.to_string();
    assert!(
        text.contains(&format!("port {} of 127.0.0.1 is in use", address.port()))
            && text.contains("TRILBY_SERVER__LISTEN"),
        "{text}"
    );
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.server.operator_listen = address;
    assert!(
        Listeners::open(&settings)
            .unwrap_err()
            .to_string()
            .contains("server.operator_listen")
    );
    settings.server.operator_listen = "192.0.2.1:1".parse().unwrap();
    assert!(matches!(
        Listeners::open(&settings).unwrap_err(),
        Error::Listen { .. }
    ));
}

#[test]
fn a_stop_lets_a_running_request_finish_and_takes_no_new_ones() {
    let mut running = start(settings());
    let api = running.api;
    let slow = std::thread::spawn(move || get(api, "/slow/700", ""));
    let idle = TcpStream::connect(api).unwrap();
    std::thread::sleep(Duration::from_millis(250));
    let asked = std::time::Instant::now();
    running.stop();
    let answer = slow.join().unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
    running.wait().unwrap();
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "an idle connection must not hold up a stop: {:?}",
        asked.elapsed()
    );
    assert!(TcpStream::connect(api).is_err());
    drop(idle);
}

#[test]
fn a_draining_process_says_so_and_serves_on() {
    let mut settings = settings();
    settings.server.drain_ms = 700;
    let mut running = start(settings);
    let api = running.api;
    let asked = std::time::Instant::now();
    running.stop();
    std::thread::sleep(Duration::from_millis(150));
    let ready = get(api, "/readyz", "");
    assert_eq!((ready.status, get(api, "/livez", "").status), (503, 200));
    // Whoever comes all the same is answered, and told to come no more on this connection.
    let answer = exchange(api, "GET /slow/1 HTTP/1.1\r\nhost: h\r\n\r\n");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("connection"), Some("close"));
    running.wait().unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(700));
    assert!(TcpStream::connect(api).is_err());
}

#[test]
fn a_stop_ends_after_the_grace_whatever_still_runs() {
    let mut settings = settings();
    settings.server.shutdown_grace_ms = 300;
    let mut running = start(settings);
    let mut stuck = TcpStream::connect(running.api).unwrap();
    stuck
        .write_all(b"GET /slow/20000 HTTP/1.1\r\nhost: h\r\n\r\n")
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let asked = std::time::Instant::now();
    running.stop();
    running.wait().unwrap();
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );
}
