//! The writer of decision records: a bounded queue, and one thread that writes what is in it, many at a time.
//!
//! An answer never waits for its record. What does not fit into the queue, or what the store does not take, is dropped and
//! counted. A reader that wants to see what was just decided asks for the queue to be written first.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use trilby_eventlog::{Activity, Error, EventLog};
use trilby_service::telemetry::metric;

/// Records that wait to be written, about 1 KiB each.
const QUEUE_MAX: usize = 8_192;
/// Records of one write.
const BATCH_MAX: usize = 512;
/// How long the first of a batch waits for others: one durable write for many answers.
const LINGER: Duration = Duration::from_millis(20);
/// Tries of one write that the store cannot take now.
const ATTEMPTS_MAX: u32 = 5;
/// Pause between them.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest a reader waits for the queue.
const FLUSH_WAIT: Duration = Duration::from_secs(1);
/// Longest a stopping process waits for it.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

enum Message {
    Record(Activity),
    /// Answered when everything before it is written.
    Flush(oneshot::Sender<()>),
    /// As a flush, and then no more is taken.
    Close(oneshot::Sender<()>),
}

/// The way into the writer's queue.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the writer. It ends when it is closed, or with the last clone of this.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(log: Arc<dyn EventLog>) -> std::io::Result<Self> {
        let (queue, messages) = mpsc::channel(QUEUE_MAX);
        // With IO: a store beyond this process makes its connections where it is asked.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("decision-log".to_owned())
            .spawn(move || runtime.block_on(write_all(&*log, messages)))?;
        Ok(Self { queue })
    }

    /// Hands a record over, or drops it.
    pub fn record(&self, record: Activity) {
        if self.queue.try_send(Message::Record(record)).is_err() {
            metric::DECISION_RECORDS_DROPPED.add(1, &[]);
        }
    }

    /// Waits until everything handed over so far is written, or for a while.
    pub async fn flush(&self) {
        self.ask(Message::Flush, FLUSH_WAIT).await;
    }

    /// Writes what was handed over and takes no more.
    pub async fn close(&self) {
        self.ask(Message::Close, CLOSE_WAIT).await;
    }

    async fn ask(&self, message: fn(oneshot::Sender<()>) -> Message, patience: Duration) {
        let (done, is_done) = oneshot::channel();
        let asked = timeout(patience, async {
            if self.queue.send(message(done)).await.is_ok() {
                // A writer that ends instead of answering has nothing left to write.
                drop(is_done.await);
            }
        });
        if asked.await.is_err() {
            tracing::warn!("decision records are still being written");
        }
    }
}

/// What came out of the queue at once.
#[derive(Default)]
struct Batch {
    records: Vec<Activity>,
    waiting: Vec<oneshot::Sender<()>>,
    is_last: bool,
}

impl Batch {
    fn take(&mut self, messages: &mut Vec<Message>) {
        for message in messages.drain(..) {
            match message {
                Message::Record(record) => self.records.push(record),
                Message::Flush(done) => self.waiting.push(done),
                Message::Close(done) => {
                    self.waiting.push(done);
                    self.is_last = true;
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.records.len() >= BATCH_MAX || !self.waiting.is_empty()
    }
}

async fn write_all(log: &dyn EventLog, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(BATCH_MAX);
    while queue.recv_many(&mut messages, BATCH_MAX).await > 0 {
        let mut batch = Batch::default();
        batch.take(&mut messages);
        let deadline = Instant::now() + LINGER;
        while !batch.is_full() {
            let more = queue.recv_many(&mut messages, BATCH_MAX);
            match timeout_at(deadline, more).await {
                Ok(0) | Err(_) => break,
                Ok(_) => batch.take(&mut messages),
            }
        }
        if batch.is_last {
            queue.close();
            while queue.recv_many(&mut messages, BATCH_MAX).await > 0 {
                batch.take(&mut messages);
            }
        }
        write(log, batch.records).await;
        for done in batch.waiting {
            // Whoever asked may have stopped waiting.
            done.send(()).ok();
        }
    }
}

/// Writes records, all in one or, if one of them is not to be taken, each alone.
async fn write(log: &dyn EventLog, records: Vec<Activity>) {
    if records.is_empty() {
        return;
    }
    match append(log, records.clone()).await {
        Ok(()) => {}
        Err(Error::Invalid(_)) => {
            for record in records {
                if let Err(error) = append(log, vec![record]).await {
                    dropped(1, &error);
                }
            }
        }
        Err(error) => dropped(records.len(), &error),
    }
}

async fn append(log: &dyn EventLog, records: Vec<Activity>) -> Result<(), Error> {
    let mut attempt = 1;
    loop {
        match log.activity_append(records.clone()).await {
            Err(Error::Unavailable(_)) if attempt < ATTEMPTS_MAX => {
                attempt += 1;
                sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

fn dropped(n_records: usize, error: &Error) {
    tracing::error!(n_records, %error, "decision records were not written");
    let n = u64::try_from(n_records).unwrap_or(u64::MAX);
    metric::DECISION_RECORDS_DROPPED.add(n, &[]);
}

#[cfg(test)]
mod tests;
