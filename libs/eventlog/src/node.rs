//! The processes at work on a store, and what each knows: so that whoever ends sessions can wait until all have heard.
//!
//! Rows say how things are, not what happened: losing them loses nothing that a living process does not write again within
//! a second.

use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use trilby_model::{LogId, NodeId, Seq, Timestamp};

use crate::error::Error;

/// A process that was not seen for longer is not waited for by those who begin to wait now. Five rows that were not
/// written.
pub const LIVE: Duration = Duration::from_secs(5);

/// Revocations named in a row: more than are told while a row is being written and read.
pub const TOLD_MAX: usize = 128;

/// The form of [`Applied`] as it is stored.
const FORM: u8 = 1;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// It makes sessions, and judges them.
    Token,
    /// It answers questions.
    Decision,
}

impl NodeKind {
    /// The stored number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Token => 2,
            Self::Decision => 3,
        }
    }

    /// The kind with that stored number.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            2 => Some(Self::Token),
            3 => Some(Self::Decision),
            _ => None,
        }
    }
}

/// A revocation, named by the event that made it: an event makes one at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Told([u8; 8]);

impl Told {
    /// The revocation of this event: the first bytes of the SHA-256 of the event's place.
    pub fn of(log: &LogId, seq: Seq) -> Self {
        let place = format!("{log}@{seq}");
        let digest: [u8; 32] = Sha256::digest(place.as_bytes()).into();
        Self(digest.first_chunk().copied().unwrap_or_default())
    }
}

/// What revocations a process has in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// All that were made before this moment of the store's clock; 0: it cannot say.
    pub until: Timestamp,
    /// The last that it was told, whenever they were made; no more than [`TOLD_MAX`].
    pub told: Vec<Told>,
}

impl Default for Applied {
    /// Of a process that knows of nothing.
    fn default() -> Self {
        Self {
            until: Timestamp::from_micros(0),
            told: Vec::new(),
        }
    }
}

impl Applied {
    /// As it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        bytes.extend(self.until.micros().to_be_bytes());
        for told in self.told.iter().take(TOLD_MAX) {
            bytes.extend(told.0);
        }
        bytes
    }

    /// Reads what was stored. What is of another form says nothing, as if the process knew nothing.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let Some((&FORM, rest)) = bytes.split_first() else {
            return Self::default();
        };
        let Some((until, told)) = rest.split_first_chunk() else {
            return Self::default();
        };
        Self {
            until: Timestamp::from_micros(i64::from_be_bytes(*until)),
            told: told.as_chunks().0.iter().copied().map(Told).collect(),
        }
    }

    /// Whether one that was made before `moment` of the store's clock, by this event, is in force there.
    pub fn has(&self, told: Told, moment: Timestamp) -> bool {
        self.until >= moment || self.told.contains(&told)
    }
}

/// A process at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Which.
    pub id: NodeId,
    /// What it does.
    pub kind: NodeKind,
    /// What it knows.
    pub applied: Applied,
}

/// Which processes there were, at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nodes {
    /// The moment, by the store's clock.
    pub now: Timestamp,
    /// Each with when it was seen, by the same clock; ordered by id.
    pub nodes: Vec<(Node, Timestamp)>,
}

/// Where processes say that they are there.
#[async_trait]
pub trait NodeTable: Send + Sync {
    /// This process is there, and knows this. Gives the store's clock. Forgets those that were not seen for a day.
    async fn node_seen(&self, node: &Node) -> Result<Timestamp, Error>;

    /// This process ends.
    async fn node_gone(&self, id: &NodeId) -> Result<(), Error>;

    /// Those seen within this long.
    async fn nodes(&self, within: Duration) -> Result<Nodes, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_comes_back_as_it_was_stored() {
        let log: LogId = "111122223333".parse().unwrap();
        for n in [0, 1, 3, TOLD_MAX, TOLD_MAX + 1] {
            let told: Vec<Told> = (0..n)
                .map(|n| Told::of(&log, Seq::new(u64::try_from(n).unwrap())))
                .collect();
            let until = Timestamp::from_unix_seconds(1_800_000_000);
            let applied = Applied { until, told };
            let stored = Applied::from_bytes(&applied.to_bytes());
            assert_eq!(stored.until, until);
            assert_eq!(stored.told, applied.told[..n.min(TOLD_MAX)]);
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_knowledge() {
        let known = Applied {
            until: Timestamp::from_unix_seconds(1_800_000_000),
            told: Vec::new(),
        };
        let mut of_later_form = known.to_bytes();
        of_later_form[0] = FORM + 1;
        for bytes in [&[][..], &[FORM], &[FORM, 0, 0], &of_later_form] {
            assert_eq!(Applied::from_bytes(bytes), Applied::default(), "{bytes:?}");
        }
    }

    #[test]
    fn a_revocation_is_in_force_by_its_name_or_by_its_time() {
        let log: LogId = "111122223333".parse().unwrap();
        let (told, other) = (Told::of(&log, Seq::new(7)), Told::of(&log, Seq::new(8)));
        let at = Timestamp::from_micros;
        let applied = Applied {
            until: at(10),
            told: vec![told],
        };
        assert!(applied.has(told, at(11)));
        assert!(applied.has(other, at(10)));
        assert!(!applied.has(other, at(11)));
        assert!(!Applied::default().has(other, at(1)));
    }
}
