//! How soon every decision process decides by what was written, asked again and again without a token.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use serde_json::json;

use crate::report::{Figures, percentile};
use crate::world::{self, Account, World};

/// How often a process is asked whether it has heard.
const ASKED_EVERY: Duration = Duration::from_millis(2);
/// A process that has not heard by then never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// Callers that write beside the one that is measured.
const WRITERS: usize = 16;
/// Of so many accounts only the background is written; the others are for what is measured.
const PROBED: usize = 20;
/// Between two measured writes, so that asking takes little of the machine.
const PAUSE: Duration = Duration::from_millis(40);

#[derive(Clone, Copy)]
pub struct Plan {
    /// How long the rate is kept up before anything is measured: a broker compiles itself meanwhile.
    pub warm_up: Duration,
    /// Commits a second over all accounts.
    pub rate: u32,
    pub commits: usize,
    pub revocations: usize,
}

/// Of commits; the figures' names have this after `propagate_`.
pub fn commits(world: &World, plan: Plan, name: &str) -> anyhow::Result<Figures> {
    under_load(world, plan, name, || {
        let mut took = Vec::with_capacity(plan.commits);
        let probed = world.accounts.iter().take(PROBED).collect::<Vec<_>>();
        for nth in 0..plan.commits {
            let account = probed
                .get(nth.checked_rem(probed.len()).unwrap_or(0))
                .context("an account")?;
            let may = nth.checked_div(probed.len()).unwrap_or(0).is_multiple_of(2);
            let identity = world.identity.first().context("an identity process")?;
            account.set(identity, "probe", may)?;
            took.push(slowest(world, Instant::now(), |node| {
                let answer = account.ask(node, None)?;
                Ok(answer.status == 200 && answer.decision()? == may)
            })?);
            std::thread::sleep(PAUSE);
        }
        Ok([
            (
                format!("propagate_{name}p50_ms"),
                percentile(&mut took, 50)?,
            ),
            (
                format!("propagate_{name}p99_ms"),
                percentile(&mut took, 99)?,
            ),
        ]
        .into())
    })
}

/// Of revocations: until the last process has allowed for the last time.
pub fn revocations(world: &World, plan: Plan) -> anyhow::Result<Figures> {
    under_load(world, plan, "revoke_", || {
        let mut took = Vec::with_capacity(plan.revocations);
        let account = world.accounts.first().context("an account")?;
        let path = format!("/v1/accounts/{}/revocations", account.id);
        for _ in 0..plan.revocations {
            let session = world::assume(&world.founder, &account.role_arn)?;
            let session = world
                .founder
                .with_token(&session.text("/credentials/session_token")?);
            let who = session.get_json("/v1/caller-identity")?;
            let who = who.text("/session_id")?;
            for node in &world.nodes {
                let answer = account.ask_as(&session, node)?;
                ensure!(answer.status == 200, "{}: {}", answer.status, answer.json);
            }
            account.admin.post(&path, &json!({ "session_id": who }))?;
            took.push(slowest(world, Instant::now(), |node| {
                Ok(account.ask_as(&session, node)?.status == 401)
            })?);
            std::thread::sleep(PAUSE);
        }
        Ok([("revoke_p99_ms".to_owned(), percentile(&mut took, 99)?)].into())
    })
}

/// Milliseconds until each process has heard: from the acknowledgement to the answer that shows it.
fn slowest(
    world: &World,
    begun: Instant,
    has_heard: impl Fn(&str) -> anyhow::Result<bool> + Sync,
) -> anyhow::Result<f64> {
    let ask = |node: &str| -> anyhow::Result<Duration> {
        loop {
            let asked = Instant::now();
            if has_heard(node)? {
                return Ok(begun.elapsed());
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "{node} did not hear in {PATIENCE:?}"
            );
            std::thread::sleep(ASKED_EVERY.saturating_sub(asked.elapsed()));
        }
    };
    let ask = &ask;
    std::thread::scope(|scope| {
        let asking: Vec<_> = world
            .nodes
            .iter()
            .map(|node| scope.spawn(move || ask(node)))
            .collect();
        let mut worst = Duration::ZERO;
        for one in asking {
            worst = worst.max(one.join().map_err(|_| anyhow!("an asker failed"))??);
        }
        Ok(worst.as_secs_f64() * 1_000.0)
    })
}

/// Measures while the other accounts are written at this rate. Tells the rate that was reached.
fn under_load(
    world: &World,
    plan: Plan,
    name: &str,
    measure: impl FnOnce() -> anyhow::Result<Figures>,
) -> anyhow::Result<Figures> {
    warm(world)?;
    let (stop, n_written) = (AtomicBool::new(false), AtomicU64::new(0));
    let others = world.accounts.get(PROBED..).unwrap_or_default();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|nth| {
                let (stop, n_written) = (&stop, &n_written);
                scope.spawn(move || write(world, others, nth, plan.rate, stop, n_written))
            })
            .collect();
        std::thread::sleep(plan.warm_up);
        let (begun, n_before) = (Instant::now(), n_written.load(Ordering::SeqCst));
        let measured = measure();
        let n_measured = n_written.load(Ordering::SeqCst).saturating_sub(n_before);
        let reached = f64::from(u32::try_from(n_measured)?) / begun.elapsed().as_secs_f64();
        stop.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.join().map_err(|_| anyhow!("a writer failed"))??;
        }
        let mut figures = measured?;
        figures.insert(format!("{name}background_commits_per_s"), reached);
        Ok(figures)
    })
}

/// Every process has every account in memory.
fn warm(world: &World) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let ask = || {
            while let Some(account) = world.accounts.get(next.fetch_add(1, Ordering::Relaxed)) {
                for node in &world.nodes {
                    account.ask(node, None)?.decision()?;
                }
            }
            anyhow::Ok(())
        };
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        let mut ended = asking.into_iter().map(|one| one.join());
        ended.try_for_each(|ended| ended.map_err(|_| anyhow!("an asker failed"))?)
    })
}

/// Its share of the rate, at its times whether or not the one before took long.
fn write(
    world: &World,
    accounts: &[Account],
    nth: usize,
    rate: u32,
    stop: &AtomicBool,
    n_written: &AtomicU64,
) -> anyhow::Result<()> {
    let every =
        Duration::from_secs_f64(f64::from(u32::try_from(WRITERS)?) / f64::from(rate.max(1)));
    let own: Vec<&Account> = accounts.iter().skip(nth).step_by(WRITERS).collect();
    let identity = world
        .identity
        .get(nth.checked_rem(world.identity.len()).unwrap_or(0))
        .context("an identity process")?;
    let mut due = Instant::now();
    for may in [true, false].into_iter().cycle() {
        for account in &own {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            account.set(identity, "other", may)?;
            n_written.fetch_add(1, Ordering::Relaxed);
            due += every;
        }
        if own.is_empty() {
            return Ok(());
        }
    }
    Ok(())
}
