//! F2: a relay that dies while another runs.

use std::time::{Duration, Instant};

use trilby_eventlog_postgres::Role;

use crate::child::{Sleeper, Wakes};
use crate::support::{Database, Running, Topics, append, relaying, until};
use crate::{CHILD, outbox};

/// Logs enough that each relay has some.
const MANY: u64 = 60;
/// A lease holds for three seconds, and is looked for each second.
const TAKEN: Duration = Duration::from_secs(5);

const OWNERS: &str = "select count(*) from relay_lease where owner is not null group by owner";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn what_a_killed_relay_held_another_tells_within_five_seconds() {
    let (database, topics) = (Database::new(), Topics::new());
    let writer = database.open(Role::Identity).await;
    for log in 1..=MANY {
        append(&writer, log, 1).await;
    }
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let dying =
        tokio::task::block_in_place(|| Sleeper::start(CHILD, Wakes::Renewing, &topics, &database));
    let client = database.client().await;
    let shares = async || {
        let owners = client.query(OWNERS, &[]).await.unwrap();
        owners.iter().map(|row| row.get(0)).collect::<Vec<i64>>()
    };
    until(|| async { shares().await == [24, 24] && outbox(&database).await == 0 }).await;
    tokio::task::block_in_place(|| drop(dying));
    let begun = Instant::now();
    for log in 1..=MANY {
        append(&writer, log, 1).await;
    }
    // The control: some of them are the dead one's.
    assert!(outbox(&database).await > 0, "nobody died");
    until(|| async { outbox(&database).await == 0 }).await;
    let took = begun.elapsed();
    println!("told after {took:?}");
    assert_eq!(shares().await, [48]);
    assert!(took < TAKEN, "{took:?}");
    relay.stop().await;
}
