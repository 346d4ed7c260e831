//! `docs/headers.md` says which writes need which header. The API's documents say it too, made from the handlers: the two
//! must agree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

const TEXT: &str = include_str!("../../../docs/headers.md");
/// What takes no key, because it changes no rights or keeps secrets.
const WITHOUT_A_KEY: [&str; 16] = [
    "POST /access/v1/evaluation",
    "POST /access/v1/evaluations",
    "POST /accounts/{account}/access/v1/evaluation",
    "POST /accounts/{account}/access/v1/evaluations",
    "POST /v1/accounts/{account}/escalation-paths",
    "POST /v1/accounts/{account}/simulate/web-identity",
    "POST /v1/assume-role",
    "POST /v1/assume-role-with-web-identity",
    "POST /v1/bootstrap",
    "POST /v1/federated-sessions",
    "POST /v1/introspect",
    "POST /v1/nonces",
    "POST /v1/password",
    "POST /v1/revoke",
    "POST /v1/simulate",
    "POST /v1/token",
];

/// A write of the API.
struct Write {
    name: String,
    path: String,
    facts: Value,
}

impl Write {
    /// Whether a header is taken; if it is, whether it is required.
    fn header(&self, name: &str) -> Option<bool> {
        let parameters = self.facts["parameters"].as_array();
        let mut parameters = parameters.into_iter().flatten();
        let found = parameters.find(|one| one["in"] == "header" && one["name"] == name)?;
        found["required"].as_bool()
    }

    fn needs_a_precondition(&self) -> bool {
        self.facts["responses"].get("428").is_some()
    }
}

fn writes() -> Vec<Write> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi");
    let mut writes = Vec::new();
    for service in ["identity", "token", "decision"] {
        let text = std::fs::read_to_string(folder.join(format!("{service}.json"))).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, facts) in item.as_object().unwrap() {
                let method = method.to_uppercase();
                if method != "GET" {
                    writes.push(Write {
                        name: format!("{method} {path}"),
                        path: path.clone(),
                        facts: facts.clone(),
                    });
                }
            }
        }
    }
    assert!(writes.len() >= 90, "only {}", writes.len());
    writes
}

/// The items of a section's list: what stands in the first backticks of each.
fn listed(section: &str) -> BTreeSet<&'static str> {
    let rest = TEXT.split_once(section).unwrap().1;
    let body = rest.split_once("\n## ").map_or(rest, |(body, _)| body);
    let items = body.lines().filter_map(|line| line.strip_prefix("- `"));
    items.map(|item| item.split('`').next().unwrap()).collect()
}

#[test]
fn the_operations_that_need_an_idempotency_key_are_these() {
    let writes = writes();
    let needing = writes
        .iter()
        .filter(|write| write.header("Idempotency-Key") == Some(true));
    let needing: BTreeSet<&str> = needing.map(|write| write.name.as_str()).collect();
    assert_eq!(listed("## Sent twice"), needing);
    let mut without: Vec<&str> = WITHOUT_A_KEY.to_vec();
    // No receipt keeps the hash of a password.
    without.push("PUT /v1/accounts/{account}/users/{user}/login-profile");
    for write in &writes {
        let takes = write.header("Idempotency-Key").is_some();
        let named = without.contains(&write.name.as_str());
        assert!(takes != named, "{}", write.name);
    }
}

#[test]
fn the_operations_that_need_a_precondition_are_these() {
    let endings = listed("## Changed meanwhile");
    let is_listed = |path: &str| endings.iter().any(|ending| path.ends_with(ending));
    let writes = writes();
    for write in &writes {
        let changes = !write.name.starts_with("POST ");
        assert_eq!(
            write.needs_a_precondition(),
            changes && is_listed(&write.path),
            "{}",
            write.name
        );
        if write.needs_a_precondition() {
            assert!(write.header("If-Match").is_some(), "{}", write.name);
        }
        if write.header("If-None-Match").is_some() {
            assert!(write.name.starts_with("PUT "), "{}", write.name);
        }
    }
    for ending in &endings {
        let ends_so = |write: &Write| write.needs_a_precondition() && write.path.ends_with(ending);
        assert!(writes.iter().any(ends_so), "nothing ends in {ending}");
    }
}
