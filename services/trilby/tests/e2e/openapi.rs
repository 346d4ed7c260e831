//! The API's documents: what is served is what is kept, generators can use it, and the pages load nothing from elsewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trilby_testkit::http::Client;

use crate::acme::program;
use crate::operations::{OPERATOR, SERVICES, operations};

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi")
}

#[test]
fn what_is_served_is_what_is_kept() {
    let trilby = program().start();
    for service in SERVICES.into_iter().chain([OPERATOR]) {
        let served = trilby
            .client()
            .get(&format!("/openapi/{service}.json"))
            .expect(200);
        let file = kept().join(format!("{service}.json"));
        let kept = std::fs::read_to_string(&file).unwrap();
        assert!(
            served.body() == kept,
            "{} is stale; run `cargo xtask openapi`",
            file.display()
        );
    }
    let checked = program()
        .arg("openapi")
        .arg("--check")
        .arg("--dir")
        .arg(kept())
        .run();
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
    let elsewhere = tempfile::TempDir::new().unwrap();
    let stale = program()
        .arg("openapi")
        .arg("--check")
        .arg("--dir")
        .arg(elsewhere.path())
        .run();
    assert_eq!(stale.status.code(), Some(1), "{stale:?}");
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    trilby
        .client()
        .get("/openapi/other.json")
        .expect_problem(404, "not_found");
}

#[test]
fn operations_are_described_so_that_generators_find_good_names() {
    let trilby = program().start();
    let mut ids = BTreeSet::new();
    for operation in operations(&trilby.client()) {
        let facts = operation.facts();
        let id = &operation.id;
        assert!(ids.insert(id.clone()), "{id} twice");
        let words: Vec<&str> = id.split('_').collect();
        let lower =
            |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        let lone = ["bootstrap", "evaluate", "simulate"].contains(&id.as_str());
        assert!(
            words.iter().all(lower) && (words.len() >= 2 || lone),
            "{id}"
        );
        assert_eq!(facts["tags"].as_array().map(Vec::len), Some(1), "{id}");
        let summary = facts["summary"].as_str().unwrap_or_default();
        assert!(
            !summary.is_empty() && !summary.ends_with('.'),
            "{id}: {summary}"
        );
        let ways = [
            "x-trilby-public",
            "x-trilby-authenticated",
            "x-trilby-action",
        ];
        assert_eq!(
            ways.iter().filter(|way| facts.get(*way).is_some()).count(),
            1,
            "{id}"
        );
        assert_eq!(
            facts["security"].to_string(),
            if operation.is_public() {
                "[{}]"
            } else {
                r#"[{"session":[]}]"#
            },
            "{id}"
        );
        assert_responses(id, facts, operation.is_public());
        for parameter in facts["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["schema"]["type"].is_string() || parameter["schema"].is_object(),
                "{id}: {parameter}"
            );
            assert!(parameter["description"].is_string(), "{id}: {parameter}");
        }
        let in_path = operation.path.matches('{').count();
        let parameters = facts["parameters"].as_array().into_iter().flatten();
        assert_eq!(
            parameters.filter(|one| one["in"] == "path").count(),
            in_path,
            "{id}"
        );
    }
}

fn assert_responses(id: &str, facts: &Value, is_public: bool) {
    let responses = facts["responses"].as_object().unwrap();
    let is_success = |status: &&String| status.starts_with('2');
    assert!(
        (1..=2).contains(&responses.keys().filter(is_success).count()),
        "{id}"
    );
    let mut expected = vec!["400", "500", "503"];
    if !is_public {
        expected.push("401");
    }
    if facts.get("x-trilby-action").is_some() {
        expected.extend(["403", "404"]);
    }
    for status in expected {
        assert!(responses.contains_key(status), "{id} has no {status}");
    }
    for (status, response) in responses {
        assert!(
            !response["description"]
                .as_str()
                .unwrap_or_default()
                .is_empty(),
            "{id} {status}"
        );
        if !status.starts_with('2') {
            let schema = response.pointer("/content/application~1problem+json/schema/$ref");
            let oauth = response.pointer("/content/application~1json/schema/$ref");
            let named = schema.or(oauth).and_then(Value::as_str).unwrap_or_default();
            assert!(
                [
                    "#/components/schemas/Problem",
                    "#/components/schemas/OAuthError"
                ]
                .contains(&named),
                "{id} {status}: {response}"
            );
        }
    }
}

#[test]
fn schemas_are_titled_and_references_lead_somewhere() {
    let trilby = program().start();
    for service in SERVICES {
        let document = trilby
            .client()
            .get(&format!("/openapi/{service}.json"))
            .expect(200)
            .json;
        assert_eq!(document["openapi"], "3.1.0");
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            assert!(
                name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "{name}"
            );
            let title = schema["title"].as_str();
            assert_eq!(
                title,
                Some(name.as_str()),
                "{service}: the schema {name} has no title of its own"
            );
        }
        let mut used = BTreeSet::new();
        references(&document, &mut used);
        for reference in &used {
            let name = reference.strip_prefix("#/components/schemas/");
            assert!(
                name.is_some_and(|name| schemas.contains_key(name)),
                "{service}: {reference} leads nowhere"
            );
        }
        for name in schemas.keys() {
            let reference = format!("#/components/schemas/{name}");
            assert!(used.contains(&reference), "{service}: nothing uses {name}");
        }
        let tags = document["tags"].as_array().unwrap();
        assert!(!tags.is_empty(), "{service}");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_pages_load_nothing_from_elsewhere() {
    let trilby = program().start();
    let client = trilby.client();
    let moved = client.get("/docs");
    assert_eq!(
        (moved.status, moved.header("location")),
        (308, Some("/docs/"))
    );
    let page = client.get("/docs/").expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("http"),
        "{policy}"
    );
    let mut n_parts = 0;
    for part in addresses(&page.body()) {
        assert!(!part.contains("//"), "{part} is elsewhere");
        let answer = client
            .get(&format!("/docs/{}", part.trim_start_matches("./")))
            .expect(200);
        assert!(!answer.bytes.is_empty());
        n_parts += 1;
    }
    assert!(n_parts >= 3, "{page:?}");
    let start = client
        .get("/docs/swagger-initializer.js")
        .expect(200)
        .body();
    assert!(
        !start.contains("http://") && !start.contains("https://"),
        "{start}"
    );
    for service in SERVICES {
        assert!(
            start.contains(&format!("/openapi/{service}.json")),
            "{start}"
        );
    }
    client.get("/docs/..%2f..%2fCargo.toml").expect(404);
    problem_pages(&client);
}

/// Every code has a page, at the address that problems name.
fn problem_pages(client: &Client) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/problems");
    let mut n_pages = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let slug = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let page = client.get(&format!("/problems/{slug}")).expect(200);
        assert!(page.body().len() > 100, "{slug}");
        n_pages += 1;
    }
    assert!(n_pages >= 50);
    client
        .get("/problems/none")
        .expect_problem(404, "not_found");
}

/// What the page's elements load.
fn addresses(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        for after in page.split(attribute).skip(1) {
            found.push(after.split('"').next().unwrap().to_owned());
        }
    }
    found
}
