//! The ways of records of what happened into the activity log: at once, or through something between processes that may
//! hand one over twice.

use async_trait::async_trait;
use trilby_model::LogId;

use crate::activity::Activity;
use crate::error::Error;
use crate::log::EventLog;

/// Where whoever makes records hands them over.
#[async_trait]
pub trait ActivitySink: Send + Sync {
    /// Hands records over. Once this returns they outlive this process, in the store or on their way there.
    ///
    /// Errors: `Invalid` if one of them is not taken, and perhaps others with it; handed over alone they may be.
    async fn hand_over(&self, records: Vec<Activity>) -> Result<(), Error>;
}

#[async_trait]
impl<T: EventLog + ?Sized> ActivitySink for T {
    async fn hand_over(&self, records: Vec<Activity>) -> Result<(), Error> {
        self.activity_append(records).await
    }
}

/// What became of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Written now.
    pub n_new: usize,
    /// There already, and the same.
    pub n_known: usize,
    /// Of no log that there is, or such that no store takes them.
    pub n_refused: usize,
    /// Log and id of those that are not the record which is there under their id. Which of the two is true a store cannot
    /// know; the first stays.
    pub others: Vec<(LogId, String)>,
}

/// A store that takes records which it may have taken before.
#[async_trait]
pub trait ActivityKeeper: Send + Sync {
    /// Writes those whose ids are not there yet, whatever their times. Once this returns they are durable.
    ///
    /// Errors: whatever keeps the store from it. Nothing about any one record: handed over again they may all be taken.
    async fn keep(&self, records: Vec<Activity>) -> Result<Kept, Error>;
}
