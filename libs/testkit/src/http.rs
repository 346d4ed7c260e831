//! A plain HTTP client for tests: every status is an answer, nothing is followed or retried.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{Method, Request};

/// Longest a test waits for one answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Largest answer a test reads.
const ANSWER_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Talks to one server, perhaps with a token and further headers on every request.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A client of the server at `base`, such as `http://127.0.0.1:8080`.
    pub fn new(base: impl Into<String>) -> Client {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .proxy(None)
            .build();
        Client {
            agent: config.into(),
            base: base.into(),
            headers: Vec::new(),
        }
    }

    /// The same client with this session token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Client {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// The same client with this header on every request; it replaces one of the same name.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Client {
        let mut client = self.clone();
        client
            .headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same client of another server.
    #[must_use]
    pub fn at(&self, base: impl Into<String>) -> Client {
        Client {
            base: base.into(),
            ..self.clone()
        }
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    /// DELETE without a body.
    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send()
    }

    /// PUT of JSON.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.request("PUT", path).json(body).send()
    }

    /// PATCH of JSON (a merge patch).
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.request("PATCH", path).json(body).send()
    }

    /// POST of a form.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.request("POST", path).form(fields).send()
    }

    /// Any request, to be completed and sent.
    pub fn request(&self, method: &str, path: &str) -> Call<'_> {
        Call {
            client: self,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: self.headers.clone(),
            body: Vec::new(),
        }
    }
}

/// One request in the making.
pub struct Call<'a> {
    client: &'a Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call<'_> {
    /// Adds a header; a second of the same name is sent as well.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// A form body.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(pairs.join("&"))
    }

    /// Any bytes, as they are; a content type is the caller's business.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it. Panics if there is no answer.
    pub fn send(self) -> Answer {
        let what = format!("{} {}{}", self.method, self.client.base, self.path);
        self.try_send()
            .unwrap_or_else(|error| panic!("{what}: no answer: {error}"))
    }

    /// Sends it to a server that may be gone: an error is the absence of an answer.
    pub fn try_send(self) -> Result<Answer, ureq::Error> {
        let asked = format!("{} {}", self.method, self.path);
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{}", self.client.base, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let agent = &self.client.agent;
        let response = match self.body.is_empty() {
            true => agent.run(request.body(())?)?,
            false => agent.run(request.body(self.body)?)?,
        };
        let (parts, body) = response.into_parts();
        let bytes = body
            .into_with_config()
            .limit(ANSWER_MAX_BYTES)
            .read_to_vec()?;
        let mut headers = BTreeMap::new();
        for (name, value) in &parts.headers {
            headers.insert(
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            );
        }
        Ok(Answer {
            asked,
            status: parts.status.as_u16(),
            headers,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        })
    }
}

/// What came back.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// Method and path of the request.
    pub asked: String,
    /// HTTP status.
    pub status: u16,
    /// Headers by lower-case name; of several of one name, the last.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body as JSON; `null` if it is none.
    pub json: Value,
}

impl Answer {
    /// The answer, if it has this status. Panics otherwise, showing the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert!(self.status == status, "expected {status}: {self:?}");
        self
    }

    /// The answer, if it is a problem with this status and code. Panics otherwise.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Answer {
        assert!(
            self.status == status && self.code() == Some(code),
            "expected {status} {code}: {self:?}"
        );
        self
    }

    /// The code of a problem, or the `error_code` of an OAuth error.
    pub fn code(&self) -> Option<&str> {
        self.json
            .get("code")
            .or_else(|| self.json.get("error_code"))?
            .as_str()
    }

    /// A header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// `Trilby-Seq`. Panics if it is absent.
    #[track_caller]
    pub fn seq(&self) -> &str {
        self.header("trilby-seq")
            .unwrap_or_else(|| panic!("no Trilby-Seq: {self:?}"))
    }

    /// `ETag`. Panics if it is absent.
    #[track_caller]
    pub fn etag(&self) -> &str {
        self.header("etag")
            .unwrap_or_else(|| panic!("no ETag: {self:?}"))
    }

    /// A text of the body by JSON pointer. Panics if there is none.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> &str {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at {pointer}: {self:?}"))
    }

    /// The body as text.
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        let shown: String = body.chars().take(4_000).collect();
        write!(
            f,
            "{} -> {} {:?}\n{shown}",
            self.asked, self.status, self.headers
        )
    }
}

/// Percent-encodes everything that is not unreserved (RFC 3986): for form fields and path segments.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
