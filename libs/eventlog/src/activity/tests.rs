use super::*;

fn hash(byte: u8) -> Hash {
    Hash([byte; 32])
}

#[test]
fn three_leaves_split_two_and_one() {
    let node = |a: Hash, b: Hash| {
        let digest: [u8; 32] = Sha256::new()
            .chain_update([1])
            .chain_update(a.as_bytes())
            .chain_update(b.as_bytes())
            .finalize()
            .into();
        Hash(digest)
    };
    let left = node(hash(1), hash(2));
    assert_eq!(root(&[hash(1)]), hash(1));
    assert_eq!(root(&[hash(1), hash(2)]), left);
    assert_eq!(root(&[hash(1), hash(2), hash(3)]), node(left, hash(3)));
    assert_eq!(
        root(&[hash(1), hash(2), hash(3), hash(4)]),
        node(left, node(hash(3), hash(4)))
    );
}

#[test]
fn every_member_of_a_record_changes_its_leaf() {
    let one = Activity {
        log: LogId::Platform,
        at: Timestamp::from_micros(1),
        kind: "session.issued".to_owned(),
        id: "TSES1".to_owned(),
        body: b"{}".to_vec(),
    };
    let mut seen = vec![leaf(&one)];
    let mut add = |changed: Activity| {
        let hash = leaf(&changed);
        assert!(!seen.contains(&hash), "{changed:?}");
        seen.push(hash);
    };
    add(Activity {
        log: "111122223333".parse().unwrap(),
        ..one.clone()
    });
    add(Activity {
        at: Timestamp::from_micros(2),
        ..one.clone()
    });
    add(Activity {
        kind: "session.issuedT".to_owned(),
        id: "SES1".to_owned(),
        ..one.clone()
    });
    add(Activity {
        id: "TSES2".to_owned(),
        ..one.clone()
    });
    add(Activity {
        body: b"[]".to_vec(),
        ..one
    });
}
