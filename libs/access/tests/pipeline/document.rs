//! The API's document and the rows, made from the same operations as the routes.

use serde_json::Value;
use trilby_access::{Access, Registry, registry::Error};
use utoipa::openapi::Info;

use super::operations::{self, CreateUser, ReadUser};

fn document() -> Value {
    serde_json::to_value(operations::registry().openapi(Info::new("Example", "1.0.0"))).unwrap()
}

#[test]
fn routes_rows_and_document_list_the_same_operations() {
    let registry = operations::registry();
    registry.check().unwrap();
    let mut rows: Vec<(String, String)> = registry
        .rows()
        .iter()
        .map(|row| (row.path.to_owned(), row.method.as_str().to_lowercase()))
        .collect();
    let document = document();
    let mut listed = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            listed.push((path.clone(), method.clone()));
        }
    }
    rows.sort();
    listed.sort();
    assert_eq!(rows, listed);
}

#[test]
fn the_document_is_openapi_3_1_with_named_and_titled_schemas() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in [
        "User",
        "CreateUserBody",
        "Problem",
        "ProblemField",
        "Identity",
    ] {
        assert_eq!(schemas[name]["title"], name, "{name}");
    }
    let reference =
        &document["paths"]["/v1/accounts/{account}/users"]["post"]["requestBody"]["content"];
    assert_eq!(
        reference["application/json"]["schema"]["$ref"],
        "#/components/schemas/CreateUserBody"
    );
}

#[test]
fn an_operation_says_all_that_its_constants_say() {
    let document = document();
    let create = &document["paths"]["/v1/accounts/{account}/users"]["post"];
    assert_eq!(create["operationId"], "create_user");
    assert_eq!(create["tags"], serde_json::json!(["Users"]));
    assert_eq!(create["x-trilby-action"], "iam:CreateUser");
    assert_eq!(create["security"], serde_json::json!([{"session": []}]));
    let responses = create["responses"].as_object().unwrap();
    for status in [
        "201", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503",
    ] {
        assert!(responses.contains_key(status), "{status}");
    }
    let schema = &responses["409"]["content"]["application/problem+json"]["schema"]["$ref"];
    assert_eq!(schema, "#/components/schemas/Problem");
    assert!(
        responses["409"]["description"]
            .as_str()
            .unwrap()
            .contains("already_exists")
    );
    for header in ["Location", "Trilby-Seq", "Example-Hint"] {
        assert!(
            responses["201"]["headers"].get(header).is_some(),
            "{header}"
        );
    }
    let names = |operation: &Value| -> Vec<String> {
        let parameters = operation["parameters"].as_array().unwrap();
        parameters
            .iter()
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(create),
        ["account", "Idempotency-Key", "Trilby-Min-Seq"]
    );
    let read = &document["paths"]["/v1/accounts/{account}/users/{user}"]["get"];
    assert_eq!(
        names(read),
        [
            "account",
            "user",
            "Trilby-Min-Seq",
            "Trilby-At-Seq",
            "Trilby-At-Time"
        ]
    );
    let update = &document["paths"]["/v1/accounts/{account}/users/{user}"]["patch"];
    assert!(names(update).contains(&"If-Match".to_owned()));
    let hello = &document["paths"]["/v1/hello"]["get"];
    assert_eq!(hello["x-trilby-public"], "greets strangers too");
    assert_eq!(hello["security"], serde_json::json!([{}]));
}

#[test]
fn references_lead_somewhere() {
    let document = document();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.push(reference.clone());
            }
            members
                .values()
                .for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_exempt_operation_says_why() {
    for row in operations::registry().rows() {
        match row.access {
            Access::Public(reason) | Access::Authenticated(reason) => {
                assert!(!reason.is_empty(), "{}", row.id)
            }
            Access::Action(action) => assert!(action.contains(':'), "{}", row.id),
        }
    }
}

#[test]
fn contradictions_are_found() {
    let mut twice = Registry::new();
    twice.add::<ReadUser>().add::<ReadUser>();
    assert_eq!(twice.check(), Err(Error::SameId { id: "read_user" }));
    let mut both = Registry::new();
    both.add::<ReadUser>();
    let mut other = Registry::new();
    other.add::<CreateUser>();
    both.and(other).check().unwrap();
}

#[test]
fn metrics_of_the_directory_are_rows_of_the_table() {
    let table: Vec<&str> = trilby_service::telemetry::metric::ALL
        .iter()
        .map(|metric| metric.name)
        .collect();
    for name in trilby_directory::METRICS {
        assert!(table.contains(name), "{name}");
    }
}
