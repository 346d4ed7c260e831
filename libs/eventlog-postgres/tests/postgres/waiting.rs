//! Nobody waits for long: who writes while the tables are changed or cleared, and who asks what was revoked.

use std::time::{Duration, Instant};

use tokio_postgres::Client;
use trilby_eventlog::{ActivityFilter, Archive as _, EventLog, RevocationNews};
use trilby_eventlog_postgres::{Postgres, Role, migrate};
use trilby_model::Timestamp;

use crate::support::common::{Database, account, activity, append, now};

const HOUR: i64 = 3_600;

/// Longer than who writes may be kept waiting, on a busy host.
const LONG: Duration = Duration::from_millis(2_500);

async fn revoke(client: &Client, n: u8) {
    let sql = "insert into revocation (log_id, kind, id_hash, seq, before_seq, at)
        select log_id, 115, decode(repeat(lpad(to_hex($1::int), 2, '0'), 16), 'hex'), 1, 1, 0 from log_head";
    client.execute(sql, &[&i32::from(n)]).await.unwrap();
}

/// The first byte of each: what [`revoke`] was told.
fn told(news: &RevocationNews) -> Vec<u8> {
    news.revocations.iter().map(|row| row.id_hash[0]).collect()
}

/// However long its transaction was under way, and whatever else ended meanwhile.
#[tokio::test]
#[ignore = "needs services"]
async fn a_revocation_that_is_committed_late_is_told() {
    let database = Database::new();
    let store = database.open(Role::Token).await;
    append(&store, 1, 1).await;
    let (slow, quick) = (database.client().await, database.client().await);
    slow.batch_execute("begin").await.unwrap();
    revoke(&slow, 1).await;
    let mark = store.revocation_mark().await.unwrap();
    for n in 2..5 {
        revoke(&quick, n).await;
    }
    let news = store.revocations_after(mark).await.unwrap();
    assert_eq!(told(&news), [2, 3, 4]);
    let again = store.revocations_after(news.mark).await.unwrap();
    slow.batch_execute("commit").await.unwrap();
    let late = store.revocations_after(again.mark).await.unwrap();
    assert!(told(&late).contains(&1), "{late:?}");
}

/// However many there are, no statement has to give them all: a process could not start for the revocations of one tenant.
#[tokio::test]
#[ignore = "needs services"]
async fn revocations_come_page_by_page_each_once_and_in_order() {
    let database = Database::new();
    let store = database.open(Role::Token).await;
    append(&store, 1, 1).await;
    let client = database.client().await;
    // Several of each time, so that pages end amid them.
    let many = "insert into revocation (log_id, kind, id_hash, seq, before_seq, at)
        select log_id, 115, decode(lpad(to_hex(n), 32, '0'), 'hex'), 1, 1, n / 7
        from log_head, generate_series(1, 25000) n where public_id <> 'platform'";
    client.batch_execute(many).await.unwrap();
    let since = |at| Timestamp::from_micros(at);
    for (at, first) in [
        (0, 1),
        (1, 7),
        (1_428, 9_996),
        (3_571, 24_997),
        (3_572, 25_001),
    ] {
        let all = store.revocations_since(since(at)).await.unwrap();
        let ids = all.iter().map(|row| u128::from_be_bytes(row.id_hash));
        assert!(ids.eq(first..25_001), "{at}: {}", all.len());
    }
}

/// As in a dump that was restored into another server.
#[tokio::test]
#[ignore = "needs services"]
async fn after_a_fence_revocations_of_another_servers_count_are_told_once() {
    let database = Database::new();
    let store = database.open(Role::Token).await;
    append(&store, 1, 1).await;
    let client = database.client().await;
    revoke(&client, 1).await;
    revoke(&client, 2).await;
    let ahead =
        "update revocation set tx = (pg_current_xact_id()::text::bigint + 1000000000)::text::xid8";
    client.batch_execute(ahead).await.unwrap();
    let mark = store.revocation_mark().await.unwrap();
    let before = store.revocations_after(mark).await.unwrap();
    assert_eq!(told(&before), [1, 2], "until the count has come there");
    database.open(Role::Admin).await.fence(0).await.unwrap();
    // One transaction, which wrote the store's identity too.
    let of_fence = "select count(*) from revocation r, store_meta m where r.tx::xid = m.xmin";
    let n: i64 = client.query_one(of_fence, &[]).await.unwrap().get(0);
    assert_eq!(n, 2);
    // Other databases of the server may keep the mark behind the fence for a while.
    let begun = Instant::now();
    let mut news = store.revocations_after(before.mark).await.unwrap();
    assert_eq!(told(&news), [1, 2]);
    while !told(&news).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{news:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        news = store.revocations_after(news.mark).await.unwrap();
    }
}

/// What was told is not told again for it: else whoever revokes much would keep everybody reading.
#[tokio::test]
#[ignore = "needs services"]
async fn a_transactions_number_that_is_given_again_hides_no_revocation() {
    let database = Database::new();
    let store = database.open(Role::Token).await;
    append(&store, 1, 1).await;
    let client = database.client().await;
    for n in 1..4 {
        revoke(&client, n).await;
    }
    let mark = store.revocation_mark().await.unwrap();
    let begun = Instant::now();
    let mut news = store.revocations_after(mark).await.unwrap();
    // Other databases of the server may keep the mark back for a while.
    while !told(&news).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{news:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        news = store.revocations_after(news.mark).await.unwrap();
    }
    // As by a server that crashed, and of what had that number nothing was left.
    let again = news.mark.begun - 100;
    revoke(&client, 4).await;
    let sql =
        format!("update revocation set tx = '{again}' where n = (select max(n) from revocation)");
    client.batch_execute(&sql).await.unwrap();
    news = store.revocations_after(news.mark).await.unwrap();
    assert_eq!(told(&news), [4]);
    news = store.revocations_after(news.mark).await.unwrap();
    assert!(told(&news).is_empty(), "{news:?}");
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_store_of_the_release_before_is_changed_while_it_is_read_and_written() {
    let database = Database::new();
    append(&database.open(Role::Token).await, 1, 1).await;
    let client = database.client().await;
    revoke(&client, 1).await;
    client
        .batch_execute(
            "drop index revocation_n;
            alter table revocation drop column tx;
            alter table node drop column of_role;
            alter table node drop constraint node_applied_is_small;
            alter table installation drop constraint installation_is_small;
            drop policy decisions on activity;
            drop policy seen on activity_segment;
            drop policy chained on activity_segment;
            drop policy bounded on activity_segment;
            drop policy recent on activity_segment;
            alter table activity_segment drop column of_role;
            drop table turn;
            drop function take_turn(text), has_turn(text), asker(), forget_snapshot(bigint, bigint, bigint),
                prune_snapshots(bigint, bigint, bigint[]), node_seen(uuid, smallint, bytea), node_gone(uuid),
                is_own_chain(bytea);
            delete from refinery_schema_history where version >= 14",
        )
        .await
        .unwrap();
    // As an export, which holds still.
    let export = database.client().await;
    let hold = "begin isolation level repeatable read read only; select from revocation";
    export.batch_execute(hold).await.unwrap();
    let url = database.url.clone();
    let migrating = tokio::spawn(async move { migrate(&url, None).await });
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    for n in 2.. {
        if begun.elapsed() > Duration::from_secs(5) {
            break;
        }
        let asked = Instant::now();
        revoke(&client, n).await;
        longest = longest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(longest < LONG, "{longest:?}");
    assert!(!migrating.is_finished(), "the table is in use");
    export.batch_execute("commit").await.unwrap();
    migrating.await.unwrap().unwrap();
    let store = database.open(Role::Token).await;
    let mark = store.revocation_mark().await.unwrap();
    revoke(&client, 0).await;
    let news = store.revocations_after(mark).await.unwrap();
    assert!(told(&news).contains(&0), "{news:?}");
    // Other databases of the server may keep the mark back for a while.
    let begun = Instant::now();
    let mut later = store.revocations_after(news.mark).await.unwrap();
    while told(&later).contains(&1) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{later:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        later = store.revocations_after(later.mark).await.unwrap();
    }
}

/// A store with records that are over, in hours of which nothing is kept, and one that is not.
async fn with_old_activity(database: &Database) -> Postgres {
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    for hours in [50, 49, 2] {
        let record = activity(now().plus_seconds(-hours * HOUR), &hours.to_string());
        token.activity_append(vec![record]).await.unwrap();
    }
    token
}

async fn kept(store: &Postgres) -> Vec<String> {
    let all = ActivityFilter::default();
    let kept = store.activity_list(&account(1), &all, 9).await.unwrap();
    kept.into_iter().map(|one| one.activity.id).collect()
}

async fn n_hours(client: &Client) -> i64 {
    // Before this one: clearing away makes this and some ahead.
    let sql = "with part as materialized (
            select relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where inhparent = 'activity'::regclass)
        select count(*) from part
        where replace(substr(relname, 10), 'b', '-')::bigint < floor(extract(epoch from clock_timestamp()) / 3600)";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Clears away what is older than a day; gives how many records went.
fn clear(client: Client) -> tokio::task::JoinHandle<i64> {
    let before = now().plus_seconds(-24 * HOUR).micros();
    tokio::spawn(async move {
        let sql = "select purge_activity($1)";
        client.query_one(sql, &[&before]).await.unwrap().get(0)
    })
}

/// Until clearing waits for such a lock.
async fn waits_for(client: &Client, lock: &str) {
    let sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and wait_event like $1
        and query like '%purge_activity%' and pid <> pg_backend_pid() and datname = current_database()";
    let begun = Instant::now();
    while client
        .query_one(sql, &[&lock])
        .await
        .unwrap()
        .get::<_, i64>(0)
        == 0
    {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
#[ignore = "needs services"]
async fn old_activity_is_cleared_away_without_stopping_whoever_writes_and_reads_it() {
    let database = Database::new();
    let token = with_old_activity(&database).await;
    // Clearing waits in its midst, for somebody who has one of the old segments.
    let other = database.client().await;
    other
        .batch_execute("begin; select from activity_segment for update")
        .await
        .unwrap();
    let clearing = clear(database.client().await);
    waits_for(&database.client().await, "%").await;
    let begun = Instant::now();
    assert_eq!(kept(&token).await.len(), 3);
    let record = activity(now().plus_seconds(-HOUR), "new");
    token.activity_append(vec![record]).await.unwrap();
    assert!(begun.elapsed() < LONG);
    other.batch_execute("commit").await.unwrap();
    let gone: i64 = clearing.await.unwrap();
    assert_eq!(gone, 2);
    assert_eq!(kept(&token).await, ["new", "2"]);
}

/// The table that holds a record.
async fn hour_of(client: &Client, id: &str) -> String {
    let sql = "select tableoid::regclass::text from activity where id = $1";
    client.query_one(sql, &[&id]).await.unwrap().get(0)
}

#[tokio::test]
#[ignore = "needs services"]
async fn nobody_waits_while_records_of_an_hour_in_use_go_one_by_one() {
    let database = Database::new();
    let token = with_old_activity(&database).await;
    // As a vacuum of the second, and somebody whom the removal of its record waits for.
    let other = database.client().await;
    let second = hour_of(&other, "49").await;
    let hold = format!(
        "begin; lock table {second} in share update exclusive mode; select from {second} for update"
    );
    other.batch_execute(&hold).await.unwrap();
    let clearing = clear(database.client().await);
    let client = database.client().await;
    waits_for(&client, "transactionid").await;
    let begun = Instant::now();
    let record = activity(now().plus_seconds(-HOUR), "new");
    token.activity_append(vec![record]).await.unwrap();
    assert_eq!(kept(&token).await.len(), 4);
    // Nor for an hour that is not there yet.
    let make = "select make_activity_hour($1)";
    let long_ago = now().plus_seconds(-20 * HOUR).micros();
    client.query_one(make, &[&long_ago]).await.unwrap();
    assert!(begun.elapsed() < LONG);
    assert!(!clearing.is_finished());
    other.batch_execute("commit").await.unwrap();
    assert_eq!(clearing.await.unwrap(), 2);
    assert_eq!(kept(&token).await, ["new", "2"]);
    let left = format!("select count(*) from {second}");
    let left: i64 = client.query_one(&left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0, "of what is over");
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_record_that_comes_late_while_its_hour_is_cleared_away_is_kept() {
    let database = Database::new();
    let token = with_old_activity(&database).await;
    let late = database.client().await;
    late.batch_execute(
        "begin;
        with segment as (
            insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
            select decode(repeat('07', 16), 'hex'), 1, at, at, 1, sha256('x'), sha256('y')
            from activity where id = '49' returning id
        )
        insert into activity (log_id, at, kind, id, body, segment_id, position)
        select a.log_id, a.at, a.kind, 'late', a.body, s.id, 0 from activity a, segment s where a.id = '49'",
    )
    .await
    .unwrap();
    let clearing = clear(database.client().await);
    // While the tables are waited for, or, on a busy host, after.
    let watching = database.client().await;
    tokio::select! {
        () = waits_for(&watching, "relation") => {}
        () = tokio::time::sleep(Duration::from_secs(5)) => {}
    }
    late.batch_execute("commit").await.unwrap();
    assert_eq!(clearing.await.unwrap(), 2);
    assert_eq!(kept(&token).await, ["2", "late"]);
    assert_eq!(token.activity_purge(now()).await.unwrap(), 1);
    assert_eq!(kept(&token).await, ["2"]);
}

#[tokio::test]
#[ignore = "needs services"]
async fn old_activity_is_cleared_away_while_somebody_reads_for_long() {
    let database = Database::new();
    let token = with_old_activity(&database).await;
    let export = database.client().await;
    let hold = "begin isolation level repeatable read read only; select count(*) from activity";
    export.batch_execute(hold).await.unwrap();
    let client = database.client().await;
    // Of each record its own and the next, which nobody waits for.
    let n_before = 5;
    while n_hours(&client).await < n_before {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(token.activity_purge(now()).await.unwrap(), 2);
    assert_eq!(kept(&token).await, ["2"]);
    assert_eq!(n_hours(&client).await, n_before);
    export.batch_execute("commit").await.unwrap();
    // The empty tables go with the next that is over.
    let record = activity(now().plus_seconds(-30 * HOUR), "30");
    token.activity_append(vec![record]).await.unwrap();
    assert_eq!(token.activity_purge(now()).await.unwrap(), 1);
    assert!(n_hours(&client).await < n_before);
    assert_eq!(kept(&token).await, ["2"]);
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_record_waits_for_its_own_hour_only() {
    let database = Database::new();
    append(&database.open(Role::Token).await, 1, 1).await;
    let client = database.client().await;
    let moment = now();
    let make = "select make_activity_hour($1)";
    client.query_one(make, &[&moment.micros()]).await.unwrap();
    // Nobody makes another for now.
    let lock = "begin; select take_turn('activity')";
    client.batch_execute(lock).await.unwrap();
    let token = database.open(Role::Token).await;
    for n in 0..3 {
        let record = activity(moment, &n.to_string());
        token.activity_append(vec![record]).await.unwrap();
    }
    assert_eq!(kept(&token).await.len(), 3);
}
