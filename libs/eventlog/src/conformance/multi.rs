use futures::future::join_all;
use trilby_model::Seq;

use super::*;
use crate::error::AppendError;

pub async fn a_commit_of_two_logs_is_one(store: &impl Store) {
    let (one, two) = (account(1), organization());
    append(store, &two, 2).await;
    let both = vec![
        entry(store, &one, vec![event(0), event(1)]).await,
        entry(store, &two, vec![event(2)]).await,
    ];
    let committed = store.append(commit(both)).await.unwrap();
    let ends: Vec<_> = committed
        .heads
        .iter()
        .map(|head| (head.log.clone(), head.seq.get()))
        .collect();
    assert_eq!(ends, [(one.clone(), 2), (two.clone(), 3)]);
    // Each half names the other, so that a reader of one knows what to wait for.
    let with = |n: usize| {
        committed.commits[n]
            .with()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(with(0), [format!("{two}@3")]);
    assert_eq!(with(1), [format!("{one}@2")]);
    assert_eq!(
        store.read(&two, Seq::new(2), 10).await.unwrap(),
        committed.commits[1..]
    );
    assert_sound(store).await;
}

pub async fn one_stale_log_refuses_all(store: &impl Store) {
    let logs = [account(1), account(2), account(3)];
    for log in &logs {
        append(store, log, 1).await;
    }
    let mut entries = Vec::new();
    for log in &logs {
        entries.push(entry(store, log, vec![event(5)]).await);
    }
    let moved = append(store, &logs[1], 1).await.heads[0].clone();
    let wish = Commit {
        claims_taken: vec![claim(&logs[0], "name")],
        receipt: Some(receipt(&logs[2], 1)),
        revocations: vec![revocation(&logs[0], "u")],
        ..commit(entries)
    };
    assert_eq!(
        store.append(wish.clone()).await,
        Err(AppendError::Stale { heads: vec![moved] })
    );
    let seqs: Vec<_> = store
        .heads(&logs)
        .await
        .unwrap()
        .iter()
        .map(|head| head.seq.get())
        .collect();
    assert_eq!(seqs, [1, 2, 1]);
    assert_eq!(store.claim(&wish.claims_taken[0].key).await.unwrap(), None);
    assert_eq!(store.receipt(&logs[2], &[1; 32]).await.unwrap(), None);
    assert!(store.revocations_since(at(-1)).await.unwrap().is_empty());
    assert_sound(store).await;
}

pub async fn a_read_guard_holds_still_and_writes_nothing(store: &impl Store) {
    let (written, read) = (account(1), account(2));
    let guard_head = append(store, &read, 1).await.heads[0].clone();
    let guard = Entry {
        log: read.clone(),
        expected: Expected::at(&guard_head),
        events: Vec::new(),
    };
    let wish = commit(vec![
        entry(store, &written, vec![event(0)]).await,
        guard.clone(),
    ]);
    let committed = store.append(wish).await.unwrap();
    assert_eq!(committed.heads.len(), 1);
    assert!(committed.commits[0].with().is_empty());
    assert_eq!(store.head(&read).await.unwrap(), Some(guard_head));
    append(store, &read, 1).await;
    let wish = commit(vec![entry(store, &written, vec![event(1)]).await, guard]);
    assert!(matches!(
        store.append(wish).await,
        Err(AppendError::Stale { .. })
    ));
    // A guard may also say that a log is not there.
    let absent = Entry {
        log: account(3),
        expected: Expected::New,
        events: Vec::new(),
    };
    let wish = commit(vec![entry(store, &written, vec![event(2)]).await, absent]);
    store.append(wish).await.unwrap();
    assert_eq!(store.head(&account(3)).await.unwrap(), None);
    assert_sound(store).await;
}

pub async fn opposite_orders_do_not_deadlock(store: &impl Store) {
    let logs = [account(1), account(2), account(3)];
    let writers = (0..12_usize).map(|writer| {
        let (store, logs) = (store.clone(), logs.clone());
        async move {
            let mut pair = [logs[writer % 3].clone(), logs[(writer + 1) % 3].clone()];
            if writer % 2 == 0 {
                pair.reverse();
            }
            for _ in 0..3 {
                loop {
                    let entries = vec![
                        entry(&store, &pair[0], vec![event(0)]).await,
                        entry(&store, &pair[1], vec![event(0), event(1)]).await,
                    ];
                    match store.append(commit(entries)).await {
                        Ok(_) => break,
                        Err(AppendError::Stale { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }
    });
    join_all(writers).await;
    let heads = store.heads(&logs).await.unwrap();
    let n_events: u64 = heads.iter().map(|head| head.seq.get()).sum();
    assert_eq!(n_events, 12 * 3 * 3);
    assert_sound(store).await;
}
