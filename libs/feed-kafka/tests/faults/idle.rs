//! F17: somebody else's transaction, in another database of the same server.

use std::time::{Duration, Instant};

use trilby_eventlog::{EventLog, Feed as _, FeedMessage, FeedReceiver};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::KafkaFeed;

use crate::support::{Database, Running, Topics, append, heard, positioned, relaying, until};

const COMMITS: usize = 20;

/// Rows of events, and how many of them a relay that goes by finished transactions might tell.
const WATERMARK: &str = "\
select count(*), count(*) filter (
    where xmin::text::bigint < mod(pg_snapshot_xmin(pg_current_snapshot())::text::numeric, 4294967296)
) from event where xmin::text::bigint >= $1";

/// How long a commit takes to be heard: the middle of so many.
async fn lag(writer: &impl EventLog, receiver: &mut FeedReceiver) -> Duration {
    let mut lags = Vec::new();
    for n in 0..COMMITS {
        let head = append(writer, 1 + u64::try_from(n % 8).unwrap(), 1).await;
        let begun = Instant::now();
        heard(
            receiver,
            |message| matches!(message, FeedMessage::Commit(commit) if commit.hash == head.hash),
        )
        .await;
        lags.push(begun.elapsed());
    }
    lags.sort();
    lags[COMMITS / 2]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_transaction_that_idles_elsewhere_holds_nothing_up() {
    let (database, elsewhere, topics) = (Database::new(), Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = KafkaFeed::start(topics.0.clone()).unwrap();
    let mut receiver = feed.subscribe().await.unwrap();
    let writer = database.open(Role::Identity).await;
    positioned(&mut receiver).await;
    lag(&writer, &mut receiver).await;
    let before = lag(&writer, &mut receiver).await;
    let idler = elsewhere.client().await;
    idler.batch_execute("begin").await.unwrap();
    let begun = "select pg_current_xact_id()::text::bigint";
    let begun: i64 = idler.query_one(begun, &[]).await.unwrap().get(0);
    let during = lag(&writer, &mut receiver).await;
    println!("lag {before:?}, with a transaction elsewhere {during:?}");
    assert!(
        during < before * 3 + Duration::from_millis(500),
        "{before:?} became {during:?}"
    );
    // The control: by their transactions' ids, none of these could have been told until it ends.
    let client = database.client().await;
    let since = begun % (1 << 32);
    let counts = || async {
        let row = client.query_one(WATERMARK, &[&since]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let all = i64::try_from(COMMITS).unwrap();
    assert_eq!(counts().await, (all, 0));
    idler.batch_execute("rollback").await.unwrap();
    until(|| async { counts().await == (all, all) }).await;
    relay.stop().await;
}
