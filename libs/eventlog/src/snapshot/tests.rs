use super::*;

fn header() -> Header {
    Header {
        log: "111122223333".parse().unwrap(),
        incarnation: 1,
        seq: Seq::new(42),
        head_hash: Hash([7; 32]),
        state_schema: 3,
        fold_fingerprint: [9; 32],
    }
}

#[test]
fn what_was_packed_comes_back() {
    let state = b"state ".repeat(100);
    let snapshot = Snapshot::new(&header(), &state).unwrap();
    assert!(snapshot.body.len() < state.len());
    assert_eq!(snapshot.open().unwrap(), (header(), state));
}

#[test]
fn any_changed_or_missing_byte_is_noticed() {
    let bytes = encode(&header(), b"state").unwrap();
    for i in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[i] ^= 1;
        assert_eq!(decode(&changed), Err(SnapshotError::Damaged), "byte {i}");
        assert_eq!(
            decode(&bytes[..i]),
            Err(SnapshotError::Damaged),
            "cut at {i}"
        );
    }
}

#[test]
fn a_row_that_contradicts_its_bytes_is_damaged() {
    let mut snapshot = Snapshot::new(&header(), b"state").unwrap();
    snapshot.seq = Seq::new(43);
    assert_eq!(snapshot.open(), Err(SnapshotError::Damaged));
}

#[test]
fn a_state_that_was_sealed_otherwise_is_forged() {
    let key = [5; 32];
    let sealed = seal(&key, &header(), b"state").unwrap();
    assert_eq!(unseal(&key, &header(), &sealed).unwrap(), b"state");
    let mut others = vec![header(); 6];
    others[0].log = "o-z44p4n8gzg".parse().unwrap();
    others[1].incarnation += 1;
    others[2].seq = others[2].seq.next();
    others[3].head_hash = Hash([8; 32]);
    others[4].state_schema += 1;
    others[5].fold_fingerprint = [0; 32];
    for other in others {
        assert_eq!(
            unseal(&key, &other, &sealed),
            Err(SnapshotError::Forged),
            "{other:?}"
        );
    }
    let of_another_key = seal(&[6; 32], &header(), b"state").unwrap();
    let mut changed = sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    for forged in [&of_another_key[..], &changed, &sealed[..31], b"", b"state"] {
        assert_eq!(
            unseal(&key, &header(), forged),
            Err(SnapshotError::Forged),
            "{forged:?}"
        );
    }
}

#[test]
fn two_at_the_head_and_one_per_five_thousand_stay() {
    let seqs = [100, 4_900, 5_100, 9_000, 9_500, 10_100, 10_200, 10_300].map(Seq::new);
    let removed: Vec<u64> = superseded(&seqs).into_iter().map(Seq::get).collect();
    assert_eq!(removed, [10_100, 9_000, 5_100, 100]);
}
