use trilby_model::Seq;

use super::*;
use crate::snapshot::{Header, Snapshot};

async fn put(store: &impl Store, log: &LogId, seq: u64, state_schema: u32) -> Snapshot {
    let point = store.commit_at(log, Seq::new(seq)).await.unwrap().unwrap();
    let header = Header {
        log: log.clone(),
        incarnation: 1,
        seq: point.last,
        head_hash: point.hash,
        state_schema,
        fold_fingerprint: [3; 32],
    };
    let snapshot = Snapshot::new(&header, format!("state at {seq}").as_bytes()).unwrap();
    store.snapshot_put(snapshot.clone()).await.unwrap();
    snapshot
}

pub async fn the_newest_usable_snapshot_is_given(store: &impl Store) {
    let (log, other) = (account(1), account(2));
    for log in [&log, &other] {
        for _ in 0..5 {
            append(store, log, 1).await;
        }
    }
    assert_eq!(store.snapshot_get(&log, 1, None).await.unwrap(), None);
    let second = put(store, &log, 2, 1).await;
    let fourth = put(store, &log, 4, 1).await;
    put(store, &log, 5, 2).await;
    put(store, &other, 5, 1).await;
    assert_eq!(
        store.snapshot_get(&log, 1, None).await.unwrap(),
        Some(fourth.clone())
    );
    assert_eq!(
        store
            .snapshot_get(&log, 1, Some(Seq::new(4)))
            .await
            .unwrap(),
        Some(fourth)
    );
    assert_eq!(
        store
            .snapshot_get(&log, 1, Some(Seq::new(3)))
            .await
            .unwrap(),
        Some(second.clone())
    );
    assert_eq!(
        store
            .snapshot_get(&log, 1, Some(Seq::new(1)))
            .await
            .unwrap(),
        None
    );
    assert_eq!(second.open().unwrap().1, b"state at 2");
    // One at the same place takes its place.
    put(store, &log, 2, 1).await;
    assert_sound(store).await;
}

pub async fn an_erased_log_takes_no_snapshot(store: &impl Store) {
    let (log, other) = (account(1), account(2));
    append(store, &log, 1).await;
    append(store, &other, 1).await;
    put(store, &log, 1, 1).await;
    store.close_log(&log, true).await.unwrap();
    // Whoever holds it in memory may not know yet.
    put(store, &log, 1, 1).await;
    put(store, &other, 1, 1).await;
    assert_eq!(store.snapshot_get(&log, 1, None).await.unwrap(), None);
    let rows = store.export(crate::archive::Section::Snapshots, None, None, 9);
    assert_eq!(rows.await.unwrap().rows.len(), 1);
    store.close_log(&log, true).await.unwrap();
    assert_sound(store).await;
}

pub async fn snapshots_are_pruned(store: &impl Store) {
    let log = account(1);
    for _ in 0..6 {
        append(store, &log, 1).await;
    }
    for seq in 1..=6 {
        put(store, &log, seq, 1).await;
    }
    // Of two releases more: the last one's stay.
    put(store, &log, 2, 7).await;
    put(store, &log, 6, 7).await;
    put(store, &log, 5, 8).await;
    assert_eq!(store.snapshot_prune(&log, 1).await.unwrap(), 5);
    assert_eq!(store.snapshot_get(&log, 8, None).await.unwrap(), None);
    for at_most in [6, 2] {
        let of_other = store.snapshot_get(&log, 7, Some(Seq::new(at_most)));
        let found = of_other.await.unwrap();
        assert_eq!(found.map(|one| one.seq.get()), Some(at_most));
    }
    for (at_most, wanted) in [(6, Some(6)), (5, Some(5)), (4, None)] {
        let found = store
            .snapshot_get(&log, 1, Some(Seq::new(at_most)))
            .await
            .unwrap();
        assert_eq!(found.map(|one| one.seq.get()), wanted);
    }
}
