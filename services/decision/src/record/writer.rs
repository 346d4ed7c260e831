//! The writer of decision records: a bounded queue, and one thread that hands on what is in it, many at a time.
//!
//! An answer never waits for its record. What does not fit into the queue, or what is not taken from it, is dropped and
//! counted. A reader that wants to see what was just decided asks for the queue to be emptied first.

mod room;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use trilby_eventlog::{Activity, ActivitySink, Error};

use room::Room;

/// Records of one write.
const BATCH_MAX: usize = 512;
/// How long the first of a batch waits for others: one durable write for many answers.
const LINGER: Duration = Duration::from_millis(50);
/// Pause after the first try of a write that cannot be taken now; it doubles, up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(1);
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
    room: Arc<Room>,
}

impl Writer {
    /// Starts the writer. Records that wait may take so much memory. It ends when it is closed, or with the last clone of
    /// this.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start<S>(sink: Arc<S>, bytes_max: usize) -> std::io::Result<Self>
    where
        S: ActivitySink + ?Sized + 'static,
    {
        let room = Arc::new(Room::new(bytes_max));
        let (queue, messages) = mpsc::channel(room.records_max());
        // With IO: a store beyond this process makes its connections where it is asked.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("decision-log".to_owned())
            .spawn({
                let room = Arc::clone(&room);
                move || runtime.block_on(write_all(&*sink, messages, &room))
            })?;
        Ok(Self { queue, room })
    }

    /// Hands a record over, or drops it.
    pub fn record(&self, record: Activity) {
        let bytes = room::bytes_of(&record);
        if !self.room.enter(bytes) {
            return self.room.dropped(1, "too many wait");
        }
        if self.queue.try_send(Message::Record(record)).is_err() {
            self.room.leave(1, bytes);
            self.room.dropped(1, "the queue is full or closed");
        }
    }

    /// Waits until everything handed over so far is written, or for a while.
    pub async fn flush(&self) {
        if !self.ask(Message::Flush, FLUSH_WAIT).await {
            tracing::warn!("decision records are still being written");
        }
    }

    /// Writes what was handed over and takes no more. What is not written in time is dropped, and counted.
    pub async fn close(&self) {
        self.close_within(CLOSE_WAIT).await;
    }

    async fn close_within(&self, patience: Duration) {
        if !self.ask(Message::Close, patience).await {
            self.room.give_up();
        }
    }

    /// Whether all before the message was written in time.
    async fn ask(&self, message: fn(oneshot::Sender<()>) -> Message, patience: Duration) -> bool {
        let (done, is_done) = oneshot::channel();
        let asked = timeout(patience, async {
            if self.queue.send(message(done)).await.is_ok() {
                // A writer that ends instead of answering has nothing left to write.
                drop(is_done.await);
            }
        });
        asked.await.is_ok()
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

async fn write_all<S>(sink: &S, mut queue: mpsc::Receiver<Message>, room: &Room)
where
    S: ActivitySink + ?Sized,
{
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
        let n_records = batch.records.len();
        let bytes = batch.records.iter().map(room::bytes_of).sum();
        write(sink, batch.records, room).await;
        room.leave(n_records, bytes);
        for done in batch.waiting {
            // Whoever asked may have stopped waiting.
            done.send(()).ok();
        }
    }
}

/// Hands records on, all in one or, if one of them is not to be taken, each alone.
async fn write<S: ActivitySink + ?Sized>(sink: &S, records: Vec<Activity>, room: &Room) {
    if records.is_empty() {
        return;
    }
    match hand_over(sink, &records, room).await {
        Ok(()) => {}
        Err(Error::Invalid(_)) => {
            for record in records {
                if let Err(error) = hand_over(sink, &[record], room).await {
                    room.lost(1, &error.to_string());
                }
            }
        }
        Err(error) => room.lost(records.len(), &error.to_string()),
    }
}

/// Tries until they are taken or refused, or the process ends: while nobody takes them they wait, and so do those behind
/// them, as long as there is room.
async fn hand_over<S>(sink: &S, records: &[Activity], room: &Room) -> Result<(), Error>
where
    S: ActivitySink + ?Sized,
{
    let mut pause = PAUSE;
    loop {
        match sink.hand_over(records.to_vec()).await {
            Err(Error::Unavailable(why) | Error::Busy(why)) if !room.is_given_up() => {
                room.waits(&why);
                sleep(pause).await;
                pause = PAUSE_MAX.min(pause.saturating_mul(2));
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests;
