//! Events as answers show them.

use serde::Serialize;
use serde_json::Value;
use trilby_eventlog::Recorded;
use trilby_eventlog::envelope::BodyError;
use trilby_model::{Hash, LogId, Timestamp};
use trilby_service::problem::Problem;
use utoipa::ToSchema;

/// A stored event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// The log it is in.
    pub log: LogId,
    /// Its place there, from 1.
    pub seq: u64,
    /// First and last event of the commit that wrote it: all of them happened at once.
    pub commit: CommitBounds,
    /// Time of the commit.
    pub at: Timestamp,
    /// What happened, such as `user.created`.
    #[schema(example = "user.created")]
    pub etype: String,
    /// Version of this type of event.
    pub version: u16,
    /// The fact. Absent if the log was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<Value>,
    /// The circumstances: who, by which decision, in which request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub meta: Option<Value>,
    /// Incarnation of the store that wrote it; part of the hash.
    pub incarnation: u32,
    /// SHA-256 of the stored body, in hex.
    pub body_hash: String,
    /// The chain's hash at this event, in hex.
    pub hash: String,
    /// The exact text that was hashed; single events only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// The events of one commit in one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommitBounds {
    /// Seq of the first.
    pub first: u64,
    /// Seq of the last: the one that a consistency token names.
    pub last: u64,
}

impl EventView {
    /// An event, without its exact text.
    ///
    /// Errors: the stored body is not what the log writes; a fault.
    pub fn of(event: &Recorded) -> Result<Self, Problem> {
        Ok(Self {
            log: event.log.clone(),
            seq: event.seq.get(),
            commit: CommitBounds {
                first: event.commit_first.get(),
                last: event.commit_last.get(),
            },
            at: event.at,
            etype: event.etype.clone(),
            version: event.ever,
            data: present(event.data())?,
            meta: present(event.meta())?,
            incarnation: event.incarnation,
            body_hash: hex(&event.body_hash),
            hash: hex(&event.hash),
            body: None,
        })
    }

    /// An event with the text that was hashed.
    ///
    /// Errors: as [`EventView::of`].
    pub fn whole(event: &Recorded) -> Result<Self, Problem> {
        let body = event
            .body
            .clone()
            .map(String::from_utf8)
            .transpose()
            .map_err(Problem::internal)?;
        Ok(Self {
            body,
            ..Self::of(event)?
        })
    }
}

fn present(part: Result<Value, BodyError>) -> Result<Option<Value>, Problem> {
    match part {
        Ok(value) => Ok(Some(value)),
        Err(BodyError::Erased) => Ok(None),
        Err(error @ BodyError::Malformed) => Err(Problem::internal(error)),
    }
}

fn hex(hash: &Hash) -> String {
    hash.to_string()
}
