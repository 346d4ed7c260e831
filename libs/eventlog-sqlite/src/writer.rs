//! The one thread that writes.
//!
//! It takes what has arrived, at most [`BATCH_MAX`] jobs, and does them in one transaction, each in
//! a savepoint: a job that is refused is undone alone. Whoever asked is answered after the
//! `COMMIT`; refused ones too, since a refusal may rest on a neighbour in the same transaction.
//! While a `COMMIT` waits for the disk the next batch gathers, so the batch grows with the load
//! and a lone writer waits for nobody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use trilby_eventlog::feed::FeedSender;
use trilby_eventlog::{Error, RecordedCommit, Revocation, StoreMeta};

use crate::activity::Chain;
use crate::failure::failure;
use crate::open::Opened;
use crate::rows;

/// Jobs of one transaction.
const BATCH_MAX: usize = 128;

/// Jobs that wait. Beyond it a caller waits [`QUEUE_WAIT`] for a place and is then refused.
const QUEUE_MAX: usize = 1024;

/// How long a caller waits for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// How long announced commits stay in the outbox while nothing is written.
const OUTBOX_LINGER: Duration = Duration::from_millis(100);

/// What a job works with.
pub(crate) struct Session<'a> {
    pub conn: &'a Connection,
    pub meta: &'a mut StoreMeta,
    pub chain: &'a mut Chain,
    /// What to announce after the `COMMIT`, with the outbox row of each commit.
    pub news: &'a mut News,
}

/// What a transaction has to announce.
#[derive(Default)]
pub(crate) struct News {
    pub commits: Vec<(i64, RecordedCommit)>,
    pub revocations: Vec<Revocation>,
    /// Where each appended commit's part ends, so that commits and their revocations stay together.
    parts: Vec<(usize, usize)>,
}

impl News {
    /// Ends the part of one append.
    pub fn close_part(&mut self) {
        self.parts
            .push((self.commits.len(), self.revocations.len()));
    }

    fn truncate(&mut self, (commits, revocations, parts): (usize, usize, usize)) {
        self.commits.truncate(commits);
        self.revocations.truncate(revocations);
        self.parts.truncate(parts);
    }

    fn mark(&self) -> (usize, usize, usize) {
        (self.commits.len(), self.revocations.len(), self.parts.len())
    }

    /// Announces, in the order of the log, and gives the outbox rows that are done.
    fn announce(self, feed: &FeedSender) -> Vec<i64> {
        let mut announced = Vec::with_capacity(self.commits.len());
        let mut commits = self.commits.into_iter();
        let mut revocations = self.revocations.into_iter();
        let mut before = (0, 0);
        for (commits_end, revocations_end) in self.parts {
            let part = commits
                .by_ref()
                .take(commits_end - before.0)
                .map(|(id, commit)| {
                    announced.push(id);
                    commit
                });
            feed.announce(part, revocations.by_ref().take(revocations_end - before.1));
            before = (commits_end, revocations_end);
        }
        announced
    }
}

/// Something to do in the writer's transaction.
trait Job: Send {
    /// Does it. `false`: it was refused and must be undone.
    fn run(&mut self, session: &mut Session<'_>) -> bool;

    /// Answers. An error is the transaction's: then nothing of it happened, or nothing is known.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

struct Task<W, T, E> {
    work: Option<W>,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<W, T, E> Job for Task<W, T, E>
where
    W: FnOnce(&mut Session<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, session: &mut Session<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        let outcome = work(session);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let answer = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Error::Unavailable("the write was not done".to_owned()).into()),
            (Err(error), _) => Err(error.into()),
        };
        // Nobody waits any more: the caller gave up, the write stands.
        drop(self.reply.send(answer));
    }
}

type Queued = (OwnedSemaphorePermit, Box<dyn Job>);

/// The way to the writing thread.
#[derive(Debug)]
pub(crate) struct Writer {
    /// None once it was closed.
    queue: Mutex<Option<mpsc::Sender<Queued>>>,
    places: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(opened: Opened, chain: Chain, feed: Option<FeedSender>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        let thread = Thread {
            opened,
            chain,
            feed,
            announced: Vec::new(),
        };
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || thread.run(&jobs))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            places: Arc::new(Semaphore::new(QUEUE_MAX)),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Does something in a transaction of the writer and waits until it is on the disk.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let stopped = || Error::Unavailable("the writer has stopped".to_owned());
        let place = tokio::time::timeout(QUEUE_WAIT, Arc::clone(&self.places).acquire_owned());
        let place = match place.await {
            Ok(place) => place.map_err(|_| stopped())?,
            Err(_) => return Err(Error::Unavailable("the write queue is full".to_owned()).into()),
        };
        let (reply, answer) = oneshot::channel();
        let task = Task {
            work: Some(work),
            outcome: None,
            reply,
        };
        let queue = lock(&self.queue).clone().ok_or_else(stopped)?;
        queue.send((place, Box::new(task))).map_err(|_| stopped())?;
        // The thread ends when nobody holds the queue; waiting for an answer is no reason to hold it.
        drop(queue);
        answer.await.map_err(|_| stopped())?
    }
}

impl Writer {
    /// Takes no more work, finishes what was taken and waits for the thread: the directory is free when this returns.
    pub fn close(&self) {
        drop(lock(&self.queue).take());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the log's writer had stopped before its time");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Thread {
    opened: Opened,
    chain: Chain,
    feed: Option<FeedSender>,
    /// Outbox rows whose commits were announced.
    announced: Vec<i64>,
}

impl Thread {
    fn run(mut self, jobs: &mpsc::Receiver<Queued>) {
        loop {
            match self.wait(jobs) {
                Ok(first) => {
                    let mut batch: Vec<Box<dyn Job>> = vec![first];
                    batch.extend(jobs.try_iter().map(|(_place, job)| job).take(BATCH_MAX - 1));
                    self.batch(batch);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.batch(Vec::new()),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        if !self.announced.is_empty() {
            self.batch(Vec::new());
        }
        let checkpoint = self
            .opened
            .conn
            .query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
        if let Err(error) = checkpoint {
            tracing::warn!(%error, "the log was closed without a checkpoint");
        }
    }

    fn wait(&self, jobs: &mpsc::Receiver<Queued>) -> Result<Box<dyn Job>, mpsc::RecvTimeoutError> {
        let queued = if self.announced.is_empty() {
            jobs.recv()
                .map_err(|_| mpsc::RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(OUTBOX_LINGER)
        };
        queued.map(|(_place, job)| job)
    }

    fn batch(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let before = self.chain.clone();
        let mut news = News::default();
        let outcome = self.transact(&mut jobs, &mut news);
        match &outcome {
            Ok(()) => {
                self.announced.clear();
                if let Some(feed) = &self.feed {
                    self.announced = news.announce(feed);
                }
            }
            Err(error) => {
                tracing::error!(%error, jobs = jobs.len(), "the log could not be written");
                self.undo(before);
            }
        }
        for job in jobs {
            job.answer(outcome.clone());
        }
    }

    fn transact(&mut self, jobs: &mut [Box<dyn Job>], news: &mut News) -> Result<(), Error> {
        let conn = &self.opened.conn;
        conn.execute_batch("begin immediate").map_err(failure)?;
        let mut delete = conn
            .prepare_cached(include_str!("queries/outbox_delete.sql"))
            .map_err(failure)?;
        for id in &self.announced {
            delete.execute([id]).map_err(failure)?;
        }
        let mut session = Session {
            conn,
            meta: &mut self.opened.meta,
            chain: &mut self.chain,
            news,
        };
        for job in jobs {
            in_savepoint(&mut session, job.as_mut()).map_err(failure)?;
        }
        session.chain.close(conn).map_err(failure)?;
        conn.execute_batch("commit").map_err(failure)
    }

    fn undo(&mut self, chain: Chain) {
        self.chain = chain;
        let conn = &self.opened.conn;
        if !conn.is_autocommit()
            && let Err(error) = conn.execute_batch("rollback")
        {
            tracing::error!(%error, "the log could not be rolled back");
        }
        // A job may have changed it.
        if let Ok(meta) = conn.query_row(include_str!("queries/meta_get.sql"), [], rows::meta) {
            self.opened.meta = meta;
        }
    }
}

fn in_savepoint(session: &mut Session<'_>, job: &mut dyn Job) -> rusqlite::Result<()> {
    let conn = session.conn;
    conn.prepare_cached("savepoint job")?.execute([])?;
    let (mark, chain, meta) = (
        session.news.mark(),
        session.chain.clone(),
        session.meta.clone(),
    );
    if !job.run(session) {
        session.news.truncate(mark);
        *session.chain = chain;
        *session.meta = meta;
        // Fails if SQLite has given up the whole transaction (a full disk): then the batch fails.
        conn.prepare_cached("rollback to job")?.execute([])?;
    }
    conn.prepare_cached("release job")?.execute([])?;
    Ok(())
}
