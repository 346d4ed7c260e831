//! What sets a world up: the public API, as JSON over one kept connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::http::{Answer, Connection};

/// Times a request is sent that was answered 503 or 409: a process may be behind, or busy.
const ATTEMPTS_MAX: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// A caller.
pub struct Api {
    address: SocketAddr,
    connection: Connection,
    token: Option<String>,
}

impl Api {
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            connection: Connection::to(address),
            token: None,
        }
    }

    /// The same place, under a session.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..Self::at(self.address)
        }
    }

    /// A POST under a key of its own.
    pub fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let key = key();
        let json = ("content-type", "application/json");
        self.must(
            "POST",
            path,
            &[json, ("idempotency-key", &key)],
            &body.to_string(),
        )
    }

    /// A POST of a form that is encoded already.
    pub fn form(&mut self, path: &str, form: &str) -> anyhow::Result<Value> {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.must("POST", path, &[kind], form)
    }

    /// A PUT without a body.
    pub fn put(&mut self, path: &str) -> anyhow::Result<Value> {
        self.must("PUT", path, &[], "")
    }

    /// A PUT of what is not there yet.
    pub fn put_new(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let json = ("content-type", "application/json");
        self.must(
            "PUT",
            path,
            &[json, ("if-none-match", "*")],
            &body.to_string(),
        )
    }

    fn must(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<Value> {
        let request = request(method, path, self.token.as_deref(), headers, body);
        for _ in 0..ATTEMPTS_MAX {
            let Answer { status, body } = self
                .connection
                .send(&request)
                .with_context(|| path.to_owned())?;
            match status {
                200..300 => return Ok(serde_json::from_slice(&body).unwrap_or(Value::Null)),
                503 | 409 | 429 => sleep(PAUSE),
                _ => bail!(
                    "{path} answered {status}: {}",
                    String::from_utf8_lossy(&body)
                ),
            }
        }
        bail!("{path} was not answered well in {ATTEMPTS_MAX} attempts");
    }
}

/// A request as it goes over the wire.
pub fn request(
    method: &str,
    path: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
    body: &str,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    if let Some(token) = token {
        text.push_str(&format!("authorization: Bearer {token}\r\n"));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// A fresh `Idempotency-Key`.
pub fn key() -> String {
    static N: AtomicUsize = AtomicUsize::new(0);
    let n = N.fetch_add(1, Ordering::Relaxed);
    format!("load-scenarios-{}-{n:012}", std::process::id())
}

/// A text of an answer.
pub fn text(answer: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the answer has no text at {pointer}"))
}
