use actix_web::test::TestRequest;
use futures::Stream;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Order {
    name: String,
    count: u32,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    note: Patch<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "a/b")]
    slashed: bool,
}

fn refused(text: &str) -> (Code, FieldError) {
    let problem = decode::<Order>(text.as_bytes()).unwrap_err();
    let field = problem.errors.first().cloned();
    (
        problem.code,
        field.unwrap_or_else(|| panic!("{text}: no field error")),
    )
}

#[test]
fn a_right_body_is_decoded_and_its_places_are_kept() {
    let text = "{\n  \"name\": \"x\",\n  \"count\": 7\n}";
    let decoded: Decoded<Order> = decode(text.as_bytes()).unwrap();
    assert_eq!(decoded.value.count, 7);
    let at = decoded.source.pointer("/count").unwrap().at;
    assert_eq!((at.line, at.column), (3, 12));
}

#[test]
fn each_kind_of_bad_body_has_its_code_pointer_line_and_column() {
    let table = [
        ("{\"name\":\"x\",}", Code::InvalidJson, "", 1, 13),
        ("{\"name\":\"x\"\n\"count\":1}", Code::InvalidJson, "", 2, 1),
        (
            "{\"name\":\"x\",\"count\":1,\n \"name\":\"y\"}",
            Code::DuplicateField,
            "/name",
            2,
            2,
        ),
        (
            "{\"name\":\"x\",\"count\":1,\"lines\":[{\"a/b\":true,\"a\\u002fb\":true}]}",
            Code::DuplicateField,
            "/lines/0/a~1b",
            1,
            44,
        ),
        (
            "{\"name\":\"x\",\"count\":1,\n\"colour\":2}",
            Code::UnknownField,
            "/colour",
            2,
            10,
        ),
        (
            "{\"name\":\"x\",\"count\":1,\"lines\":[{\"a/b\":true},\n{\"a/b\":true,\"c\":0}]}",
            Code::UnknownField,
            "/lines/1/c",
            2,
            17,
        ),
        (
            "{\"name\":\"x\",\"count\":\n\"1\"}",
            Code::InvalidParameter,
            "/count",
            2,
            1,
        ),
        (
            "{\"name\":\"x\",\"count\":1.5}",
            Code::InvalidParameter,
            "/count",
            1,
            21,
        ),
        (
            "{\"name\":\"x\",\"count\":-1}",
            Code::InvalidParameter,
            "/count",
            1,
            21,
        ),
        (
            "{\"name\":\"x\",\"count\":4294967296}",
            Code::InvalidParameter,
            "/count",
            1,
            21,
        ),
        (
            "{\"name\":null,\"count\":1}",
            Code::InvalidParameter,
            "/name",
            1,
            9,
        ),
        (
            "{\"name\":\"x\",\"count\":1,\"lines\":[{\"a/b\":\n 1}]}",
            Code::InvalidParameter,
            "/lines/0/a~1b",
            2,
            2,
        ),
        ("{\"name\":\"x\"}", Code::MissingParameter, "/count", 1, 1),
        (
            "{\"name\":\"x\",\"count\":1,\"lines\":[\n{}]}",
            Code::MissingParameter,
            "/lines/0/a~1b",
            2,
            1,
        ),
        ("[]", Code::InvalidParameter, "", 1, 1),
        ("\"text\"", Code::InvalidParameter, "", 1, 1),
    ];
    for (text, code, pointer, line, column) in table {
        let (got, field) = refused(text);
        assert_eq!(got, code, "{text}: {field:?}");
        assert_eq!(field.pointer.as_deref(), Some(pointer), "{text}");
        assert_eq!(
            (field.line, field.column),
            (Some(line), Some(column)),
            "{text}"
        );
    }
}

#[test]
fn bodies_that_are_no_json_at_all_are_refused() {
    let deep = "[".repeat(100_000);
    let table: &[&[u8]] = &[
        b"",
        b"  \n",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"nul",
        b"{} {}",
        b"{'a':1}",
        b"{\"a\":1e400}",
        b"{\"a\":\"\\ud800\"}",
        deep.as_bytes(),
    ];
    for text in table {
        let problem = decode::<serde_json::Value>(text).unwrap_err();
        assert_eq!(
            problem.code,
            Code::InvalidJson,
            "{:?}",
            &text[..text.len().min(20)]
        );
    }
}

#[test]
fn a_patch_tells_absent_null_and_value_apart() {
    let patch = |note: &str| {
        decode::<Order>(format!(r#"{{"name":"x","count":1{note}}}"#).as_bytes())
            .unwrap()
            .value
            .note
    };
    assert!(patch("").is_keep());
    assert_eq!(patch(r#","note":null"#), Patch::Clear);
    assert_eq!(patch(r#","note":"n""#), Patch::Set("n".to_owned()));
    assert_eq!(
        patch("").apply(Some("old".to_owned())).as_deref(),
        Some("old")
    );
    assert_eq!(patch(r#","note":null"#).apply(Some("old".to_owned())), None);
}

async fn read_request(request: TestRequest, media: Media, bytes: usize) -> Result<Bytes, Problem> {
    let (request, mut payload) = request.to_http_parts();
    read(&request, &mut payload, media, Limits { bytes }).await
}

#[actix_web::test]
async fn the_content_type_must_be_the_one_the_operation_takes() {
    let with = |value: &str| {
        TestRequest::post()
            .insert_header(("content-type", value))
            .set_payload("{}")
    };
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        "application/json;",
    ] {
        assert!(
            read_request(with(good), Media::Json, 10).await.is_ok(),
            "{good}"
        );
    }
    for bad in [
        "",
        "text/plain",
        "application/jsonp",
        "application/json; charset=latin1",
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",
    ] {
        let problem = read_request(with(bad), Media::Json, 10).await.unwrap_err();
        assert_eq!(problem.code, Code::UnsupportedMediaType, "{bad}");
    }
    let none = read_request(TestRequest::post().set_payload("{}"), Media::Json, 10).await;
    assert_eq!(none.unwrap_err().code, Code::UnsupportedMediaType);
    let patch = TestRequest::patch()
        .insert_header(("content-type", "application/merge-patch+json"))
        .set_payload("{}");
    assert!(read_request(patch, Media::Json, 10).await.is_ok());
    let twice = with("application/json").append_header(("content-type", "text/plain"));
    assert_eq!(
        read_request(twice, Media::Json, 10).await.unwrap_err().code,
        Code::InvalidParameter
    );
}

#[actix_web::test]
async fn a_packed_body_is_refused() {
    let request = |coding: &'static str| {
        TestRequest::post()
            .insert_header(("content-type", "application/json"))
            .insert_header(("content-encoding", coding))
            .set_payload("{}")
    };
    for packed in ["gzip", "br", "identity, gzip", ""] {
        let refused = read_request(request(packed), Media::Json, 10).await;
        assert_eq!(
            refused.unwrap_err().code,
            Code::UnsupportedMediaType,
            "{packed}"
        );
    }
    read_request(request("Identity"), Media::Json, 10)
        .await
        .unwrap();
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_declared_or_not() {
    let request = || TestRequest::post().insert_header(("content-type", "application/json"));
    assert!(
        read_request(request().set_payload("x".repeat(10)), Media::Json, 10)
            .await
            .is_ok()
    );
    let over = read_request(request().set_payload("x".repeat(11)), Media::Json, 10)
        .await
        .unwrap_err();
    assert_eq!(
        (over.code, over.extensions["limit"].as_u64()),
        (Code::PayloadTooLarge, Some(10))
    );
    let declared = request()
        .set_payload("x")
        .insert_header(("content-length", "11"));
    assert_eq!(
        read_request(declared, Media::Json, 10)
            .await
            .unwrap_err()
            .code,
        Code::PayloadTooLarge
    );
}

#[actix_web::test]
async fn an_operation_without_a_body_refuses_one() {
    let (request, mut empty) = TestRequest::delete().to_http_parts();
    assert!(none(&request, &mut empty).await.is_ok());
    let (request, mut full) = TestRequest::delete().set_payload("{}").to_http_parts();
    assert_eq!(
        none(&request, &mut full).await.unwrap_err().code,
        Code::InvalidParameter
    );
    // One whose end does not come.
    let (request, _) = TestRequest::delete().to_http_parts();
    request
        .extensions_mut()
        .insert(Patience(std::time::Duration::from_millis(20)));
    let endless: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> =
        Box::pin(futures::stream::pending());
    let mut endless = Payload::Stream { payload: endless };
    assert_eq!(
        none(&request, &mut endless).await.unwrap_err().code,
        Code::RequestTimeout
    );
}

#[test]
fn an_array_of_an_objects_fields_is_no_object() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read, never looked at")]
    struct Hat {
        name: String,
        ribbon: Option<Ribbon>,
        feathers: Vec<Ribbon>,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read, never looked at")]
    struct Ribbon {
        colour: String,
    }
    let good =
        br#"{"name": "Sunday", "ribbon": {"colour": "red"}, "feathers": [{"colour": "blue"}]}"#;
    decode::<Hat>(good).unwrap();
    for (body, pointer) in [
        (&br#"["Sunday", null, []]"#[..], ""),
        (
            br#"{"name": "Sunday", "ribbon": ["red"], "feathers": []}"#,
            "/ribbon",
        ),
        (
            br#"{"name": "Sunday", "feathers": [{"colour": "blue"}, ["red"]]}"#,
            "/feathers/1",
        ),
        (br#""Sunday""#, ""),
        (b"null", ""),
    ] {
        let problem = decode::<Hat>(body).unwrap_err();
        assert_eq!(problem.code, Code::InvalidParameter);
        assert_eq!(problem.errors[0].pointer.as_deref(), Some(pointer));
        assert!(
            problem.detail.starts_with("must be an object, not"),
            "{}",
            problem.detail
        );
    }
}
