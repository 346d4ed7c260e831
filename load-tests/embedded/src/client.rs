//! A client that keeps one connection: HTTP/1.1, no TLS, as a service on the same host has it.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use ureq::http::Request;
use ureq::http::request::Builder;

/// Longest time one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shorter than the server keeps an idle connection (`server.keep_alive_ms`, 5 s), so that none is used as the server drops it.
const IDLE_MAX: Duration = Duration::from_secs(2);

/// Largest answer that is read.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// One caller's connection to the server, with its credential.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: Option<String>,
}

impl Client {
    /// A client without a credential of the server at `base`, such as `http://127.0.0.1:8080`.
    pub fn new(base: &str) -> Client {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_age(IDLE_MAX)
            .proxy(None)
            .build();
        Client {
            agent: config.into(),
            base: base.to_owned(),
            authorization: None,
        }
    }

    /// The same with a session's token.
    pub fn with_token(self, token: &str) -> Client {
        Client {
            authorization: Some(format!("Bearer {token}")),
            ..self
        }
    }

    /// The same with an access key: Basic, as RFC 6749 has it.
    pub fn with_key(self, id: &str, secret: &str) -> Client {
        use base64::Engine as _;
        let credential = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        Client {
            authorization: Some(format!("Basic {credential}")),
            ..self
        }
    }

    /// GET; any success is good.
    pub fn get(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        self.send(Request::get(self.url(path)), path, &[])
    }

    /// POST of JSON that is written already.
    pub fn post_bytes(&self, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let request = Request::post(self.url(path)).header("content-type", "application/json");
        self.send(request, path, body)
    }

    /// POST of JSON for JSON.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.post_bytes(path, body.to_string().as_bytes())?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// POST of JSON for JSON, under an idempotency key.
    pub fn post_once(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        let request = Request::post(self.url(path))
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        let answer = self.send(request, path, body.to_string().as_bytes())?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// POST of a form for JSON. `form` is encoded already.
    pub fn form(&self, path: &str, form: &str) -> anyhow::Result<Value> {
        let request = Request::post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = self.send(request, path, form.as_bytes())?;
        Ok(serde_json::from_slice(&answer)?)
    }

    /// PUT without a body.
    pub fn put(&self, path: &str) -> anyhow::Result<()> {
        self.send(Request::put(self.url(path)), path, &[]).map(drop)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.send(Request::delete(self.url(path)), path, &[])
            .map(drop)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn send(&self, mut request: Builder, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let answer = if body.is_empty() {
            self.agent.run(request.body(())?)
        } else {
            self.agent.run(request.body(body)?)
        };
        let mut answer = answer.with_context(|| format!("{path}: no answer"))?;
        // Read to its end in any case: only then is the connection good for the next request.
        let read = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let bytes = read.read_to_vec().with_context(|| path.to_owned())?;
        ensure!(
            answer.status().is_success(),
            "{path} answered {}: {}",
            answer.status(),
            String::from_utf8_lossy(&bytes)
        );
        Ok(bytes)
    }
}
