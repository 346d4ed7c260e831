//! Requests at a fixed rate, whatever becomes of them.
//!
//! The n-th request is due at `n / rate` after the beginning, and its time counts from then: not from when it was sent. If
//! the server stalls, requests go out late, and how late is in their times. A generator that waits for an answer before it
//! means to send the next one would leave out just those (coordinated omission).

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};

use crate::http::{Answer, Connection};
use crate::stats;

/// Most requests of one step: their times are kept in memory.
const REQUESTS_MAX: usize = 4_000_000;
/// How long after its end a step goes on with what is late. Then the rest is given up.
const OVERRUN: Duration = Duration::from_secs(3);

/// How much of a wrong answer is told.
const TOLD_CHARS: usize = 300;

/// What is sent, and what a right answer is.
#[derive(Debug)]
pub struct Request {
    pub bytes: Vec<u8>,
    pub status: u16,
    /// A text that a right answer has.
    pub holds: &'static str,
}

impl Request {
    /// What is wrong with an answer, in short; nothing if it is right.
    pub fn fault(&self, answer: &io::Result<Answer>) -> Option<String> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Some(error.to_string()),
        };
        let holds = self.holds.as_bytes();
        let found = || answer.body.windows(holds.len()).any(|part| part == holds);
        let right = answer.status == self.status && (holds.is_empty() || found());
        (!right).then(|| told(answer))
    }
}

/// The beginning of an answer.
fn told(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let begins: String = body.chars().take(TOLD_CHARS).collect();
    format!("{}: {begins}", answer.status)
}

/// One step.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// Requests a second.
    pub rate: u32,
    pub time: Duration,
    /// Connections: most requests under way.
    pub callers: usize,
    /// Where the callers connect to, in turn.
    pub addresses: &'a [SocketAddr],
    /// Sent in this order, and again from the first if there are fewer than are due.
    pub requests: &'a [Request],
    /// Whether an answer has to be right, or just have a good status.
    pub checks: bool,
}

/// What became of a step.
#[derive(Debug)]
pub struct Outcome {
    /// Requests that were due.
    pub due: usize,
    /// Answered rightly.
    pub good: usize,
    /// Answered wrongly or not at all.
    pub errors: usize,
    /// Given up: the time was over long before their turn.
    pub unsent: usize,
    /// Of every request that was due, ascending. Of those given up: how late they were by then.
    pub times: Vec<Duration>,
    /// Until the last was sent or given up, at least the step's time: longer only if the callers could not keep the rate. How long
    /// the last answers take is in their times.
    pub took: Duration,
    /// What was wrong with one of the errors.
    pub example: Option<String>,
}

impl Outcome {
    /// Right answers a second.
    pub fn reached(&self) -> f64 {
        stats::number(self.good) / self.took.as_secs_f64()
    }

    /// Wrong, missing and given up, of all that were due.
    pub fn error_share(&self) -> f64 {
        stats::number(self.errors + self.unsent) / stats::number(self.due.max(1))
    }
}

/// Runs one step. Errors: there is nothing to send, or nobody to send it.
pub fn run(load: &Load<'_>) -> anyhow::Result<Outcome> {
    let due = usize::try_from(u128::from(load.rate) * load.time.as_millis() / 1_000)?;
    ensure!(
        (1..=REQUESTS_MAX).contains(&due),
        "{due} requests in one step"
    );
    ensure!(
        load.callers > 0 && !load.addresses.is_empty() && !load.requests.is_empty(),
        "nothing to send, or nobody to send it"
    );
    let shared = Shared {
        load,
        due,
        next: AtomicUsize::new(0),
        begun: Instant::now(),
        example: Mutex::new(None),
    };
    let shared = &shared;
    let seen = thread::scope(|scope| {
        let addresses = load.addresses.iter().cycle().take(load.callers);
        let callers: Vec<_> = addresses
            .map(|address| scope.spawn(move || shared.call(*address)))
            .collect();
        let each = callers.into_iter().map(|caller| caller.join());
        let each = each.map(|seen| seen.map_err(|_| anyhow!("a caller panicked")));
        each.collect::<anyhow::Result<Vec<Seen>>>()
    })?;
    let ended = shared.begun.elapsed();
    let last_sent = seen.iter().map(|one| one.last_sent).max();
    let timed: usize = seen.iter().map(|one| one.times.len()).sum();
    let took = match timed == due {
        true => last_sent.unwrap_or_default(),
        false => ended,
    };
    let mut outcome = Outcome {
        due,
        good: seen.iter().map(|one| one.good).sum(),
        errors: seen.iter().map(|one| one.errors).sum(),
        unsent: due - timed,
        times: seen.into_iter().flat_map(|one| one.times).collect(),
        took: took.max(load.time),
        example: shared.example.lock().ok().and_then(|mut one| one.take()),
    };
    // Callers that give up have taken a number each: what was not timed was not sent, and those are the last.
    let late = (timed..due).map(|n| ended.saturating_sub(shared.due_after(n)));
    outcome.times.extend(late);
    outcome.times.sort_unstable();
    Ok(outcome)
}

struct Shared<'a> {
    load: &'a Load<'a>,
    due: usize,
    next: AtomicUsize,
    begun: Instant,
    example: Mutex<Option<String>>,
}

#[derive(Default)]
struct Seen {
    good: usize,
    errors: usize,
    times: Vec<Duration>,
    last_sent: Duration,
}

impl Shared<'_> {
    /// When the n-th is due, from the beginning.
    fn due_after(&self, n: usize) -> Duration {
        Duration::from_secs_f64(stats::number(n) / f64::from(self.load.rate))
    }

    /// One caller: takes the next that is due, waits for its time if that has not come, sends it.
    fn call(&self, address: SocketAddr) -> Seen {
        let (mut connection, mut seen) = (Connection::to(address), Seen::default());
        let requests = self.load.requests;
        loop {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            if n >= self.due || self.begun.elapsed() > self.load.time + OVERRUN {
                return seen;
            }
            let Some(request) = requests.get(n.checked_rem(requests.len()).unwrap_or(0)) else {
                return seen;
            };
            let due = self.due_after(n);
            thread::sleep(due.saturating_sub(self.begun.elapsed()));
            seen.last_sent = self.begun.elapsed();
            let answer = connection.send(&request.bytes);
            seen.times.push(self.begun.elapsed().saturating_sub(due));
            match self.fault(request, &answer) {
                None => seen.good += 1,
                Some(fault) => {
                    seen.errors += 1;
                    if let Ok(mut example) = self.example.lock() {
                        example.get_or_insert(fault);
                    }
                }
            }
        }
    }

    fn fault(&self, request: &Request, answer: &io::Result<Answer>) -> Option<String> {
        match answer {
            Ok(answer) if !self.load.checks && (200..300).contains(&answer.status) => None,
            answer => request.fault(answer),
        }
    }
}

#[cfg(test)]
mod tests;
