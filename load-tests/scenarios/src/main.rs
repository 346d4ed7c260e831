//! Puts a cluster under a load at a fixed rate, looks for the highest rate that it keeps up with, and tells how it is at 70 %
//! of that: decisions, logins, administration. One program: it is the callers, the outside issuer and the bare server too.
#![expect(clippy::print_stdout, reason = "it tells what it measures")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use clap::Parser as _;
use trilby_issuer::Issuer;

mod api;
mod bare;
mod ceiling;
mod generator;
mod http;
mod machine;
mod measure;
mod plan;
mod report;
mod scenario;
mod stats;
mod warm;
mod world;

use bare::Bare;
use plan::Plan;
use report::{Report, Subject};
use scenario::{Admin, Decisions, Logins, Scenario, Stage};
use world::{Recipe, World};

/// The URL of the database server. Not an argument: it has a password.
const SERVER: &str = "TRILBY_BENCH_URL";

#[derive(clap::Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Questions, beside a bare server that parses the same
    Decisions(Run),
    /// Federated logins with warm keys
    Logins(Run),
    /// Changes and lists by administrators
    Admin(Run),
    /// The bare server alone
    #[command(hide = true)]
    Bare { address: SocketAddr },
}

#[derive(clap::Args)]
struct Run {
    /// The program, built with the features of a cluster
    #[arg(long)]
    program: PathBuf,
    /// Where the installation's folder is made
    #[arg(long)]
    dir: PathBuf,
    /// The report for people
    #[arg(long)]
    report: PathBuf,
    /// The report for machines
    #[arg(long)]
    json: PathBuf,
    /// Brokers that carry the news; without them the processes ask the store
    #[arg(long)]
    kafka: Option<String>,
    /// Processes of each service, instead of what the topology says
    #[arg(long)]
    replicas: Option<usize>,
    /// Sees that everything can be measured
    #[arg(long)]
    short: bool,
}

fn main() -> anyhow::Result<()> {
    match Args::parse().what {
        What::Decisions(run) => measure::<Decisions>("decisions", &run, true),
        What::Logins(run) => measure::<Logins>("logins", &run, false),
        What::Admin(run) => measure::<Admin>("admin", &run, false),
        What::Bare { address } => bare::serve(address),
    }
}

fn measure<S: Scenario>(name: &str, run: &Run, beside_bare: bool) -> anyhow::Result<()> {
    let server = std::env::var(SERVER).with_context(|| format!("{SERVER} is not set"))?;
    let plan = if run.short { Plan::SHORT } else { Plan::FULL };
    let load_before = machine::load();
    let issuer = Issuer::start(Arc::new(now)).context("the outside issuer")?;
    let mut world = World::start(&Recipe {
        server: &server,
        program: &run.program,
        dir: &run.dir,
        kafka: run.kafka.as_deref(),
        replicas: run.replicas,
        env: vec![(
            "TRILBY_TOKENS__PRIVATE_ISSUER_HOSTS".to_owned(),
            issuer.url().to_owned(),
        )],
    })?;
    let addresses = world.addresses(S::SERVICE);
    ensure!(!addresses.is_empty(), "no process of {}", S::SERVICE);
    let stage = Stage {
        issuer,
        accounts: plan.accounts,
        addresses: addresses.clone(),
    };
    let mut scenario = S::prepare(&mut world, stage)?;
    let bare = match beside_bare {
        true => Some(Bare::start(addresses.len())?),
        false => None,
    };
    let bare_addresses = bare.as_ref().map(|bare| bare.addresses.as_slice());
    let mut rounds = Vec::new();
    for n in 1..=plan.rounds {
        println!("round {n} of {}", plan.rounds);
        rounds.push(measure::round(
            &plan,
            &mut scenario,
            &addresses,
            bare_addresses,
        )?);
    }
    let subject = Subject {
        title: S::TITLE,
        mix: S::MIX,
        service: S::SERVICE,
        command: command(name, run),
        p99_ms_max: S::P99_MS_MAX,
        callers: S::CALLERS,
        replicas: addresses.len(),
        has_kafka: run.kafka.is_some(),
        machine: machine::told(),
        load_before,
    };
    let report = Report::new(subject, plan, rounds, world.memory());
    world.cluster.stop()?;
    report.write(&run.report, &run.json)?;
    println!("\n{}", report.markdown());
    Ok(())
}

fn command(name: &str, run: &Run) -> String {
    let mut command = format!("cargo xtask bench load {name}");
    if run.short {
        command.push_str(" --short");
    }
    if run.kafka.is_none() {
        command.push_str(" --without-kafka");
    }
    command
}

/// Unix seconds.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
