//! Memory and SQLite are the same store: random work gives the same answers, errors and rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "support/common.rs"]
mod common;

use common::{account, at, event, options};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;
use trilby_eventlog::archive::{Row, Section};
use trilby_eventlog::revocation::id_hash;
use trilby_eventlog::snapshot::{Header, Snapshot};
use trilby_eventlog::verify::{self, Status};
use trilby_eventlog::{
    Activity, ActivityFilter, Archive, Claim, ClaimKey, ClaimScope, Commit, Credential, Dependency,
    Entry, EventLog, Expected, Memory, NewReceipt, NewRevocation, OneTime, RevocationKind,
    SideBody, SideWrite, TrustingChange,
};
use trilby_eventlog_sqlite::{Options, Sqlite};
use trilby_model::{LogId, Seq};

#[derive(Debug, Clone)]
struct Part {
    log: u64,
    n_events: u64,
    stale: bool,
}

#[derive(Debug, Clone)]
enum Op {
    Append {
        parts: Vec<Part>,
        at: i64,
        take: Option<(u8, bool)>,
        release: Option<(u8, bool)>,
        receipt: Option<u8>,
        revoke: Option<(u8, Option<u64>)>,
        alive: Option<(u64, u8, u64)>,
        trust: Option<(u8, bool)>,
        side: Vec<Side>,
    },
    Side(Vec<Side>),
    Activity {
        log: u64,
        ids: Vec<u8>,
        at: i64,
    },
    ActivityPurge(i64),
    Snapshot {
        log: u64,
        seq: u64,
    },
    Prune {
        log: u64,
    },
    Purge(i64),
    Close {
        log: u64,
        erase: bool,
    },
    Fence,
}

#[derive(Debug, Clone)]
enum Side {
    Insert(u64, u8),
    Take(u64, u8),
    Mark(u64, u8),
    Add(u64, i64, i64, Option<i64>),
    Raise(u64, i64),
    Clear(u64),
}

const LOGS: u64 = 3;

/// One to three different logs, the first of which gets events; now and then one is stale.
fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = (0..4_u64, prop::bool::weighted(0.05));
    (0..LOGS, vec(part, 1..=3)).prop_map(|(start, parts)| {
        let part = |(i, (n, stale)): (u64, (u64, bool))| Part {
            log: (start + i) % LOGS,
            n_events: if i == 0 { n.max(1) } else { n },
            stale,
        };
        (0..).zip(parts).map(part).collect()
    })
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![
        (0..LOGS, 0..3_u8).prop_map(|(log, n)| Side::Insert(log, n)),
        (0..LOGS, 0..3_u8).prop_map(|(log, n)| Side::Take(log, n)),
        (0..LOGS, 0..3_u8).prop_map(|(log, n)| Side::Mark(log, n)),
        (0..LOGS, -2..5_i64, 0..50_i64, option::of(0..50_i64))
            .prop_map(|(log, n, now, until)| Side::Add(log, n, now, until)),
        (0..LOGS, 0..5_i64).prop_map(|(log, n)| Side::Raise(log, n)),
        (0..LOGS).prop_map(Side::Clear),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let extras = (
        option::weighted(0.3, (0..9_u8, any::<bool>())),
        option::of((0..9_u8, any::<bool>())),
        option::weighted(0.4, 0..20_u8),
        option::of((0..3_u8, option::of(0..3_u64))),
        option::weighted(0.3, (0..LOGS, 0..3_u8, 0..8_u64)),
        option::of((0..3_u8, any::<bool>())),
        vec(side(), 0..2),
    );
    prop_oneof![
        12 => (parts(), 0..50_i64, extras).prop_map(|(parts, at, (take, release, receipt, revoke, alive, trust, side))| {
            Op::Append { parts, at, take, release, receipt, revoke, alive, trust, side }
        }),
        2 => vec(side(), 1..4).prop_map(Op::Side),
        2 => (0..LOGS, vec(0..20_u8, 0..4), 0..50_i64).prop_map(|(log, ids, at)| Op::Activity { log, ids, at }),
        1 => (0..50_i64).prop_map(Op::ActivityPurge),
        1 => (0..LOGS, 1..12_u64).prop_map(|(log, seq)| Op::Snapshot { log, seq }),
        1 => (0..LOGS).prop_map(|log| Op::Prune { log }),
        1 => (0..50_i64).prop_map(Op::Purge),
        1 => (0..LOGS, prop::bool::weighted(0.3)).prop_map(|(log, erase)| Op::Close { log: log + 10, erase }),
        1 => Just(Op::Fence),
    ]
}

fn hash_of(id: u8) -> [u8; 16] {
    id_hash(RevocationKind::User, &[[id]])
}

fn claim(log: &LogId, (name, own): (u8, bool)) -> Claim {
    let scope = if own {
        ClaimScope::Log(log.clone())
    } else {
        ClaimScope::Store
    };
    let mac = trilby_eventlog::claim::mac(&[2; 32], &name.to_string());
    Claim {
        key: ClaimKey {
            scope,
            kind: 1,
            mac,
        },
        log: log.clone(),
        event: 0,
    }
}

fn side_write(side: &Side) -> SideWrite {
    let subject = || "TUSR1".to_owned();
    match *side {
        Side::Insert(log, n) => SideWrite::CredentialInsert(Credential {
            log: account(log),
            subject: subject(),
            kind: 1,
            generation: u32::from(n),
            body: SideBody(vec![n]),
            expires_at: (n == 1).then(|| at(5)),
        }),
        Side::Take(log, n) => SideWrite::CredentialTake {
            log: account(log),
            subject: subject(),
            kind: 1,
            generation: u32::from(n),
        },
        Side::Mark(log, n) => {
            let expires_at = at(i64::from(n) * 10);
            SideWrite::OneTimeInsert(OneTime {
                log: account(log),
                purpose: 1,
                key_hash: [n; 32],
                expires_at,
            })
        }
        Side::Add(log, delta, now, until) => SideWrite::CounterAdd {
            log: account(log),
            subject: subject(),
            kind: 1,
            delta,
            now: at(now),
            until: until.map(at),
        },
        Side::Raise(log, value) => SideWrite::CounterRaise {
            log: account(log),
            subject: subject(),
            kind: 2,
            value,
            until: None,
        },
        Side::Clear(log) => SideWrite::CounterClear {
            log: account(log),
            subject: subject(),
            kind: 1,
        },
    }
}

/// Does one thing and tells everything that came of it.
async fn apply(store: &dyn Archive, op: &Op) -> String {
    match op {
        Op::Append {
            parts,
            at: seconds,
            take,
            release,
            receipt,
            revoke,
            alive,
            trust,
            side,
        } => {
            let mut entries = Vec::new();
            for part in parts {
                let log = account(part.log);
                let expected = match store.head(&log).await.unwrap() {
                    Some(head) if part.stale => Expected::At {
                        seq: Seq::new(head.seq.get() - 1),
                        hash: head.hash,
                    },
                    Some(head) => Expected::at(&head),
                    None => Expected::New,
                };
                entries.push(Entry {
                    log,
                    expected,
                    events: (0..part.n_events).map(event).collect(),
                });
            }
            let first = account(parts[0].log);
            let salt = [u8::try_from(*seconds).unwrap(); 32];
            let commit = Commit {
                claims_taken: take.iter().map(|name| claim(&first, *name)).collect(),
                claims_released: release.iter().map(|name| claim(&first, *name)).collect(),
                receipt: receipt.map(|key| NewReceipt {
                    log: first.clone(),
                    key: [key; 32],
                    request_hash: [key; 32],
                    status: 200,
                    response: None,
                }),
                revocations: revoke
                    .iter()
                    .map(|(id, before)| NewRevocation {
                        log: first.clone(),
                        event: 0,
                        kind: RevocationKind::User,
                        id_hash: hash_of(*id),
                        before: before.map(Seq::new),
                    })
                    .collect(),
                alive: alive
                    .iter()
                    .map(|(log, id, seq)| Dependency {
                        log: account(*log),
                        kind: RevocationKind::User,
                        id_hash: hash_of(*id),
                        seq: Seq::new(*seq),
                    })
                    .collect(),
                trusting: trust
                    .iter()
                    .map(|(key, put)| {
                        let (key, log, role) = ([*key; 32], first.clone(), "TROL1".to_owned());
                        if *put {
                            TrustingChange::Put {
                                key,
                                log,
                                role,
                                event: 0,
                            }
                        } else {
                            TrustingChange::Remove { key, log, role }
                        }
                    })
                    .collect(),
                side: side.iter().map(side_write).collect(),
                ..Commit::new(at(*seconds), json!({ "request_id": "r" }), salt, entries)
            };
            format!("{:?}", store.append(commit).await)
        }
        Op::Side(writes) => format!(
            "{:?}",
            store
                .side_write(writes.iter().map(side_write).collect())
                .await
        ),
        Op::Activity {
            log,
            ids,
            at: seconds,
        } => {
            let record = |id: &u8| Activity {
                log: account(*log),
                at: at(*seconds + i64::from(*id)),
                kind: "session.issued".to_owned(),
                id: format!("TSES{id}"),
                body: b"{}".to_vec(),
            };
            format!(
                "{:?}",
                store
                    .activity_append(ids.iter().map(record).collect())
                    .await
            )
        }
        Op::ActivityPurge(before) => format!("{:?}", store.activity_purge(at(*before)).await),
        Op::Snapshot { log, seq } => {
            let Some(point) = store
                .commit_at(&account(*log), Seq::new(*seq))
                .await
                .unwrap()
            else {
                return String::new();
            };
            let header = Header {
                log: point.log,
                incarnation: 1,
                seq: point.last,
                head_hash: point.hash,
                state_schema: u32::try_from(seq % 2).unwrap(),
                fold_fingerprint: [1; 32],
            };
            format!(
                "{:?}",
                store
                    .snapshot_put(Snapshot::new(&header, b"state").unwrap())
                    .await
            )
        }
        Op::Prune { log } => format!("{:?}", store.snapshot_prune(&account(*log), 1).await),
        Op::Purge(now) => format!(
            "{:?}",
            store.purge(at(*now), at(*now - 10), at(*now - 20)).await
        ),
        Op::Close { log, erase } => {
            // Makes the log if need be, so that there is something to close.
            drop(store.append(common::commit(store, *log, 1).await).await);
            format!("{:?}", store.close_log(&account(*log), *erase).await)
        }
        Op::Fence => format!("{:?}", store.fence(0).await),
    }
}

async fn rows(store: &dyn Archive, section: Section) -> Vec<String> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = store.export(section, None, after, 3).await.unwrap();
        rows.extend(page.rows.into_iter().map(|row| match row {
            // Who wrote it differs between processes.
            Row::Activity(record) => format!(
                "{:?} {} {}",
                record.activity, record.segment, record.position
            ),
            Row::Segment(one) => format!("{} {} {} {}", one.n, one.count, one.root, one.expired),
            row => format!("{row:?}"),
        }));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    rows.sort();
    rows
}

/// Everything a reader can ask.
async fn portrait(store: &dyn Archive) -> Vec<String> {
    let mut told = Vec::new();
    for section in Section::ALL {
        told.push(format!("{section:?} {:#?}", rows(store, section).await));
    }
    told.push(format!("{:?}", store.logs(None, 99).await));
    told.push(format!("{:?}", store.revocations_since(at(10)).await));
    told.push(format!("{:?}", store.trusting(&[[0; 32], [1; 32]]).await));
    for log in (0..LOGS).map(account) {
        for after in [0, 1, 3, 6] {
            told.push(format!("{:?}", store.read(&log, Seq::new(after), 4).await));
            told.push(format!(
                "{:?}",
                store.commit_at(&log, Seq::new(after)).await
            ));
            told.push(format!(
                "{:?}",
                store.snapshot_get(&log, 1, Some(Seq::new(after))).await
            ));
        }
        for seconds in [-1, 0, 10, 25, 49] {
            told.push(format!("{:?}", store.head_at(&log, at(seconds)).await));
        }
        let newest = store
            .activity_list(&log, &ActivityFilter::default(), 5)
            .await
            .unwrap();
        told.push(format!(
            "{:?}",
            newest
                .into_iter()
                .map(|record| record.activity)
                .collect::<Vec<_>>()
        ));
        told.push(format!("{:?}", store.credential(&log, "TUSR1", 1).await));
        told.push(format!("{:?}", store.counter(&log, "TUSR1", 1).await));
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sqlite_agree(ops in vec(op(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let sqlite = Sqlite::open(dir.path(), &Options { relay: false, ..options() }).unwrap();
            let memory = Memory::without_relay(sqlite.store_meta().await.unwrap());
            for op in &ops {
                prop_assert_eq!(apply(&memory, op).await, apply(&sqlite, op).await, "{:?}", op);
            }
            for (ours, theirs) in portrait(&memory).await.iter().zip(portrait(&sqlite).await.iter()) {
                prop_assert_eq!(ours, theirs);
            }
            let stores: [&dyn Archive; 2] = [&memory, &sqlite];
            for store in stores {
                let report = verify::verify(store, &verify::Options::default()).await.unwrap();
                prop_assert_eq!(report.status, Status::Ok, "{:?}", report.findings);
            }
            Ok(())
        })?;
    }
}
