use serde_json::json;
use trilby_eventlog::verify::{Options as Verify, Status, verify};
use trilby_eventlog::{Entry, Expected, NewEvent};

use super::*;

fn account(n: u64) -> LogId {
    format!("{n:012}").parse().unwrap()
}

async fn append(store: &Sqlite, n: u64, size: usize) -> Result<Committed, AppendError> {
    store.append(commit(store, n, size).await).await
}

async fn commit(store: &Sqlite, n: u64, size: usize) -> Commit {
    let log = account(n);
    let expected = store
        .head(&log)
        .await
        .unwrap()
        .map_or(Expected::New, |head| Expected::at(&head));
    let data = json!({ "padding": "x".repeat(size) });
    let events = vec![NewEvent {
        etype: "test.happened".to_owned(),
        ever: 1,
        data,
    }];
    let entries = vec![Entry {
        log,
        expected,
        events,
    }];
    Commit::new(Timestamp::from_micros(0), json!({}), [0; 32], entries)
}

fn open(dir: &Path) -> Sqlite {
    let options = Options {
        store_key_fingerprint: Some([0; 32]),
        ..Options::default()
    };
    Sqlite::open(dir, &options).unwrap()
}

async fn limit_pages(store: &Sqlite, pages: i64) {
    let set = store.write(move |session| {
        let sql = format!("pragma max_page_count = {pages}");
        session
            .conn
            .query_row(&sql, [], |_| Ok(()))
            .map_err(failure)
    });
    set.await.unwrap();
}

/// SQLite gives up the whole transaction when the disk is full: everyone in it is told, nothing of
/// it is there, and the writer goes on when there is room again.
#[tokio::test]
async fn a_full_disk_fails_the_batch_and_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let before = append(&store, 1, 10).await.unwrap().heads;
    limit_pages(&store, 1).await;
    let mut feed = store.subscribe().await.unwrap();
    while feed.try_recv().is_some() {}
    let large = (2..6).map(|n| append(&store, n, 60_000));
    let refused = futures::future::join_all(large).await;
    assert!(
        refused
            .iter()
            .all(|one| matches!(one, Err(AppendError::Unavailable(_)))),
        "{refused:?}"
    );
    assert_eq!(store.logs(None, 9).await.unwrap(), before);
    assert!(feed.try_recv().is_none(), "nothing was announced");
    limit_pages(&store, 1_000_000).await;
    for n in 1..6 {
        append(&store, n, 60_000).await.unwrap();
    }
    assert_eq!(
        verify(&store, &Verify::default()).await.unwrap().status,
        Status::Ok
    );
}

/// The activity log's chain goes on after a batch that failed.
#[tokio::test]
async fn a_failed_batch_leaves_no_hole_in_the_activity_chain() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let record = |id: &str, size: usize| Activity {
        log: account(1),
        at: Timestamp::from_micros(1),
        kind: "session.issued".to_owned(),
        id: id.to_owned(),
        body: vec![b' '; size],
    };
    store.activity_append(vec![record("a", 1)]).await.unwrap();
    limit_pages(&store, 1).await;
    assert!(
        store
            .activity_append(vec![record("b", 60_000)])
            .await
            .is_err()
    );
    limit_pages(&store, 1_000_000).await;
    store
        .activity_append(vec![record("b", 60_000)])
        .await
        .unwrap();
    // Many at once share a segment; one that is refused is not in it.
    let many = ["c", "a", "d", "b", "e"].map(|id| store.activity_append(vec![record(id, 1)]));
    let outcomes = futures::future::join_all(many).await;
    assert_eq!(
        outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, true, false, true]
    );
    assert_eq!(
        verify(&store, &Verify::default()).await.unwrap().status,
        Status::Ok
    );
    let found = store
        .activity_list(&account(1), &ActivityFilter::default(), 9)
        .await
        .unwrap();
    assert_eq!(found.len(), 5);
}

/// A commit that is refused by what it finds in the table of events has written nothing: its neighbours in the
/// transaction are not touched.
#[tokio::test]
async fn a_log_whose_head_was_set_back_by_hand_refuses_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let old = append(&store, 1, 10).await.unwrap().heads.remove(0);
    append(&store, 1, 10).await.unwrap();
    let set_back = store.write(move |session| {
        let sql = "update log_head set seq = 1, hash = ?1";
        let set = session.conn.execute(sql, [old.hash.as_bytes()]);
        set.map_err(failure)
    });
    set_back.await.unwrap();
    let (open_gate, gate) = std::sync::mpsc::channel();
    let hold = store.write(move |_| Ok::<_, Error>(gate.recv().is_ok()));
    let mut commits = Vec::new();
    for n in [2, 1, 3] {
        commits.push(commit(&store, n, 10).await);
    }
    // Asked for in this order, while the writer is held: all in one transaction.
    let all = futures::future::join_all(commits.into_iter().map(|one| store.append(one)));
    let ((held, outcomes), ()) = futures::join!(async { futures::join!(hold, all) }, async {
        open_gate.send(()).unwrap()
    });
    assert!(held.unwrap());
    let good: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, true], "{outcomes:?}");
}

/// More receipts than are looked at at once, and a young one that a copy brought before old ones.
#[tokio::test]
async fn all_old_receipts_are_purged_and_no_young_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, 1, 10).await.unwrap();
    let filled = store.write(|session| {
        let sql = "with recursive n(n) as (select 1 union all select n + 1 from n where n < 2500)
            insert into receipt (log_id, key, req_hash, first_seq, last_seq, status, created_at)
            select log_id, unhex(printf('%064x', n)), zeroblob(32), 1, 1, 201, iif(n in (7, 2499), 200, 99)
            from log_head, n";
        session.conn.execute(sql, []).map_err(failure)
    });
    assert_eq!(filled.await.unwrap(), 2_500);
    let [now, before, never] = [300, 100, 0].map(Timestamp::from_micros);
    assert_eq!(store.purge(now, before, never).await.unwrap(), 2_498);
    assert_eq!(store.purge(now, before, never).await.unwrap(), 0);
    for n in [7_u64, 2_499] {
        let mut key = [0; 32];
        key[24..].copy_from_slice(&n.to_be_bytes());
        assert!(store.receipt(&account(1), &key).await.unwrap().is_some());
    }
}

/// Whoever finds no place among the writes is told so in time; those who have one are written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_busy_and_nothing_is_lost() {
    const CALLERS: usize = 1_100;
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(dir.path()));
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let holder = Arc::clone(&store);
    let held = tokio::spawn(async move {
        let work = move |_: &mut Session<'_>| {
            wait.recv().ok();
            Ok::<_, Error>(())
        };
        holder.write(work).await
    });
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..CALLERS {
        let store = Arc::clone(&store);
        let wish = commit(&store, u64::try_from(n).unwrap(), 10).await;
        callers.spawn(async move { store.append(wish).await });
    }
    let mut go_on = Some(go_on);
    let (mut n_done, mut n_busy) = (0, 0);
    while let Some(ended) = callers.join_next().await {
        match ended.unwrap() {
            Ok(_) => n_done += 1,
            Err(AppendError::Busy(_)) => {
                n_busy += 1;
                go_on = None;
            }
            Err(error) => panic!("{error}"),
        }
    }
    held.await.unwrap().unwrap();
    assert!(go_on.is_none(), "the queue was never full");
    assert!(n_busy > 0 && n_done >= 1_000, "{n_busy} {n_done}");
    assert_eq!(store.logs(None, 2 * CALLERS).await.unwrap().len(), n_done);
}
