//! F17: somebody else's transaction, in another database of the same server.

use std::time::{Duration, Instant};

use tokio_postgres::Client;
use trilby_eventlog::{EventLog, Feed as _, FeedMessage, FeedReceiver};
use trilby_eventlog_postgres::Role;
use trilby_feed_kafka::Pace;
use trilby_testkit::simulation::Run;

use crate::support::{
    Database, Running, Topics, append, heard, hearing, positioned, relaying, until,
};

/// Commits that are timed with such a transaction, and as many without one, in turn.
const COMMITS: usize = 20;
/// How often in turn.
const ROUNDS: u64 = 5;
/// What the middle of the one may be above the middle of the other, beside a half: what a busy machine does to either. One that
/// goes by finished transactions would be late by as long as the transaction lasts.
const NOISE: Duration = Duration::from_millis(10);

/// Rows of events, and how many of them a relay that goes by finished transactions might tell.
const WATERMARK: &str = "\
select count(*), count(*) filter (
    where xmin::text::bigint < mod(pg_snapshot_xmin(pg_current_snapshot())::text::numeric, 4294967296)
) from event where xmin::text::bigint >= $1";

/// How long commits take to be heard.
async fn lags(writer: &impl EventLog, receiver: &mut FeedReceiver) -> Vec<Duration> {
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
    lags
}

fn middle(lags: &mut [Duration]) -> Duration {
    lags.sort_unstable();
    lags[lags.len() / 2]
}

/// A transaction that has an id and does nothing; gives the id as rows have it.
async fn idle(client: &Client) -> i64 {
    client.batch_execute("begin").await.unwrap();
    let begun = "select pg_current_xact_id()::text::bigint";
    let begun: i64 = client.query_one(begun, &[]).await.unwrap().get(0);
    begun % (1 << 32)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_transaction_that_idles_elsewhere_holds_nothing_up() {
    let mut run = Run::of("F17");
    let (database, elsewhere, topics) = (Database::new(), Database::new(), Topics::new());
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let feed = hearing(&database, &topics, Pace::AtOnce).await;
    let mut receiver = feed.subscribe().await.unwrap();
    let writer = database.open(Role::Identity).await;
    positioned(&mut receiver).await;
    lags(&writer, &mut receiver).await;
    let (client, idler) = (database.client().await, elsewhere.client().await);
    let counts = async |since: i64| {
        let row = client.query_one(WATERMARK, &[&since]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    let all = i64::try_from(COMMITS).unwrap();
    let (mut without, mut with) = (Vec::new(), Vec::new());
    while run.goes_on(ROUNDS) {
        without.extend(lags(&writer, &mut receiver).await);
        let since = idle(&idler).await;
        if run.is_long() {
            tokio::time::sleep(run.random.millis(5_000, 60_000)).await;
        }
        with.extend(lags(&writer, &mut receiver).await);
        // The control: by their transactions' ids, none of these could have been told until it ends.
        assert_eq!(counts(since).await, (all, 0));
        idler.batch_execute("rollback").await.unwrap();
        until(|| async { counts(since).await == (all, all) }).await;
    }
    relay.stop().await;
    let n_held = with.len();
    let (without, with) = (middle(&mut without), middle(&mut with));
    println!("lag {without:?}, with a transaction elsewhere {with:?}");
    let micros = |lag: Duration| usize::try_from(lag.as_micros()).unwrap();
    run.tell(&[
        ("held_by_a_watermark", n_held),
        ("lag_us", micros(without)),
        ("lag_beside_us", micros(with)),
    ]);
    assert!(
        with <= without + without / 2 + NOISE,
        "{without:?} became {with:?}"
    );
}
