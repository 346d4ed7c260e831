//! What an append reads: no more in a log that was written to all day than in a new one.

use std::time::Duration;

use tokio_postgres::Client;
use trilby_eventlog::EventLog;
use trilby_eventlog::conformance::receipt;
use trilby_eventlog_postgres::Role;

use crate::support::common::{Database, account, append, commit};

/// Receipts that a log has.
const RECEIPTS: i64 = 5_000;

/// Rows inserted into `receipt`, and entries of its index that were read, as the server has counted.
async fn counted(client: &Client) -> (i64, i64) {
    let sql = "select pg_stat_get_tuples_inserted('receipt'::regclass), pg_stat_get_tuples_returned('receipt_pkey'::regclass)";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// The same once so many rows are counted: a connection tells its counts when it ends.
async fn counted_after(client: &Client, n_rows: i64) -> i64 {
    for _ in 0..200 {
        let (inserted, read) = counted(client).await;
        if inserted >= n_rows {
            return read;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server does not count");
}

#[tokio::test]
#[ignore = "needs services"]
async fn an_append_does_not_read_all_receipts_of_its_log() {
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    append(&store, 1, 1).await;
    let client = database.client().await;
    let fill =
        "insert into receipt (log_id, key, req_hash, first_seq, last_seq, status, created_at)
        select log_id, sha256(n::text::bytea), sha256(n::text::bytea), 1, 1, 200, 0
        from log_head, generate_series(1, $1::bigint) n where public_id = $2";
    let name = account(1).to_string();
    let other = database.client().await;
    other.execute(fill, &[&RECEIPTS, &name]).await.unwrap();
    drop(other);
    let before = counted_after(&client, RECEIPTS).await;
    for key in 0..4 {
        let mut commit = commit(&store, 1, 1).await;
        commit.receipt = Some(receipt(&account(1), key));
        store.append(commit).await.unwrap();
    }
    drop(store);
    let read = counted_after(&client, RECEIPTS + 4).await - before;
    assert!(read < 100, "{read} entries were read for 4 appends");
}

/// Segments that a token process has written since its start.
const SEGMENTS: i64 = 20_000;

#[tokio::test]
#[ignore = "needs services"]
async fn a_record_does_not_read_the_whole_chain_of_its_writer() {
    let database = Database::new();
    let client = database.client().await;
    client
        .execute(
            "insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root, of_role)
            select substring(sha256('x') for 16), n, 0, 0, 1, sha256(''), sha256(''), 'trilby_token'
            from generate_series(1, $1::bigint) n",
            &[&SEGMENTS],
        )
        .await
        .unwrap();
    client
        .batch_execute("analyze activity_segment")
        .await
        .unwrap();
    client
        .batch_execute("set role trilby_token; set statement_timeout = '100ms'")
        .await
        .unwrap();
    let next = "insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
        select substring(sha256('x') for 16), $1::bigint + n, 0, 0, 1, sha256(''), sha256('')
        from generate_series(1, 50) n";
    client.execute(next, &[&SEGMENTS]).await.unwrap();
}
