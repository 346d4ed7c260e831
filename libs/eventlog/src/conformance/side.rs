use futures::future::join_all;
use trilby_model::Timestamp;

use super::*;
use crate::error::{AppendError, SideError};
use crate::side::{
    Counter, Credential, OneTime, Personal, SealedKey, SideBody, SideOutcome, SideWrite,
};

fn credential(log: &LogId, generation: u32) -> Credential {
    Credential {
        log: log.clone(),
        subject: "TUSR1".to_owned(),
        kind: 1,
        generation,
        body: SideBody(vec![u8::try_from(generation).unwrap(); 3]),
        expires_at: None,
    }
}

fn mark(log: &LogId, key: u8) -> SideWrite {
    SideWrite::OneTimeInsert(OneTime {
        log: log.clone(),
        purpose: 1,
        key_hash: [key; 32],
        expires_at: at(60),
    })
}

fn add(log: &LogId, delta: i64, now: i64, until: Option<i64>) -> SideWrite {
    SideWrite::CounterAdd {
        log: log.clone(),
        subject: "TUSR1".to_owned(),
        kind: 2,
        delta,
        now: at(now),
        until: until.map(at),
    }
}

async fn counted(store: &impl Store, write: SideWrite) -> (i64, Option<Timestamp>) {
    match store.side_write(vec![write]).await.unwrap().as_slice() {
        [SideOutcome::Counter(counter)] => (counter.value, counter.until),
        other => panic!("{other:?}"),
    }
}

pub async fn credentials_have_generations(store: &impl Store) {
    let log = account(1);
    let other = Credential {
        subject: "TUSR2".to_owned(),
        ..credential(&log, 7)
    };
    let writes = vec![
        SideWrite::CredentialInsert(credential(&log, 2)),
        SideWrite::CredentialInsert(credential(&log, 1)),
        SideWrite::CredentialInsert(other.clone()),
    ];
    store.side_write(writes).await.unwrap();
    assert_eq!(
        store.credential(&log, "TUSR1", 1).await.unwrap(),
        Some(credential(&log, 2))
    );
    assert_eq!(
        store.credentials(&log, "TUSR1", 1).await.unwrap(),
        [credential(&log, 1), credential(&log, 2)]
    );
    assert_eq!(store.credential(&log, "TUSR1", 9).await.unwrap(), None);
    assert_eq!(
        store.credential(&account(2), "TUSR1", 1).await.unwrap(),
        None
    );
    let again = store
        .side_write(vec![SideWrite::CredentialInsert(credential(&log, 2))])
        .await;
    assert_eq!(again, Err(SideError::Conflict { index: 0 }));
    let stronger = Credential {
        body: SideBody(vec![9]),
        expires_at: Some(at(5)),
        ..credential(&log, 2)
    };
    store
        .side_write(vec![SideWrite::CredentialReplace(stronger.clone())])
        .await
        .unwrap();
    assert_eq!(
        store.credential(&log, "TUSR1", 1).await.unwrap(),
        Some(stronger.clone())
    );
    let delete = SideWrite::CredentialDelete {
        log: log.clone(),
        subject: "TUSR1".to_owned(),
        kind: None,
    };
    store.side_write(vec![delete]).await.unwrap();
    assert_eq!(store.credential(&log, "TUSR1", 1).await.unwrap(), None);
    // Who was about to put a stronger one in its place brings back nothing.
    let late = SideWrite::CredentialReplace(stronger);
    store.side_write(vec![late]).await.unwrap();
    assert_eq!(store.credential(&log, "TUSR1", 1).await.unwrap(), None);
    assert_eq!(
        store.credential(&log, "TUSR2", 1).await.unwrap(),
        Some(other)
    );
    assert_eq!(
        store.head(&log).await.unwrap(),
        None,
        "side rows are no events"
    );
}

pub async fn a_ticket_is_taken_once(store: &impl Store) {
    let platform = LogId::Platform;
    store
        .side_write(vec![SideWrite::CredentialInsert(credential(&platform, 1))])
        .await
        .unwrap();
    let take = || SideWrite::CredentialTake {
        log: LogId::Platform,
        subject: "TUSR1".to_owned(),
        kind: 1,
        generation: 1,
    };
    let wish = |entries| Commit {
        side: vec![take()],
        ..commit(entries)
    };
    let entries = vec![
        entry(store, &platform, vec![event(0)]).await,
        entry(store, &account(1), vec![event(0)]).await,
    ];
    store.append(wish(entries)).await.unwrap();
    let entries = vec![entry(store, &platform, vec![event(1)]).await];
    assert_eq!(
        store.append(wish(entries)).await,
        Err(AppendError::Side { index: 0 })
    );
    assert_eq!(
        store.head(&platform).await.unwrap().unwrap().seq,
        Seq::new(1)
    );
    assert_sound(store).await;
}

pub async fn a_side_row_comes_with_its_commit_or_not_at_all(store: &impl Store) {
    let log = account(1);
    append(store, &log, 1).await;
    let stale = Entry {
        log: log.clone(),
        expected: Expected::New,
        events: vec![event(1)],
    };
    let side = vec![
        SideWrite::CredentialInsert(credential(&log, 1)),
        add(&log, 4, 0, None),
    ];
    let refused = store
        .append(Commit {
            side: side.clone(),
            ..commit(vec![stale])
        })
        .await;
    assert!(matches!(refused, Err(AppendError::Stale { .. })));
    assert_eq!(store.credential(&log, "TUSR1", 1).await.unwrap(), None);
    let mut doubled = side.clone();
    doubled.push(SideWrite::CredentialInsert(credential(&log, 1)));
    let wish = Commit {
        side: doubled,
        ..commit(vec![entry(store, &log, vec![event(1)]).await])
    };
    assert_eq!(
        store.append(wish).await,
        Err(AppendError::Side { index: 2 })
    );
    assert_eq!(store.counter(&log, "TUSR1", 2).await.unwrap(), None);
    assert_eq!(store.head(&log).await.unwrap().unwrap().seq, Seq::new(1));
    let wish = Commit {
        side,
        ..commit(vec![entry(store, &log, vec![event(1)]).await])
    };
    let outcomes = store.append(wish).await.unwrap().side;
    assert_eq!(
        outcomes,
        [
            SideOutcome::Done,
            SideOutcome::Counter(Counter {
                value: 4,
                until: None
            })
        ]
    );
    assert!(store.credential(&log, "TUSR1", 1).await.unwrap().is_some());
}

pub async fn side_writes_are_all_or_none(store: &impl Store) {
    let log = account(1);
    store.side_write(vec![mark(&log, 1)]).await.unwrap();
    let refused = store
        .side_write(vec![add(&log, 1, 0, None), mark(&log, 2), mark(&log, 1)])
        .await;
    assert_eq!(refused, Err(SideError::Conflict { index: 2 }));
    assert_eq!(store.counter(&log, "TUSR1", 2).await.unwrap(), None);
    assert_eq!(store.one_time(&log, 1, &[2; 32]).await.unwrap(), None);
    assert_eq!(
        store
            .one_time(&log, 1, &[1; 32])
            .await
            .unwrap()
            .unwrap()
            .expires_at,
        at(60)
    );
}

pub async fn one_of_many_marks_wins(store: &impl Store) {
    let clients = (0..20).map(|_| {
        let store = store.clone();
        async move { store.side_write(vec![mark(&account(1), 1)]).await }
    });
    let outcomes = join_all(clients).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    store.side_write(vec![mark(&account(2), 1)]).await.unwrap();
}

pub async fn a_counter_counts_every_addition(store: &impl Store) {
    let clients = (0..20).map(|_| {
        let store = store.clone();
        async move { counted(&store, add(&account(1), 1, 0, None)).await.0 }
    });
    let mut told = join_all(clients).await;
    told.sort_unstable();
    assert_eq!(
        told,
        (1..=20).collect::<Vec<i64>>(),
        "each saw a count of its own"
    );
}

pub async fn a_counter_starts_anew_after_its_time(store: &impl Store) {
    let log = account(1);
    assert_eq!(
        counted(store, add(&log, 2, 0, Some(10))).await,
        (2, Some(at(10)))
    );
    assert_eq!(
        counted(store, add(&log, 3, 9, None)).await,
        (5, Some(at(10)))
    );
    assert_eq!(
        counted(store, add(&log, 1, 9, Some(30))).await,
        (6, Some(at(30)))
    );
    assert_eq!(counted(store, add(&log, 1, 30, None)).await, (1, None));
    let clear = SideWrite::CounterClear {
        log: log.clone(),
        subject: "TUSR1".to_owned(),
        kind: 2,
    };
    store.side_write(vec![clear]).await.unwrap();
    assert_eq!(store.counter(&log, "TUSR1", 2).await.unwrap(), None);
    assert_eq!(
        counted(store, add(&log, i64::MAX, 30, None)).await.0,
        i64::MAX
    );
    assert_eq!(counted(store, add(&log, 1, 30, None)).await.0, i64::MAX);
}

pub async fn a_counter_is_only_raised(store: &impl Store) {
    let log = account(1);
    let raise = |value| SideWrite::CounterRaise {
        log: log.clone(),
        subject: "TMFA1".to_owned(),
        kind: 3,
        value,
        until: None,
    };
    assert_eq!(counted(store, raise(100)).await.0, 100);
    for value in [100, 99] {
        assert_eq!(
            store.side_write(vec![raise(value)]).await,
            Err(SideError::Conflict { index: 0 })
        );
    }
    assert_eq!(counted(store, raise(101)).await.0, 101);
}

pub async fn sealed_keys_and_personal_data_are_kept_and_removed(store: &impl Store) {
    let log = account(1);
    let key = |id: &str, kek: &str| SealedKey {
        log: log.clone(),
        kind: 2,
        id: id.to_owned(),
        kek_id: kek.to_owned(),
        body: SideBody(vec![1, 2]),
    };
    let personal = |generation, salt: u8| Personal {
        log: log.clone(),
        subject: "TUSR1".to_owned(),
        field: 1,
        generation,
        salt: [salt; 16],
        body: SideBody(b"mary@example.com".to_vec()),
    };
    let writes = vec![
        SideWrite::SealedKeyInsert(key("b", "k1")),
        SideWrite::SealedKeyInsert(key("a", "k1")),
        SideWrite::PersonalInsert(personal(1, 1)),
        SideWrite::PersonalInsert(personal(2, 2)),
    ];
    store.side_write(writes).await.unwrap();
    assert_eq!(
        store.sealed_keys(&log, 2).await.unwrap(),
        [key("a", "k1"), key("b", "k1")]
    );
    let twice = store
        .side_write(vec![SideWrite::SealedKeyInsert(key("a", "k2"))])
        .await;
    assert_eq!(twice, Err(SideError::Conflict { index: 0 }));
    store
        .side_write(vec![SideWrite::SealedKeyReplace(key("a", "k2"))])
        .await
        .unwrap();
    assert_eq!(
        store.sealed_key(&log, 2, "a").await.unwrap(),
        Some(key("a", "k2"))
    );
    let delete = SideWrite::SealedKeyDelete {
        log: log.clone(),
        kind: 2,
        id: "a".to_owned(),
    };
    store.side_write(vec![delete]).await.unwrap();
    assert_eq!(store.sealed_key(&log, 2, "a").await.unwrap(), None);
    assert_eq!(
        store.personal(&log, "TUSR1", 1, 2).await.unwrap(),
        Some(personal(2, 2))
    );
    assert_ne!(
        personal(1, 1).digest(),
        personal(2, 2).digest(),
        "the salt hides equal data"
    );
    let erase = SideWrite::PersonalDelete {
        log: log.clone(),
        subject: "TUSR1".to_owned(),
        field: None,
    };
    store.side_write(vec![erase]).await.unwrap();
    assert_eq!(store.personal(&log, "TUSR1", 1, 1).await.unwrap(), None);
    assert_eq!(store.personal(&log, "TUSR1", 1, 2).await.unwrap(), None);
}

pub async fn what_is_over_is_purged(store: &impl Store) {
    let log = account(1);
    store
        .side_write(vec![mark(&log, 1), add(&log, 1, 0, Some(60))])
        .await
        .unwrap();
    assert_eq!(store.purge(at(59), at(0), at(0)).await.unwrap(), 0);
    assert_eq!(store.purge(at(60), at(0), at(0)).await.unwrap(), 2);
    store.side_write(vec![mark(&log, 1)]).await.unwrap();
}
