//! The one thread that writes.
//!
//! It takes what has arrived, at most [`BATCH_MAX`] jobs, and does them in one transaction. A job
//! that is refused is undone alone: it has written nothing yet, or stands in a savepoint. Whoever
//! asked is answered after the `COMMIT`; refused ones too, since a refusal may rest on a neighbour
//! in the same transaction. While a `COMMIT` waits for the disk the next batch gathers, so the
//! batch grows with the load and a lone writer waits for nobody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use trilby_eventlog::feed::FeedSender;
use trilby_eventlog::{Error, StoreMeta};

use crate::activity::Chain;
use crate::failure::failure;
use crate::news::{self, Mark, News};
use crate::open::Opened;
use crate::rows;
use crate::statements::Statements;

/// Jobs of one transaction.
const BATCH_MAX: usize = 128;

/// Jobs that wait. Beyond it a caller waits [`QUEUE_WAIT`] for a place and is then refused.
const QUEUE_MAX: usize = 1024;

/// How long a caller waits for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// How long announced commits stay in the outbox while nothing is written.
const OUTBOX_LINGER: Duration = Duration::from_millis(100);

/// How long a batch waits for as many jobs as the one before had: whoever was answered together mostly asks again
/// together, and what comes a moment too late waits for a whole flush. Far below what the fastest disk takes for one.
const GATHER: Duration = Duration::from_micros(50);

/// What a job works with.
pub(crate) struct Session<'a> {
    pub conn: &'a Connection,
    pub meta: &'a mut StoreMeta,
    pub chain: &'a mut Chain,
    /// What to announce after the `COMMIT`.
    pub news: &'a mut News,
    pub statements: Statements<'a>,
    /// What the job at work goes back to if it is refused.
    undo: Option<Undo>,
}

/// How things were before a job.
struct Undo {
    news: Mark,
    chain: Chain,
    meta: StoreMeta,
}

impl Session<'_> {
    /// From here on, what the job at work does can be undone without its neighbours. It costs a copy of every page that
    /// is changed: a job that can be refused before it writes, and not after, does without.
    pub fn guard(&mut self) -> rusqlite::Result<()> {
        if self.undo.is_none() {
            self.conn.prepare_cached("savepoint job")?.execute([])?;
            self.undo = Some(Undo {
                news: self.news.mark(),
                chain: self.chain.clone(),
                meta: self.meta.clone(),
            });
        }
        Ok(())
    }

    fn do_job(&mut self, job: &mut dyn Job) -> Result<(), Error> {
        let n_changes = self.conn.total_changes();
        let keep = job.run(self).map_err(failure)?;
        match self.undo.take() {
            Some(undo) => self.end_guard(undo, keep).map_err(failure),
            None if keep || self.conn.total_changes() == n_changes => Ok(()),
            None => Err(Error::Unavailable(
                "a write failed half done: nothing of its transaction is kept".to_owned(),
            )),
        }
    }

    fn end_guard(&mut self, undo: Undo, keep: bool) -> rusqlite::Result<()> {
        if !keep {
            self.news.truncate(undo.news);
            *self.chain = undo.chain;
            *self.meta = undo.meta;
            // Fails if SQLite has given up the whole transaction (a full disk): then the batch fails.
            self.conn.prepare_cached("rollback to job")?.execute([])?;
        }
        self.conn.prepare_cached("release job")?.execute([])?;
        Ok(())
    }
}

/// Something to do in the writer's transaction.
trait Job: Send {
    /// Does it. `false`: it was refused and must be undone. An error is the transaction's.
    fn run(&mut self, session: &mut Session<'_>) -> rusqlite::Result<bool>;

    /// Answers. An error is the transaction's: then nothing of it happened, or nothing is known.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
}

struct Task<W, T, E> {
    /// Whether it is guarded from its beginning.
    guarded: bool,
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
    fn run(&mut self, session: &mut Session<'_>) -> rusqlite::Result<bool> {
        let Some(work) = self.work.take() else {
            return Ok(false);
        };
        if self.guarded {
            session.guard()?;
        }
        let outcome = work(session);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        Ok(keep)
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
            last_batch: 0,
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

    /// Does something in a transaction of the writer and waits until it is on the disk. An error of it undoes it alone.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.queue(true, work).await
    }

    /// The same for work that guards itself ([`Session::guard`]) before it writes what may be refused afterwards.
    pub async fn run_unguarded<T, E>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.queue(false, work).await
    }

    async fn queue<T, E>(
        &self,
        guarded: bool,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let place = self.place().await?;
        let (reply, answer) = oneshot::channel();
        let task = Task {
            guarded,
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

    async fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let place = tokio::time::timeout(QUEUE_WAIT, Arc::clone(&self.places).acquire_owned());
        match place.await {
            Ok(place) => place.map_err(|_| stopped()),
            Err(_) => Err(Error::Busy("the write queue is full".to_owned())),
        }
    }
}

fn stopped() -> Error {
    Error::Unavailable("the writer has stopped".to_owned())
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
    /// Jobs of the last batch.
    last_batch: usize,
}

impl Thread {
    fn run(mut self, jobs: &mpsc::Receiver<Queued>) {
        loop {
            match self.wait(jobs) {
                Ok(first) => {
                    let batch = self.gather(first, jobs);
                    self.last_batch = batch.len();
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

    /// What has arrived, and what arrives within [`GATHER`] as long as it is fewer than last time.
    fn gather(&self, first: Box<dyn Job>, jobs: &mpsc::Receiver<Queued>) -> Vec<Box<dyn Job>> {
        let mut batch = vec![first];
        let begun = Instant::now();
        loop {
            let room = BATCH_MAX - batch.len();
            batch.extend(jobs.try_iter().map(|(_place, job)| job).take(room));
            if batch.len() >= self.last_batch.min(BATCH_MAX) || begun.elapsed() >= GATHER {
                return batch;
            }
            std::thread::yield_now();
        }
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
        run_cached(conn, "begin immediate")?;
        news::take_out(conn, &self.announced).map_err(failure)?;
        let mut session = Session {
            conn,
            meta: &mut self.opened.meta,
            chain: &mut self.chain,
            news,
            statements: Statements::prepare(conn).map_err(failure)?,
            undo: None,
        };
        for job in jobs {
            session.do_job(job.as_mut())?;
        }
        session.chain.close(conn).map_err(failure)?;
        session.news.write_outbox(conn).map_err(failure)?;
        run_cached(conn, "commit")
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

fn run_cached(conn: &Connection, sql: &str) -> Result<(), Error> {
    let mut statement = conn.prepare_cached(sql).map_err(failure)?;
    statement.execute([]).map(drop).map_err(failure)
}
