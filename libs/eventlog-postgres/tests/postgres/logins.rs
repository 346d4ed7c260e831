//! What the login of one service can do to the others, beyond what it reads and writes.

use std::time::Duration;

use tokio_postgres::Client;
use trilby_eventlog::relay::From;
use trilby_eventlog::{Applied, EventLog, Node, NodeKind, NodeTable as _, RelayStore as _};
use trilby_eventlog_postgres::{Postgres, Relaying, Role, migrate};

use crate::support::common::{Database, activity, append, now};

fn node_of_token() -> Node {
    Node {
        id: "0199d3f1-0000-7000-8000-000000000001".parse().unwrap(),
        kind: NodeKind::Token,
        applied: Applied::default(),
    }
}

#[tokio::test]
#[ignore = "needs services"]
async fn two_who_migrate_wait_for_each_other() {
    let database = Database::new();
    let holder = database.client().await;
    holder
        .batch_execute("begin; select take_turn('migrate')")
        .await
        .unwrap();
    let url = database.url.clone();
    let second = tokio::spawn(async move { migrate(&url, None).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!second.is_finished());
    holder.batch_execute("commit").await.unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_service_speaks_for_its_own_processes_only() {
    let database = Database::new();
    let (token, decision) = (
        database.open(Role::Token).await,
        database.open(Role::Decision).await,
    );
    let node = node_of_token();
    token.node_seen(&node).await.unwrap();
    let feigned = Node {
        kind: NodeKind::Decision,
        ..node.clone()
    };
    assert!(decision.node_seen(&feigned).await.is_err());
    decision.node_gone(&node.id).await.unwrap();
    let there = token.nodes(Duration::from_secs(60)).await.unwrap().nodes;
    let kinds: Vec<NodeKind> = there.iter().map(|(node, _)| node.kind).collect();
    assert_eq!(kinds, [NodeKind::Token]);
    token.node_gone(&node.id).await.unwrap();
    let there = token.nodes(Duration::from_secs(60)).await.unwrap().nodes;
    assert!(there.is_empty());
}

async fn record(token: &Postgres, id: &str) {
    let records = vec![activity(now(), id)];
    token.activity_append(records).await.unwrap();
}

async fn refused(client: &Client, sql: &str, code: &str) {
    let error = client.batch_execute(sql).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), code, "{sql}: {error:?}");
}

/// With the login that stores records of decisions.
#[tokio::test]
#[ignore = "needs services"]
async fn who_stores_records_takes_no_place_of_anothers() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    record(&token, "s1").await;
    let client = database.client().await;
    // Each is refused for what it is, not for its times.
    let present = now().micros().to_string();
    let writer = "(select writer from activity_segment limit 1)";
    for (what, code) in [
        // Ids to come, so that no segment of others has one.
        (
            "insert into activity_segment (id, writer, n, first_at, last_at, count, prev_hash, root) \
                select 1000, substring(sha256('x') for 16), 1, NOW, NOW, 1, sha256(''), sha256('')",
            "428C9",
        ),
        (
            "insert into activity_segment (id, writer, n, first_at, last_at, count, prev_hash, root) overriding system value \
                select 1000, substring(sha256('x') for 16), 1, NOW, NOW, 1, sha256(''), sha256('')",
            "42501",
        ),
        // The next place of another's chain.
        (
            "insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root) \
                select WRITER, 2, NOW, NOW, 1, sha256(''), sha256('')",
            "42501",
        ),
        // As if it were of another.
        (
            "insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root, of_role) \
                select substring(sha256('x') for 16), 1, NOW, NOW, 1, sha256(''), sha256(''), 'trilby_token'",
            "42501",
        ),
        // The hour that others need, for as long as this transaction is open.
        ("select make_activity_hour(7200000000)", "42501"),
    ] {
        client
            .batch_execute("begin; set local role trilby_sink")
            .await
            .unwrap();
        let sql = what.replace("WRITER", writer).replace("NOW", &present);
        refused(&client, &sql, code).await;
        client.batch_execute("rollback").await.unwrap();
    }
    record(&token, "s2").await;
}

#[tokio::test]
#[ignore = "needs services"]
async fn who_only_decides_says_little_and_holds_no_row_of_others() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    let client = database.client().await;
    client
        .batch_execute("set role trilby_decision")
        .await
        .unwrap();
    for (what, code) in [
        (
            "insert into installation (kind, id, value) values ('public_url', 'zz', 'https://evil.example')",
            "23514",
        ),
        (
            "insert into installation (kind, id, value, n) overriding system value values ('public_url', '', 'https://evil.example', -1)",
            "42501",
        ),
        (
            "select node_seen(gen_random_uuid(), 3::smallint, sha256('')||repeat('x', 20000)::bytea)",
            "23514",
        ),
        (
            "select node_seen(gen_random_uuid(), 3::smallint, '') from generate_series(1, 1001)",
            "54000",
        ),
    ] {
        refused(&client, what, code).await;
    }
    let node = node_of_token();
    token.node_seen(&node).await.unwrap();
    let hold = format!(
        "begin; select node_seen('{}', 1::smallint, '')",
        node.id.as_str()
    );
    client.batch_execute(&hold).await.unwrap();
    token.node_seen(&node).await.unwrap();
    client.batch_execute("rollback").await.unwrap();
    // One of its own that is over a day old, held.
    let old = "0199d3f1-0000-7000-8000-000000000002";
    let make = format!("select node_seen('{old}', 3::smallint, '')");
    client.batch_execute(&make).await.unwrap();
    let age = format!("update node set seen_at = now() - interval '2 days' where id = '{old}'");
    database.client().await.batch_execute(&age).await.unwrap();
    let hold = format!("begin; select node_gone('{old}')");
    client.batch_execute(&hold).await.unwrap();
    token.node_seen(&node).await.unwrap();
}

/// A record of a decision that has the id of a session, and a time that is looked at before the session's own.
#[tokio::test]
#[ignore = "needs services"]
async fn who_stores_records_of_decisions_hides_no_session() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let at = now();
    let made = format!("{:012x}", at.micros() / 1_000);
    let (first, last) = made.split_at(8);
    let id = format!("{first}-{last}-7000-8000-00000000000a");
    let session = activity(at, &id);
    token.activity_append(vec![session.clone()]).await.unwrap();
    let client = database.client().await;
    client
        .batch_execute(
            "select set_config('trilby.logs', array_agg(log_id)::text, false) from log_head; set role trilby_sink",
        )
        .await
        .unwrap();
    let at = at.micros();
    let forge = format!(
        "with s as (
            insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
            select substring(sha256('x') for 16), 1, {at}, {at}, 1, sha256(''), sha256('') returning id)
        insert into activity (log_id, at, kind, id, body, segment_id, position)
        select log_id, {}, 'decision.made', '{id}', '', s.id, 0 from s, log_head where public_id = '{}'",
        at - 1,
        session.log
    );
    client.batch_execute(&forge).await.unwrap();
    let found = token.activity_get(&session.log, &id).await.unwrap();
    assert_eq!(found.unwrap().activity, session);
}

/// As a login that has not taken on its role.
#[tokio::test]
#[ignore = "needs services"]
async fn a_relay_s_login_makes_no_hours_long_past() {
    let database = Database::new();
    let client = database.client().await;
    client
        .batch_execute(
            "drop role if exists relay_of_test; create role relay_of_test login in role trilby_relay; set session authorization relay_of_test",
        )
        .await
        .unwrap();
    let refused = client.batch_execute("select make_activity_hour(7200000000)");
    let refused = refused.await.unwrap_err();
    client
        .batch_execute("reset session authorization; drop role relay_of_test")
        .await
        .unwrap();
    assert_eq!(refused.code().unwrap().code(), "22023", "{refused:?}");
}

/// As one whose transaction is older than the chain, and does not see it.
#[tokio::test]
#[ignore = "needs services"]
async fn who_stores_records_ends_no_chain_with_an_old_view_of_it() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let client = database.client().await;
    client
        .batch_execute(
            "begin isolation level repeatable read; set role trilby_sink; select id from activity_segment limit 1",
        )
        .await
        .unwrap();
    record(&token, "s1").await;
    let seen = database.client().await;
    let row = seen.query_one("select writer from activity_segment", &[]);
    let writer: Vec<u8> = row.await.unwrap().get(0);
    let end = "insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
        values ($1, 9223372036854775807, $2, $2, 1, sha256(''), sha256(''))";
    let refused = client.execute(end, &[&writer, &now().micros()]).await;
    assert!(refused.is_err());
    client.batch_execute("rollback").await.unwrap();
    // Should it ever come to that, another chain begins.
    let forge = "insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root, of_role)
        values ($1, 9223372036854775807, 0, 0, 1, sha256(''), sha256(''), 'trilby_sink')";
    seen.execute(forge, &[&writer]).await.unwrap();
    let refused = token.activity_append(vec![activity(now(), "s2")]).await;
    assert!(
        matches!(refused, Err(trilby_eventlog::Error::Unavailable(_))),
        "{refused:?}"
    );
    record(&token, "s2").await;
}

#[tokio::test]
#[ignore = "needs services"]
async fn no_segment_spans_the_times_of_others() {
    let database = Database::new();
    let client = database.client().await;
    for (role, first, last) in [
        ("trilby_sink", "0", "0"),
        ("trilby_sink", "-9000000000000000000", "9000000000000000000"),
        ("trilby_relay", "0", "extract(epoch from now()) * 1000000"),
        ("trilby_token", "1", "0"),
        ("trilby_token", "0", "9000000000000000000"),
    ] {
        let insert = format!(
            "set role {role};
            insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
            values (substring(sha256('x') for 16), 1, {first}, {last}, 1, sha256(''), sha256(''))"
        );
        refused(&client, &insert, "42501").await;
    }
}

/// Passed over, they would hide what comes after them, and the relay would vouch that there is nothing.
#[tokio::test]
#[ignore = "needs services"]
async fn rows_of_no_log_are_no_silence() {
    let database = Database::new();
    let identity = database.open(Role::Identity).await;
    append(&identity, 1, 1).await;
    let client = database.client().await;
    client
        .batch_execute(
            "select set_config('trilby.logs', '{999999999}', false); set role trilby_identity;
            insert into outbox (shard, log_id, first_seq, last_seq, tx_id)
            select 7, 999999999, 1, 1, substring(sha256(n::text::bytea) for 16) from generate_series(1, 9) n",
        )
        .await
        .unwrap();
    let relaying = Relaying::open(&database.options(Role::Relay))
        .await
        .unwrap();
    let from = [From { shard: 7, after: 0 }];
    let read = relaying.waiting(&from, 9).await;
    assert!(read.is_err(), "{read:?}");
}
