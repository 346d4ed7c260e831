//! A client of the proxy.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use ureq::http::Request;

/// Longest time one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, whatever its status.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub json: Value,
}

/// One caller.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
}

impl Answer {
    /// Tells what was asked, and fails unless it was answered so.
    pub fn is(self, status: u16, what: &str) -> anyhow::Result<Self> {
        println!("{what}: {}", self.status);
        ensure!(
            self.status == status,
            "{what}: {} instead of {status}: {}",
            self.status,
            self.json
        );
        Ok(self)
    }

    /// A text of its body.
    pub fn text(&self, pointer: &str) -> anyhow::Result<String> {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        found
            .map(str::to_owned)
            .with_context(|| format!("no text at {pointer} of {}", self.json))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it allows; `None` if it is no decision.
    pub fn decision(&self) -> Option<bool> {
        self.json.get("decision").and_then(Value::as_bool)
    }
}

impl Client {
    pub fn new(base: String) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Self {
            agent: config.into(),
            base,
            token: None,
        }
    }

    /// The same caller with a session.
    pub fn with_token(&self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self.clone()
        }
    }

    pub fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send("GET", path, &[], Vec::new())
    }

    /// A PUT without a body.
    pub fn put(&self, path: &str) -> anyhow::Result<Answer> {
        self.send("PUT", path, &[], Vec::new())
    }

    pub fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.send("DELETE", path, &[], Vec::new())
    }

    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.post_with(path, &[], body)
    }

    /// With these headers.
    pub fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        self.send("POST", path, &headers, body.to_string().into_bytes())
    }

    /// Its fields are written as they are.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let is_form = ("content-type", "application/x-www-form-urlencoded");
        self.send("POST", path, &[is_form], fields.join("&").into_bytes())
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = match body.is_empty() {
            true => self.agent.run(request.body(())?),
            false => self.agent.run(request.body(body)?),
        };
        let mut answer = answer.with_context(|| format!("{method} {path}"))?;
        let text = answer.body_mut().read_to_string()?;
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            json: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    }
}
