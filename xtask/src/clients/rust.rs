//! Rust: a crate for each service by openapi-generator, which brings its own Java.

use std::process::Command;

use super::{Client, Places, SERVICES, fresh_folder, python};
use crate::command;

/// The version of the generated crates: fixed, so that the committed lock file fits whatever the API's version is.
const VERSION: &str = "0.0.0";

pub fn make(places: &Places) -> anyhow::Result<Client> {
    let made = places.copy_sources("rust", &["Cargo.toml", "Cargo.lock", "src/main.rs"])?;
    let tools = python::environment(&places.made.join("python"))?;
    for service in SERVICES {
        let output = made.join("generated").join(service);
        fresh_folder(&output)?;
        let properties = format!(
            "packageName=trilby-{service}-client,packageVersion={VERSION},useSingleRequestParameter=true"
        );
        let mut generate = Command::new(tools.join("bin/openapi-generator-cli"));
        generate.args([
            "generate",
            "--generator-name",
            "rust",
            "--additional-properties",
            &properties,
        ]);
        generate
            .arg("--input-spec")
            .arg(places.document(service))
            .arg("--output")
            .arg(&output);
        println!("$ {}", command::show(&generate));
        command::quiet(&mut generate)?;
    }
    let target = places.made.join("rust-target");
    let mut build = Command::new("cargo");
    build
        .args(["build", "--quiet"])
        .current_dir(&made)
        .env("CARGO_TARGET_DIR", &target);
    command::run(&mut build)?;
    Ok(Client {
        language: "rust",
        program: target.join("debug/trilby-client-smoke"),
        args: Vec::new(),
    })
}
