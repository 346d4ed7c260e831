//! `cargo xtask services up|down`: what the tests need besides cargo. Started once, left running, on loopback only.
//!
//! Postgres is, in this order: the one that `TRILBY_TEST_DATABASE_URL` names; one in a container, if Docker runs; one from
//! this machine's own programs (`apt-get install postgresql`), in a folder of its own. Kafka likewise: the one that
//! `TRILBY_TEST_KAFKA` names; one in a container, if Docker runs and has the image; one from its project's own jars, which
//! Maven fetches once (`apt-get install maven default-jre-headless`). What is here holds nothing that matters: `down`
//! throws it away.

use std::env;
use std::path::Path;

use anyhow::Context as _;

mod database;
mod docker;
mod kafka;
mod local;

/// Where tests find the server, and where a server of one's own is named.
pub const ADDRESS: &str = "TRILBY_TEST_DATABASE_URL";

/// Likewise for the broker: `127.0.0.1:9092`.
pub const BROKER: &str = "TRILBY_TEST_KAFKA";

/// What to do for want of a broker, where it can be done without.
pub const NO_BROKER: &str = "no Kafka could be started (name one that runs in TRILBY_TEST_KAFKA, or do without: `--without-kafka`)";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Start what is not running, and tell where it is
    Up {
        /// Postgres alone; the tests on Kafka are then not run
        #[arg(long)]
        without_kafka: bool,
    },
    /// Stop it and remove its data
    Down,
}

pub fn run(root: &Path, args: &Args) -> anyhow::Result<()> {
    match args.what {
        What::Up { without_kafka } => {
            let url = up(root)?;
            println!("{ADDRESS}={url}");
            if !without_kafka {
                println!("{BROKER}={}", broker(root).context(NO_BROKER)?);
            }
            Ok(())
        }
        What::Down => {
            kafka::down(root)?;
            local::down(root, &local::TESTS)?;
            for server in [&local::BENCH, &local::BENCH_LOG] {
                match local::hold(root, server)? {
                    Some(_held) => local::down(root, server)?,
                    None => println!("left running: {}, which is being measured", server.name),
                }
            }
            docker::down()
        }
    }
}

/// Why the tests on Kafka cannot run on this machine; `None` if they can. Wherever the broker is, some of them kill one of
/// their own.
pub fn missing_kafka() -> Option<&'static str> {
    trilby_cluster::kafka::missing()
}

/// The address of a running Kafka, started if need be.
pub fn broker(root: &Path) -> anyhow::Result<String> {
    match env::var(BROKER) {
        Ok(given) => Ok(given),
        Err(_) => Ok(kafka::up(root)?.to_string()),
    }
}

/// Why the tests on Postgres cannot run on this machine; `None` if they can. Wherever their server is, one of them kills a
/// server of its own.
pub fn missing() -> Option<&'static str> {
    let can = local::programs().is_some();
    (!can).then_some("needs the programs of a Postgres server")
}

/// The URL of a running Postgres, started if need be.
pub fn up(root: &Path) -> anyhow::Result<String> {
    if let Ok(url) = env::var(ADDRESS) {
        return Ok(url);
    }
    if docker::runs() && docker::has_postgres() {
        return docker::up();
    }
    local::up(root, &local::TESTS)
}

/// A database of this name in that Postgres, made if need be: its URL, and the password apart from it.
pub fn database(root: &Path, name: &str) -> anyhow::Result<(String, Option<String>)> {
    let url = database::make(&up(root)?, name)?;
    Ok(database::without_password(&url))
}

/// Does something with the URL of a Postgres to measure: the one that is named, or one of its own that flushes as it should
/// and is gone afterwards.
pub fn with_bench(root: &Path, run: impl FnOnce(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    with_server(root, &local::BENCH, |url, _| run(url))
}

/// The same with the file that says how long a flush takes, which a server that is named does not have.
pub fn with_flushes(
    root: &Path,
    run: impl FnOnce(&str, Option<&Path>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let file = local::flush_file(root, &local::BENCH_LOG)?;
    with_server(root, &local::BENCH_LOG, |url, is_ours| {
        run(url, is_ours.then_some(&*file))
    })
}

/// Runs with the URL of the server that is named, or of this one of ours, and whether it is ours.
fn with_server(
    root: &Path,
    server: &local::Server,
    run: impl FnOnce(&str, bool) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if let Ok(url) = env::var(ADDRESS) {
        return run(&url, false);
    }
    let held = local::hold(root, server)?;
    let _held = held.with_context(|| format!("{} is being measured", server.name))?;
    let url = local::up(root, server)?;
    let done = run(&url, true);
    local::down(root, server)?;
    done
}
