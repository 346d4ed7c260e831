//! Tells the story: sends each request over HTTP, prints it as a `curl` line that works when pasted, prints the answer, checks it.
//!
//! Credentials never stand in a printed line: they lie in files of mode 0600 in the story's folder, and `curl` reads them
//! (`-H @file`, `--data @file`). A failed check stops the story; nothing is printed as true that was not seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use super::Stage;
use super::clock::BEHIND_MINUTES;
use super::memory::Memory;
use crate::terminal::Terminal;
use trilby_issuer::Issuer;

/// A request that hangs longer than this ends the story: the server is on this machine.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest that an installation elsewhere is asked again for what it cannot answer now.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest that it may send us away each time (`Retry-After`).
const RETRY_AFTER_MAX_S: u64 = 5;

/// An answer longer than this is cut in print; the check sees all of it.
const PRINTED_ANSWER_CHARS: usize = 1_200;

/// Logs that a consistency token may name.
const POSITIONS_MAX: usize = 4;

/// Stands on both sides of a file's name where the token in it belongs.
const TOKEN_MARK: char = '\u{1f3a9}';

/// In a JSON body: the token that was kept as `who`. It is sent, and never printed.
pub fn token_of(who: &str) -> String {
    format!("{TOKEN_MARK}{who}.token{TOKEN_MARK}")
}

/// One request of the story.
#[derive(Debug)]
pub struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    credential: Option<String>,
    body: Body,
    status: u16,
    quiet: bool,
    on_its_way: bool,
}

#[derive(Debug)]
enum Body {
    None,
    Json(Value),
    /// A file of the story's folder whose content is sent as it stands.
    File {
        name: String,
        content_type: &'static str,
    },
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub json: Value,
    /// The body as it came.
    text: String,
}

impl Answer {
    /// The part of the body at a JSON pointer; `null` where there is none.
    pub fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }
}

impl Call {
    fn new(method: &'static str, path: impl Into<String>, status: u16) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            credential: None,
            body: Body::None,
            status,
            quiet: false,
            on_its_way: false,
        }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path, 200)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path, 201)
    }

    pub fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path, 200)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path, 204)
    }

    /// Whose credential goes along: the name of a file of the story's folder.
    pub fn by(mut self, who: &str) -> Self {
        self.credential = Some(format!("{who}.auth"));
        self
    }

    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Sends a file of the story's folder: for bodies that hold a secret.
    pub fn file(mut self, name: &str, content_type: &'static str) -> Self {
        self.body = Body::File {
            name: name.to_owned(),
            content_type,
        };
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same key gives the same answer again, so a pasted line does no harm.
    pub fn once(self, key: impl Into<String>) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub fn expect(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// What is asked for is written a moment after what made it was answered, and perhaps by another process: not there yet is
    /// no answer.
    pub fn on_its_way(mut self) -> Self {
        self.on_its_way = true;
        self
    }

    /// Sends without printing: for renewing what an earlier chapter has shown.
    pub fn quietly(mut self) -> Self {
        self.quiet = true;
        self
    }
}

/// Where the logs stood that were spoken of last. Several processes answer, each as it has heard; asked for no less than
/// what was seen, they tell one story.
#[derive(Debug, Default)]
struct Seen {
    /// Log and position, the last seen first.
    positions: Vec<(String, String)>,
}

impl Seen {
    fn learn(&mut self, token: &str) {
        for position in token.split(',') {
            let Some((log, rest)) = position.split_once('@') else {
                continue;
            };
            let seq = |text: &str| -> u64 {
                let seq = text.split(['@', '.']).nth(1);
                seq.and_then(|seq| seq.parse().ok()).unwrap_or(0)
            };
            let known = self.positions.iter().position(|(known, _)| known == log);
            let before = known.map(|at| self.positions.remove(at).1);
            let newer = before.filter(|before| seq(before) > seq(&format!("@{rest}")));
            let kept = newer.unwrap_or_else(|| position.to_owned());
            self.positions.insert(0, (log.to_owned(), kept));
        }
        self.positions.truncate(POSITIONS_MAX);
    }

    /// The call with what was seen, unless it asks for a position itself.
    fn asked_of(&self, call: Call) -> Call {
        let asks = call
            .headers
            .iter()
            .any(|(name, _)| ["Trilby-Min-Seq", "Trilby-At-Seq", "Trilby-At-Time"].contains(name));
        if asks || self.positions.is_empty() || !call.path.starts_with('/') {
            return call;
        }
        let seen: Vec<&str> = self.positions.iter().map(|(_, at)| at.as_str()).collect();
        call.header("Trilby-Min-Seq", seen.join(","))
    }
}

/// The teller of the story.
pub struct Teller<'a> {
    base: String,
    folder: PathBuf,
    agent: ureq::Agent,
    out: &'a Terminal,
    stage: Stage,
    pub memory: Memory,
    pub checks: u32,
    seen: Seen,
}

impl<'a> Teller<'a> {
    /// `base` is the server's URL without a trailing slash; `folder` holds the story's files.
    pub fn new(
        base: String,
        folder: PathBuf,
        out: &'a Terminal,
        memory: Memory,
        stage: Stage,
    ) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_TIMEOUT))
            // A login comes back by a redirect, which is the answer.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self {
            base,
            folder,
            agent: config.into(),
            out,
            stage,
            memory,
            checks: 0,
            seen: Seen::default(),
        }
    }

    pub fn chapter(&self, number: usize, title: &str) -> anyhow::Result<()> {
        let rule = "─".repeat(60usize.saturating_sub(title.chars().count()));
        self.out.line("")?;
        self.out.line(&format!("── {number}. {title} {rule}"))
    }

    pub fn say(&self, text: &str) -> anyhow::Result<()> {
        self.out.line("")?;
        for line in text.lines() {
            self.out.line(&format!("  {line}"))?;
        }
        Ok(())
    }

    /// The outside issuer where customers log in.
    pub fn issuer(&self) -> &Issuer {
        &self.stage.issuer
    }

    /// Lets time pass at once: the demo's own clock was behind and is moved to the present. Elsewhere none passes, and
    /// what would have come of it is not told.
    pub fn let_time_pass(&self) -> anyhow::Result<bool> {
        if self.stage.is_elsewhere {
            return Ok(false);
        }
        self.stage.clock.catch_up();
        self.out.line("")?;
        self.out.line(&format!(
            "  ⏲ The demo's clock is moved {BEHIND_MINUTES} minutes ahead."
        ))?;
        Ok(true)
    }

    /// Writes a secret to the story's folder, readable by its owner alone.
    pub fn keep_secret(&self, name: &str, content: &str) -> anyhow::Result<()> {
        crate::files::write_private(&self.folder.join(name), content.as_bytes())
    }

    /// A secret an earlier chapter kept.
    pub fn secret(&self, name: &str) -> anyhow::Result<String> {
        self.read(name)
    }

    /// Sends one request and holds its answer to the expected status.
    pub fn call(&mut self, mut call: Call) -> anyhow::Result<Answer> {
        if self.stage.is_elsewhere {
            call = self.seen.asked_of(call);
        }
        if !call.quiet {
            self.out.line("")?;
            self.out.line(&self.curl(&call))?;
        }
        let answer = self.send_until_answered(&call)?;
        if let Some(token) = answer.headers.get("trilby-seq") {
            self.seen.learn(token);
        }
        if !call.quiet {
            self.out.line(&printed(&answer))?;
        }
        if answer.status != call.status {
            bail!(
                "{} {} answered {} where {} was due: {}",
                call.method,
                call.path,
                answer.status,
                call.status,
                answer.json
            );
        }
        self.checks += 1;
        Ok(answer)
    }

    /// Says what was checked; a check that fails ends the story.
    pub fn check(&mut self, holds: bool, fact: &str) -> anyhow::Result<()> {
        if !holds {
            bail!("this should hold and does not: {fact}");
        }
        self.checks += 1;
        self.out.line(&format!("  ✔ {fact}"))
    }

    /// A process of an installation elsewhere may be starting just now, and others may write there all the time: a refusal
    /// that says when to come back is no answer yet.
    fn send_until_answered(&self, call: &Call) -> anyhow::Result<Answer> {
        let begun = Instant::now();
        loop {
            let answer = self.send(call)?;
            if call.on_its_way
                && self.stage.is_elsewhere
                && answer.status == 404
                && begun.elapsed() < PATIENCE
            {
                std::thread::sleep(Duration::from_millis(50));
                continue;
            }
            let retry_after = answer.headers.get("retry-after");
            let retry_after_s = retry_after.and_then(|seconds| seconds.parse::<u64>().ok());
            match retry_after_s {
                Some(seconds)
                    if self.stage.is_elsewhere
                        && (answer.status == 503 || *answer.at("/code") == "write_conflict")
                        && answer.status != call.status
                        && begun.elapsed() < PATIENCE =>
                {
                    std::thread::sleep(Duration::from_secs(seconds.min(RETRY_AFTER_MAX_S)));
                }
                Some(_) | None => return Ok(answer),
            }
        }
    }

    fn send(&self, call: &Call) -> anyhow::Result<Answer> {
        let mut request = ureq::http::Request::builder()
            .method(call.method)
            .uri(self.url(call));
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(file) = &call.credential {
            let line = self.read(file)?;
            let (name, value) = line
                .trim_end()
                .split_once(": ")
                .context("a credential file holds one header line")?;
            request = request.header(name, value);
        }
        let (content_type, bytes) = match &call.body {
            Body::None => (None, Vec::new()),
            Body::Json(value) => {
                let text = self.with_tokens(&value.to_string(), |name| self.read(name))?;
                (Some("application/json"), text.into_bytes())
            }
            Body::File { name, content_type } => {
                (Some(*content_type), self.read(name)?.into_bytes())
            }
        };
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        let mut response = self
            .agent
            .run(request.body(bytes)?)
            .with_context(|| format!("{} {} got no answer", call.method, call.path))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let text = response.body_mut().read_to_string()?;
        let json = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)
                .with_context(|| format!("{} {} answered no JSON", call.method, call.path))?
        };
        Ok(Answer {
            status,
            headers,
            json,
            text,
        })
    }

    /// The text with what belongs in place of each [`token_of`].
    fn with_tokens(
        &self,
        text: &str,
        token: impl Fn(&str) -> anyhow::Result<String>,
    ) -> anyhow::Result<String> {
        let mut parts = text.split(TOKEN_MARK);
        let mut whole = parts.next().unwrap_or_default().to_owned();
        while let (Some(name), Some(rest)) = (parts.next(), parts.next()) {
            whole.push_str(token(name)?.trim_end());
            whole.push_str(rest);
        }
        Ok(whole)
    }

    /// Of the server, unless the path is a whole URL.
    fn url(&self, call: &Call) -> String {
        match call.path.starts_with('/') {
            true => format!("{}{}", self.base, call.path),
            false => call.path.clone(),
        }
    }

    fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = self.folder.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The request as a line for a shell in the folder the program was started from.
    fn curl(&self, call: &Call) -> String {
        let mut parts = vec!["curl -sS".to_owned()];
        if call.method != "GET" {
            parts.push(format!("-X {}", call.method));
        }
        parts.push(quoted(&self.url(call)));
        let mut line = format!("  $ {}", parts.join(" "));
        let mut more = Vec::new();
        if let Some(file) = &call.credential {
            more.push(format!(
                "-H {}",
                quoted(&format!("@{}", self.shown(file).display()))
            ));
        }
        for (name, value) in &call.headers {
            more.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
        }
        match &call.body {
            Body::None => {}
            Body::Json(value) => {
                more.push("-H 'Content-Type: application/json'".to_owned());
                // Out of the quotes, where the shell reads the token from its file.
                let shown = |name: &str| {
                    let path = self.shown(name);
                    Ok(format!(
                        "'\"$(cat {})\"'",
                        quoted(&path.display().to_string())
                    ))
                };
                let text = self.with_tokens(&quoted(&value.to_string()), shown);
                more.push(format!("-d {}", text.unwrap_or_default()));
            }
            Body::File { name, content_type } => {
                more.push(format!("-H 'Content-Type: {content_type}'"));
                more.push(format!(
                    "--data-binary {}",
                    quoted(&format!("@{}", self.shown(name).display()))
                ));
            }
        }
        for part in more {
            line.push_str(" \\\n      ");
            line.push_str(&part);
        }
        line
    }

    fn shown(&self, name: &str) -> PathBuf {
        relative(&self.folder).join(name)
    }
}

/// The folder as seen from where the program was started, if it lies below it.
fn relative(folder: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| folder.strip_prefix(here).ok().map(Path::to_path_buf))
        .unwrap_or_else(|| folder.to_path_buf())
}

/// Quoted for a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%=,+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn printed(answer: &Answer) -> String {
    if answer.json.is_null() {
        return format!("  → {}", answer.status);
    }
    let shown = without_secrets(&answer.json);
    // As the server ordered it, unless something had to be left out.
    let text = if shown == answer.json {
        answer.text.clone()
    } else {
        shown.to_string()
    };
    let mut cut: String = text.chars().take(PRINTED_ANSWER_CHARS).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("  → {} {cut}", answer.status)
}

/// The answer with every secret replaced: what scrolls by on a terminal is seen by others.
fn without_secrets(value: &Value) -> Value {
    const SECRET_MEMBERS: [&str; 4] = ["access_token", "session_token", "secret", "ticket"];
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let hidden = SECRET_MEMBERS.contains(&name.as_str()) && value.is_string();
                (
                    name.clone(),
                    if hidden {
                        Value::from("(kept in a file)")
                    } else {
                        without_secrets(value)
                    },
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_body_survives_the_shell() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("plain/path"), "plain/path");
    }

    #[test]
    fn what_was_seen_is_asked_for() {
        let mut seen = Seen::default();
        seen.learn("111122223333@7.aa,o-abc@3.bb");
        seen.learn("111122223333@5.cc");
        let call = seen.asked_of(Call::get("/v1/x"));
        let header = ("Trilby-Min-Seq", "111122223333@7.aa,o-abc@3.bb".to_owned());
        assert_eq!(call.headers, [header]);
        let past = Call::get("/v1/x").header("Trilby-At-Seq", "o-abc@2");
        assert_eq!(seen.asked_of(past).headers.len(), 1);
        for n in 0..9 {
            seen.learn(&format!("{n}@1"));
        }
        assert_eq!(seen.positions.len(), POSITIONS_MAX);
    }

    #[test]
    fn no_secret_is_printed() {
        let answer = serde_json::json!({"credentials": {"session_token": "eyJ"}, "secret": "tbk_x", "name": "Mary"});
        let shown = without_secrets(&answer).to_string();
        assert!(!shown.contains("eyJ") && !shown.contains("tbk_x") && shown.contains("Mary"));
    }
}
