use serde_json::json;

use super::*;

fn store() -> StoreMeta {
    StoreMeta {
        store_id: [1; 16],
        incarnation: 1,
        store_key_fingerprint: [0; 32],
        min_reader_level: 1,
    }
}

fn entry(log: LogId, n_events: usize) -> Entry {
    let event = NewEvent {
        etype: "test.happened".to_owned(),
        ever: 1,
        data: json!({}),
    };
    Entry {
        log,
        expected: Expected::New,
        events: vec![event; n_events],
    }
}

fn commit(entries: Vec<Entry>) -> Commit {
    Commit::new(Timestamp::from_micros(5), json!({}), [3; 32], entries)
}

fn account(n: u64) -> LogId {
    format!("{n:012}").parse().unwrap()
}

#[test]
fn salts_differ_by_commit_log_and_seq() {
    let mut salts = vec![
        salt(&[0; 32], &account(1).to_string(), Seq::new(1)),
        salt(&[1; 32], &account(1).to_string(), Seq::new(1)),
        salt(&[0; 32], &account(2).to_string(), Seq::new(1)),
        salt(&[0; 32], &account(1).to_string(), Seq::new(2)),
    ];
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 4);
}

#[test]
fn the_other_logs_of_a_commit_are_in_its_meta_and_guards_are_not() {
    let commit = commit(vec![
        entry(account(1), 2),
        entry(account(2), 0),
        entry(account(3), 1),
    ]);
    let sealed = seal(&store(), &commit, &[None, None, None]).unwrap();
    let prepared = Prepared::new(commit.clone()).unwrap();
    let same = prepared.seal(&store(), &[None, None, None]);
    assert_eq!(same.unwrap(), sealed);
    let with = |n: usize| sealed.commits[n].events[0].meta().unwrap()["with"].clone();
    assert_eq!(with(0), json!(["000000000003@1"]));
    assert_eq!(with(1), json!(["000000000001@2"]));
    for one in &sealed.commits {
        one.check().unwrap();
    }
}

#[test]
fn a_doubled_revocation_is_one_row_of_the_further_reach() {
    let revocation = |before| crate::NewRevocation {
        log: account(1),
        event: 1,
        kind: crate::RevocationKind::User,
        id_hash: [0; 16],
        before,
    };
    let commit = Commit {
        revocations: vec![revocation(Some(Seq::new(1))), revocation(None)],
        ..commit(vec![entry(account(1), 2)])
    };
    let sealed = seal(&store(), &commit, &[None]).unwrap();
    assert_eq!(sealed.revocations.len(), 1);
    assert_eq!(sealed.revocations[0].before, Seq::new(2));
}

#[test]
fn an_empty_log_may_be_expected_by_its_genesis() {
    let genesis = chain::genesis(&[1; 16], &account(1));
    let mut one = entry(account(1), 1);
    one.expected = Expected::At {
        seq: Seq::ZERO,
        hash: genesis,
    };
    assert_eq!(
        check_heads(&store(), &commit(vec![one.clone()]), &[None]),
        Ok(())
    );
    one.expected = Expected::At {
        seq: Seq::ZERO,
        hash: Hash([0; 32]),
    };
    assert!(check_heads(&store(), &commit(vec![one]), &[None]).is_err());
}
