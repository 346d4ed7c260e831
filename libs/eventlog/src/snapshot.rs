//! Snapshots: a fold's state at a commit, so that a long log need not be read from its start.
//!
//! A snapshot is a cache. It is used only if everything in its header fits: schema, fold
//! fingerprint, and the hash of the log at its seq; else it is passed over. Removing all of them
//! is always safe.

use std::io::Read;

use hmac::Mac;
use sha2::{Digest, Sha256};
use trilby_model::{Hash, LogId, Seq};

use crate::claim::hmac_of;

/// Snapshots kept at the head.
pub const KEPT_AT_HEAD: usize = 2;
/// One more is kept for each this many events, for reading the past.
pub const KEPT_EVERY_EVENTS: u64 = 5_000;
/// Bound of a state when unpacked; a larger one is not stored.
pub const STATE_BYTES_MAX: usize = 256 * 1024 * 1024;

const MAGIC: [u8; 8] = *b"trilbysn";
const FORMAT: u16 = 1;
const CODEC_ZSTD: u8 = 1;
const ZSTD_LEVEL: i32 = 3;

/// A stored snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The log.
    pub log: LogId,
    /// Version of the state's encoding.
    pub state_schema: u32,
    /// The commit's end it was taken at.
    pub seq: Seq,
    /// Fingerprint of the fold that made it.
    pub fold_fingerprint: [u8; 32],
    /// Hash of the log at `seq`.
    pub head_hash: Hash,
    /// [`encode`]d header and state.
    pub body: Vec<u8>,
}

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The log.
    pub log: LogId,
    /// Incarnation of the store at that commit.
    pub incarnation: u32,
    /// The commit's end.
    pub seq: Seq,
    /// Hash of the log there.
    pub head_hash: Hash,
    /// Version of the state's encoding.
    pub state_schema: u32,
    /// Digest of the event types, versions and upcasters the fold knows, and of its own version.
    pub fold_fingerprint: [u8; 32],
}

/// Why bytes are not a usable snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Cut short, changed, or something else altogether.
    #[error("the snapshot is damaged")]
    Damaged,
    /// Written by a newer format.
    #[error("the snapshot has an unknown format")]
    UnknownFormat,
    /// The state is over the bound.
    #[error("the state is too large for a snapshot")]
    TooLarge,
    /// Whole, but not of anybody who has the store's key.
    #[error("the snapshot is not of a process of this store")]
    Forged,
}

impl Snapshot {
    /// Packs a state into a row.
    ///
    /// Errors: the state is over [`STATE_BYTES_MAX`].
    pub fn new(header: &Header, state: &[u8]) -> Result<Self, SnapshotError> {
        Ok(Self {
            log: header.log.clone(),
            state_schema: header.state_schema,
            seq: header.seq,
            fold_fingerprint: header.fold_fingerprint,
            head_hash: header.head_hash,
            body: encode(header, state)?,
        })
    }

    /// Unpacks the state, if the stored bytes are whole and say what the row says.
    pub fn open(&self) -> Result<(Header, Vec<u8>), SnapshotError> {
        let (header, state) = decode(&self.body)?;
        let fits = header.log == self.log
            && header.state_schema == self.state_schema
            && header.seq == self.seq
            && header.fold_fingerprint == self.fold_fingerprint
            && header.head_hash == self.head_hash;
        if fits {
            Ok((header, state))
        } else {
            Err(SnapshotError::Damaged)
        }
    }
}

/// A state behind the MAC of it and of all that its header says: who can write rows and has not the key makes no state that
/// anybody believes. The digest in [`encode`] finds damage, which this need not.
///
/// `key` is a sub-key of the store key under `trilby.snapshot.v1`.
pub fn seal(key: &[u8; 32], header: &Header, state: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let tag = hmac_of(key, &[&header.to_bytes()?, state]).finalize();
    Ok([&tag.into_bytes()[..], state].concat())
}

/// Reads what [`seal`] wrote.
///
/// Errors: `Forged` if it was not sealed under this key and header.
pub fn unseal<'a>(
    key: &[u8; 32],
    header: &Header,
    sealed: &'a [u8],
) -> Result<&'a [u8], SnapshotError> {
    let (tag, state) = sealed
        .split_first_chunk::<32>()
        .ok_or(SnapshotError::Forged)?;
    hmac_of(key, &[&header.to_bytes()?, state])
        .verify_slice(tag)
        .map_err(|_| SnapshotError::Forged)?;
    Ok(state)
}

impl Header {
    /// No two headers have the same.
    fn to_bytes(&self) -> Result<Vec<u8>, SnapshotError> {
        let log = self.log.to_string();
        let log_bytes = u16::try_from(log.len()).map_err(|_| SnapshotError::TooLarge)?;
        let mut bytes = Vec::with_capacity(log.len() + 128);
        bytes.extend(log_bytes.to_be_bytes());
        bytes.extend(log.as_bytes());
        bytes.extend(self.incarnation.to_be_bytes());
        bytes.extend(self.seq.get().to_be_bytes());
        bytes.extend(self.head_hash.as_bytes());
        bytes.extend(self.state_schema.to_be_bytes());
        bytes.extend(self.fold_fingerprint);
        Ok(bytes)
    }
}

/// Header, packed state, and SHA-256 of both.
///
/// `state` should be a deterministic encoding (sorted maps), so that equal states are equal bytes.
pub fn encode(header: &Header, state: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    if state.len() > STATE_BYTES_MAX {
        return Err(SnapshotError::TooLarge);
    }
    let packed = zstd::bulk::compress(state, ZSTD_LEVEL).map_err(|_| SnapshotError::TooLarge)?;
    let mut bytes = Vec::with_capacity(packed.len() + 192);
    bytes.extend(MAGIC);
    bytes.extend(FORMAT.to_be_bytes());
    bytes.extend(header.to_bytes()?);
    bytes.push(CODEC_ZSTD);
    bytes.extend(packed);
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    bytes.extend(digest);
    Ok(bytes)
}

/// Reads what [`encode`] wrote.
///
/// Errors: `Damaged` for anything whose digest does not fit, before a byte of it is trusted.
pub fn decode(bytes: &[u8]) -> Result<(Header, Vec<u8>), SnapshotError> {
    let (content, digest) = bytes
        .split_last_chunk::<32>()
        .ok_or(SnapshotError::Damaged)?;
    let actual: [u8; 32] = Sha256::digest(content).into();
    if actual != *digest {
        return Err(SnapshotError::Damaged);
    }
    let mut fields = Fields(content);
    if fields.take::<8>()? != MAGIC {
        return Err(SnapshotError::Damaged);
    }
    if u16::from_be_bytes(fields.take()?) != FORMAT {
        return Err(SnapshotError::UnknownFormat);
    }
    let log = fields.text()?.parse().map_err(|_| SnapshotError::Damaged)?;
    let header = Header {
        log,
        incarnation: u32::from_be_bytes(fields.take()?),
        seq: Seq::new(u64::from_be_bytes(fields.take()?)),
        head_hash: Hash(fields.take::<32>()?),
        state_schema: u32::from_be_bytes(fields.take()?),
        fold_fingerprint: fields.take()?,
    };
    if fields.take::<1>()? != [CODEC_ZSTD] {
        return Err(SnapshotError::UnknownFormat);
    }
    Ok((header, unpack(fields.0)?))
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let bound = u64::try_from(STATE_BYTES_MAX)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut state = Vec::new();
    zstd::stream::read::Decoder::new(packed)
        .and_then(|decoder| decoder.take(bound).read_to_end(&mut state))
        .map_err(|_| SnapshotError::Damaged)?;
    if state.len() > STATE_BYTES_MAX {
        return Err(SnapshotError::TooLarge);
    }
    Ok(state)
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (taken, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or(SnapshotError::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn text(&mut self) -> Result<&'a str, SnapshotError> {
        let len = usize::from(u16::from_be_bytes(self.take()?));
        let (taken, rest) = self.0.split_at_checked(len).ok_or(SnapshotError::Damaged)?;
        self.0 = rest;
        std::str::from_utf8(taken).map_err(|_| SnapshotError::Damaged)
    }
}

/// Which of a log's snapshots to remove, given their seqs: all but the newest [`KEPT_AT_HEAD`] and
/// the newest of each [`KEPT_EVERY_EVENTS`] events.
pub fn superseded(seqs: &[Seq]) -> Vec<Seq> {
    let mut newest_first = seqs.to_vec();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    let mut last_span = None;
    newest_first
        .into_iter()
        .enumerate()
        .filter_map(|(rank, seq)| {
            let span = seq.get() / KEPT_EVERY_EVENTS;
            let first_of_span = last_span != Some(span);
            last_span = Some(span);
            (rank >= KEPT_AT_HEAD && !first_of_span).then_some(seq)
        })
        .collect()
}

#[cfg(test)]
mod tests;
