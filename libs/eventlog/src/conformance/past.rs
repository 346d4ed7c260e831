use trilby_model::Seq;

use super::*;

pub async fn a_past_time_gives_the_last_commit_not_later(store: &impl Store) {
    let log = account(1);
    for (n_events, seconds) in [(2, 10), (1, 20), (3, 20), (1, 30)] {
        let entry = entry(store, &log, (0..n_events).map(event).collect()).await;
        store
            .append(Commit {
                at: at(seconds),
                ..commit(vec![entry])
            })
            .await
            .unwrap();
    }
    let last_at = async |seconds: i64| {
        let point = store.head_at(&log, at(seconds)).await.unwrap();
        point.map(|point| (point.first.get(), point.last.get()))
    };
    assert_eq!(last_at(9).await, None);
    assert_eq!(last_at(10).await, Some((1, 2)));
    assert_eq!(last_at(19).await, Some((1, 2)));
    assert_eq!(
        last_at(20).await,
        Some((4, 6)),
        "the later of two at one time"
    );
    assert_eq!(last_at(29).await, Some((4, 6)));
    assert_eq!(last_at(99).await, Some((7, 7)));
    let point = store.head_at(&log, at(20)).await.unwrap().unwrap();
    let commit = store.read(&log, Seq::new(3), 1).await.unwrap().remove(0);
    assert_eq!(point, commit.point());
}

pub async fn a_seq_inside_a_commit_is_told(store: &impl Store) {
    let log = account(1);
    append(store, &log, 1).await;
    let second = append(store, &log, 3).await.commits[0].clone();
    for seq in 2..=4 {
        assert_eq!(
            store.commit_at(&log, Seq::new(seq)).await.unwrap(),
            Some(second.point()),
            "seq {seq}"
        );
    }
    assert_eq!(store.commit_at(&log, Seq::ZERO).await.unwrap(), None);
    assert_eq!(store.commit_at(&log, Seq::new(5)).await.unwrap(), None);
    assert_eq!(
        store.commit_at(&log, Seq::new(u64::MAX)).await.unwrap(),
        None
    );
}
