//! One long log and the state it folds into, as this and every later binary must see it.
//!
//! If this fails, the fold has come to mean something else: raise `Account::FOLD_VERSION`, so that
//! snapshots made by the older fold are ignored, and write the new state beside the old one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::path::PathBuf;

use serde_json::Value;
use trilby_account::organization::Organization;
use trilby_account::platform::Platform;
use trilby_account::{Account, Event};
use trilby_model::{Seq, Timestamp};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    seq: Seq,
    at_micros: i64,
    etype: String,
    ever: u16,
    data: Value,
}

fn read(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fold");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn the_story_folds_into_the_same_state_as_ever() {
    let log: Vec<Line> = serde_json::from_str(&read("log.json")).unwrap();
    let mut account = Account::empty("111122223333".parse().unwrap());
    for line in &log {
        let event = Event::from_stored(&line.etype, line.ever, &line.data).unwrap();
        account.evolve(&event, line.seq, Timestamp::from_micros(line.at_micros));
    }
    let golden: Value =
        serde_json::from_str(&read(&format!("state.v{}.json", Account::FOLD_VERSION))).unwrap();
    assert_eq!(serde_json::to_value(&account).unwrap(), golden);
    assert_eq!(serde_json::from_value::<Account>(golden).unwrap(), account);
}

#[test]
fn each_fold_has_its_own_fingerprint() {
    let prints = [
        Account::fold_fingerprint(),
        Organization::fold_fingerprint(),
        Platform::fold_fingerprint(),
    ];
    assert_eq!(Account::fold_fingerprint(), prints[0]);
    assert!(prints[0] != prints[1] && prints[1] != prints[2] && prints[0] != prints[2]);
}

#[test]
fn a_snapshot_with_an_unknown_member_is_not_read() {
    let mut golden: Value = serde_json::from_str(&read("state.v1.json")).unwrap();
    golden["surprise"] = Value::Bool(true);
    assert!(serde_json::from_value::<Account>(golden).is_err());
}
