//! What is in a record of the topic of decisions.

use trilby_eventlog::{Activity, activity};
use trilby_model::{LogId, Timestamp};

use crate::bytes::{Reader, Writer};
use crate::record::{Malformed, Record, envelope, source};

const DECISION: &str = "trilby.decision.v1";
const VERSION: u8 = 1;

/// Longest value that is looked into: the longest body, and its names.
const VALUE_BYTES_MAX: usize = activity::BODY_BYTES_MAX + 4 * 1024;

/// A record to be written.
pub(super) fn encode(store_id: &[u8; 16], activity: &Activity) -> Record {
    let log = activity.log.to_string();
    let mut value = Writer::new(VERSION);
    value.i64(activity.at.micros());
    value.with_len(log.as_bytes());
    value.with_len(activity.kind.as_bytes());
    value.with_len(activity.id.as_bytes());
    value.bytes(&activity.body);
    Record {
        key: Vec::new(),
        headers: envelope(store_id, DECISION, activity.id.clone(), &log),
        value: value.done(),
    }
}

/// What a record says. `header` finds a header's value by its name.
///
/// # Errors
/// It is not exactly what [`encode`] writes for this store.
pub(super) fn decode<'a>(
    store_id: &[u8; 16],
    header: impl Fn(&str) -> Option<&'a [u8]>,
    value: &[u8],
) -> Result<Activity, Malformed> {
    let text = |name: &str| header(name).and_then(|value| std::str::from_utf8(value).ok());
    if text("ce_type") != Some(DECISION) {
        return Err(Malformed("its type is unknown here"));
    }
    if text("ce_source") != Some(source(store_id).as_str()) {
        return Err(Malformed("it is of another store"));
    }
    if value.len() > VALUE_BYTES_MAX {
        return Err(Malformed("it is too large"));
    }
    let mut value = Reader::of(value, VERSION)?;
    let at = Timestamp::from_micros(value.i64()?);
    let log: Result<LogId, _> = words(&mut value)?.parse();
    let activity = Activity {
        log: log.map_err(|_| Malformed("it names no log"))?,
        at,
        kind: words(&mut value)?.to_owned(),
        id: words(&mut value)?.to_owned(),
        body: value.rest().to_vec(),
    };
    match activity::check(&activity) {
        Ok(()) => Ok(activity),
        Err(_) => Err(Malformed("no store takes it")),
    }
}

fn words<'a>(value: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    std::str::from_utf8(value.with_len()?).map_err(|_| Malformed("it is no text"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STORE: [u8; 16] = [7; 16];

    fn activity() -> Activity {
        Activity {
            log: "111122223333".parse().unwrap(),
            at: Timestamp::from_micros(1_800_000_000_000_000),
            kind: "decision.made".to_owned(),
            id: "0193f2c0-0000-7000-8000-000000000001".to_owned(),
            body: br#"{"decision":"allow"}"#.to_vec(),
        }
    }

    fn read(store_id: &[u8; 16], record: &Record) -> Result<Activity, Malformed> {
        let header = |name: &str| {
            let found = record.headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_bytes())
        };
        decode(store_id, header, &record.value)
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_for_no_other_store() {
        let record = encode(&STORE, &activity());
        assert_eq!(read(&STORE, &record), Ok(activity()));
        assert!(read(&[8; 16], &record).is_err());
    }

    #[test]
    fn a_record_without_headers_or_with_too_large_a_body_is_none() {
        let mut record = encode(&STORE, &activity());
        assert!(decode(&STORE, |_| None, &record.value).is_err());
        record.value.extend(vec![b' '; activity::BODY_BYTES_MAX]);
        assert!(read(&STORE, &record).is_err());
    }

    proptest! {
        #[test]
        fn no_value_is_too_odd_to_be_refused(value: Vec<u8>) {
            let mut record = encode(&STORE, &activity());
            record.value = value;
            drop(read(&STORE, &record));
        }
    }
}
