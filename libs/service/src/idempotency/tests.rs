use serde_json::json;

use super::*;

fn log() -> LogId {
    "111122223333".parse().unwrap()
}

#[test]
fn a_key_is_16_to_64_harmless_characters() {
    let headers = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::HeaderName::from_static(HEADER),
            value.parse().unwrap(),
        );
        headers
    };
    for good in ["0123456789abcdef", "AZ_-0123456789ab", &"x".repeat(64)] {
        assert_eq!(Key::required(&headers(good)).unwrap().as_str(), good);
    }
    for bad in [
        "",
        "short",
        &"x".repeat(65),
        "0123456789abcde!",
        "0123456789 abcdef",
    ] {
        assert_eq!(
            Key::of(&headers(bad)).unwrap_err().code,
            Code::InvalidParameter,
            "{bad}"
        );
    }
    assert_eq!(Key::of(&HeaderMap::new()).unwrap(), None);
    assert_eq!(
        Key::required(&HeaderMap::new()).unwrap_err().code,
        Code::MissingParameter
    );
    let mut twice = headers("0123456789abcdef");
    twice.append(
        header::HeaderName::from_static(HEADER),
        "0123456789abcdeg".parse().unwrap(),
    );
    assert_eq!(Key::of(&twice).unwrap_err().code, Code::InvalidParameter);
}

#[test]
fn hashes_keep_their_parts_apart() {
    assert_ne!(receipt_key("TUSR1", "2key"), receipt_key("TUSR12", "key"));
    assert_ne!(
        request_hash("POST", "/a", b"b"),
        request_hash("POST", "/ab", b"")
    );
    assert_ne!(
        request_hash("POST", "/a?cascade=true", b""),
        request_hash("POST", "/a", b"")
    );
    assert_eq!(
        request_hash("POST", "/a", b"b"),
        request_hash("POST", "/a", b"b")
    );
}

#[test]
fn a_second_request_with_a_running_key_is_refused_until_the_first_is_done() {
    let running = InFlight::default();
    let key = receipt_key("TUSR1", "0123456789abcdef");
    let first = running.begin(log(), key).unwrap();
    assert_eq!(
        running.begin(log(), key).unwrap_err().code,
        Code::IdempotencyInProgress
    );
    let elsewhere = running.begin("999922223333".parse().unwrap(), key).unwrap();
    drop(first);
    let again = running.begin(log(), key);
    assert!(again.is_ok());
    drop((again, elsewhere));
    assert!(running.0.lock().unwrap().is_empty());
}

#[test]
fn the_list_of_running_requests_has_an_end() {
    let running = InFlight::default();
    let key = |n: usize| receipt_key("TUSR1", &n.to_string());
    let guards: Vec<_> = (0..IN_FLIGHT_MAX)
        .map(|n| running.begin(log(), key(n)).unwrap())
        .collect();
    assert_eq!(
        running.begin(log(), key(IN_FLIGHT_MAX)).unwrap_err().code,
        Code::Busy
    );
    drop(guards);
    assert!(running.begin(log(), key(0)).is_ok());
}

#[actix_web::test]
async fn a_replayed_answer_is_the_first_one_without_its_secret() {
    let body = json!({"id": "TKEY1", "secret": "tbk_x", "status": "active"});
    let mut answer = StoredAnswer::new(StatusCode::CREATED, Some(body), &["secret"]);
    answer.location = Some("/v1/x".to_owned());
    answer.etag = Some("\"s7\"".to_owned());
    answer.seq = Some("111122223333@7".to_owned());
    let bytes = answer.to_bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains("tbk_x"));

    let response = StoredAnswer::from_bytes(&bytes).unwrap().replay().unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    for (name, value) in [
        ("idempotency-replayed", "true"),
        ("location", "/v1/x"),
        ("etag", "\"s7\""),
        ("trilby-seq", "111122223333@7"),
    ] {
        assert_eq!(response.headers().get(name).unwrap(), value);
    }
    let body = actix_web::body::to_bytes(response.into_body())
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body,
        json!({"id": "TKEY1", "secret": null, "secret_withheld": true, "status": "active"})
    );
}

#[test]
fn a_receipt_of_an_unknown_format_is_a_fault_and_not_an_answer() {
    for bytes in [
        &b"{\"v\":2,\"status\":200}"[..],
        b"",
        b"{\"v\":1}",
        b"{\"v\":1,\"status\":200,\"x\":1}",
    ] {
        assert_eq!(
            StoredAnswer::from_bytes(bytes).unwrap_err().code,
            Code::InternalError
        );
    }
}
