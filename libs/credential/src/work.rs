//! A bounded pool for expensive hashing, so that logins cannot eat the machine.
//!
//! As many threads as there are cores, a queue of [`QUEUE_MAX`]; one more job is refused and its
//! caller answers "busy, come back". Memory is bounded by the same numbers: threads times the
//! memory of one hash.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Jobs that may wait.
pub const QUEUE_MAX: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that run expensive jobs, and their queue. Dropping it lets queued jobs finish.
#[derive(Debug, Clone)]
pub struct HashPool {
    jobs: SyncSender<Job>,
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at once")]
pub struct Busy;

impl HashPool {
    /// A pool of `threads` threads and a queue of `queue_max` jobs.
    ///
    /// Errors: the operating system gives no thread.
    pub fn new(threads: NonZeroUsize, queue_max: usize) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(queue_max);
        let queue = Arc::new(Mutex::new(queue));
        for n in 0..threads.get() {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hash-{n}"))
                .spawn(move || work(&queue))?;
        }
        Ok(Self { jobs })
    }

    /// One thread a core, [`QUEUE_MAX`] jobs.
    pub fn for_this_host() -> std::io::Result<Self> {
        Self::new(
            thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            QUEUE_MAX,
        )
    }

    /// Queues `job`; it hands its own result over, by a channel it owns. A job that panics ends
    /// alone: its channel closes, the thread goes on.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Busy> {
        match self.jobs.try_send(Box::new(job)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is held while waiting: the next idle thread waits for the lock instead.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A panic drops the job and with it its result channel, which is how its caller hears.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn pool(threads: usize, queue: usize) -> HashPool {
        HashPool::new(NonZeroUsize::new(threads).unwrap(), queue).unwrap()
    }

    #[test]
    fn a_full_queue_is_busy_and_recovers() {
        let pool = pool(1, 2);
        let (started, has_started) = channel();
        let (release, released) = channel::<()>();
        pool.run(move || {
            started.send(()).unwrap();
            released.recv().unwrap();
        })
        .unwrap();
        has_started.recv().unwrap();
        let (done, results) = channel();
        for n in 0..2 {
            let done = done.clone();
            pool.run(move || done.send(n).unwrap()).unwrap();
        }
        assert_eq!(pool.run(|| ()), Err(Busy));
        release.send(()).unwrap();
        assert_eq!((results.recv().unwrap(), results.recv().unwrap()), (0, 1));
        pool.run(move || done.send(7).unwrap()).unwrap();
        assert_eq!(results.recv().unwrap(), 7);
    }

    #[test]
    fn a_panic_ends_only_its_own_job() {
        let pool = pool(1, 4);
        let (tx, rx) = channel::<u8>();
        pool.run(move || {
            let _held = tx;
            std::panic::resume_unwind(Box::new("no"));
        })
        .unwrap();
        assert!(rx.recv().is_err());
        let (tx, rx) = channel();
        pool.run(move || tx.send(1).unwrap()).unwrap();
        assert_eq!(rx.recv().unwrap(), 1);
    }
}
