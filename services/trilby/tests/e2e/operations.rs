//! The operations that a server says it has: its OpenAPI documents, read over HTTP.

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Call, Client, encode};

use crate::schema::misfit;

pub const SERVICES: [&str; 3] = ["identity", "token", "decision"];

/// Deepest nesting of schemas that an example follows.
const DEPTH_MAX: usize = 8;

/// One operation of a document.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    pub path: String,
    method: String,
    facts: Value,
    schemas: Value,
}

/// The document of the operator's port, whose operations are not the API's.
pub const OPERATOR: &str = "operator";

/// All operations of the API.
pub fn operations(client: &Client) -> Vec<Operation> {
    let found = operations_of(client, &SERVICES);
    assert!(found.len() >= 70, "only {} operations", found.len());
    found
}

/// All operations of these documents.
pub fn operations_of(client: &Client, documents: &[&str]) -> Vec<Operation> {
    let mut found = Vec::new();
    for service in documents {
        let document = client.get(&format!("/openapi/{service}.json")).expect(200);
        let schemas = &document.json["components"]["schemas"];
        for (path, item) in document.json["paths"].as_object().unwrap() {
            for (method, facts) in item.as_object().unwrap() {
                if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                    continue;
                }
                found.push(Operation {
                    id: facts["operationId"].as_str().unwrap_or_default().to_owned(),
                    path: path.clone(),
                    method: method.to_uppercase(),
                    facts: facts.clone(),
                    schemas: schemas.clone(),
                });
            }
        }
    }
    found
}

impl Operation {
    pub fn method(&self) -> &str {
        &self.method
    }

    pub fn facts(&self) -> &Value {
        &self.facts
    }

    pub fn is_public(&self) -> bool {
        self.facts.get("x-trilby-public").is_some()
    }

    /// The action that is asked of the engine, if one is.
    pub fn action(&self) -> Option<&str> {
        self.facts.get("x-trilby-action")?.as_str()
    }

    /// The path with each parameter replaced.
    pub fn path_with(&self, value: impl Fn(&str) -> String) -> String {
        let segments = self.path.split('/').map(|segment| {
            let mut made = String::new();
            let mut rest = segment;
            while let Some((before, after)) = rest.split_once('{') {
                let (name, after) = after.split_once('}').unwrap();
                made.push_str(before);
                made.push_str(&encode(&value(name)));
                rest = after;
            }
            made.push_str(rest);
            made
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// A request with a body that fits the schema, or this one, and the headers that are required.
    pub fn request<'a>(&self, client: &'a Client, path: &str, body: Option<Value>) -> Call<'a> {
        let mut call = client.request(&self.method, path);
        if self.takes_header("Idempotency-Key") {
            call = call.header("idempotency-key", &crate::acme::fresh_key());
        }
        if self.takes_header("If-Match") {
            call = call.header("if-match", "\"s1\"");
        }
        let content = &self.facts["requestBody"]["content"];
        if let Some(schema) = content.pointer("/application~1json/schema") {
            return call.json(&body.unwrap_or_else(|| self.example(schema, 0)));
        }
        match content.pointer("/application~1x-www-form-urlencoded/schema") {
            Some(_) => call.form(&[("token", "nothing")]),
            None => call,
        }
    }

    /// Fails unless the answer is what the document says of its status.
    #[track_caller]
    pub fn assert_described(&self, answer: &Answer) {
        let response = &self.facts["responses"][answer.status.to_string()];
        assert!(
            response.is_object(),
            "{} says nothing of {answer:?}",
            self.id
        );
        let contents = response["content"].as_object();
        let media = answer.header("content-type").unwrap_or_default();
        let media = media.split(';').next().unwrap().to_owned();
        match contents.and_then(|contents| contents.get(&media)) {
            Some(content) => {
                let misfit = misfit(&self.schemas, &content["schema"], &answer.json, "");
                assert!(misfit.is_none(), "{}: {misfit:?}: {answer:?}", self.id);
            }
            None => assert!(
                answer.bytes.is_empty(),
                "{}: {media} is not described: {answer:?}",
                self.id
            ),
        }
    }

    fn takes_header(&self, name: &str) -> bool {
        let parameters = self.facts["parameters"].as_array();
        let mut parameters = parameters.into_iter().flatten();
        parameters.any(|one| one["in"] == "header" && one["name"] == name)
    }

    /// The smallest value that fits a schema: required members only.
    fn example(&self, schema: &Value, depth: usize) -> Value {
        assert!(depth < DEPTH_MAX, "{}: schemas without end", self.id);
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            return self.example(&self.schemas[name], depth + 1);
        }
        for given in [
            &schema["example"],
            &schema["examples"][0],
            &schema["enum"][0],
            &schema["const"],
        ] {
            if !given.is_null() {
                return given.clone();
            }
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            let choices = schema[choice].as_array().into_iter().flatten();
            if let Some(first) = choices.into_iter().find(|one| one["type"] != "null") {
                return self.example(first, depth + 1);
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").cloned(),
            kind => Some(kind.clone()),
        };
        match kind.as_ref().and_then(Value::as_str) {
            Some("string") => json!("example"),
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            _ => {
                let required = schema["required"].as_array().into_iter().flatten();
                let members = required.filter_map(Value::as_str).map(|name| {
                    let value = self.example(&schema["properties"][name], depth + 1);
                    (name.to_owned(), value)
                });
                Value::Object(members.collect())
            }
        }
    }
}
