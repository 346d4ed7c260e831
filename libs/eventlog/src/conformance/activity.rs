use super::*;
use crate::activity::{Activity, ActivityFilter};
use crate::error::Error;

fn record(log: &LogId, n: i64) -> Activity {
    Activity {
        log: log.clone(),
        at: at(n / 2),
        kind: if n % 2 == 0 {
            "session.issued"
        } else {
            "session.refused"
        }
        .to_owned(),
        id: format!("TSES{n:04}"),
        body: format!("{{\"n\":{n}}}").into_bytes(),
    }
}

async fn ids(store: &impl Store, filter: &ActivityFilter, limit: usize) -> Vec<String> {
    let found = store
        .activity_list(&account(1), filter, limit)
        .await
        .unwrap();
    found.into_iter().map(|one| one.activity.id).collect()
}

pub async fn activity_is_found_by_id_and_in_order(store: &impl Store) {
    let log = account(1);
    store
        .activity_append(vec![
            record(&log, 1),
            record(&log, 3),
            record(&account(2), 2),
        ])
        .await
        .unwrap();
    store
        .activity_append(vec![record(&log, 0), record(&log, 2)])
        .await
        .unwrap();
    let found = store.activity_get(&log, "TSES0003").await.unwrap().unwrap();
    assert_eq!((found.activity, found.position), (record(&log, 3), 1));
    assert_eq!(
        store.activity_get(&account(2), "TSES0003").await.unwrap(),
        None
    );
    let all = ActivityFilter::default();
    assert_eq!(
        ids(store, &all, 9).await,
        ["TSES0003", "TSES0002", "TSES0001", "TSES0000"]
    );
    let issued = ActivityFilter {
        kinds: vec!["session.issued".to_owned()],
        ..all.clone()
    };
    assert_eq!(ids(store, &issued, 9).await, ["TSES0002", "TSES0000"]);
    let none = ActivityFilter {
        kinds: vec!["login.failed".to_owned()],
        ..all.clone()
    };
    assert!(ids(store, &none, 9).await.is_empty());
    let late = ActivityFilter {
        from: Some(at(1)),
        ..all.clone()
    };
    assert_eq!(ids(store, &late, 9).await, ["TSES0003", "TSES0002"]);
    let early = ActivityFilter {
        until: Some(at(1)),
        ..all
    };
    assert_eq!(ids(store, &early, 9).await, ["TSES0001", "TSES0000"]);
    assert_sound(store).await;
}

pub async fn activity_is_paged_without_loss(store: &impl Store) {
    let log = account(1);
    store
        .activity_append((0..25).map(|n| record(&log, n)).collect())
        .await
        .unwrap();
    let mut seen = Vec::new();
    let mut filter = ActivityFilter::default();
    loop {
        let page = store.activity_list(&log, &filter, 4).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.after = Some((last.activity.at, last.activity.id.clone()));
        seen.extend(page.into_iter().map(|one| one.activity.id));
    }
    let wanted: Vec<_> = (0..25).rev().map(|n| record(&log, n).id).collect();
    assert_eq!(seen, wanted);
}

pub async fn a_doubled_activity_id_writes_nothing(store: &impl Store) {
    let log = account(1);
    store.activity_append(vec![record(&log, 1)]).await.unwrap();
    let refused = store
        .activity_append(vec![record(&log, 2), record(&log, 1)])
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let refused = store
        .activity_append(vec![record(&log, 3), record(&log, 3)])
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    assert_eq!(
        ids(store, &ActivityFilter::default(), 9).await,
        ["TSES0001"]
    );
    let large = Activity {
        body: vec![b' '; crate::activity::BODY_BYTES_MAX + 1],
        ..record(&log, 4)
    };
    assert!(store.activity_append(vec![large]).await.is_err());
    store.activity_append(Vec::new()).await.unwrap();
    assert_sound(store).await;
}

pub async fn expired_activity_leaves_its_chain(store: &impl Store) {
    let log = account(1);
    store
        .activity_append((0..4).map(|n| record(&log, n)).collect())
        .await
        .unwrap();
    store
        .activity_append((4..8).map(|n| record(&log, n)).collect())
        .await
        .unwrap();
    assert_eq!(
        store.activity_purge(at(1)).await.unwrap(),
        0,
        "a segment goes as a whole"
    );
    assert_eq!(store.activity_purge(at(2)).await.unwrap(), 4);
    assert_eq!(ids(store, &ActivityFilter::default(), 9).await.len(), 4);
    store.activity_append(vec![record(&log, 9)]).await.unwrap();
    assert_sound(store).await;
}
