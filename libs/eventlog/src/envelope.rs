//! What is stored of an event, and of the commit it came in.

use trilby_model::{Hash, LogId, Position, Seq, Timestamp};

use crate::chain;

/// An event as `decide` made it, before it has a place in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Stored name, such as `role.policy_attached`.
    pub etype: String,
    /// Version of this event type, from 1.
    pub ever: u16,
    /// The fact: a JSON object of integers, strings, booleans, arrays and objects. No floats, no
    /// integer beyond ±(2^53 - 1); such a commit is refused as invalid.
    pub data: serde_json::Value,
}

/// Whether a log takes more events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeadState {
    /// It does.
    Open,
    /// It is closed; nothing was removed.
    Sealed,
    /// It is closed and its bodies are gone; the chain still verifies.
    Erased,
}

impl HeadState {
    /// The stored number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Sealed => 2,
            Self::Erased => 3,
        }
    }

    /// The state with that stored number.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Open),
            2 => Some(Self::Sealed),
            3 => Some(Self::Erased),
            _ => None,
        }
    }
}

/// How a body begins: its members are in alphabetical order.
pub(crate) const BEFORE_DATA: &str = r#"{"data":"#;

/// Where a log ends: its last event. A log without events has no head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The log.
    pub log: LogId,
    /// Seq of its last event.
    pub seq: Seq,
    /// Hash of its last event.
    pub hash: Hash,
    /// Time of its last commit.
    pub at: Timestamp,
    /// Whether it takes more.
    pub state: HeadState,
}

impl Head {
    /// This head as a position of a consistency token, with the hash prefix.
    pub fn position(&self) -> Position {
        Position {
            log: self.log.clone(),
            seq: self.seq,
            hash: Some(self.hash.prefix()),
        }
    }
}

/// One commit of one log, without its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitPoint {
    /// The log.
    pub log: LogId,
    /// Seq of the commit's first event.
    pub first: Seq,
    /// Seq of its last event: the only seq of it that a consistency token may name.
    pub last: Seq,
    /// Hash of its last event.
    pub hash: Hash,
    /// Its time.
    pub at: Timestamp,
}

impl CommitPoint {
    /// The commit's end as a position of a consistency token, with the hash prefix.
    pub fn position(&self) -> Position {
        Position {
            log: self.log.clone(),
            seq: self.last,
            hash: Some(self.hash.prefix()),
        }
    }
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The log it is in.
    pub log: LogId,
    /// Its place there.
    pub seq: Seq,
    /// Seq of the first event of its commit.
    pub commit_first: Seq,
    /// Seq of the last event of its commit.
    pub commit_last: Seq,
    /// Time of its commit; never before that of an earlier event of this log.
    pub at: Timestamp,
    /// Stored name of its type.
    pub etype: String,
    /// Version of its type.
    pub ever: u16,
    /// Incarnation of the store that wrote it.
    pub incarnation: u32,
    /// The exact bytes that were hashed: canonical JSON `{"data":…,"meta":…,"salt":…}`. `None` only
    /// after the log was erased.
    pub body: Option<Vec<u8>>,
    /// SHA-256 of the body; outlives an erased body.
    pub body_hash: Hash,
    /// The chain hash at this event.
    pub hash: Hash,
}

impl Recorded {
    /// The event's data, parsed from the stored bytes.
    ///
    /// Errors: the body was erased, or is not the JSON that was written.
    pub fn data(&self) -> Result<serde_json::Value, BodyError> {
        self.member("data")
    }

    /// The stored bytes from the event's data on: one JSON value, and after it the rest of the body. For whoever reads that
    /// value and stops, without making anything of what follows.
    ///
    /// Errors: as [`Recorded::data`].
    pub fn data_onwards(&self) -> Result<&[u8], BodyError> {
        let body = self.body.as_deref().ok_or(BodyError::Erased)?;
        body.strip_prefix(BEFORE_DATA.as_bytes())
            .ok_or(BodyError::Malformed)
    }

    /// The circumstances hashed with it: actor, decision, request, origin, the organization's
    /// position, and under `with` the other logs of its commit.
    ///
    /// Errors: as [`Recorded::data`].
    pub fn meta(&self) -> Result<serde_json::Value, BodyError> {
        self.member("meta")
    }

    fn member(&self, name: &'static str) -> Result<serde_json::Value, BodyError> {
        let body = self.body.as_deref().ok_or(BodyError::Erased)?;
        let mut body: serde_json::Value =
            serde_json::from_slice(body).map_err(|_| BodyError::Malformed)?;
        body.get_mut(name)
            .map(serde_json::Value::take)
            .ok_or(BodyError::Malformed)
    }
}

/// Why an event's data cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The log was erased.
    #[error("the body was erased")]
    Erased,
    /// The bytes are not what the log writes.
    #[error("the body is not an event body")]
    Malformed,
}

/// A stored commit of one log, ready to fold: all of its events or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCommit {
    /// The log.
    pub log: LogId,
    /// Seq of the first event.
    pub first: Seq,
    /// Seq of the last event.
    pub last: Seq,
    /// Hash of the event before the first; the log's genesis hash before seq 1.
    pub prev_hash: Hash,
    /// Hash of the last event.
    pub hash: Hash,
    /// Incarnation of the store that wrote it.
    pub incarnation: u32,
    /// Time of the commit.
    pub at: Timestamp,
    /// The events, in order, never empty.
    pub events: Vec<Recorded>,
}

impl RecordedCommit {
    /// Recomputes every hash of the commit from its stored bytes, starting at `prev_hash`.
    ///
    /// Readers that fold call this together with comparing `prev_hash` to what they applied last.
    ///
    /// Errors: the first event whose bytes, bounds or hash do not fit.
    pub fn check(&self) -> Result<(), chain::Break> {
        chain::check_commit(self)
    }

    /// The commit without its events.
    pub fn point(&self) -> CommitPoint {
        CommitPoint {
            log: self.log.clone(),
            first: self.first,
            last: self.last,
            hash: self.hash,
            at: self.at,
        }
    }

    /// The other logs that the same commit wrote, with their last seqs, as its `meta.with` says.
    /// Empty for a commit of one log and for an erased one.
    pub fn with(&self) -> Vec<Position> {
        let Some(Ok(meta)) = self.events.first().map(Recorded::meta) else {
            return Vec::new();
        };
        let Some(with) = meta.get("with").and_then(serde_json::Value::as_array) else {
            return Vec::new();
        };
        with.iter()
            .filter_map(serde_json::Value::as_str)
            .filter_map(|text| {
                let (log, seq) = text.split_once('@')?;
                Some(Position {
                    log: log.parse().ok()?,
                    seq: Seq::new(seq.parse().ok()?),
                    hash: None,
                })
            })
            .collect()
    }
}
