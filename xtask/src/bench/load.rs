//! `cargo xtask bench load decisions|logins|admin`: a cluster under a fixed rate until it breaks, and at 70 % of that.

use std::path::Path;
use std::process::Command;

use crate::{command, services, workspace};

#[derive(clap::Args)]
pub struct Load {
    what: Scenario,
    /// Kafka does not carry the news between the processes: they ask the store
    #[arg(long)]
    without_kafka: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Scenario {
    /// Questions, beside a bare server that parses the same
    Decisions,
    /// Federated logins with warm keys
    Logins,
    /// Changes and lists by administrators
    Admin,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Scenario::Decisions => "decisions",
            Scenario::Logins => "logins",
            Scenario::Admin => "admin",
        }
    }
}

pub fn run(root: &Path, load: &Load, short: bool) -> anyhow::Result<()> {
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--locked"]);
    build.args(["--bin", "trilby-load-scenarios", "--bin", "trilby"]);
    build.args(workspace::WHOLE);
    command::run(build.current_dir(root))?;

    let target = workspace::target_dir(root);
    let (programs, figures) = (target.join("release"), target.join("bench").join("load"));
    let name = load.what.name();
    // What stands in the repository is of a whole run.
    let reports = match short {
        true => figures.clone(),
        false => root.join("load-tests").join("reports"),
    };
    services::with_bench(root, |url| {
        let mut bench = Command::new(programs.join("trilby-load-scenarios"));
        bench.arg(name);
        bench.arg("--program").arg(programs.join("trilby"));
        bench.arg("--dir").arg(target.join("load-tests"));
        bench
            .arg("--report")
            .arg(reports.join(format!("{name}.md")));
        bench
            .arg("--json")
            .arg(figures.join(format!("{name}.json")));
        if !load.without_kafka {
            bench.arg("--kafka").arg(services::broker(root)?);
        }
        if short {
            bench.arg("--short");
        }
        // Not on the command line that is shown: the URL has a password.
        bench.env("TRILBY_BENCH_URL", url);
        command::run(&mut bench)
    })
}
