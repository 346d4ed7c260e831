//! `cargo xtask compose`: `deploy/docker-compose.yml` under a real engine, as its README says: the image is built, `deploy/setup`
//! run, all of it brought up, used through the proxy, a process killed, and taken down.
//!
//! In a copy of the work tree, and under a project, image tag, network and ports of its own: an installation that this host has
//! is left alone. Each command is shown.

mod client;
mod containers;
mod images;
mod story;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use trilby_cluster::member::free_address;

use crate::{command, workspace};

/// Of Compose's project, and so of its containers, networks and volumes.
const PROJECT: &str = "trilby-trial";
/// Of the image: `trilby:trial`.
const TAG: &str = "trial";
/// How addresses of its network begin: beside those that the file has by default.
const FRONT: &str = "172.31.251";
/// First release of Compose that waits for what it starts.
const COMPOSE_MIN: u32 = 2;

#[derive(clap::Args)]
pub struct Args {
    /// A program that was built here with `--features cluster`, instead of building one in the image
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Build the image in this network, where the usual one does not reach what a build fetches: `host`
    #[arg(long, value_name = "NETWORK")]
    build_network: Option<String>,
    /// Leave it up
    #[arg(long)]
    keep: bool,
}

/// What is tried: a copy of the work tree, and where its proxy listens.
struct Trial {
    copy: PathBuf,
    program: Option<PathBuf>,
    build_network: Option<String>,
    port: u16,
    tls_port: u16,
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    find_engine()?;
    let trial = Trial::prepare(root, args)?;
    trial.down()?;
    let done = trial.whole(root);
    if let Err(error) = &done {
        println!("failed: {error:#}");
        trial.tell_state();
    }
    if args.keep {
        println!("It is up at {}; to take it down:", trial.url());
        println!("  docker compose --project-name {PROJECT} down --volumes");
        return done;
    }
    trial.down()?;
    fs::remove_dir_all(&trial.copy)?;
    done
}

fn find_engine() -> anyhow::Result<()> {
    let engine = ["version", "--format", "{{.Server.Version}}"];
    let engine = command::quiet(Command::new("docker").args(engine));
    let engine =
        engine.context("no Docker engine answers here: start one, or name one in DOCKER_HOST")?;
    let compose = command::quiet(Command::new("docker").args(["compose", "version", "--short"]));
    let compose = compose.context("this Docker has no Compose plugin")?;
    let (engine, compose) = (engine.trim(), compose.trim());
    println!("Docker Engine {engine}, Compose {compose}");
    let major = compose.trim_start_matches('v').split('.').next();
    let major: u32 = major
        .unwrap_or_default()
        .parse()
        .context("a release of Compose")?;
    ensure!(
        major >= COMPOSE_MIN,
        "Compose {COMPOSE_MIN} or later is needed"
    );
    Ok(())
}

/// Says what comes next.
fn chapter(title: &str) {
    println!("\n── {title}");
}

impl Trial {
    /// Copies the work tree, so that secrets and settings are made elsewhere.
    fn prepare(root: &Path, args: &Args) -> anyhow::Result<Self> {
        let copy = workspace::target_dir(root).join("compose");
        fs::remove_dir_all(&copy).ok();
        for file in workspace::files(root)? {
            let to = copy.join(&file);
            fs::create_dir_all(to.parent().context("a file has a folder")?)?;
            fs::copy(root.join(&file), to)?;
        }
        let program = args.program.as_deref().map(fs::canonicalize).transpose();
        let trial = Self {
            copy,
            program: program.context("--program")?,
            build_network: args.build_network.clone(),
            port: free_address()?.port(),
            tls_port: free_address()?.port(),
        };
        if let Some(network) = &trial.build_network {
            // Compose reads it beside its own file.
            let build = format!("services:\n  migrate:\n    build:\n      network: {network}\n");
            fs::write(trial.deploy().join("docker-compose.override.yml"), build)?;
        }
        Ok(trial)
    }

    fn whole(&self, root: &Path) -> anyhow::Result<()> {
        let begun = Instant::now();
        chapter("The images it stands on");
        let stand_ins = images::find(self, root)?;
        chapter("The proxies' settings");
        images::validate_caddyfiles(self)?;
        chapter("The image and the secrets");
        self.set_up()?;
        images::look_at_ours(self)?;
        chapter("Up");
        command::run(&mut self.compose(&["up", "--detach", "--wait", "--no-build"]))?;
        containers::all_are_well(self)?;
        chapter("The story, through the proxy");
        let application = story::tell(self)?;
        chapter("A decision process is killed");
        containers::kill_one(self, &application)?;
        chapter("What looks after the log");
        tools::verify_and_export(self)?;
        chapter("Restarted");
        command::run(&mut self.compose(&["restart", "identity", "token", "decision", "relay"]))?;
        command::run(&mut self.compose(&["up", "--detach", "--wait", "--no-build"]))?;
        application.decides()?;
        containers::all_are_well(self)?;
        println!("\nall of it held, in {} s", begun.elapsed().as_secs());
        for image in stand_ins {
            println!("not tried: {image} itself; a stand-in made here had its name");
        }
        if self.program.is_some() {
            println!("not tried: to build the program in the image");
        }
        Ok(())
    }

    fn deploy(&self) -> PathBuf {
        self.copy.join("deploy")
    }

    fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn image(&self) -> String {
        format!("trilby:{TAG}")
    }

    /// A command as the host's owner would type it in `deploy/`, with what sets the trial apart from an installation.
    fn command(&self, program: &str) -> Command {
        let mut made = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let is_ours = name.starts_with("TRILBY") || name.starts_with("COMPOSE_");
            if is_ours && name != "TRILBY_USER" {
                made.env_remove(name);
            }
        }
        made.current_dir(self.deploy());
        made.env("COMPOSE_PROJECT_NAME", PROJECT);
        made.env("TRILBY_VERSION", TAG);
        made.env("TRILBY_FRONT", FRONT);
        made.env("TRILBY_HTTPS", format!("127.0.0.1:{}", self.tls_port));
        made
    }

    fn docker(&self, args: &[&str]) -> Command {
        let mut docker = self.command("docker");
        docker.args(args);
        docker
    }

    fn compose(&self, args: &[&str]) -> Command {
        let mut compose = self.docker(&["compose"]);
        compose.args(args);
        compose
    }

    fn set_up(&self) -> anyhow::Result<()> {
        let mut setup = self.command("sh");
        setup.arg("setup").arg(self.url());
        if let Some(program) = &self.program {
            images::put_in(self, program)?;
            setup.env("TRILBY", program);
        }
        command::run(&mut setup)
    }

    /// Takes it down, whatever is left of it.
    fn down(&self) -> anyhow::Result<()> {
        let down = ["--project-name", PROJECT, "down", "--volumes"];
        // Without a file: what is up may be of another one.
        let mut compose = Command::new("docker");
        compose.arg("compose").args(down).current_dir("/");
        command::run(&mut compose)
    }

    fn tell_state(&self) {
        for args in [&["ps", "--all"][..], &["logs", "--tail", "20"][..]] {
            if let Err(error) = command::run(&mut self.compose(args)) {
                println!("{error:#}");
            }
        }
    }
}

/// The containers of a service, those that have ended among them.
fn ids(trial: &Trial, service: &str) -> anyhow::Result<Vec<String>> {
    let listed = command::quiet(&mut trial.compose(&["ps", "--all", "--quiet", service]))?;
    let ids: Vec<String> = listed.lines().map(str::to_owned).collect();
    if ids.is_empty() {
        bail!("{service} has no container");
    }
    Ok(ids)
}

/// What the engine says of a container or an image.
fn inspect(trial: &Trial, what: &str, format: &str) -> anyhow::Result<String> {
    let said = command::quiet(&mut trial.docker(&["inspect", "--format", format, what]))?;
    Ok(said.trim().to_owned())
}
