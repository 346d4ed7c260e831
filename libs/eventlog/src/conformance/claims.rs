use futures::future::join_all;
use trilby_model::Seq;

use super::*;
use crate::error::AppendError;

async fn take(
    store: &impl Store,
    log: &LogId,
    taken: Vec<Claim>,
    released: Vec<Claim>,
) -> Result<Committed, AppendError> {
    let entry = entry(store, log, vec![event(0)]).await;
    let wish = Commit {
        claims_taken: taken,
        claims_released: released,
        ..commit(vec![entry])
    };
    store.append(wish).await
}

pub async fn one_of_a_hundred_gets_a_name(store: &impl Store) {
    let clients = (0..100_u64).map(|client| {
        let store = store.clone();
        async move {
            let log = account(client);
            take(&store, &log, vec![claim(&log, "the-name")], Vec::new()).await
        }
    });
    let outcomes = join_all(clients).await;
    let winners: Vec<_> = outcomes.iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let key = claim(&account(0), "the-name").key;
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(*refused, AppendError::ClaimTaken { key: key.clone() });
    }
    let owner = store.claim(&key).await.unwrap().unwrap();
    assert_eq!(owner.log, winners[0].heads[0].log);
    assert_eq!(
        store.logs(None, 200).await.unwrap().len(),
        1,
        "the others wrote nothing"
    );
    assert_sound(store).await;
}

pub async fn a_name_is_free_again_when_released(store: &impl Store) {
    let (one, two) = (account(1), account(2));
    take(store, &one, vec![claim(&one, "n")], Vec::new())
        .await
        .unwrap();
    assert!(
        take(store, &two, vec![claim(&two, "n")], Vec::new())
            .await
            .is_err()
    );
    take(store, &one, Vec::new(), vec![claim(&one, "n")])
        .await
        .unwrap();
    assert_eq!(store.claim(&claim(&one, "n").key).await.unwrap(), None);
    take(store, &two, vec![claim(&two, "n")], Vec::new())
        .await
        .unwrap();
    assert_sound(store).await;
}

pub async fn a_name_changes_hands_in_one_commit(store: &impl Store) {
    let (one, two) = (account(1), account(2));
    take(store, &one, vec![claim(&one, "n")], Vec::new())
        .await
        .unwrap();
    let both = vec![
        entry(store, &one, vec![event(0)]).await,
        entry(store, &two, vec![event(0), event(1)]).await,
    ];
    let mut taken = claim(&two, "n");
    taken.event = 1;
    let wish = Commit {
        claims_released: vec![claim(&one, "n")],
        claims_taken: vec![taken.clone()],
        ..commit(both)
    };
    store.append(wish).await.unwrap();
    let owner = store.claim(&taken.key).await.unwrap().unwrap();
    assert_eq!((owner.log, owner.seq), (two, Seq::new(2)));
}

pub async fn a_name_of_a_log_is_its_own(store: &impl Store) {
    for log in [account(1), account(2)] {
        let mut scoped = claim(&log, "n");
        scoped.key.scope = ClaimScope::Log(log.clone());
        take(store, &log, vec![scoped.clone()], Vec::new())
            .await
            .unwrap();
        let again = take(store, &log, vec![scoped.clone()], Vec::new()).await;
        assert_eq!(
            again,
            Err(AppendError::ClaimTaken {
                key: scoped.key.clone()
            })
        );
        assert_eq!(store.claim(&scoped.key).await.unwrap().unwrap().log, log);
        let mut other_kind = scoped;
        other_kind.key.kind = 2;
        take(store, &log, vec![other_kind], Vec::new())
            .await
            .unwrap();
    }
    assert_sound(store).await;
}

pub async fn releasing_what_another_log_holds_does_nothing(store: &impl Store) {
    let (one, two) = (account(1), account(2));
    take(store, &one, vec![claim(&one, "n")], Vec::new())
        .await
        .unwrap();
    take(store, &two, Vec::new(), vec![claim(&two, "n")])
        .await
        .unwrap();
    assert_eq!(
        store
            .claim(&claim(&one, "n").key)
            .await
            .unwrap()
            .unwrap()
            .log,
        one
    );
}

pub async fn a_refused_commit_takes_no_name(store: &impl Store) {
    let one = account(1);
    take(store, &one, vec![claim(&one, "old")], Vec::new())
        .await
        .unwrap();
    let two = account(2);
    let refused = take(
        store,
        &two,
        vec![claim(&two, "new"), claim(&two, "old")],
        Vec::new(),
    )
    .await;
    assert!(matches!(refused, Err(AppendError::ClaimTaken { .. })));
    assert_eq!(store.claim(&claim(&two, "new").key).await.unwrap(), None);
    assert_eq!(store.head(&two).await.unwrap(), None);
}
