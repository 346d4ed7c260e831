//! Writes, each followed by reads at every node that carry the write's token: none may be given what was before.
//!
//! A write and one of its reads are a pair.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};

use crate::report::Figures;
use crate::world::{Account, World};

/// Reads that had to wait for what they asked for, as a decision process counts them.
const WAITS: &str = "trilby_position_waits_total";
/// How often is told how far it is.
const TELLS_EVERY: Duration = Duration::from_secs(15);
/// Times a read is asked again that was refused as being behind: refused is not stale.
const ATTEMPTS_MAX: u32 = 50;

#[derive(Default)]
struct Seen {
    writes: AtomicU64,
    pairs: AtomicU64,
    stale: AtomicU64,
    refused: AtomicU64,
    failed: AtomicBool,
}

/// How many of which sort.
#[derive(Clone, Copy)]
pub struct Plan {
    pub pairs: u64,
    /// Of the control, which carries no token.
    pub control: u64,
}

/// Pairs with the token, then the control without.
pub fn run(world: &World, plan: Plan) -> anyhow::Result<Figures> {
    let mut figures = Figures::new();
    let before = world.count(WAITS)?;
    let begun = Instant::now();
    let seen = sweep(world, plan.pairs, true)?;
    let seconds = begun.elapsed().as_secs_f64();
    let waits = world.count(WAITS)? - before;
    let n_pairs = number(&seen.pairs);
    figures.insert("pairs".to_owned(), n_pairs);
    figures.insert("pairs_writes".to_owned(), number(&seen.writes));
    figures.insert("pairs_per_s".to_owned(), n_pairs / seconds);
    figures.insert("pairs_stale".to_owned(), number(&seen.stale));
    figures.insert("pairs_waited".to_owned(), waits);
    figures.insert(
        "pairs_refused_and_asked_again".to_owned(),
        number(&seen.refused),
    );
    let control = sweep(world, plan.control, false)?;
    figures.insert("control_pairs".to_owned(), number(&control.pairs));
    figures.insert("control_stale".to_owned(), number(&control.stale));
    Ok(figures)
}

/// What has to hold.
pub fn check(figures: &Figures) -> anyhow::Result<()> {
    let of = |name: &str| figures.get(name).copied().unwrap_or(f64::NAN);
    ensure!(
        of("pairs_stale") == 0.0,
        "a reader with a token was given what was"
    );
    ensure!(
        of("control_stale") > 0.0,
        "without a token nobody was given what was: nothing is shown"
    );
    ensure!(
        of("pairs_waited") > 0.0,
        "nobody had to wait: nothing is shown"
    );
    Ok(())
}

fn number(count: &AtomicU64) -> f64 {
    let count = count.load(Ordering::SeqCst);
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// One writer for each account, until there are so many pairs.
fn sweep(world: &World, pairs: u64, carries: bool) -> anyhow::Result<Seen> {
    let (seen, taken) = (Seen::default(), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let write = |account: &Account, nth: usize| -> anyhow::Result<()> {
            let identity = pick(&world.identity, nth)?;
            let each = u64::try_from(world.nodes.len())?;
            let (mut round, mut may) = (nth, false);
            while !seen.failed.load(Ordering::Relaxed)
                && taken.fetch_add(each, Ordering::Relaxed) < pairs
            {
                round = round.wrapping_add(1);
                // The right is given, and is there; then taken, and is gone.
                may = !may;
                // Each is the first to be asked in its turn.
                let nodes = (round..).map(|nth| pick(&world.nodes, nth));
                let nodes = nodes.take(world.nodes.len());
                write_and_read(account, identity, nodes, may, carries, &seen)?;
            }
            Ok(())
        };
        let mut writers = Vec::new();
        for (nth, account) in world.accounts.iter().enumerate() {
            let seen = &seen;
            writers.push(scope.spawn(move || {
                let done = write(account, nth);
                seen.failed.fetch_or(done.is_err(), Ordering::Relaxed);
                done
            }));
        }
        tell(&seen, pairs, || {
            writers.iter().all(|writer| writer.is_finished())
        });
        let mut ended = writers.into_iter().map(|writer| writer.join());
        ended.try_for_each(|ended| ended.map_err(|_| anyhow!("a writer failed"))?)
    })?;
    Ok(seen)
}

fn pick(of: &[String], nth: usize) -> anyhow::Result<&str> {
    let at = nth.checked_rem(of.len()).and_then(|at| of.get(at));
    at.map(String::as_str).ok_or_else(|| anyhow!("no process"))
}

/// One write, and what each node says of it.
fn write_and_read<'a>(
    account: &Account,
    identity: &str,
    nodes: impl Iterator<Item = anyhow::Result<&'a str>>,
    may: bool,
    carries: bool,
    seen: &Seen,
) -> anyhow::Result<()> {
    let seq = account.set(identity, "probe", may)?.seq()?;
    seen.writes.fetch_add(1, Ordering::Relaxed);
    for node in nodes {
        let node = node?;
        let says = read(account, node, carries.then_some(seq.as_str()), seen)?;
        seen.pairs.fetch_add(1, Ordering::Relaxed);
        if says != may {
            seen.stale.fetch_add(1, Ordering::Relaxed);
            if carries {
                println!("STALE: {} at {seq}, {node}: {says}", account.id);
            }
        }
    }
    Ok(())
}

fn read(account: &Account, node: &str, seq: Option<&str>, seen: &Seen) -> anyhow::Result<bool> {
    for _ in 0..ATTEMPTS_MAX {
        let answer = account.ask(node, seq)?;
        if answer.status != 503 {
            return answer.decision();
        }
        seen.refused.fetch_add(1, Ordering::Relaxed);
    }
    Err(anyhow!("a read was refused {ATTEMPTS_MAX} times"))
}

fn tell(seen: &Seen, pairs: u64, is_done: impl Fn() -> bool) {
    let (begun, mut told) = (Instant::now(), Instant::now());
    while !is_done() {
        std::thread::sleep(Duration::from_millis(100));
        if told.elapsed() >= TELLS_EVERY {
            told = Instant::now();
            let n = number(&seen.pairs);
            println!(
                "{n} of {pairs} pairs, {:.0}/s, {} stale",
                n / begun.elapsed().as_secs_f64(),
                seen.stale.load(Ordering::Relaxed)
            );
        }
    }
}
