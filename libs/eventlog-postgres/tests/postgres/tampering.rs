//! Whatever is changed behind the log's back is found, and where.

use trilby_eventlog::snapshot::{Header, Snapshot};
use trilby_eventlog::verify::{
    Effects, Fold, Folds, Options as Verify, Report, SnapshotVerdict, Status, verify,
};
use trilby_eventlog::{
    Archive, Claim, ClaimKey, ClaimScope, Commit, EventLog, NewRevocation, RecordedCommit,
    RevocationKind,
};
use trilby_eventlog_postgres::{Postgres, Role};
use trilby_model::{LogId, Seq};

use crate::support::common::{self, Database, account, append};

/// What is done to a log (L), and the seqs one of which must be named.
const CHANGES: [(&str, &str, &[u64]); 18] = [
    (
        "a byte of a body",
        "update event set body = set_byte(body, 9, get_byte(body, 9) # 1) where L and seq = 3",
        &[3],
    ),
    (
        "a byte of a body's hash",
        "update event set body_hash = set_byte(body_hash, 9, get_byte(body_hash, 9) # 1) where L and seq = 3",
        &[3],
    ),
    (
        "a byte of a hash",
        "update event set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where L and seq = 3",
        &[3, 4],
    ),
    (
        "a time",
        "update event set at = at + 1 where L and seq = 3",
        &[3],
    ),
    (
        "the head",
        "update log_head set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where L",
        &[6],
    ),
    (
        "the middle",
        "delete from event where L and seq = 3",
        &[3, 4],
    ),
    ("the end", "delete from event where L and seq = 6", &[5, 6]),
    (
        "two rows changed about",
        "update event set seq = case seq when 2 then -3 else -2 end where L and seq in (2, 3);
         update event set seq = -seq where L and seq < 0",
        &[2],
    ),
    (
        "a receipt of what is not there",
        "insert into receipt select log_id, sha256('k'), sha256('r'), 90, 90, 200, null, 1 from log_head where L",
        &[90],
    ),
    (
        "a whole commit in the middle",
        "delete from event where L and seq = 3;
         update event set seq = seq - 1, commit_first = commit_first - 1, commit_last = commit_last - 1 where L and seq > 3;
         update log_head set seq = seq - 1 where L",
        &[2, 3],
    ),
    (
        "a byte of a snapshot",
        "update snapshot set body = set_byte(body, 9, get_byte(body, 9) # 1) where L",
        &[5],
    ),
    (
        "the last byte of a snapshot",
        "update snapshot set body = set_byte(body, length(body) - 1, get_byte(body, length(body) - 1) # 1) where L",
        &[5],
    ),
    (
        "half of a snapshot",
        "update snapshot set body = substring(body for length(body) / 2) where L",
        &[5],
    ),
    (
        "the hash of a snapshot",
        "update snapshot set head_hash = set_byte(head_hash, 9, get_byte(head_hash, 9) # 1) where L",
        &[5],
    ),
    (
        "a byte of a claim",
        "update claim set value_mac = set_byte(value_mac, 9, get_byte(value_mac, 9) # 1) where L",
        &[1],
    ),
    ("a claim that is gone", "delete from claim where L", &[1]),
    (
        "a claim that is another's",
        "update claim set log_id = (select log_id from log_head where public_id = '000000000001') where L",
        &[1],
    ),
    (
        "a revocation that is gone",
        "delete from revocation where L",
        &[2],
    ),
];

/// The first event of a log takes its name, the second ends a user's sessions; the state is how many there are.
struct Toy;

struct ToyFold(LogId, u64);

impl Folds for Toy {
    fn begin(&self, log: &LogId) -> Box<dyn Fold> {
        Box::new(ToyFold(log.clone(), 0))
    }
}

impl Fold for ToyFold {
    fn apply(&mut self, commit: &RecordedCommit) -> Result<Effects, String> {
        commit.check().map_err(|error| error.to_string())?;
        self.1 += u64::try_from(commit.events.len()).unwrap();
        Ok(effects(&self.0, commit.first))
    }

    fn compare(&mut self, snapshot: &Snapshot) -> SnapshotVerdict {
        match snapshot.open() {
            Ok((_, state)) if state == self.1.to_be_bytes() => SnapshotVerdict::Same,
            _ => SnapshotVerdict::Different,
        }
    }
}

fn effects(log: &LogId, seq: Seq) -> Effects {
    let mut effects = Effects::default();
    match seq.get() {
        1 => effects.claims_taken.push(Claim {
            key: ClaimKey {
                scope: ClaimScope::Store,
                kind: 1,
                mac: trilby_eventlog::claim::mac(&[4; 32], &log.to_string()),
            },
            log: log.clone(),
            event: 0,
        }),
        2 => effects.revocations.push(NewRevocation {
            log: log.clone(),
            event: 0,
            kind: RevocationKind::User,
            id_hash: [1; 16],
            before: None,
        }),
        _ => {}
    }
    effects
}

/// Something in each table that events make: a log of six events, and a snapshot of its fifth.
async fn write(store: &Postgres, n: u64) {
    for seq in (1..=6).map(Seq::new) {
        let wish = common::commit(store, n, 1).await;
        let Effects {
            claims_taken,
            revocations,
            ..
        } = effects(&account(n), seq);
        let wish = Commit {
            claims_taken,
            revocations,
            ..wish
        };
        store.append(wish).await.unwrap();
    }
    let point = store.commit_at(&account(n), Seq::new(5)).await;
    let point = point.unwrap().unwrap();
    let header = Header {
        log: account(n),
        incarnation: 1,
        seq: point.last,
        head_hash: point.hash,
        state_schema: 1,
        fold_fingerprint: [1; 32],
    };
    let snapshot = Snapshot::new(&header, &5_u64.to_be_bytes()).unwrap();
    store.snapshot_put(snapshot).await.unwrap();
}

async fn report(store: &Postgres) -> Report {
    let options = Verify {
        folds: Some(&Toy),
        ..Verify::default()
    };
    verify(store, &options).await.unwrap()
}

#[tokio::test]
#[ignore = "needs services"]
async fn every_change_is_found_and_named() {
    let database = Database::new();
    let store = database.open(Role::Admin).await;
    // A log for each change, one that is left alone, and one to which something is given.
    let (sound, given) = (100, 1);
    let changes = || CHANGES.iter().zip(10..);
    let logs = changes().map(|(_, n)| n);
    for n in logs.chain([sound, given]) {
        write(&store, n).await;
    }
    let before = report(&store).await;
    assert_eq!(before.status, Status::Ok, "{:#?}", before.findings);
    assert!(before.unchecked.is_empty(), "{:?}", before.unchecked);
    let client = database.client().await;
    for ((_, sql, _), n) in changes() {
        let of_log = format!(
            "where log_id = (select log_id from log_head where public_id = '{}')",
            account(n)
        );
        client
            .batch_execute(&sql.replace("where L", &of_log))
            .await
            .unwrap();
    }
    let found = report(&store).await;
    assert_eq!((found.status, found.exit_code()), (Status::Broken, 2));
    let seqs_of = |n: u64| -> Vec<u64> {
        let of_log = found
            .findings
            .iter()
            .filter(|one| one.log == Some(account(n)));
        of_log
            .filter_map(|one| one.seq)
            .map(|seq| seq.get())
            .collect()
    };
    for ((what, _, seqs), n) in changes() {
        let named = seqs_of(n);
        assert!(
            named.iter().any(|seq| seqs.contains(seq)),
            "{what}: {:#?}",
            found.findings
        );
    }
    let of_sound = found
        .findings
        .iter()
        .find(|one| one.log == Some(account(sound)));
    assert_eq!(of_sound, None);
}

/// A log written anew has a chain without a fault. What was told of the old one gives it away.
#[tokio::test]
#[ignore = "needs services"]
async fn a_log_chained_anew_is_caught_by_a_position_kept_from_before() {
    let (database, forged) = (Database::new(), Database::new());
    let (store, forgery) = (
        database.open(Role::Admin).await,
        forged.open(Role::Admin).await,
    );
    let meta = store.store_meta().await.unwrap();
    forgery.import_meta(&meta).await.unwrap();
    let report = async |store| verify(store, &Verify::default()).await.unwrap();
    append(&store, 1, 2).await;
    let kept = [store.head(&account(1)).await.unwrap().unwrap().position()];
    append(&forgery, 1, 2).await;
    assert_eq!(report(&forgery).await.status, Status::Ok);
    let options = Verify {
        kept: &kept,
        ..Verify::default()
    };
    let sound = verify(&store, &options).await.unwrap();
    assert_eq!(sound.status, Status::Ok, "{:#?}", sound.findings);
    let found = verify(&forgery, &options).await.unwrap();
    assert_eq!(found.status, Status::Broken);
    assert!(found.findings.iter().any(|one| one.log == Some(account(1))));
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_head_of_another_kind_than_its_log_is_found() {
    let database = Database::new();
    let store = database.open(Role::Admin).await;
    append(&store, 1, 2).await;
    let client = database.client().await;
    client
        .batch_execute("update log_head set kind = 2")
        .await
        .unwrap();
    let found = report(&store).await;
    assert_eq!(found.exit_code(), 2, "{:#?}", found.findings);
}
