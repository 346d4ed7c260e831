//! TypeScript: types by openapi-typescript, calls by openapi-fetch, checked by the compiler in strict mode.

use std::process::Command;

use super::{Client, Places, SERVICES, fresh_folder};
use crate::command;

const FILES: [&str; 5] = [
    "package.json",
    "package-lock.json",
    ".npmrc",
    "tsconfig.json",
    "src/smoke.ts",
];

pub fn make(places: &Places) -> anyhow::Result<Client> {
    let made = places.copy_sources("typescript", &FILES)?;
    let npm = |args: &[&str]| {
        let mut npm = Command::new("npm");
        npm.args(args).current_dir(&made);
        command::run(&mut npm)
    };
    npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
    fresh_folder(&made.join("src/generated"))?;
    fresh_folder(&made.join("dist"))?;
    for service in SERVICES {
        let document = places.document(service);
        npm(&[
            "run",
            "--silent",
            "generate",
            "--",
            &document.to_string_lossy(),
            "-o",
            &format!("src/generated/{service}.ts"),
        ])?;
    }
    npm(&["run", "--silent", "build"])?;
    Ok(Client {
        language: "typescript",
        program: "node".into(),
        args: vec![made.join("dist/smoke.js")],
    })
}
