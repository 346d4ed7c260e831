//! Query parameters into structs.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::IntoParams;

use super::{Empty, read_query};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Scope {
    Customer,
    System,
}

#[derive(Debug, Deserialize, IntoParams)]
struct Query {
    limit: Option<usize>,
    #[serde(default)]
    cascade: bool,
    #[param(value_type = Option<String>)]
    scope: Option<Scope>,
    #[serde(default)]
    tag: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, IntoParams)]
struct Needed {
    after: u64,
}

fn code<T: std::fmt::Debug + serde::de::DeserializeOwned + IntoParams>(query: &str) -> String {
    read_query::<T>(query).unwrap_err().code.as_str().to_owned()
}

#[test]
fn values_get_the_types_of_their_fields() {
    let query: Query =
        read_query("limit=5&cascade=true&scope=system&tag.team=blue&tag.a%20b=").unwrap();
    assert_eq!(
        (query.limit, query.cascade, query.scope),
        (Some(5), true, Some(Scope::System))
    );
    let tags: Vec<_> = query
        .tag
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(tags, [("a b", ""), ("team", "blue")]);
    let nothing: Query = read_query("").unwrap();
    assert!(nothing.limit.is_none() && !nothing.cascade && nothing.tag.is_empty());
    assert_eq!(read_query::<Needed>("after=7").unwrap().after, 7);
}

#[test]
fn nothing_is_ignored() {
    assert_eq!(code::<Empty>("x=1"), "invalid_parameter");
    assert_eq!(code::<Query>("limits=1"), "invalid_parameter");
    assert_eq!(code::<Query>("limit=1&limit=1"), "duplicate_parameter");
    assert_eq!(code::<Query>("limit="), "invalid_parameter");
    assert_eq!(code::<Query>("limit=-1"), "invalid_parameter");
    assert_eq!(code::<Query>("limit=one"), "invalid_parameter");
    assert_eq!(code::<Query>("cascade=yes"), "invalid_parameter");
    assert_eq!(code::<Query>("scope=all"), "invalid_parameter");
    assert_eq!(code::<Query>("tag=x"), "invalid_parameter");
    assert_eq!(code::<Needed>(""), "missing_parameter");
}

#[test]
fn a_refusal_names_the_parameter() {
    let refused = read_query::<Query>("limit=one").unwrap_err();
    assert_eq!(
        refused.errors.first().unwrap().parameter.as_deref(),
        Some("limit")
    );
}
