//! Events as stored, for ever: each type and version that was ever written has a file here, and
//! every one of them can still be read. Files are added, never changed or removed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use trilby_account::{Event, UnknownEvent, etype_of, organization, platform};
use trilby_testkit::given::assert_plain;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    etype: String,
    ever: u16,
    data: Value,
}

fn files() -> Vec<(String, Stored)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stored");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let stored = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
            (name, stored)
        })
        .collect();
    files.sort_by(|one, two| one.0.cmp(&two.0));
    files
}

/// Data as this binary would write it again, by whichever kind of log knows the type.
fn rewritten(stored: &Stored) -> Result<(u16, Value), UnknownEvent> {
    let Stored { etype, ever, data } = stored;
    let known = |table: &[(&str, u16)]| table.iter().any(|(name, _)| name == etype);
    if known(organization::Event::KNOWN) {
        let event = organization::Event::from_stored(etype, *ever, data)?;
        Ok((event.version(), event.to_data()))
    } else if known(platform::Event::KNOWN) {
        let event = platform::Event::from_stored(etype, *ever, data)?;
        Ok((event.version(), event.to_data()))
    } else {
        let event = Event::from_stored(etype, *ever, data)?;
        Ok((event.version(), event.to_data()))
    }
}

fn tables() -> Vec<(&'static str, u16, &'static str)> {
    let tables = [
        (Event::KNOWN, Event::NAMES),
        (organization::Event::KNOWN, organization::Event::NAMES),
        (platform::Event::KNOWN, platform::Event::NAMES),
    ];
    let rows = tables.into_iter().flat_map(|(known, names)| {
        known
            .iter()
            .zip(names)
            .map(|((etype, version), name)| (*etype, *version, *name))
    });
    rows.collect()
}

#[test]
fn every_stored_event_is_read_and_written_again_as_it_is() {
    for (file, stored) in files() {
        assert_eq!(file, format!("{}.v{}.json", stored.etype, stored.ever));
        assert_plain(&stored.data, &file);
        let (version, data) = rewritten(&stored).unwrap_or_else(|why| panic!("{file}: {why:?}"));
        if version == stored.ever {
            assert_eq!(data, stored.data, "{file}");
        }
    }
}

#[test]
fn every_version_of_every_event_has_its_file() {
    let found: BTreeSet<String> = files().into_iter().map(|(file, _)| file).collect();
    for (etype, version, _) in tables() {
        for ever in 1..=version {
            let file = format!("{etype}.v{ever}.json");
            assert!(found.contains(&file), "tests/stored/{file} is missing");
        }
    }
    assert_eq!(
        found.len(),
        tables().iter().map(|row| usize::from(row.1)).sum::<usize>()
    );
}

#[test]
fn stored_types_follow_from_the_names_and_are_unique() {
    let mut seen = BTreeSet::new();
    for (etype, _, name) in tables() {
        assert_eq!(etype_of(name).as_deref(), Some(etype));
        assert!(seen.insert(etype), "{etype} is used twice");
    }
    assert_eq!(
        etype_of("RolePolicyAttached").unwrap(),
        "role.policy_attached"
    );
    assert_eq!(etype_of("AccessKeyCreated").unwrap(), "access_key.created");
    assert_eq!(etype_of("NobodyKnows"), None);
}

#[test]
fn what_is_unknown_is_an_error() {
    let data = serde_json::json!({});
    let of = |etype: &str, ever, data: &Value| Event::from_stored(etype, ever, data);
    assert!(matches!(
        of("user.promoted", 1, &data),
        Err(UnknownEvent::Type { .. })
    ));
    assert!(matches!(
        of("account.resumed", 2, &data),
        Err(UnknownEvent::Version { known: 1, .. })
    ));
    assert!(matches!(
        of("account.resumed", 0, &data),
        Err(UnknownEvent::Version { .. })
    ));
    let surplus = serde_json::json!({ "surprise": true });
    assert!(matches!(
        of("account.resumed", 1, &surplus),
        Err(UnknownEvent::Data { .. })
    ));
    assert!(of("account.resumed", 1, &data).is_ok());
    for value in [Value::Null, serde_json::json!([]), serde_json::json!("")] {
        assert!(of("user.created", 1, &value).is_err());
    }
}
