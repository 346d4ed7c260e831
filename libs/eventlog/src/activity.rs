//! The activity log: what happened under the rights that the control log gives. Sessions issued
//! and refused, log-ins, decisions. Kept for a set time, so it may hold addresses.
//!
//! Records are written in segments. Each process that writes has its own gapless chain of
//! segments; inside a segment a Merkle root (RFC 6962 shape) binds the records, so that one
//! record can be proven without the rest and the chain outlives expired records.

use sha2::{Digest, Sha256};
use trilby_model::{Hash, LogId, Timestamp};

use crate::error::Error;

/// Records of one segment; a longer batch becomes several.
pub const SEGMENT_RECORDS_MAX: usize = 4096;
/// Bytes of one record's body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

const SEGMENT_DOMAIN: &[u8] = b"trilby.segment.v1\0";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The log of the account it belongs to.
    pub log: LogId,
    /// When.
    pub at: Timestamp,
    /// What sort, such as `session.issued`.
    pub kind: String,
    /// The session's or decision's id; unique within the log.
    pub id: String,
    /// JSON text.
    pub body: Vec<u8>,
}

/// A stored activity record with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRecord {
    /// What happened.
    pub activity: Activity,
    /// Which process wrote it.
    pub writer: [u8; 16],
    /// The segment of that writer, from 1.
    pub segment: u64,
    /// Its place in the segment, from 0.
    pub position: u32,
}

/// One link of a writer's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Which process wrote it: random, new with each start.
    pub writer: [u8; 16],
    /// Its number, from 1, without gaps.
    pub n: u64,
    /// Earliest time of its records.
    pub first_at: Timestamp,
    /// Latest time of its records.
    pub last_at: Timestamp,
    /// How many records it was written with.
    pub count: u32,
    /// Hash of this writer's segment before; zeros before the first.
    pub prev_hash: Hash,
    /// Merkle root of its records.
    pub root: Hash,
    /// Whether its records were removed because their time was over.
    pub expired: bool,
}

impl Segment {
    /// The segment that binds these records, the next of its writer's chain. `None` if there are none.
    pub fn of(writer: [u8; 16], n: u64, prev_hash: Hash, records: &[Activity]) -> Option<Self> {
        let first_at = records.iter().map(|record| record.at).min()?;
        let last_at = records.iter().map(|record| record.at).max()?;
        let leaves: Vec<Hash> = records.iter().map(leaf).collect();
        Some(Self {
            writer,
            n,
            first_at,
            last_at,
            count: u32::try_from(records.len()).ok()?,
            prev_hash,
            root: root(&leaves),
            expired: false,
        })
    }

    /// The chain hash: everything but `expired`.
    pub fn hash(&self) -> Hash {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(SEGMENT_DOMAIN)
            .chain_update(self.prev_hash.as_bytes())
            .chain_update(self.writer)
            .chain_update(self.n.to_be_bytes())
            .chain_update(self.first_at.micros().to_be_bytes())
            .chain_update(self.last_at.micros().to_be_bytes())
            .chain_update(self.count.to_be_bytes())
            .chain_update(self.root.as_bytes())
            .finalize()
            .into();
        Hash(digest)
    }
}

/// Hash of one record: SHA-256 of a zero byte, the log, the time, and kind, id and body with
/// their lengths.
pub fn leaf(record: &Activity) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    lp(&mut hasher, record.log.to_string().as_bytes());
    hasher.update(record.at.micros().to_be_bytes());
    lp(&mut hasher, record.kind.as_bytes());
    lp(&mut hasher, record.id.as_bytes());
    lp(&mut hasher, &record.body);
    let digest: [u8; 32] = hasher.finalize().into();
    Hash(digest)
}

/// Merkle tree hash of RFC 6962, section 2.1, over leaf hashes: an inner node is SHA-256 of a one
/// byte and both halves, split at the largest power of two below the number of leaves.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => {
            let digest: [u8; 32] = Sha256::digest([]).into();
            Hash(digest)
        }
        [only] => *only,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            let digest: [u8; 32] = Sha256::new()
                .chain_update([1])
                .chain_update(root(left).as_bytes())
                .chain_update(root(right).as_bytes())
                .finalize()
                .into();
            Hash(digest)
        }
    }
}

fn lp(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    hasher.update(bytes);
}

/// Which records of a log to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActivityFilter {
    /// Only these kinds; empty means all.
    pub kinds: Vec<String>,
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Continue after the record with this time and id, the last of the page before.
    pub after: Option<(Timestamp, String)>,
}

impl ActivityFilter {
    /// Whether a record is meant. Newest first, equal times by descending id.
    pub fn admits(&self, record: &Activity) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&record.kind))
            && self.from.is_none_or(|from| record.at >= from)
            && self.until.is_none_or(|until| record.at < until)
            && self
                .after
                .as_ref()
                .is_none_or(|(at, id)| (record.at, &record.id) < (*at, id))
    }
}

/// Refuses a record that no store takes.
pub fn check(record: &Activity) -> Result<(), Error> {
    if record.id.is_empty() || record.kind.is_empty() {
        return Err(Error::Invalid(
            "an activity record has no id or kind".to_owned(),
        ));
    }
    if record.body.len() > BODY_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "activity record `{}` is too large",
            record.id
        )));
    }
    Ok(())
}

/// The refusal of a record whose id its log has already.
pub fn doubled(record: &Activity) -> Error {
    Error::Invalid(format!("activity record `{}` exists", record.id))
}

#[cfg(test)]
mod tests;
