//! The order of routes, and rows that make no sense.

use super::row::Row;
use super::{Error, order, shape};
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
