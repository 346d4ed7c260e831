//! Measures the news between processes, from outside: `propagate`, how soon all decide by what one has written; `pairs`,
//! that a reader who carries a write's token is never given what was before it; `relay`, how fast a backlog is told.
#![expect(clippy::print_stdout, reason = "it tells what it measures")]

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Parser as _;

mod client;
mod pairs;
mod propagate;
mod relay;
mod report;
mod world;

use report::Figures;
use trilby_cluster::cluster::Kafka;
use trilby_cluster::kafka::Broker;
use world::{Recipe, World};

/// The URL of the database server. Not an argument: it has a password.
const SERVER: &str = "TRILBY_BENCH_URL";

#[derive(clap::Parser)]
struct Args {
    /// The program, built with the features of a cluster
    #[arg(long)]
    program: PathBuf,
    /// Where the installation's folder is made
    #[arg(long)]
    dir: PathBuf,
    /// Write the figures as JSON as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No Kafka carries the news: the processes ask the store
    #[arg(long)]
    without_kafka: bool,
    /// A setting of every process
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Decision processes, which are asked
    #[arg(long, default_value_t = 3)]
    nodes: usize,
    /// Processes of each other service
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// How soon all decide by what one has written, with Kafka and after its death
    Propagate {
        /// Members of the organization; with the one that manages it they are as many as its quota allows
        #[arg(long, default_value_t = 999)]
        accounts: usize,
        /// Commits a second
        #[arg(long, default_value_t = 500)]
        rate: u32,
        /// Measured commits; of revocations there are half as many, of commits without Kafka a fifth
        #[arg(long, default_value_t = 1_000)]
        samples: usize,
        /// Seconds for which the rate is kept up before anything is measured: the broker compiles itself meanwhile
        #[arg(long, default_value_t = 45)]
        warm_up_s: u64,
    },
    /// Writes, and reads of each at every node with its token
    Pairs {
        #[arg(long, default_value_t = 1_000_000)]
        pairs: u64,
        /// Writers, each with an account of its own
        #[arg(long, default_value_t = 24)]
        writers: usize,
    },
    /// How fast one relay tells what has piled up
    Relay {
        #[arg(long, default_value_t = 200_000)]
        commits: u32,
        #[arg(long, default_value_t = 1_000)]
        accounts: u32,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let server = std::env::var(SERVER).with_context(|| format!("{SERVER} is not set"))?;
    // Of its own: it is killed, and others' topics would be work for it.
    std::fs::create_dir_all(&args.dir)?;
    let folder = tempfile::tempdir_in(&args.dir)?;
    let mut broker = match args.without_kafka {
        true => None,
        false => Some(Broker::start(&folder.path().join("kafka"))?),
    };
    let kafka = broker.as_ref().map(|broker| Kafka {
        brokers: broker.address().to_string(),
        topic_prefix: "feed.".to_owned(),
    });
    let recipe = |accounts| {
        anyhow::Ok(Recipe {
            server: &server,
            program: &args.program,
            dir: &args.dir,
            env: settings(&args.settings)?,
            kafka: kafka.clone(),
            replicas: args.replicas,
            nodes: args.nodes,
            accounts,
        })
    };
    let start = |accounts| World::start(&recipe(accounts)?);
    match args.what {
        What::Propagate {
            accounts,
            rate,
            samples,
            warm_up_s,
        } => {
            let mut world = start(accounts)?;
            let warm = propagate::Plan {
                warm_up: Duration::from_secs(warm_up_s),
                rate,
                commits: samples,
                revocations: samples.div_ceil(2),
            };
            let plan = propagate::Plan {
                warm_up: Duration::ZERO,
                ..warm
            };
            let json = args.json.as_deref();
            if let Some(broker) = &mut broker {
                report::write(json, &propagate::commits(&world, warm, "")?)?;
                report::write(json, &propagate::revocations(&world, plan)?)?;
                broker.kill()?;
            }
            // Each takes its second or so.
            let fewer = propagate::Plan {
                commits: samples.div_ceil(5),
                ..plan
            };
            let figures = propagate::commits(&world, fewer, "nokafka_")?;
            // Without brokers a relay does not stop well: what it has not told stays where it is.
            for relay in world.cluster.service("relay") {
                relay.kill()?;
            }
            finish(world, json, &figures)
        }
        What::Pairs { pairs, writers } => {
            ensure!(
                args.replicas.min(args.nodes) > 0 && writers > 0,
                "nobody to write or read"
            );
            let world = start(writers)?;
            let plan = pairs::Plan {
                pairs,
                control: pairs.div_ceil(20),
            };
            let figures = pairs::run(&world, plan)?;
            finish(world, args.json.as_deref(), &figures)?;
            pairs::check(&figures)
        }
        What::Relay { commits, accounts } => {
            let mut recipe = recipe(0)?;
            recipe.replicas = 1;
            let figures = relay::run(&recipe, relay::Plan { commits, accounts })?;
            report::write(args.json.as_deref(), &figures)
        }
    }
}

fn settings(given: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let each = given.iter().map(|one| {
        let (name, value) = one.split_once('=').context("`--set NAME=VALUE`")?;
        Ok((name.to_owned(), value.to_owned()))
    });
    each.collect()
}

fn finish(world: World, json: Option<&std::path::Path>, figures: &Figures) -> anyhow::Result<()> {
    report::write(json, figures)?;
    world.cluster.stop()
}
