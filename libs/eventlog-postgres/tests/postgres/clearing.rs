//! What is over is cleared away, and nothing else, whatever is asked for.

use std::time::{Duration, Instant};

use tokio_postgres::Client;
use trilby_eventlog::relay::{From, Waiting};
use trilby_eventlog::shard::SHARDS;
use trilby_eventlog::{ActivityFilter, Error, EventLog, RelayStore as _};
use trilby_eventlog_postgres::{Relaying, Role};

use crate::support::common::{Database, account, activity, append, now};

const HOUR: i64 = 3_600;

/// One row of each kind, so many seconds ago. Of marks and counters, that long over.
async fn rows(client: &Client, ago_s: i64, name: u8) {
    let at = now().plus_seconds(-ago_s).micros();
    let (key, id) = (vec![name; 32], vec![name; 16]);
    let log = "(select min(log_id) from log_head)";
    for (sql, bytes) in [
        (
            format!("insert into receipt values ({log}, $1, $1, 1, 1, 200, null, {at})"),
            &key,
        ),
        (
            format!("insert into revocation values ({log}, 115, $1, 1, 1, {at})"),
            &id,
        ),
        (
            format!("insert into one_time values ({log}, 1, $1, {at})"),
            &key,
        ),
        (
            format!("insert into counter values ({log}, encode($1::bytea, 'hex'), 1, 1, {at})"),
            &id,
        ),
    ] {
        client.execute(&sql, &[bytes]).await.unwrap();
    }
}

async fn counted(client: &Client, table: &str) -> i64 {
    let sql = format!("select count(*) from {table}");
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

async fn all_counted(client: &Client) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["receipt", "revocation", "one_time", "counter"] {
        counts.push(counted(client, table).await);
    }
    counts
}

#[tokio::test]
#[ignore = "needs services"]
async fn nothing_that_still_counts_goes_whatever_is_asked_for() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    let client = database.client().await;
    append(&token, 1, 1).await;
    rows(&client, 60, 1).await;
    rows(&client, 13 * HOUR, 2).await;
    rows(&client, 25 * HOUR, 3).await;
    rows(&client, -60, 4).await;
    let never = now().plus_seconds(1_000_000);
    // Receipts: a day; revocations: the longest session; marks and counters: until they are over.
    assert_eq!(
        token.purge(never, never, never).await.unwrap(),
        1 + 2 + 3 + 3
    );
    assert_eq!(all_counted(&client).await, [3, 2, 1, 1]);
    assert_eq!(token.purge(never, never, never).await.unwrap(), 0);
}

#[tokio::test]
#[ignore = "needs services"]
async fn what_is_asked_for_is_kept_to() {
    let database = Database::new();
    let relay = database.open(Role::Relay).await;
    append(&database.open(Role::Identity).await, 1, 1).await;
    let client = database.client().await;
    rows(&client, 50 * HOUR, 1).await;
    rows(&client, 30 * HOUR, 2).await;
    let (receipts, revocations) = (
        now().plus_seconds(-48 * HOUR),
        now().plus_seconds(-40 * HOUR),
    );
    let moment = now().plus_seconds(-40 * HOUR);
    assert_eq!(relay.purge(moment, receipts, revocations).await.unwrap(), 4);
    assert_eq!(all_counted(&client).await, [1, 1, 1, 1]);
}

#[tokio::test]
#[ignore = "needs services"]
async fn much_goes_in_several_transactions() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let client = database.client().await;
    let sql = "insert into receipt select log_id, sha256(n::text::bytea), sha256('r'), 1, 1, 200, null, 1 \
        from log_head, generate_series(1, 12000) n";
    client.batch_execute(sql).await.unwrap();
    assert_eq!(token.purge(now(), now(), now()).await.unwrap(), 12_000);
    assert_eq!(counted(&client, "receipt").await, 0);
}

#[tokio::test]
#[ignore = "needs services"]
async fn who_comes_second_waits_for_nothing() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let client = database.client().await;
    rows(&client, 50 * HOUR, 1).await;
    let hold = "begin; select take_turn('clear')";
    client.batch_execute(hold).await.unwrap();
    let begun = Instant::now();
    assert_eq!(token.purge(now(), now(), now()).await.unwrap(), 0);
    assert!(begun.elapsed() < Duration::from_millis(400));
    client.batch_execute("commit").await.unwrap();
    assert_eq!(token.purge(now(), now(), now()).await.unwrap(), 4);
}

#[tokio::test]
#[ignore = "needs services"]
async fn the_outbox_does_not_grow_where_nobody_relays() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    let client = database.client().await;
    let ages = [
        "interval '1 hour'",
        "interval '61 seconds'",
        "null::interval",
    ];
    for (n, age) in ages.iter().enumerate() {
        append(&token, u64::try_from(n).unwrap() + 1, 1).await;
        let grows_old = format!(
            "update outbox set since = clock_timestamp() - {age} where since > now() - interval '9 seconds'"
        );
        client.batch_execute(&grows_old).await.unwrap();
    }
    append(&token, 9, 1).await;
    token.purge(now(), now(), now()).await.unwrap();
    assert_eq!(counted(&client, "outbox").await, 1, "it is too new");
}

/// While anybody writes something always grows old.
#[tokio::test]
#[ignore = "needs services"]
async fn clearing_ends_with_the_first_look_that_is_not_full() {
    let database = Database::new();
    let client = database.client().await;
    let counts = "do $$ begin execute format('alter database %I set track_functions = pl', current_database()); end $$";
    client.batch_execute(counts).await.unwrap();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let grows_old = "update outbox set since = clock_timestamp() - interval '1 hour'";
    client.batch_execute(grows_old).await.unwrap();
    token.purge(now(), now(), now()).await.unwrap();
    assert_eq!(counted(&client, "outbox").await, 0);
    // A connection tells the server's statistics within some ten seconds.
    let calls = "select coalesce(sum(calls), 0)::bigint from pg_stat_user_functions where funcname = 'clear_outbox'";
    let mut n_calls = 0_i64;
    for _ in 0..300 {
        n_calls = client.query_one(calls, &[]).await.unwrap().get(0);
        if n_calls > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(n_calls, 1);
}

#[tokio::test]
#[ignore = "needs services"]
async fn the_outbox_is_the_relays_once_there_is_one() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    let client = database.client().await;
    append(&token, 1, 1).await;
    client
        .batch_execute("insert into relay_lease (shard) values (7)")
        .await
        .unwrap();
    token.purge(now(), now(), now()).await.unwrap();
    assert_eq!(counted(&client, "outbox").await, 1);
}

/// A store that is put back under a relay draws ids again: what the relay has told of the one past forgets nothing of the
/// other.
#[tokio::test]
#[ignore = "needs services"]
async fn a_row_of_another_past_is_not_forgotten_for_its_id() {
    let database = Database::new();
    let writer = database.open(Role::Identity).await;
    let relaying = Relaying::open(&database.options(Role::Relay))
        .await
        .unwrap();
    let client = database.client().await;
    let from: Vec<From> = (0..SHARDS).map(|shard| From { shard, after: 0 }).collect();
    append(&writer, 1, 1).await;
    let before = relaying.waiting(&from, 9).await.unwrap();
    client
        .batch_execute("delete from outbox; alter table outbox alter column id restart")
        .await
        .unwrap();
    append(&writer, 1, 1).await;
    let after = relaying.waiting(&from, 9).await.unwrap();
    let place = |found: &[Waiting]| (found[0].row.shard, found[0].row.id);
    assert_eq!(place(&before), place(&after));
    relaying.told(&[before[0].row]).await.unwrap();
    assert_eq!(counted(&client, "outbox").await, 1);
    relaying.told(&[after[0].row]).await.unwrap();
    assert_eq!(counted(&client, "outbox").await, 0);
}

#[tokio::test]
#[ignore = "needs services"]
async fn old_activity_goes_hour_by_hour_and_the_last_day_stays() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    for hours in [200, 100, 99, 30, 2] {
        let record = activity(now().plus_seconds(-hours * HOUR), &hours.to_string());
        token.activity_append(vec![record]).await.unwrap();
    }
    assert_eq!(token.activity_purge(now()).await.unwrap(), 4);
    let kept = token
        .activity_list(&account(1), &ActivityFilter::default(), 9)
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].activity.id, "2");
}

#[tokio::test]
#[ignore = "needs services"]
async fn others_clear_nothing() {
    let database = Database::new();
    for role in [Role::Identity, Role::Decision, Role::Sink] {
        let store = database.open(role).await;
        for refused in [
            store.purge(now(), now(), now()).await,
            store.activity_purge(now()).await,
        ] {
            match refused {
                Err(Error::Invalid(text)) => assert!(text.contains("42501"), "{text}"),
                other => panic!("{role:?}: {other:?}"),
            }
        }
    }
    let client = database.client().await;
    for function in [
        "purge_activity(1)",
        "clear_activity(1)",
        "clear_over(1, 1, 1, 1)",
        "clear_outbox(1)",
    ] {
        client
            .batch_execute("set role trilby_identity")
            .await
            .unwrap();
        let refused = client.batch_execute(&format!("select {function}")).await;
        assert!(refused.is_err(), "{function}");
    }
}
