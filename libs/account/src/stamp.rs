//! When a thing came to be and when it last changed, in the log's own order and in wall time.

use serde::{Deserialize, Serialize};
use trilby_model::{Seq, Timestamp};

/// Birth and last change of a thing. `changed` is what its `ETag` is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// The event that made it.
    pub created: Seq,
    /// When that was.
    #[serde(with = "micros")]
    pub created_at: Timestamp,
    /// The event that last changed it.
    pub changed: Seq,
    /// When that was.
    #[serde(with = "micros")]
    pub updated_at: Timestamp,
}

impl Stamp {
    pub(crate) fn new(moment: Moment) -> Self {
        Self {
            created: moment.seq,
            created_at: moment.at,
            changed: moment.seq,
            updated_at: moment.at,
        }
    }

    pub(crate) fn touch(&mut self, moment: Moment) {
        self.changed = moment.seq;
        self.updated_at = moment.at;
    }
}

/// Where in its log, and when, an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub seq: Seq,
    pub at: Timestamp,
}

/// Timestamps as whole microseconds: text has milliseconds only, and a snapshot may lose nothing.
pub(crate) mod micros {
    use serde::{Deserialize, Deserializer, Serializer};
    use trilby_model::Timestamp;

    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.micros())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_micros)
    }
}
