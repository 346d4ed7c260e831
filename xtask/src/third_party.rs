//! The verifier of outside tokens, and the whole program, against an issuer that is not ours: npm `oidc-provider`, over real HTTP.
//!
//! Its program and pinned versions are in `xtask/issuers/oidc-provider/`; it is installed into `target/issuers/` and runs
//! for as long as the tests that need it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::{command, workspace};

/// The tests that need it, which read its address here.
const TESTS: [&str; 2] = ["third_party", "e2e"];
const ADDRESS: &str = "TRILBY_TEST_ISSUER";

const FILES: [&str; 6] = [
    "package.json",
    "package-lock.json",
    ".npmrc",
    "server.mjs",
    "issuer.mjs",
    "doors.mjs",
];

/// Why it cannot run on this machine; `None` if it can.
pub fn missing() -> Option<&'static str> {
    let has_both = command::exists("npm") && command::exists("node");
    (!has_both).then_some("needs node and npm")
}

/// Installs and starts the issuer, and runs the tests against it, passing on each line they print; whether they passed.
pub fn run(root: &Path, mut on_line: impl FnMut(&str)) -> anyhow::Result<bool> {
    let issuer = Issuer::start(root)?;
    let mut cargo = Command::new("cargo");
    cargo
        .args(["test", "--no-fail-fast"])
        .args(workspace::WHOLE);
    cargo.args(TESTS.map(|test| ["--test", test]).as_flattened());
    cargo
        .args(["--", "--ignored"])
        .env(ADDRESS, &issuer.url)
        .current_dir(root);
    command::tee(&mut cargo, &mut on_line)
}

/// A running issuer, ended when dropped.
struct Issuer {
    process: Child,
    url: String,
    /// Held open: whoever prints into a closed pipe ends.
    said: Option<BufReader<ChildStdout>>,
}

impl Issuer {
    fn start(root: &Path) -> anyhow::Result<Self> {
        let made = workspace::target_dir(root).join("issuers/oidc-provider");
        fs::create_dir_all(&made)?;
        for file in FILES {
            let from = root.join("xtask/issuers/oidc-provider").join(file);
            fs::copy(&from, made.join(file)).with_context(|| from.display().to_string())?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
        command::run(npm.current_dir(&made))?;
        // It ends by itself when its input does, should this process be killed.
        let mut node = Command::new("node");
        node.arg("server.mjs")
            .current_dir(&made)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut issuer = Self {
            process: node.spawn().context("cannot run node")?,
            url: String::new(),
            said: None,
        };
        let stdout = issuer.process.stdout.take().context("no standard output")?;
        let mut line = String::new();
        issuer
            .said
            .insert(BufReader::new(stdout))
            .read_line(&mut line)?;
        let said: serde_json::Value =
            serde_json::from_str(&line).context("the issuer did not start")?;
        let url = said.get("issuer").and_then(serde_json::Value::as_str);
        issuer.url = url.unwrap_or_default().to_owned();
        ensure!(
            issuer.url.starts_with("http://127.0.0.1:"),
            "the issuer is at `{}`",
            issuer.url
        );
        Ok(issuer)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // If it is gone already, so much the better.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
