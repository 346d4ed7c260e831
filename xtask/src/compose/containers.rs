//! The containers: whether all are well, and that one which dies comes back.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::story::Application;
use super::{Trial, ids, inspect};
use crate::command;

/// Services that do their work and end.
const END: [&str; 2] = ["migrate", "logins"];
/// State, health (if it is watched), restart policy and exit code.
const STATE: &str = "{{.State.Status}} {{with .State.Health}}{{.Status}}{{else}}unwatched{{end}} {{.HostConfig.RestartPolicy.Name}} {{.State.ExitCode}}";
/// Longest until a process that died is healthy again.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(20);

/// Each that serves is healthy and would be started again; each that ends has ended well.
pub fn all_are_well(trial: &Trial) -> anyhow::Result<()> {
    let services = command::quiet(&mut trial.compose(&["config", "--services"]))?;
    for service in services.lines() {
        for id in ids(trial, service)? {
            let state = inspect(trial, &id, STATE)?;
            println!("{service}: {state}");
            let expected = match END.contains(&service) {
                true => "exited unwatched no 0",
                false => "running healthy unless-stopped 0",
            };
            ensure!(state == expected, "{service} is {state}, not {expected}");
        }
    }
    Ok(())
}

/// Kills the process of one of the two decision containers, as the kernel would, and asks on until it is back.
pub fn kill_one(trial: &Trial, application: &Application) -> anyhow::Result<()> {
    let decisions = ids(trial, "decision")?;
    ensure!(decisions.len() == 2, "there are {}", decisions.len());
    let victim = decisions.first().context("a victim")?;
    let pid = inspect(trial, victim, "{{.State.Pid}}")?;
    // Not `docker kill`: what an operator ends is not started again. In the engine's own host, which may be another than this.
    let user = inspect(trial, victim, "{{.Config.User}}")?;
    let image = trial.image();
    let mut kill = trial.docker(&["run", "--rm", "--pid", "host", "--network", "none"]);
    kill.args(["--user", &user, "--entrypoint", "sh", &image, "-c"]);
    command::run(kill.arg(format!("kill -9 {pid}")))?;
    let begun = Instant::now();
    let (mut n_allowed, mut n_later) = (0_u32, 0_u32);
    loop {
        let answer = application.ask("docs:Read", &[])?;
        match (answer.status, answer.decision()) {
            (200, Some(true)) => n_allowed += 1,
            (503, _) if answer.header("retry-after").is_some() => n_later += 1,
            (status, _) => bail!("{status}: {}", answer.json),
        }
        let restarts = inspect(trial, victim, "{{.RestartCount}}")?;
        if restarts == "1" && inspect(trial, victim, STATE)?.starts_with("running healthy") {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "it does not come back");
        sleep(GLANCE);
    }
    let took = begun.elapsed().as_secs_f64();
    println!(
        "back and healthy after {took:.1} s; meanwhile {n_allowed} allowed, {n_later} told to come again"
    );
    // A proxy that repeats no request with a body, as older ones, passes a few on.
    ensure!(
        n_later * 10 <= n_allowed,
        "the other one did not take its part"
    );
    all_are_well(trial)
}
