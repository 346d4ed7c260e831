//! `cargo xtask clients`: what generators make of `openapi/*.json`, tried.
//!
//! An OpenAPI document is good when strangers' generators make good code of it. So a TypeScript, a Python and a Rust
//! client are generated for every service, compiled, and one call is made with each against a `trilby serve` of its own.
//! The programs that make the calls, and the pinned versions of the generators, are in `xtask/clients/`; everything made
//! is in `target/clients/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::{command, workspace};

mod python;
mod rust;
mod server;
mod typescript;

use server::Server;

#[derive(Default, clap::Args)]
pub struct Args {
    /// Generate and compile, but call nobody
    #[arg(long)]
    generate_only: bool,
}

/// The services that have a document.
const SERVICES: [&str; 3] = ["identity", "token", "decision"];

/// Why clients cannot be made on this machine; `None` if they can.
pub fn missing() -> Option<&'static str> {
    if !command::exists("npm") || !command::exists("node") {
        return Some("needs node and npm");
    }
    let probe = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    let python = Command::new("python3").args(["-c", probe]).output();
    if !python.is_ok_and(|output| output.status.success()) {
        return Some("needs python3, 3.11 or later, with venv");
    }
    None
}

/// Where things are while clients are made.
struct Places {
    /// The workspace.
    root: PathBuf,
    /// `openapi/`.
    documents: PathBuf,
    /// `xtask/clients/`: what is committed.
    sources: PathBuf,
    /// `target/clients/`: what is made.
    made: PathBuf,
}

impl Places {
    fn document(&self, service: &str) -> PathBuf {
        self.documents.join(format!("{service}.json"))
    }

    /// Copies the committed files of one language to where its client is made.
    fn copy_sources(&self, language: &str, files: &[&str]) -> anyhow::Result<PathBuf> {
        let made = self.made.join(language);
        for file in files {
            let to = made.join(file);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::copy(self.sources.join(language).join(file), &to)
                .with_context(|| to.display().to_string())?;
        }
        Ok(made)
    }
}

/// Empties a folder of what an earlier run generated: a file that is no longer generated must not compile by accident.
fn fresh_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    if let Some(why) = missing() {
        anyhow::bail!("clients: {why}");
    }
    let places = Places {
        root: root.to_owned(),
        documents: root.join("openapi"),
        sources: root.join("xtask/clients"),
        made: workspace::target_dir(root).join("clients"),
    };
    for service in SERVICES {
        let document = places.document(service);
        ensure!(
            document.is_file(),
            "{} is missing: run `cargo xtask openapi`",
            document.display()
        );
    }
    // Python first: the Rust generator comes with its tools.
    let clients = [
        python::make(&places)?,
        typescript::make(&places)?,
        rust::make(&places)?,
    ];
    if args.generate_only {
        println!(
            "clients: {} generated and compiled, none called",
            clients.len()
        );
        return Ok(());
    }
    let server = Server::start(&places)?;
    for client in &clients {
        let id = client.call(&server)?;
        println!("clients: {} made user {id}", client.language);
    }
    println!("clients: {} generated, compiled and called", clients.len());
    Ok(())
}

/// A compiled program that makes one call.
struct Client {
    language: &'static str,
    program: PathBuf,
    args: Vec<PathBuf>,
}

impl Client {
    /// Makes the call: a user named after the language. The id of the user.
    fn call(&self, server: &Server) -> anyhow::Result<String> {
        let mut program = Command::new(&self.program);
        program
            .args(&self.args)
            .env("TRILBY_TEST_URL", &server.url)
            .env("TRILBY_TEST_TOKEN", &server.token);
        program
            .env("TRILBY_TEST_ACCOUNT", &server.account)
            .env("TRILBY_TEST_USER", self.language);
        let said = command::quiet(&mut program)?;
        let id = said.trim();
        ensure!(
            id.starts_with("TUSR"),
            "the {} client said `{id}`, which is no user id",
            self.language
        );
        Ok(id.to_owned())
    }
}
