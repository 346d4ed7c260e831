//! A client that keeps its connections: HTTP/1.1 on loopback.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use ureq::http::Request;
use ureq::http::request::Builder;

/// Longest time one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Shorter than the server keeps an idle connection (`server.keep_alive_ms`, 5 s).
const IDLE_MAX: Duration = Duration::from_secs(2);
/// Largest answer that is read.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// Times a request is sent that was answered 503: under load a service says that it is busy.
const ATTEMPTS_MAX: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// An answer, whatever its status.
pub struct Answer {
    pub status: u16,
    /// `Trilby-Seq`.
    pub seq: Option<String>,
    pub json: Value,
}

impl Answer {
    /// A text of its body.
    pub fn text(&self, pointer: &str) -> anyhow::Result<String> {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        found
            .map(str::to_owned)
            .with_context(|| format!("the answer has no text at {pointer}: {}", self.json))
    }

    /// What a decision says.
    pub fn decision(&self) -> anyhow::Result<bool> {
        let found = self.json.get("decision").and_then(Value::as_bool);
        found.with_context(|| format!("{} is no decision: {}", self.status, self.json))
    }

    /// Where the write ended.
    pub fn seq(self) -> anyhow::Result<String> {
        self.seq.context("an answer without `Trilby-Seq`")
    }
}

/// One caller, at one server.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: Option<String>,
}

impl Client {
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_age(IDLE_MAX)
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .proxy(None)
            .build();
        Self {
            agent: config.into(),
            base: base.to_owned(),
            authorization: None,
        }
    }

    /// The same caller with a session's token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            authorization: Some(format!("Bearer {token}")),
            ..self.clone()
        }
    }

    /// The same caller at another server.
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// A POST under a key of its own that must succeed; sent again while the service is busy.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let (text, key) = (body.to_string(), key());
        self.patiently(path, || {
            let request = Request::post(self.url(path))
                .header("content-type", "application/json")
                .header("idempotency-key", &key);
            self.send(request, text.as_bytes())
        })
    }

    /// A form that must succeed.
    pub fn form(&self, path: &str, form: &str) -> anyhow::Result<Answer> {
        self.patiently(path, || {
            let request = Request::post(self.url(path))
                .header("content-type", "application/x-www-form-urlencoded");
            self.send(request, form.as_bytes())
        })
    }

    /// A PUT or DELETE without a body that must succeed.
    pub fn put_or_delete(&self, path: &str, puts: bool) -> anyhow::Result<Answer> {
        self.patiently(path, || {
            let request = match puts {
                true => Request::put(self.url(path)),
                false => Request::delete(self.url(path)),
            };
            self.send(request, &[])
        })
    }

    /// A question, asked once, for at least this position; whatever the answer.
    pub fn ask(&self, path: &str, body: &str, min_seq: Option<&str>) -> anyhow::Result<Answer> {
        let mut request = Request::post(self.url(path)).header("content-type", "application/json");
        if let Some(seq) = min_seq {
            request = request.header("trilby-min-seq", seq);
        }
        self.send(request, body.as_bytes())
    }

    /// A GET that must succeed.
    pub fn get_json(&self, path: &str) -> anyhow::Result<Answer> {
        self.patiently(path, || self.send(Request::get(self.url(path)), &[]))
    }

    /// A text.
    pub fn get_text(&self, path: &str) -> anyhow::Result<String> {
        let mut answer = self.agent.get(self.url(path)).call()?;
        Ok(answer.body_mut().read_to_string()?)
    }

    fn patiently(
        &self,
        path: &str,
        send: impl Fn() -> anyhow::Result<Answer>,
    ) -> anyhow::Result<Answer> {
        let mut n_attempts = 0;
        loop {
            let answer = send().with_context(|| path.to_owned())?;
            n_attempts += 1;
            match answer.status {
                200..300 => return Ok(answer),
                503 | 409 if n_attempts < ATTEMPTS_MAX => std::thread::sleep(PAUSE),
                status => bail!(
                    "{path} answered {status} at attempt {n_attempts}: {}",
                    answer.json
                ),
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn send(&self, mut request: Builder, body: &[u8]) -> anyhow::Result<Answer> {
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = match body.is_empty() {
            true => self.agent.run(request.body(())?)?,
            false => self.agent.run(request.body(body)?)?,
        };
        // Read to its end in any case: only then is the connection good for the next request.
        let read = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let bytes = read.read_to_vec()?;
        let seq = answer.headers().get("trilby-seq");
        Ok(Answer {
            status: answer.status().as_u16(),
            seq: seq.and_then(|seq| seq.to_str().ok()).map(str::to_owned),
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        })
    }
}

fn key() -> String {
    static N: AtomicU64 = AtomicU64::new(0);
    let n = N.fetch_add(1, Ordering::Relaxed);
    format!("load-feed-{}-{n:012}", std::process::id())
}
