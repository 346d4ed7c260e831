//! What is in a record of the feed.
//!
//! Records are CloudEvents in Kafka's binary mode: what an event is stands in headers, and the value holds what we hashed,
//! byte for byte. Numbers are big-endian; a value begins with its version. What is not exactly as written here is
//! refused, whoever wrote it: a refused record is a gap, and gaps are read from the log.

#[cfg(test)]
mod tests;

use std::time::Duration;

use trilby_eventlog::commit::EVENTS_MAX;
use trilby_eventlog::{Channel, Recorded, RecordedCommit, Revocation, RevocationKind};
use trilby_model::{Hash, LogId, Seq, Timestamp};

use crate::bytes::{Reader, Writer};

/// A commit whose value would be longer is told by a record without it. The broker's own limit is as a rule 1 MiB.
pub const VALUE_BYTES_MAX: usize = 512 * 1024;

const SPEC: &str = "1.0";
const COMMIT: &str = "trilby.log.commit.v1";
const MOVED: &str = "trilby.log.moved.v1";
const REWOUND: &str = "trilby.log.rewound.v1";
const REVOCATION: &str = "trilby.revocation.v1";
const HEARTBEAT: &str = "trilby.feed.heartbeat.v1";

/// The header that holds the store's incarnation.
const INCARNATION: &str = "inc";
/// Version of every value.
const VERSION: u8 = 1;
/// The key of heartbeats: of a compacted topic the newest is kept, and a record without a key is refused.
const HEARTBEAT_KEY: &[u8] = b"heartbeat";

/// A record to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What compaction goes by.
    pub key: Vec<u8>,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The rest.
    pub value: Vec<u8>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A commit, whole.
    Commit(RecordedCommit),
    /// A commit that is too large for the feed: where it began and where it ends.
    Moved(Seq, Place),
    /// A log lost what was after this; and the store's incarnation since then, if the relay's release tells it.
    Rewound(Place, Option<u32>),
    /// A revocation.
    Revocation(Revocation),
    /// Its relay was at work.
    Beat(Beat),
}

/// A place in a log: an event and the hash there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The log.
    pub log: LogId,
    /// The seq.
    pub seq: Seq,
    /// The hash.
    pub hash: Hash,
}

/// A relay's sign of life in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// When, by the relay's clock.
    pub at: Timestamp,
    /// How long the oldest commit that is not told has been waiting.
    pub waiting: Duration,
    /// Who writes: random for each start of a relay, and anew when its partition was emptied under it.
    pub run: [u8; 16],
    /// Where the partition ended when that run began with it. Whoever has seen more heard another partition of that name.
    pub base: i64,
    /// The store's incarnation, if the relay's release tells it.
    pub incarnation: Option<u32>,
}

/// Why a record was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record of the feed is malformed: {0}")]
pub struct Malformed(pub &'static str);

/// Why a record of the feed is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another store's relay wrote it: nothing is missing, and nothing that it says is of this store.
    #[error("a record of the feed is of another store")]
    OtherStore,
    /// It may have been one of this store's.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// A commit; without its events if they are too large or `is_pointer`.
pub fn commit(
    store_id: &[u8; 16],
    commit: &RecordedCommit,
    trace: Option<&str>,
    is_pointer: bool,
) -> Record {
    let value = match is_pointer || size(commit) > VALUE_BYTES_MAX {
        true => None,
        false => Some(events(commit)),
    };
    let log = commit.log.to_string();
    let kind = if value.is_some() { COMMIT } else { MOVED };
    let id = format!("{log}:{}", commit.last);
    let mut headers = envelope(store_id, kind, id, &log);
    headers.extend([
        (INCARNATION, commit.incarnation.to_string()),
        ("first_seq", commit.first.to_string()),
        ("last_seq", commit.last.to_string()),
        ("prev_hash", commit.prev_hash.to_string()),
        ("hash", commit.hash.to_string()),
        ("at", commit.at.micros().to_string()),
    ]);
    headers.extend(trace.map(|trace| ("traceparent", trace.to_owned())));
    Record {
        key: log.into_bytes(),
        headers,
        value: value.unwrap_or_default(),
    }
}

/// A revocation.
pub fn revocation(store_id: &[u8; 16], one: &Revocation, trace: Option<&str>) -> Record {
    let log = one.log.to_string();
    let mut key = vec![one.kind.code()];
    key.extend(one.id_hash);
    key.extend(log.as_bytes());
    let mut value = Writer::new(VERSION);
    value.bytes(&[one.kind.code()]);
    value.bytes(&one.id_hash);
    value.u64(one.seq.get());
    value.u64(one.before.get());
    value.i64(one.at.micros());
    value.bytes(log.as_bytes());
    let id = format!("{log}:{}:{}", one.seq, one.kind.letter());
    let mut headers = envelope(store_id, REVOCATION, id, &log);
    headers.extend(trace.map(|trace| ("traceparent", trace.to_owned())));
    Record {
        key,
        headers,
        value: value.done(),
    }
}

/// That a log was taken back, and of which incarnation the store is since.
pub fn rewound(store_id: &[u8; 16], keep: &Place, incarnation: u32) -> Record {
    let log = keep.log.to_string();
    let mut value = Writer::new(VERSION);
    value.u64(keep.seq.get());
    value.bytes(keep.hash.as_bytes());
    value.bytes(log.as_bytes());
    let id = format!("{log}:{}:rewound", keep.seq);
    let mut headers = envelope(store_id, REWOUND, id, &log);
    headers.push((INCARNATION, incarnation.to_string()));
    Record {
        headers,
        key: log.into_bytes(),
        value: value.done(),
    }
}

/// A sign of life.
pub fn beat(store_id: &[u8; 16], partition: u16, beat: &Beat) -> Record {
    let mut value = Writer::new(VERSION);
    value.i64(beat.at.micros());
    value.u64(u64::try_from(beat.waiting.as_micros()).unwrap_or(u64::MAX));
    value.bytes(&beat.run);
    value.i64(beat.base);
    let id = format!("{partition}:{}", beat.at.micros());
    let mut headers = envelope(store_id, HEARTBEAT, id, "heartbeat");
    // Not in the value: a release that does not know it would refuse the record.
    let incarnation = beat.incarnation;
    headers.extend(incarnation.map(|incarnation| (INCARNATION, incarnation.to_string())));
    Record {
        key: HEARTBEAT_KEY.to_vec(),
        headers,
        value: value.done(),
    }
}

pub(crate) fn envelope(
    store_id: &[u8; 16],
    kind: &str,
    id: String,
    key: &str,
) -> Vec<(&'static str, String)> {
    vec![
        ("ce_specversion", SPEC.to_owned()),
        ("ce_type", kind.to_owned()),
        ("ce_source", source(store_id)),
        ("ce_id", id),
        ("ce_partitionkey", key.to_owned()),
        ("content-type", "application/octet-stream".to_owned()),
    ]
}

/// Of which store a record is, as its header `ce_source` says it.
pub fn source(store_id: &[u8; 16]) -> String {
    format!("/trilby/{}", Hex(store_id))
}

/// What a record of a channel says to whoever reads for the store of this [`source`]. `header` finds a header's value by
/// its name.
///
/// # Errors
/// It is not exactly what one of the functions above writes for that channel and that store.
pub fn decode<'a>(
    own: &str,
    channel: Channel,
    header: impl Fn(&str) -> Option<&'a [u8]>,
    value: &[u8],
) -> Result<Told, Refused> {
    let text = |name: &str| header(name).and_then(|value| std::str::from_utf8(value).ok());
    if text("ce_specversion") != Some(SPEC) {
        return Err(Malformed("it is no CloudEvent of version 1.0").into());
    }
    // Before anything else: another store's relay may be of another release.
    match text("ce_source") {
        Some(source) if source == own => {}
        Some(_) => return Err(Refused::OtherStore),
        None => return Err(Malformed("it names no store").into()),
    }
    Ok(read(channel, text, value)?)
}

fn read<'a>(
    channel: Channel,
    text: impl Fn(&str) -> Option<&'a str>,
    value: &[u8],
) -> Result<Told, Malformed> {
    match (channel, text("ce_type")) {
        (_, Some(HEARTBEAT)) => {
            let incarnation = incarnation(&text)?;
            read_beat(value, incarnation).map(Told::Beat)
        }
        (Channel::Commits, Some(COMMIT)) => {
            let bare = bare_commit(&text)?;
            read_events(bare, value).map(Told::Commit)
        }
        (Channel::Commits, Some(MOVED)) if value.is_empty() => {
            let bare = bare_commit(&text)?;
            let place = Place {
                log: bare.log,
                seq: bare.last,
                hash: bare.hash,
            };
            Ok(Told::Moved(bare.first, place))
        }
        (Channel::Commits, Some(REWOUND)) => {
            let incarnation = incarnation(&text)?;
            read_rewound(value).map(|keep| Told::Rewound(keep, incarnation))
        }
        (Channel::Revocations, Some(REVOCATION)) => read_revocation(value).map(Told::Revocation),
        _ => Err(Malformed("its type is unknown here")),
    }
}

fn parsed<T: std::str::FromStr>(text: Option<&str>, what: &'static str) -> Result<T, Malformed> {
    text.and_then(|text| text.parse().ok())
        .ok_or(Malformed(what))
}

/// The incarnation that the headers tell of a record that need not have one.
fn incarnation<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<u32>, Malformed> {
    let told = text(INCARNATION).map(|told| parsed(Some(told), "its incarnation is no number"));
    told.transpose()
}

/// The commit that the headers describe, without events.
fn bare_commit<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Result<RecordedCommit, Malformed> {
    let seq = |name, what| parsed::<u64>(text(name), what).map(Seq::new);
    let commit = RecordedCommit {
        log: parsed(text("ce_partitionkey"), "it names no log")?,
        first: seq("first_seq", "it has no first seq")?,
        last: seq("last_seq", "it has no last seq")?,
        prev_hash: parsed(text("prev_hash"), "it has no hash before it")?,
        hash: parsed(text("hash"), "it has no hash")?,
        incarnation: parsed(text(INCARNATION), "it has no incarnation")?,
        at: Timestamp::from_micros(parsed(text("at"), "it has no time")?),
        events: Vec::new(),
    };
    match commit.first.get() >= 1 && commit.first <= commit.last {
        true => Ok(commit),
        false => Err(Malformed("its seqs are no range")),
    }
}

/// What the events of a commit take.
fn size(commit: &RecordedCommit) -> usize {
    let each = commit.events.iter().map(|event| {
        let body = event.body.as_ref().map_or(0, Vec::len);
        FRAME_BYTES
            .saturating_add(event.etype.len())
            .saturating_add(body)
    });
    each.fold(1, usize::saturating_add)
}

/// What an event takes beside its type and body: lengths, version, both hashes, and whether there is a body.
const FRAME_BYTES: usize = 4 + 4 + 2 + 32 + 32 + 1;

fn events(commit: &RecordedCommit) -> Vec<u8> {
    let mut value = Writer::new(VERSION);
    for event in &commit.events {
        let mut frame = Writer::default();
        frame.with_len(event.etype.as_bytes());
        frame.bytes(&event.ever.to_be_bytes());
        frame.bytes(event.body_hash.as_bytes());
        frame.bytes(event.hash.as_bytes());
        match &event.body {
            Some(body) => {
                frame.bytes(&[1]);
                frame.bytes(body);
            }
            None => frame.bytes(&[0]),
        }
        value.with_len(&frame.done());
    }
    value.done()
}

fn read_events(mut commit: RecordedCommit, value: &[u8]) -> Result<RecordedCommit, Malformed> {
    let mut value = Reader::of(value, VERSION)?;
    let (first, last) = (commit.first.get(), commit.last.get());
    let n_events = last.saturating_sub(first).saturating_add(1);
    if n_events > u64::try_from(EVENTS_MAX).unwrap_or(u64::MAX) {
        return Err(Malformed("it has more events than a commit may have"));
    }
    for seq in first..=last {
        let event = read_event(&commit, Seq::new(seq), value.with_len()?)?;
        commit.events.push(event);
    }
    value.end()?;
    match commit.events.last() {
        Some(last) if last.hash == commit.hash => Ok(commit),
        Some(_) | None => Err(Malformed("its hash is not that of its last event")),
    }
}

fn read_event(commit: &RecordedCommit, seq: Seq, frame: &[u8]) -> Result<Recorded, Malformed> {
    let mut frame = Reader::new(frame);
    let etype = std::str::from_utf8(frame.with_len()?);
    let etype = etype.map_err(|_| Malformed("an event's type is no text"))?;
    let ever = u16::from_be_bytes(frame.array()?);
    let body_hash = Hash(frame.array()?);
    let hash = Hash(frame.array()?);
    let body = match frame.array()? {
        [0] => {
            frame.end()?;
            None
        }
        [1] => Some(frame.rest().to_vec()),
        _ => return Err(Malformed("an event neither has a body nor lacks it")),
    };
    Ok(Recorded {
        log: commit.log.clone(),
        seq,
        commit_first: commit.first,
        commit_last: commit.last,
        at: commit.at,
        etype: etype.to_owned(),
        ever,
        incarnation: commit.incarnation,
        body,
        body_hash,
        hash,
    })
}

fn read_log(bytes: &[u8]) -> Result<LogId, Malformed> {
    parsed(std::str::from_utf8(bytes).ok(), "it names no log")
}

fn read_revocation(value: &[u8]) -> Result<Revocation, Malformed> {
    let mut value = Reader::of(value, VERSION)?;
    let [kind] = value.array()?;
    Ok(Revocation {
        kind: RevocationKind::from_code(kind).ok_or(Malformed("its kind is unknown"))?,
        id_hash: value.array()?,
        seq: Seq::new(value.u64()?),
        before: Seq::new(value.u64()?),
        at: Timestamp::from_micros(value.i64()?),
        log: read_log(value.rest())?,
    })
}

fn read_rewound(value: &[u8]) -> Result<Place, Malformed> {
    let mut value = Reader::of(value, VERSION)?;
    Ok(Place {
        seq: Seq::new(value.u64()?),
        hash: Hash(value.array()?),
        log: read_log(value.rest())?,
    })
}

fn read_beat(value: &[u8], incarnation: Option<u32>) -> Result<Beat, Malformed> {
    let mut value = Reader::of(value, VERSION)?;
    let beat = Beat {
        at: Timestamp::from_micros(value.i64()?),
        waiting: Duration::from_micros(value.u64()?),
        run: value.array()?,
        base: value.i64()?,
        incarnation,
    };
    value.end()?;
    Ok(beat)
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
