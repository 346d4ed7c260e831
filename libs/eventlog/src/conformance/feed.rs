use trilby_model::Seq;

use super::*;
use crate::error::AppendError;
use crate::feed::FeedMessage;

pub async fn the_feed_tells_commits_in_order(store: &impl Store) {
    append(store, &account(1), 1).await;
    let mut feed = store.subscribe().await.unwrap();
    let mut wanted = append(store, &account(1), 2).await.commits;
    let both = vec![
        entry(store, &account(2), vec![event(0)]).await,
        entry(store, &account(1), vec![event(0)]).await,
    ];
    wanted.extend(store.append(commit(both)).await.unwrap().commits);
    // What was acknowledged has been announced; one announced before may come again.
    let mut told = Vec::new();
    while let Some(message) = feed.try_recv() {
        match message {
            FeedMessage::Commit(one) if one.log == account(1) && one.last == Seq::new(1) => {}
            FeedMessage::Commit(one) => told.push(one.as_ref().clone()),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told, wanted);
}

pub async fn the_feed_tells_revocations(store: &impl Store) {
    let mut feed = store.subscribe().await.unwrap();
    let log = account(1);
    let entry = entry(store, &log, vec![event(0)]).await;
    let wish = Commit {
        revocations: vec![revocation(&log, "u")],
        ..commit(vec![entry])
    };
    let committed = store.append(wish).await.unwrap();
    assert!(matches!(feed.recv().await, Some(FeedMessage::Commit(_))));
    match feed.recv().await {
        Some(FeedMessage::Revocation(row)) => assert_eq!(*row, committed.revocations[0]),
        other => panic!("{other:?}"),
    }
}

pub async fn a_slow_receiver_is_told_of_the_gap(store: &impl Store) {
    let sender = crate::feed::FeedSender::new(2);
    let mut feed = sender.subscribe();
    for n in 1..=4 {
        let committed = append(store, &account(n), 1).await;
        sender.announce(committed.commits, committed.revocations);
    }
    assert!(matches!(feed.recv().await, Some(FeedMessage::Gap(2))));
    match feed.recv().await {
        Some(FeedMessage::Commit(one)) => assert_eq!(one.log, account(3)),
        other => panic!("{other:?}"),
    }
}

pub async fn a_refused_commit_is_not_announced(store: &impl Store) {
    let log = account(1);
    append(store, &log, 1).await;
    let mut feed = store.subscribe().await.unwrap();
    while feed.try_recv().is_some() {}
    let stale = Entry {
        log: log.clone(),
        expected: Expected::New,
        events: vec![event(1)],
    };
    assert!(matches!(
        store.append(commit(vec![stale])).await,
        Err(AppendError::Stale { .. })
    ));
    assert!(feed.try_recv().is_none());
}
