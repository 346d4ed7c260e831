//! Published values of everything that is hashed. They are a promise: stores written by any
//! release verify with any later one. Only ever added to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use trilby_eventlog::activity::{leaf, root};
use trilby_eventlog::verify::Exports;
use trilby_eventlog::{
    Activity, Archive, Commit, Entry, EventLog, Expected, Memory, NewEvent, RevocationKind,
    Segment, StoreMeta, chain, claim, export, meta, revocation,
};
use trilby_model::{Hash, LogId, Position, Seq, Timestamp};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn published() -> Value {
    serde_json::from_str(&std::fs::read_to_string(file("tests/vectors.json")).unwrap()).unwrap()
}

fn event(etype: &str, ever: u16, data: Value) -> NewEvent {
    NewEvent {
        etype: etype.to_owned(),
        ever,
        data,
    }
}

/// A store that is the same whenever it is made: three logs, commits of one and two logs, two
/// incarnations, bodies with everything JSON has.
async fn store() -> Memory {
    let store = Memory::new(StoreMeta {
        store_id: *b"vectors of logs!",
        incarnation: 1,
        store_key_fingerprint: [0; 32],
        min_reader_level: 1,
    });
    let account: LogId = "111122223333".parse().unwrap();
    let organization: LogId = "o-4k7m2xq9ab".parse().unwrap();
    let meta = json!({ "actor": { "id": "TUSR0123456789ABCDEFG", "arn": "arn:trilby:iam::111122223333:user/mary" }, "request_id": "0190" });
    let at = Timestamp::from_micros(1_700_000_000_123_456);
    let commits = [
        (
            vec![(
                LogId::Platform,
                vec![event("installation.bootstrapped", 1, json!({}))],
            )],
            at,
        ),
        (
            vec![
                (
                    account.clone(),
                    vec![
                        event(
                            "account.created",
                            1,
                            json!({ "name": "Acme", "z": null, "a": [true, false, -1, 9_007_199_254_740_991_i64] }),
                        ),
                        event(
                            "user.created",
                            2,
                            json!({ "name": "Zo\u{eb} \"\\\u{1f3a9}\u{7}", "\u{e9}": {}, "e": "\u{20ac}" }),
                        ),
                    ],
                ),
                (
                    organization.clone(),
                    vec![event(
                        "member.joined",
                        1,
                        json!({ "account": "111122223333" }),
                    )],
                ),
            ],
            at,
        ),
        (
            vec![(
                account.clone(),
                vec![event(
                    "policy.created",
                    1,
                    json!({ "document": { "Version": "2012-10-17" } }),
                )],
            )],
            Timestamp::from_micros(1),
        ),
    ];
    for (n, (entries, at)) in (0..).zip(commits) {
        let mut parts = Vec::new();
        for (log, events) in entries {
            let expected = store
                .head(&log)
                .await
                .unwrap()
                .map_or(Expected::New, |head| Expected::at(&head));
            parts.push(Entry {
                log,
                expected,
                events,
            });
        }
        store
            .append(Commit::new(at, meta.clone(), [n; 32], parts))
            .await
            .unwrap();
    }
    store.fence(0).await.unwrap();
    let head = store.head(&account).await.unwrap().unwrap();
    let entry = Entry {
        log: account,
        expected: Expected::at(&head),
        events: vec![event("user.deleted", 1, json!({ "user": "TUSR1" }))],
    };
    store
        .append(Commit::new(at, meta, [9; 32], vec![entry]))
        .await
        .unwrap();
    store
}

async fn logs() -> Value {
    let store = store().await;
    let meta = store.store_meta().await.unwrap();
    let mut logs = Vec::new();
    for head in store.logs(None, 9).await.unwrap() {
        let mut log = export::manifest(&meta, &head);
        let events = store.events(&head.log, Seq::ZERO, 99).await.unwrap();
        log["events"] = events.iter().map(export::event).collect();
        logs.push(log);
    }
    Value::Array(logs)
}

fn id_hashes() -> Value {
    let cases: [(RevocationKind, &[&str]); 4] = [
        (RevocationKind::User, &["TUSR0123456789ABCDEFG"]),
        (RevocationKind::Account, &["111122223333"]),
        (
            RevocationKind::ProviderSubject,
            &["TIDP0123456789ABCDEFG", "sub|1"],
        ),
        (
            RevocationKind::SessionName,
            &["TROL0123456789ABCDEFG", "Zo\u{eb}"],
        ),
    ];
    let of = |(kind, parts): (RevocationKind, &[&str])| json!({ "kind": kind.letter().to_string(), "parts": parts, "id_hash": hex::encode(revocation::id_hash(kind, parts)) });
    cases.into_iter().map(of).collect()
}

fn keyed() -> Value {
    json!({
        "key": hex::encode([7; 32]),
        "store_key_fingerprint": hex::encode(meta::store_key_fingerprint(&[7; 32])),
        "claim": { "value": "acme", "mac": hex::encode(claim::mac(&[7; 32], "acme")) },
    })
}

fn segments() -> Value {
    let record = |n: u8| Activity {
        log: "111122223333".parse().unwrap(),
        at: Timestamp::from_micros(1_700_000_000_000_000 + i64::from(n)),
        kind: "session.issued".to_owned(),
        id: format!("TSES{n}"),
        body: format!("{{\"n\":{n}}}").into_bytes(),
    };
    let mut prev = Hash([0; 32]);
    let mut segments = Vec::new();
    for (n, count) in [(1, 1), (2, 3), (3, 6)] {
        let records: Vec<_> = (0..count).map(record).collect();
        let segment = Segment::of([5; 16], n, prev, &records).unwrap();
        let leaves: Vec<_> = records.iter().map(leaf).collect();
        assert_eq!(root(&leaves), segment.root);
        prev = segment.hash();
        segments.push(json!({
            "n": n,
            "leaves": leaves.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "root": segment.root.to_string(),
            "hash": prev.to_string(),
        }));
    }
    Value::Array(segments)
}

#[tokio::test]
async fn the_published_values_still_come_out() {
    let made = json!({
        "about": "Values that every implementation of the log must compute; `verify.py` checks `logs`.",
        "logs": logs().await,
        "id_hashes": id_hashes(),
        "keyed": keyed(),
        "segments": segments(),
    });
    let published = published();
    for part in ["logs", "id_hashes", "keyed", "segments"] {
        assert_eq!(published[part], made[part], "{part}; made anew:\n{made:#}");
    }
}

#[test]
fn the_published_chain_is_the_documented_one() {
    for log in published()["logs"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let hash = |value: &Value| text(value).parse::<Hash>().unwrap();
        let number = |value: &Value| value.as_u64().unwrap();
        let id: LogId = text(&log["log"]).parse().unwrap();
        let store_id = hex::decode(text(&log["store_id"]))
            .unwrap()
            .try_into()
            .unwrap();
        let mut prev = chain::genesis(&store_id, &id);
        assert_eq!(prev, hash(&log["genesis"]));
        for event in log["events"].as_array().unwrap() {
            assert_eq!(
                chain::body_hash(&hex::decode(text(&event["body"])).unwrap()),
                hash(&event["body_hash"])
            );
            let link = chain::Link {
                log: &id,
                incarnation: u32::try_from(number(&event["incarnation"])).unwrap(),
                seq: Seq::new(number(&event["seq"])),
                commit_first: Seq::new(number(&event["commit_first"])),
                commit_last: Seq::new(number(&event["commit_last"])),
                at: Timestamp::from_micros(event["at"].as_i64().unwrap()),
                etype: event["etype"].as_str().unwrap(),
                ever: u16::try_from(number(&event["ever"])).unwrap(),
                body_hash: hash(&event["body_hash"]),
            };
            prev = chain::event_hash(&prev, &link);
            assert_eq!(prev, hash(&event["hash"]));
        }
        assert_eq!(prev, hash(&log["hash"]));
    }
}

/// Runs the second implementation; `None` where there is no Python.
fn python(arguments: &[&str]) -> Option<Output> {
    let output = Command::new("python3")
        .arg(file("verify.py"))
        .args(arguments)
        .output();
    match output {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("NOT RUN: python3 is not installed, verify.py was not tried");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_second_implementation_agrees() {
    let path = file("tests/vectors.json");
    let Some(output) = python(&[path.to_str().unwrap()]) else {
        return;
    };
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[derive(serde::Deserialize)]
struct ExpectedOfExport {
    file: String,
    #[serde(default)]
    kept: Vec<String>,
    status: String,
    log: Option<LogId>,
    seq: Option<u64>,
}

/// What verifiers must say of the published exports.
fn expected_of_exports() -> Vec<ExpectedOfExport> {
    let text = std::fs::read_to_string(file("tests/exports/expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn the_published_exports_still_come_out() {
    let store = store().await;
    for (log, name) in [
        ("111122223333", "account"),
        ("o-4k7m2xq9ab", "organization"),
        ("platform", "platform"),
    ] {
        let mut text = Vec::new();
        let log: LogId = log.parse().unwrap();
        export::export_log(&store, &log, &mut text).await.unwrap();
        let published = std::fs::read(file(&format!("tests/exports/{name}.jsonl"))).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            String::from_utf8(published).unwrap()
        );
    }
    let log: LogId = "111122223333".parse().unwrap();
    store.close_log(&log, true).await.unwrap();
    let mut text = Vec::new();
    export::export_log(&store, &log, &mut text).await.unwrap();
    let published = std::fs::read_to_string(file("tests/exports/erased.jsonl")).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), published);
}

#[test]
fn published_exports_are_told_apart() {
    let expected = expected_of_exports();
    assert!(expected.len() > 40);
    for one in expected {
        let kept: Vec<Position> = one.kept.iter().map(|text| text.parse().unwrap()).collect();
        let mut exports = Exports::new(&kept);
        let path = file(&format!("tests/exports/{}", one.file));
        let from = std::io::BufReader::new(std::fs::File::open(path).unwrap());
        exports.file(&one.file, from).unwrap();
        let report = exports.report();
        let (file, kept) = (&one.file, &one.kept);
        assert_eq!(
            serde_json::to_value(report.status).unwrap(),
            json!(one.status),
            "{file} {kept:?}: {:#?}",
            report.findings
        );
        if one.status == "ok" {
            assert_eq!((report.findings.len(), report.logs), (0, 1), "{file}");
            continue;
        }
        let is_named = report.findings.iter().any(|finding| {
            finding.log == one.log
                && (one.seq.is_none() || finding.seq.map(Seq::get) == one.seq)
                && (one.log.is_some() || finding.message.contains(file))
        });
        assert!(is_named, "{file} {kept:?}: {:#?}", report.findings);
    }
}

#[test]
fn an_export_leaves_out_what_lies_beside_the_log() {
    let account = std::fs::read(file("tests/exports/account.jsonl")).unwrap();
    let platform = std::fs::read(file("tests/exports/platform.jsonl")).unwrap();
    let mut exports = Exports::new(&[]);
    exports.file("account", &account[..]).unwrap();
    exports.file("platform", &platform[..]).unwrap();
    let report = serde_json::to_value(exports.report()).unwrap();
    assert_eq!(
        report,
        json!({
            "status": "ok",
            "store_id": hex::encode("vectors of logs!"),
            "incarnation": 2,
            "logs": 2,
            "commits": 4,
            "events": 5,
            "unchecked": [
                "commits", "receipts", "outbox", "revocations", "claims", "trusting", "personal",
                "snapshots", "fold", "activity",
            ],
            "findings": [],
            "findings_total": 0,
        })
    );
    // Exports of different stores are no one thing.
    let other = String::from_utf8(platform).unwrap();
    let other = other.replace(&hex::encode("vectors of logs!"), &hex::encode([1; 16]));
    let mut exports = Exports::new(&[]);
    exports.file("account", &account[..]).unwrap();
    exports.file("other", other.as_bytes()).unwrap();
    let report = exports.report();
    assert!(
        report.findings[0].message.contains("of another store"),
        "{report:#?}"
    );
}

/// However long a line is, it is not read into memory.
#[test]
fn a_line_without_an_end_is_refused() {
    let manifest = std::fs::read_to_string(file("tests/exports/account.jsonl")).unwrap();
    let manifest = manifest.lines().next().unwrap().to_owned() + "\n";
    let endless = manifest
        .as_bytes()
        .chain(std::io::repeat(b' ').take(1 << 40));
    let mut exports = Exports::new(&[]);
    exports
        .file("endless", std::io::BufReader::new(endless))
        .unwrap();
    let report = exports.report();
    assert_eq!(report.exit_code(), 2);
    assert!(
        report.findings[0].message.contains("too long"),
        "{report:#?}"
    );
}

#[test]
fn the_second_implementation_tells_published_exports_apart() {
    for one in expected_of_exports() {
        let path = file(&format!("tests/exports/{}", one.file));
        let mut arguments = Vec::new();
        for kept in &one.kept {
            arguments.extend(["--kept", kept]);
        }
        arguments.push(path.to_str().unwrap());
        let Some(output) = python(&arguments) else {
            return;
        };
        let code = match &one.status[..] {
            "ok" => 0,
            "broken" => 2,
            "incomplete" => 3,
            other => panic!("{other}"),
        };
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn the_second_implementation_notices_every_changed_line() {
    let store = store().await;
    let log: LogId = "111122223333".parse().unwrap();
    let mut text = Vec::new();
    export::export_log(&store, &log, &mut text).await.unwrap();
    let text = String::from_utf8(text).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.jsonl");
    let path_text = path.to_str().unwrap();
    let run = |content: &str, kept: &str| {
        std::fs::write(&path, content).unwrap();
        python(&["--kept", kept, path_text])
    };
    let head = store.head(&log).await.unwrap().unwrap();
    let kept = head.position().to_string();
    let Some(whole) = run(&text, &kept) else {
        return;
    };
    assert_eq!(
        whole.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&whole.stdout)
    );
    let forged = kept.replace('.', ".0");
    let lines: Vec<&str> = text.lines().collect();
    let without = |n: usize| [&lines[..n], &lines[n + 1..]].concat().join("\n");
    let crimes = [
        text.replacen("user.created", "user.erased", 1),
        text.replacen("\"ever\":2", "\"ever\":3", 1),
        text.replacen("\"body\":\"7b", "\"body\":\"7c", 1),
        text.replacen("\"at\":1700", "\"at\":1701", 1),
        without(1),
        without(2),
        without(lines.len() - 1),
    ];
    for (n, crime) in crimes.iter().enumerate() {
        assert_ne!(*crime, text);
        assert_eq!(
            run(crime, &kept).unwrap().status.code(),
            Some(2),
            "change {n}"
        );
    }
    assert_eq!(run(&text, &forged).unwrap().status.code(), Some(2));
    let erased = {
        store.close_log(&log, true).await.unwrap();
        let mut text = Vec::new();
        export::export_log(&store, &log, &mut text).await.unwrap();
        String::from_utf8(text).unwrap()
    };
    assert_eq!(
        run(&erased, &kept).unwrap().status.code(),
        Some(0),
        "an erased log still verifies"
    );
}
