//! The order of routes, and rows that make no sense.

use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::{App, HttpResponse, web};
use serde_json::Value;

use super::row::Row;
use super::{Entry, Error, Registry, order, shape};
use crate::operation::{Access, Idempotency, Known, Method, Precondition};

fn row() -> Row {
    Row {
        id: "read_thing",
        method: Method::Get,
        path: "/v1/things/{thing}",
        tag: "Things",
        summary: "Read a thing",
        access: Access::Action("iam:GetThing"),
        known: Known::ToMembers,
        success: 200,
        problems: &[],
        idempotency: Idempotency::None,
        precondition: Precondition::None,
        history: true,
        has_body: false,
        browsers: crate::Browsers::None,
    }
}

#[test]
fn literal_segments_come_before_parameters() {
    let mut paths = [
        "/a/{x}/c",
        "/a/{x}",
        "/a/b",
        "/{y}/b",
        "/a/{x}/{z}",
        "/a/b/c",
        "/a/zz",
    ];
    paths.sort_by_key(|path| order(path));
    let first = |one: &str, two: &str| {
        let at = |path: &str| paths.iter().position(|known| *known == path).unwrap();
        assert!(at(one) < at(two), "{one} before {two}: {paths:?}");
    };
    first("/a/b", "/a/{x}");
    first("/a/zz", "/a/{x}");
    first("/a/b/c", "/a/{x}/c");
    first("/a/{x}/c", "/a/{x}/{z}");
    first("/a/b", "/{y}/b");
    assert_eq!(shape("/a/{x}/c"), shape("/a/{other}/c"));
}

#[test]
fn a_row_without_sense_is_refused() {
    row().check().unwrap();
    let wrong = [
        Row {
            id: "ReadThing",
            ..row()
        },
        Row {
            path: "v1/things",
            ..row()
        },
        Row {
            access: Access::Action("nonsense"),
            ..row()
        },
        Row {
            access: Access::Public(""),
            history: false,
            ..row()
        },
        Row {
            access: Access::Public("why"),
            history: true,
            ..row()
        },
        Row {
            known: Known::ByAction("nonsense"),
            ..row()
        },
        Row {
            precondition: Precondition::Optional,
            ..row()
        },
        Row {
            idempotency: Idempotency::Required,
            ..row()
        },
    ];
    for row in wrong {
        assert!(
            matches!(row.check(), Err(Error::Senseless { .. })),
            "{row:?}"
        );
    }
    assert_eq!(row().path_parameters(), ["thing"]);
}

#[actix_web::test]
async fn a_path_of_another_service_says_which_has_it() {
    let entry = |path| Entry {
        row: Row { path, ..row() },
        run: |_, _, _| Box::pin(async { Ok(HttpResponse::Ok().finish()) }),
        describe: std::sync::Arc::new(|_| utoipa::openapi::path::Operation::new()),
    };
    let elsewhere = Registry {
        entries: vec![entry("/v1/things/{thing}"), entry("/v1/things/{other}")],
    };
    let own = |config: &mut web::ServiceConfig| {
        config.route("/v1/things/mine", web::to(HttpResponse::Ok));
    };
    let app = App::new()
        .configure(own)
        .configure(|config| elsewhere.configure_elsewhere(config, "identity"));
    let app = init_service(app).await;
    let ask = async |path: &str| {
        let request = TestRequest::get().uri(path).to_request();
        call_service(&app, request).await
    };
    assert_eq!(ask("/v1/things/mine").await.status(), 200);
    let answer = ask("/v1/things/7").await;
    assert_eq!(answer.status(), 404);
    let problem: Value = read_body_json(answer).await;
    assert_eq!(problem["code"], "not_found");
    assert_eq!(problem["service"], "identity");
}
