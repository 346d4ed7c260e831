//! The feed: the news of commits. The log is the truth; whoever missed something reads it there.

use std::sync::Arc;

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::broadcast;
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::envelope::RecordedCommit;
use crate::error::Error;
use crate::revocation::Revocation;

/// News of one thing.
#[derive(Debug, Clone)]
pub enum FeedMessage {
    /// A commit of one log. Those of one log come in order; one may come twice.
    Commit(Arc<RecordedCommit>),
    /// A log has a commit up to this seq, which the feed does not carry or does not vouch for: it is in the log, if it is.
    Moved {
        /// The log.
        log: LogId,
        /// The last seq of the commit.
        last: Seq,
    },
    /// A revocation, for every account, whatever logs the receiver follows.
    Revocation(Arc<Revocation>),
    /// A log lost what was after this position: the store was taken back. What continues it is of another timeline.
    Rewound {
        /// The log.
        log: LogId,
        /// Its last seq that still stands.
        keep: Seq,
        /// The hash there.
        hash: Hash,
    },
    /// Whoever relays was at work: everything that this partition of this channel had to tell has been told.
    Heartbeat(Heartbeat),
    /// This many messages were lost to this receiver, which was too slow, or for reasons of the feed's own. It compares
    /// heads and reads what it lacks from the log, and revocations from their table.
    Gap(u64),
}

/// What a relay says once a second for each partition of each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// What is told there.
    pub channel: Channel,
    /// Which part of it.
    pub partition: u16,
    /// When it was said, by the relay's clock.
    pub at: Timestamp,
    /// How long the oldest commit of this partition's logs had been waiting then to be told.
    pub waiting: Duration,
    /// Of which incarnation the store was then; 0 if the relay's release does not tell.
    pub incarnation: u32,
}

/// What a relayed feed consists of, each in as many partitions as the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Commits.
    Commits,
    /// Revocations.
    Revocations,
}

/// Something that tells of commits after they are durable.
#[async_trait]
pub trait Feed: Send + Sync {
    /// Everything that is announced from now on.
    ///
    /// To miss nothing, subscribe first and read the log after.
    async fn subscribe(&self) -> Result<FeedReceiver, Error>;

    /// How news of it arrive.
    fn delivery(&self) -> Delivery {
        Delivery::Announced
    }
}

/// How news arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Each is announced as it happens, and what was lost on the way is told.
    Announced,
    /// Each is announced, as long as there are heartbeats of all partitions of both channels. While there are not, and
    /// before the first, the store is asked again and again as if nothing were announced.
    Relayed {
        /// Of each channel.
        partitions: u16,
    },
    /// Never: whoever follows asks the store again and again.
    Polled,
}

/// The feed of a store that announces nothing. Its receivers hear nothing; they end with it.
#[derive(Debug, Clone)]
pub struct Polled {
    silence: FeedSender,
}

impl Default for Polled {
    fn default() -> Self {
        Self {
            silence: FeedSender::new(1),
        }
    }
}

#[async_trait]
impl Feed for Polled {
    async fn subscribe(&self) -> Result<FeedReceiver, Error> {
        Ok(self.silence.subscribe())
    }

    fn delivery(&self) -> Delivery {
        Delivery::Polled
    }
}

/// One subscription.
#[derive(Debug)]
pub struct FeedReceiver {
    inner: broadcast::Receiver<FeedMessage>,
}

impl FeedReceiver {
    /// A subscription to an in-process channel. What a channel that has lagged lost is told as
    /// [`FeedMessage::Gap`].
    pub fn new(inner: broadcast::Receiver<FeedMessage>) -> Self {
        Self { inner }
    }

    /// Waits for the next message. `None` when the feed has ended for good.
    pub async fn recv(&mut self) -> Option<FeedMessage> {
        match self.inner.recv().await {
            Ok(message) => Some(message),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(FeedMessage::Gap(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// The next message if there is one now.
    pub fn try_recv(&mut self) -> Option<FeedMessage> {
        match self.inner.try_recv() {
            Ok(message) => Some(message),
            Err(broadcast::error::TryRecvError::Lagged(missed)) => Some(FeedMessage::Gap(missed)),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => {
                None
            }
        }
    }
}

/// The sending side of an in-process feed, for backends that relay within their own process.
#[derive(Debug, Clone)]
pub struct FeedSender {
    inner: broadcast::Sender<FeedMessage>,
}

impl FeedSender {
    /// A feed that holds this many messages for its slowest receiver.
    pub fn new(capacity: usize) -> Self {
        Self {
            inner: broadcast::Sender::new(capacity),
        }
    }

    /// A new subscription.
    pub fn subscribe(&self) -> FeedReceiver {
        FeedReceiver::new(self.inner.subscribe())
    }

    /// Whether anybody listens. Whoever begins to later reads the log.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.inner.receiver_count() > 0
    }

    /// Tells of a commit, then of the revocations in it. No receivers is no error.
    pub fn announce(
        &self,
        commits: impl IntoIterator<Item = RecordedCommit>,
        revocations: impl IntoIterator<Item = Revocation>,
    ) {
        for commit in commits {
            self.send(FeedMessage::Commit(Arc::new(commit)));
        }
        for revocation in revocations {
            self.send(FeedMessage::Revocation(Arc::new(revocation)));
        }
    }

    /// Tells every subscriber that it may have missed messages: whoever feeds this has lost sight of them.
    pub fn gap(&self, missed: u64) {
        self.send(FeedMessage::Gap(missed));
    }

    /// Tells one thing. No receivers is no error.
    pub fn send(&self, message: FeedMessage) {
        // An error says that nobody listens; whoever comes later reads the log.
        drop(self.inner.send(message));
    }
}
