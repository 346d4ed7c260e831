//! Appending in groups.
//!
//! One task takes the commits that callers send and deals them out to the lanes, each a connection with one transaction
//! under way. While a transaction waits for the disk the next group gathers, so groups grow with the load and a lone
//! commit waits for nobody. Two lanes go abreast where there is enough for both: one group is executed while the other waits
//! for the disk. Where there is less, or the disk is slow ([`crate::pace`]), one lane does it all, since two would halve the
//! groups and not the flushes; another begins when it is held up, or has much to write. Commits in one transaction share its flush and nothing else: one whose
//! log has moved is left out, and what breaks a group is found by trying its commits one by one.
//!
//! INVARIANT: of one log's commits no two are in different transactions at once, and they are sent in the order in which
//! they came; so they are announced in the order of their seqs.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use trilby_eventlog::feed::FeedSender;
use trilby_eventlog::{Error, StoreMeta};

use crate::group::{self, Group};
use crate::job::{self, Job, Outcome};
use crate::known::Known;
use crate::lane;
use crate::pace::Pace;

/// Commits that wait. Beyond it a caller waits [`QUEUE_WAIT`] for a place and is then refused.
const QUEUE_MAX: usize = 1024;

/// How long a caller waits for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// How often the task lets others go first after a group is done. Whoever was answered and writes again at once is then in
/// the next group, instead of the first of them alone in it and the others one flush later.
const COURTESIES: usize = 4;

/// How long a group may be under way before others go past it on another lane: it waits for a lock, or for a slow disk.
const HELD_UP: Duration = Duration::from_millis(25);

/// Events of a group that others go past: it takes longer to write them than to wait for the disk, and another processor can
/// do the next ones meanwhile.
const HEAVY: usize = 128;

/// Groups under way at once as long as none is held up: one is executed while the other waits for the disk.
const ABREAST: usize = 2;

/// How long announced commits stay in the outbox.
const OUTBOX_LINGER: Duration = Duration::from_millis(100);

/// What the lanes share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub pool: Pool,
    pub known: Arc<Known>,
    pub meta: Arc<RwLock<StoreMeta>>,
    pub feed: FeedSender,
    /// Whether this process announces for good: then the outbox is emptied here.
    pub relays: bool,
}

/// The way to the writing task.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Job>,
    known: Arc<Known>,
}

impl Writer {
    /// Starts the task; it ends when the writer is dropped and everything it took is answered.
    pub fn start(shared: Arc<Shared>, lanes: usize) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let known = Arc::clone(&shared.known);
        let task = Task {
            shared,
            lanes,
            waiting: VecDeque::new(),
            announced: Vec::new(),
            pace: Pace::default(),
        };
        tokio::spawn(task.run(jobs));
        Self { queue, known }
    }

    /// Puts a commit under way.
    pub async fn send(&self, job: Job) -> Result<(), Error> {
        let place = tokio::time::timeout(QUEUE_WAIT, self.queue.reserve()).await;
        let place = place
            .map_err(|_| full(job.is_apart))?
            .map_err(|_| Error::Unavailable("the writer has stopped".to_owned()))?;
        self.known
            .expect(job.sealed.heads.clone(), || place.send(job));
        Ok(())
    }
}

/// Nothing was begun, unless an earlier attempt of the same commit was.
fn full(was_tried: bool) -> Error {
    let what = "the write queue is full".to_owned();
    match was_tried {
        true => Error::Unavailable(what),
        false => Error::Busy(what),
    }
}

struct Task {
    shared: Arc<Shared>,
    lanes: usize,
    waiting: VecDeque<Job>,
    /// Outbox rows whose commits were announced.
    announced: Vec<i64>,
    pace: Pace,
}

impl Task {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut busy: Vec<Busy> = Vec::new();
        // In this task, so that a group costs no change of threads on its way out and none on its way back.
        let mut running: FuturesUnordered<BoxFuture<'_, std::thread::Result<Finished>>> =
            FuturesUnordered::new();
        let mut linger = tokio::time::interval(OUTBOX_LINGER);
        linger.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_forgetting = false;
        let mut n = 0_u64;
        let mut open = true;
        while open || !self.waiting.is_empty() || !running.is_empty() {
            tokio::select! {
                job = jobs.recv(), if open && self.waiting.len() < QUEUE_MAX => match job {
                    Some(job) => self.waiting.push_back(job),
                    None => open = false,
                },
                Some(done) = running.next(), if !running.is_empty() => match done {
                    Ok(Finished::Forgetting) => is_forgetting = false,
                    Ok(Finished::Group { n, announced }) => {
                        let done = busy.iter().find(|one| one.n == n);
                        let n_answered = done.map_or(0, |one| one.n_commits);
                        if let Some(one) = done.filter(|one| one.n_events < HEAVY) {
                            self.pace.done(one.n_commits, one.begun.elapsed());
                        }
                        busy.retain(|one| one.n != n);
                        self.announced.extend(announced);
                        self.gather(&mut jobs, n_answered).await;
                    }
                    Err(_) => {
                        // A lane that panicked has dropped its callers' replies, who look for their commits themselves.
                        tracing::error!("a write was cut off");
                        busy.clear();
                        running.clear();
                        is_forgetting = false;
                    }
                },
                () = tokio::time::sleep(HELD_UP), if !self.waiting.is_empty() && busy.len() < self.lanes => {}
                _ = linger.tick(), if !self.announced.is_empty() && !is_forgetting => {
                    // Beside the lanes: it may have to wait for a connection that one of them has.
                    is_forgetting = true;
                    let (shared, ids) = (Arc::clone(&self.shared), std::mem::take(&mut self.announced));
                    let forgetting = async move {
                        forget(&shared, &ids).await;
                        Finished::Forgetting
                    };
                    running.push(AssertUnwindSafe(forgetting).catch_unwind().boxed());
                }
            }
            self.take_waiting(&mut jobs);
            while self.may_begin(&busy) {
                let is_busy = |job: &Job| busy.iter().any(|one| one.holds(job));
                let Some(group) = group::form(&mut self.waiting, is_busy) else {
                    break;
                };
                let abreast = match self.pace.is_sooner_in_two(group.jobs.len()) {
                    true => ABREAST.min(self.lanes).saturating_sub(busy.len()),
                    false => 1,
                };
                for group in group.split(abreast) {
                    n += 1;
                    busy.push(Busy::of(n, &group));
                    let shared = Arc::clone(&self.shared);
                    let lane = async move {
                        let announced = lane::run(&shared, group).await;
                        Finished::Group { n, announced }
                    };
                    running.push(AssertUnwindSafe(lane).catch_unwind().boxed());
                }
            }
        }
        forget(&self.shared, &self.announced).await;
    }

    /// Whether a group may be sent: beside those under way there is a lane for it, and enough waits to be worth one.
    fn may_begin(&self, busy: &[Busy]) -> bool {
        if busy.len() >= self.lanes {
            return false;
        }
        let mut quick = busy.iter().filter(|one| !one.may_be_passed());
        let Some(first) = quick.next() else {
            return true;
        };
        quick.count() + 1 < ABREAST
            && self.waiting.len() * 2 >= first.n_commits
            && self
                .pace
                .is_sooner_in_two(first.n_commits + self.waiting.len())
    }

    fn take_waiting(&mut self, jobs: &mut mpsc::Receiver<Job>) {
        while self.waiting.len() < QUEUE_MAX {
            match jobs.try_recv() {
                Ok(job) => self.waiting.push_back(job),
                Err(_) => break,
            }
        }
    }

    /// Lets those who were answered write again. Waits for nobody.
    async fn gather(&mut self, jobs: &mut mpsc::Receiver<Job>, n_answered: usize) {
        for _ in 0..COURTESIES {
            self.take_waiting(jobs);
            if self.waiting.len() >= n_answered {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Removes announced commits from the outbox. What fails is announced again after the next start.
async fn forget(shared: &Shared, ids: &[i64]) {
    if !ids.is_empty()
        && let Err(error) = lane::forget(&shared.pool, ids).await
    {
        tracing::warn!(%error, "announced commits stay in the outbox");
    }
}

/// What the task has come to the end of.
enum Finished {
    /// A group, and the ids of outbox rows that were announced with it.
    Group { n: u64, announced: Vec<i64> },
    /// The removal of such rows.
    Forgetting,
}

/// The logs of a group under way.
struct Busy {
    n: u64,
    n_commits: usize,
    n_events: usize,
    /// Of one commit to which nothing can be added.
    is_alone: bool,
    begun: Instant,
    /// In order, each once: with one log that everybody writes to, all who wait are held against it again and again.
    logs: Vec<i64>,
}

impl Busy {
    fn of(n: u64, group: &Group) -> Self {
        Self {
            n,
            n_commits: group.jobs.len(),
            n_events: group.jobs.iter().map(Job::n_events).sum(),
            is_alone: group.is_alone,
            begun: Instant::now(),
            logs: job::logs(&group.jobs),
        }
    }

    fn may_be_passed(&self) -> bool {
        self.is_alone || self.n_events >= HEAVY || self.begun.elapsed() >= HELD_UP
    }

    fn holds(&self, job: &Job) -> bool {
        let is_here = |id| self.logs.binary_search(id).is_ok();
        job.parts.iter().any(|part| is_here(&part.id))
    }
}

/// Ends a job.
pub(crate) fn answer(shared: &Shared, job: Job, outcome: Outcome) {
    let written = matches!(outcome, Outcome::Done(_));
    shared.known.settle(&job.sealed.heads, written);
    let Job {
        commit,
        sealed,
        reply,
        ..
    } = job;
    // The caller has them too, and is to have them alone.
    drop((commit, sealed));
    // Nobody waits any more: the caller gave up, the write stands.
    drop(reply.send(outcome));
}
