//! Images: those that are named in `deploy/`, pulled or made here, and ours.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use trilby_cluster::kafka::Jars;

use super::{Trial, inspect};
use crate::{command, workspace};

/// The stages of `xtask/images/Dockerfile`, and how the names begin that they stand in for.
const STAGES: [(&str, &str); 4] = [
    ("postgres", "postgres:"),
    ("kafka", "apache/kafka:"),
    ("caddy", "caddy:"),
    ("rust", "rust:"),
];
/// What says of an image that it is one.
const LABEL: &str = "{{index .Config.Labels \"trilby.stand-in\"}}";
/// Largest image of ours.
const BYTES_MAX: u64 = 400 * 1024 * 1024;

/// Sees that all are there: pulled, or made here where that cannot be. Those that stand in for others.
pub fn find(trial: &Trial, root: &Path) -> anyhow::Result<Vec<String>> {
    let named = named(trial)?;
    let missing: Vec<&String> = named.iter().filter(|name| !has(trial, name)).collect();
    let mut make = trial.command("sh");
    make.current_dir(root).arg("xtask/images/make");
    let mut must_make = false;
    for image in missing {
        if command::run(&mut trial.docker(&["pull", image])).is_ok() {
            continue;
        }
        must_make = true;
        let stage = STAGES.iter().find(|(_, prefix)| image.starts_with(prefix));
        if let Some((stage, _)) = stage {
            if *stage == "kafka" {
                Jars::of_build()?;
            }
            make.arg(stage);
        }
    }
    if must_make {
        make.env(
            "KAFKA_JARS",
            workspace::target_dir(root).join("services/kafka-jars"),
        );
        command::run(&mut make)?;
    }
    let mut stand_ins = Vec::new();
    for image in named {
        let is_stand_in = !inspect(trial, &image, LABEL)?.is_empty();
        println!("{image}{}", if is_stand_in { ": a stand-in" } else { "" });
        if is_stand_in {
            stand_ins.push(image);
        }
    }
    Ok(stand_ins)
}

fn has(trial: &Trial, image: &str) -> bool {
    command::quiet(&mut trial.docker(&["image", "inspect", image])).is_ok()
}

/// What the compose file and the Dockerfile name. What the latter builds in only where it is built.
fn named(trial: &Trial) -> anyhow::Result<Vec<String>> {
    let dockerfile = fs::read_to_string(trial.deploy().join("Dockerfile"))?;
    let compose = fs::read_to_string(trial.deploy().join("docker-compose.yml"))?;
    let bases = dockerfile.lines().filter_map(|line| {
        let (name, base) = line.strip_prefix("ARG ")?.split_once("_BASE=")?;
        (name != "BUILD" || trial.program.is_none()).then(|| base.to_owned())
    });
    let mut named: Vec<String> = bases.collect();
    for line in compose.lines() {
        let image = line.trim().strip_prefix("image: ");
        if let Some(image) = image.filter(|image| !image.starts_with("trilby:")) {
            named.push(image.to_owned());
        }
    }
    named.sort();
    named.dedup();
    Ok(named)
}

/// Our image of a program that was built outside: the runtime stage, and the program in it.
pub fn put_in(trial: &Trial, program: &Path) -> anyhow::Result<()> {
    let runtime = "trilby-runtime:trial";
    let dockerfile = trial.deploy().join("Dockerfile");
    let mut build = trial.docker(&["build", "--target", "runtime", "--tag", runtime]);
    if let Some(network) = &trial.build_network {
        build.args(["--network", network]);
    }
    command::run(build.arg("--file").arg(dockerfile).arg(&trial.copy))?;
    let context = tempfile::tempdir()?;
    fs::copy(program, context.path().join("trilby"))?;
    let last = "COPY trilby /usr/local/bin/trilby\n";
    fs::write(
        context.path().join("Dockerfile"),
        format!("FROM {runtime}\n{last}"),
    )?;
    let mut build = trial.docker(&["build", "--tag", &trial.image()]);
    command::run(build.arg(context.path()))
}

/// It is nobody's and small, and the program in it runs.
pub fn look_at_ours(trial: &Trial) -> anyhow::Result<()> {
    let image = trial.image();
    let user = inspect(trial, &image, "{{.Config.User}}")?;
    let bytes: u64 = inspect(trial, &image, "{{.Size}}")?.parse()?;
    println!("{image} is {user}'s and has {} MiB", bytes / (1024 * 1024));
    ensure!(
        !user.is_empty() && !user.starts_with('0'),
        "the image is root's"
    );
    ensure!(bytes <= BYTES_MAX, "the image is large");
    let version = [
        "run",
        "--rm",
        "--network",
        "none",
        "--read-only",
        &image,
        "--version",
    ];
    command::run(&mut trial.docker(&version))
}

/// What `deploy/` has for Caddy, checked by Caddy: the release of the compose file, or what stands in for it.
pub fn validate_caddyfiles(trial: &Trial) -> anyhow::Result<()> {
    let named = named(trial)?;
    let caddy = named.iter().find(|image| image.starts_with("caddy:"));
    let caddy = caddy.context("the compose file has no Caddy")?;
    let mount = format!("{}:/deploy:ro", trial.deploy().display());
    let in_caddy = ["run", "--rm", "--network", "none", "--volume", &mount];
    for (file, site) in [
        ("Caddyfile", ""),
        ("Caddyfile.services", ""),
        ("Caddyfile.cluster", ":80"),
        ("Caddyfile.cluster", "iam.example.com"),
    ] {
        let mut validate = trial.docker(&in_caddy);
        validate.args(["--env", &format!("TRILBY_SITE={site}")]);
        validate.args(["--env", "TRILBY_PUBLIC_URL=https://iam.example.com"]);
        validate.args([caddy, "caddy", "validate", "--adapter", "caddyfile"]);
        validate.args(["--config", &format!("/deploy/{file}")]);
        println!("$ {}", command::show(&validate));
        command::quiet(&mut validate)?;
    }
    Ok(())
}
