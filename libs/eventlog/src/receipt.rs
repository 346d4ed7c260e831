//! Receipts: what was answered to a request that carried an idempotency key.

use trilby_model::{ConsistencyToken, LogId, Position, Seq, Timestamp};

use crate::error::Error;
use crate::log::EventLog;

/// A receipt to write with a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReceipt {
    /// The log it is kept under; it must have events in the commit.
    pub log: LogId,
    /// Digest of the principal and its key; unique within the log.
    pub key: [u8; 32],
    /// Digest of the request; another request with the same key is a mistake of the client.
    pub request_hash: [u8; 32],
    /// The HTTP status that was answered.
    pub status: u16,
    /// The answer's body, without secrets.
    pub response: Option<Vec<u8>>,
}

/// A receipt as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReceipt {
    /// The log.
    pub log: LogId,
    /// Digest of the principal and its key.
    pub key: [u8; 32],
    /// Digest of the request.
    pub request_hash: [u8; 32],
    /// Seq of the commit's first event in this log.
    pub first: Seq,
    /// Seq of its last.
    pub last: Seq,
    /// The HTTP status that was answered.
    pub status: u16,
    /// The answer's body.
    pub response: Option<Vec<u8>>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// The consistency token that the first answer carried: the commit's end in each log it wrote,
/// the receipt's own log first.
///
/// Errors: the store's; `Corrupt` if the commit is not in the log.
pub async fn token(log: &dyn EventLog, receipt: &StoredReceipt) -> Result<ConsistencyToken, Error> {
    let missing = || {
        Error::Corrupt(format!(
            "receipt of `{}` names a commit that is not there",
            receipt.log
        ))
    };
    let before = Seq::new(receipt.first.get().saturating_sub(1));
    let commits = log.read(&receipt.log, before, 1).await?;
    let commit = commits.first().ok_or_else(missing)?;
    if commit.first != receipt.first || commit.last != receipt.last {
        return Err(missing());
    }
    let mut positions = vec![commit.point().position()];
    for other in commit.with() {
        positions.push(end_of(log, other).await?);
    }
    ConsistencyToken::new(positions).map_err(|error| Error::Corrupt(error.to_string()))
}

async fn end_of(log: &dyn EventLog, position: Position) -> Result<Position, Error> {
    match log.commit_at(&position.log, position.seq).await? {
        Some(point) => Ok(point.position()),
        None => Err(Error::Corrupt(format!(
            "half of a commit is missing: `{}` has no seq {}",
            position.log,
            position.seq.get()
        ))),
    }
}
