use trilby_model::Seq;

use super::*;
use crate::error::AppendError;
use crate::trusting::TrustingChange;

async fn revoke(
    store: &impl Store,
    log: &LogId,
    what: Vec<NewRevocation>,
    seconds: i64,
) -> Committed {
    let entry = entry(store, log, vec![event(0)]).await;
    let wish = Commit {
        at: at(seconds),
        revocations: what,
        ..commit(vec![entry])
    };
    store.append(wish).await.unwrap()
}

async fn act(
    store: &impl Store,
    log: &LogId,
    alive: Vec<Dependency>,
) -> Result<Committed, AppendError> {
    let entry = entry(store, log, vec![event(0)]).await;
    store
        .append(Commit {
            alive,
            ..commit(vec![entry])
        })
        .await
}

pub async fn what_was_decided_in_another_incarnation_is_not_written(store: &impl Store) {
    let log = account(1);
    let stands = append(store, &log, 1).await.heads[0].clone();
    let incarnation = store.store_meta().await.unwrap().incarnation;
    for other in [incarnation - 1, incarnation + 1] {
        let wish = Commit {
            incarnation: Some(other),
            ..commit(vec![entry(store, &log, vec![event(0)]).await])
        };
        let refused = store.append(wish).await.unwrap_err();
        assert!(matches!(refused, AppendError::Unavailable(_)), "{refused}");
        assert_eq!(store.head(&log).await.unwrap(), Some(stands.clone()));
    }
    let wish = Commit {
        incarnation: Some(incarnation),
        ..commit(vec![entry(store, &log, vec![event(0)]).await])
    };
    store.append(wish).await.unwrap();
}

pub async fn a_revocation_ends_older_sessions_only(store: &impl Store) {
    let (theirs, mine) = (account(1), account(2));
    append(store, &theirs, 2).await;
    let committed = revoke(store, &theirs, vec![revocation(&theirs, "u")], 0).await;
    assert_eq!(
        (
            committed.revocations[0].seq,
            committed.revocations[0].before
        ),
        (Seq::new(3), Seq::new(3))
    );
    for (seq, lives) in [(0, false), (2, false), (3, true), (9, true)] {
        let needs = vec![
            dependency(&theirs, "other", 0),
            dependency(&theirs, "u", seq),
        ];
        let outcome = act(store, &mine, needs.clone()).await;
        match outcome {
            Ok(_) => assert!(lives, "seq {seq}"),
            Err(AppendError::Dead { dependencies }) => {
                assert!(!lives, "seq {seq}");
                assert_eq!(dependencies, needs[1..]);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(
        store.head(&mine).await.unwrap().unwrap().seq,
        Seq::new(2),
        "the dead wrote nothing"
    );
    assert_sound(store).await;
}

pub async fn a_revocation_can_reach_less_far_back(store: &impl Store) {
    let log = account(1);
    append(store, &log, 5).await;
    let limited = NewRevocation {
        before: Some(Seq::new(3)),
        ..revocation(&log, "u")
    };
    let committed = revoke(store, &log, vec![limited], 0).await;
    assert_eq!(
        (
            committed.revocations[0].seq,
            committed.revocations[0].before
        ),
        (Seq::new(6), Seq::new(3))
    );
    assert!(
        act(store, &account(2), vec![dependency(&log, "u", 3)])
            .await
            .is_ok()
    );
    assert!(
        act(store, &account(2), vec![dependency(&log, "u", 2)])
            .await
            .is_err()
    );
}

pub async fn only_the_same_thing_is_revoked(store: &impl Store) {
    let log = account(1);
    revoke(store, &log, vec![revocation(&log, "u")], 0).await;
    let same = dependency(&log, "u", 0);
    let others = [
        Dependency {
            log: account(3),
            ..same.clone()
        },
        Dependency {
            kind: RevocationKind::Role,
            ..same.clone()
        },
        Dependency {
            id_hash: [0; 16],
            ..same.clone()
        },
    ];
    assert!(act(store, &account(2), others.to_vec()).await.is_ok());
    assert!(act(store, &account(2), vec![same]).await.is_err());
}

pub async fn revocations_are_listed_and_purged(store: &impl Store) {
    let (one, two) = (account(1), account(2));
    let first = revoke(
        store,
        &one,
        vec![revocation(&one, "u"), revocation(&one, "v")],
        10,
    )
    .await;
    let second = revoke(store, &two, vec![revocation(&two, "u")], 20).await;
    let mut all = first.revocations.clone();
    all.extend(second.revocations.clone());
    assert_eq!(store.revocations_since(at(0)).await.unwrap(), all);
    assert_eq!(
        store.revocations_since(at(20)).await.unwrap(),
        second.revocations
    );
    assert_eq!(store.purge(at(30), at(0), at(20)).await.unwrap(), 2);
    assert_eq!(
        store.revocations_since(at(0)).await.unwrap(),
        second.revocations
    );
}

pub async fn revocations_are_told_whatever_their_times(store: &impl Store) {
    let [one, two, three] = [1, 2, 3].map(account);
    let first = revoke(store, &one, vec![revocation(&one, "u")], 600).await;
    let mark = store.revocation_mark().await.unwrap();
    assert_eq!(
        store.revocations_since(at(0)).await.unwrap(),
        first.revocations
    );
    let second = revoke(store, &two, vec![revocation(&two, "u")], -600).await;
    let news = store.revocations_after(mark).await.unwrap();
    assert!(news.revocations.contains(&second.revocations[0]));
    let third = revoke(store, &three, vec![revocation(&three, "u")], -1_200).await;
    // The older of the two is purged, and the order in which they came has a gap.
    assert_eq!(store.purge(at(0), at(-9_999), at(-1_000)).await.unwrap(), 1);
    let fourth = revoke(store, &three, vec![revocation(&three, "v")], 0).await;
    let later = store.revocations_after(news.mark).await.unwrap();
    assert!(!later.revocations.contains(&third.revocations[0]));
    assert!(later.revocations.contains(&fourth.revocations[0]));
    // A mark of another store hides nothing.
    let strange = RevocationMark {
        begun: u64::MAX,
        newest: u64::MAX,
    };
    let all = store.revocations_after(strange).await.unwrap();
    assert_eq!(all.revocations.len(), 3);
    assert!(all.mark < strange);
}

pub async fn trusting_rows_follow_their_events(store: &impl Store) {
    let (one, two) = (account(1), account(2));
    let put = |log: &LogId, key: u8, role: &str, event: usize| TrustingChange::Put {
        key: [key; 32],
        log: log.clone(),
        role: role.to_owned(),
        event,
    };
    let both = vec![
        entry(store, &one, vec![event(0), event(1)]).await,
        entry(store, &two, vec![event(0)]).await,
    ];
    let trusting = vec![
        put(&two, 1, "TROL2", 0),
        put(&one, 1, "TROL1", 1),
        put(&one, 2, "TROL1", 1),
    ];
    store
        .append(Commit {
            trusting,
            ..commit(both)
        })
        .await
        .unwrap();
    let rows = store.trusting(&[[2; 32], [1; 32], [3; 32]]).await.unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.key[0],
                row.log.clone(),
                row.role.as_str(),
                row.seq.get(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, one.clone(), "TROL1", 2),
            (1, two.clone(), "TROL2", 1),
            (2, one.clone(), "TROL1", 2)
        ]
    );
    let gone = TrustingChange::Remove {
        key: [1; 32],
        log: one.clone(),
        role: "TROL1".to_owned(),
    };
    let entry = entry(store, &one, vec![event(2)]).await;
    store
        .append(Commit {
            trusting: vec![gone],
            ..commit(vec![entry])
        })
        .await
        .unwrap();
    let rows = store.trusting(&[[1; 32]]).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.log.clone()).collect::<Vec<_>>(),
        [two]
    );
    assert_sound(store).await;
}
