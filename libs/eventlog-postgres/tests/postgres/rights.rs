//! Who may do what: the database roles, row-level security, and when a store is not opened.

use std::time::{Duration, Instant};

use tokio_postgres::Client;
use trilby_eventlog::{
    Activity, ActivityFilter, AppendError, Archive, Commit, Credential, Error, EventLog, SideBody,
    SideError, SideWrite, Snapshot, snapshot,
};
use trilby_eventlog_postgres::{OpenError, Options, Postgres, Role, migrate};
use trilby_model::Seq;

use crate::support::common::{Database, account, activity, append, at, commit, now};

const TABLES: [&str; 21] = [
    "installation",
    "store_meta",
    "log_head",
    "event",
    "outbox",
    "receipt",
    "claim",
    "snapshot",
    "revocation",
    "trusting",
    "credential",
    "sealed_key",
    "personal",
    "one_time",
    "counter",
    "node",
    "relay_lease",
    "activity",
    "activity_segment",
    "activity_id",
    "turn",
];

/// Which tables a role may read in full.
fn reads(role: Role) -> &'static [&'static str] {
    const LOG: [&str; 5] = ["store_meta", "log_head", "event", "snapshot", "revocation"];
    match role {
        Role::Identity => &[
            "installation",
            "store_meta",
            "log_head",
            "event",
            "snapshot",
            "revocation",
            "receipt",
            "claim",
            "credential",
            "personal",
            "activity",
            "activity_segment",
            "activity_id",
        ],
        Role::Token => &[
            "installation",
            "store_meta",
            "log_head",
            "event",
            "snapshot",
            "revocation",
            "receipt",
            "claim",
            "trusting",
            "credential",
            "sealed_key",
            "one_time",
            "counter",
            "personal",
            "node",
            "activity",
            "activity_segment",
            "activity_id",
        ],
        Role::Decision => &[
            "installation",
            "store_meta",
            "log_head",
            "event",
            "snapshot",
            "revocation",
            "node",
            "activity",
            "activity_segment",
            "activity_id",
        ],
        Role::Relay => &[
            "store_meta",
            "log_head",
            "event",
            "snapshot",
            "revocation",
            "outbox",
            "relay_lease",
        ],
        Role::Sink => &LOG[..1],
        Role::Admin => &TABLES,
    }
}

/// Which tables a role may add rows to.
fn adds(role: Role) -> &'static [&'static str] {
    match role {
        Role::Identity => &[
            "installation",
            "log_head",
            "event",
            "outbox",
            "receipt",
            "claim",
            "revocation",
            "trusting",
            "credential",
            "personal",
            "snapshot",
        ],
        Role::Token => &[
            "installation",
            "log_head",
            "event",
            "outbox",
            "receipt",
            "claim",
            "revocation",
            "trusting",
            "credential",
            "sealed_key",
            "personal",
            "one_time",
            "counter",
            "snapshot",
            "activity",
            "activity_segment",
            "activity_id",
        ],
        Role::Decision => &["installation", "snapshot"],
        Role::Relay => &["relay_lease", "activity", "activity_segment", "activity_id"],
        Role::Sink => &["activity", "activity_segment", "activity_id"],
        Role::Admin => &TABLES,
    }
}

async fn privileged(client: &Client, role: Role, privilege: &str) -> Vec<String> {
    // Rows are added by columns, where others are the database's to fill.
    let has = match privilege {
        "insert" => "has_any_column_privilege",
        _ => "has_table_privilege",
    };
    let sql = format!("select t from unnest($1::text[]) t where {has}($2::text, t, $3::text)");
    let tables: Vec<&str> = TABLES.to_vec();
    let found = client
        .query(&sql, &[&tables, &role.name(), &privilege])
        .await;
    let mut found: Vec<String> = found.unwrap().iter().map(|row| row.get(0)).collect();
    found.sort();
    found
}

fn sorted(tables: &[&str]) -> Vec<String> {
    let mut tables: Vec<String> = tables.iter().map(ToString::to_string).collect();
    tables.sort();
    tables
}

#[tokio::test]
#[ignore = "needs services"]
async fn each_role_reads_and_adds_what_its_service_needs_and_no_more() {
    let database = Database::new();
    let client = database.client().await;
    for role in Role::ALL {
        assert_eq!(
            privileged(&client, role, "select").await,
            sorted(reads(role)),
            "{role:?} reads"
        );
        assert_eq!(
            privileged(&client, role, "insert").await,
            sorted(adds(role)),
            "{role:?} adds"
        );
        if role != Role::Admin {
            assert!(privileged(&client, role, "truncate").await.is_empty());
            // What was appended is never changed by whoever appends.
            let update = "select has_any_column_privilege($1::text, 'event', 'update') \
                or has_table_privilege($1::text, 'event', 'delete')";
            let row = client.query_one(update, &[&role.name()]).await.unwrap();
            assert!(!row.get::<_, bool>(0), "{role:?} changes events");
        }
    }
}

fn is_refused<T: std::fmt::Debug>(answer: Result<T, Error>) {
    match answer {
        Err(Error::Invalid(text)) => assert!(text.contains("42501"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_decision_appends_nothing_and_reads_no_secret() {
    let database = Database::new();
    let identity = database.open(Role::Identity).await;
    let head = append(&identity, 1, 2).await;
    let secret = Credential {
        log: account(1),
        subject: "TUSR1".to_owned(),
        kind: 1,
        generation: 1,
        body: SideBody(vec![1]),
        expires_at: None,
    };
    let write = SideWrite::CredentialInsert(secret);
    identity.side_write(vec![write.clone()]).await.unwrap();

    let decision = database.open(Role::Decision).await;
    assert_eq!(decision.head(&account(1)).await.unwrap().unwrap(), head);
    assert_eq!(
        decision
            .read(&account(1), Seq::ZERO, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let wish = commit(&decision, 1, 1).await;
    assert!(matches!(
        decision.append(wish).await,
        Err(AppendError::Invalid(_))
    ));
    let wish = commit(&decision, 2, 1).await;
    assert!(matches!(
        decision.append(wish).await,
        Err(AppendError::Invalid(_))
    ));
    is_refused(decision.credential(&account(1), "TUSR1", 1).await);
    is_refused(decision.sealed_keys(&account(1), 1).await);
    is_refused(decision.personal(&account(1), "TUSR1", 1, 1).await);
    is_refused(decision.receipt(&account(1), &[1; 32]).await);
    let refused = decision.side_write(vec![write]).await;
    assert!(
        matches!(refused, Err(SideError::Store(Error::Invalid(_)))),
        "{refused:?}"
    );
    is_refused(decision.close_log(&account(1), true).await);
    is_refused(decision.fence(0).await);
    assert_eq!(identity.head(&account(1)).await.unwrap().unwrap(), head);

    let header = snapshot::Header {
        log: account(1),
        incarnation: 1,
        seq: head.seq,
        head_hash: head.hash,
        state_schema: 1,
        fold_fingerprint: [3; 32],
    };
    let taken = Snapshot::new(&header, b"state").unwrap();
    decision.snapshot_put(taken.clone()).await.unwrap();
    decision.snapshot_put(taken.clone()).await.unwrap();
    // Each believes its own and no other's.
    let found =
        |store: Postgres| async move { store.snapshot_get(&account(1), 1, None).await.unwrap() };
    assert_eq!(found(decision.clone()).await, Some(taken.clone()));
    assert_eq!(found(identity.clone()).await, None);
    identity.snapshot_put(taken.clone()).await.unwrap();
    assert_eq!(found(identity.clone()).await, Some(taken.clone()));
    let of_another = Snapshot {
        state_schema: 3,
        ..taken
    };
    decision.snapshot_put(of_another).await.unwrap();
    assert_eq!(decision.snapshot_prune(&account(1), 2).await.unwrap(), 1);
    assert_eq!(found(decision).await, None);
    assert!(found(identity).await.is_some());
}

#[tokio::test]
#[ignore = "needs services"]
async fn identity_never_sees_a_key_that_signs() {
    let database = Database::new();
    let identity = database.open(Role::Identity).await;
    append(&identity, 1, 1).await;
    is_refused(identity.sealed_key(&account(1), 1, "kid").await);
    let record = Activity {
        log: account(1),
        at: at(0),
        kind: "session.issued".to_owned(),
        id: "TSES1".to_owned(),
        body: b"{}".to_vec(),
    };
    is_refused(identity.activity_append(vec![record.clone()]).await);
    let token = database.open(Role::Token).await;
    token.activity_append(vec![record]).await.unwrap();
    let all = ActivityFilter::default();
    assert_eq!(
        identity
            .activity_list(&account(1), &all, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    // Of personal rows root's address alone.
    assert_eq!(token.personal(&account(1), "TUSR1", 1, 1).await, Ok(None));
    assert_eq!(token.personal(&account(1), "TUSR1", 2, 1).await, Ok(None));
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_sink_writes_activity_and_nothing_else() {
    let database = Database::new();
    append(&database.open(Role::Identity).await, 1, 1).await;
    let sink = database.open(Role::Sink).await;
    let long_ago = now().plus_seconds(-30 * 24 * 3_600);
    let record = |n: u64, id: &str| Activity {
        log: account(n),
        at: long_ago,
        kind: "decision.made".to_owned(),
        id: id.to_owned(),
        body: b"{}".to_vec(),
    };
    let too_soon = sink.activity_append(vec![record(1, "d1")]).await;
    assert!(
        matches!(too_soon, Err(Error::Unavailable(_))),
        "{too_soon:?}"
    );
    let client = database.client().await;
    client.batch_execute("set role trilby_token").await.unwrap();
    let make = "select make_activity_hour($1)";
    client.execute(make, &[&long_ago.micros()]).await.unwrap();
    sink.activity_append(vec![record(1, "d1")]).await.unwrap();
    let session = Activity {
        kind: "session.issued".to_owned(),
        ..record(1, "TSESAAAAAAAAAAAAAAAA1")
    };
    is_refused(sink.activity_append(vec![session.clone()]).await);
    is_refused(
        database
            .open(Role::Relay)
            .await
            .activity_append(vec![session])
            .await,
    );
    let doubled = sink.activity_append(vec![record(1, "d1")]).await;
    assert!(matches!(doubled, Err(Error::Invalid(_))), "{doubled:?}");
    let nowhere = sink.activity_append(vec![record(2, "d2")]).await;
    assert!(matches!(nowhere, Err(Error::Invalid(_))), "{nowhere:?}");
    is_refused(sink.head(&account(1)).await);
    is_refused(sink.read(&account(1), Seq::ZERO, 9).await);
    is_refused(
        sink.activity_list(&account(1), &ActivityFilter::default(), 9)
            .await,
    );
}

#[tokio::test]
#[ignore = "needs services"]
async fn only_the_relay_removes_rows_of_the_outbox_by_hand() {
    let database = Database::new();
    let token = database.open(Role::Token).await;
    append(&token, 1, 1).await;
    let relay = database.open(Role::Relay).await;
    let rows = relay.outbox_take(9).await.unwrap();
    assert_eq!(rows.len(), 1);
    is_refused(token.outbox_done(&[rows[0].id]).await);
    relay.outbox_done(&[rows[0].id]).await.unwrap();
    assert!(relay.outbox_take(9).await.unwrap().is_empty());
    assert_eq!(
        relay.read(&account(1), Seq::ZERO, 9).await.unwrap().len(),
        1
    );
    let wish = commit(&relay, 1, 1).await;
    assert!(relay.append(wish).await.is_err());
}

#[tokio::test]
#[ignore = "needs services"]
async fn rows_of_a_log_that_was_not_named_do_not_exist() {
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    append(&store, 1, 2).await;
    append(&store, 2, 3).await;
    let client = database.client().await;
    let count = async |logs: &str| -> i64 {
        let set =
            format!("begin; set local role trilby_identity; set local trilby.logs = '{logs}'");
        client.batch_execute(&set).await.unwrap();
        let found = client.query_one("select count(*) from event", &[]).await;
        client.batch_execute("rollback").await.unwrap();
        found.unwrap().get(0)
    };
    let id_of = async |n: u64| -> i64 {
        let sql = "select log_id from log_head where public_id = $1";
        let row = client.query_one(sql, &[&account(n).to_string()]).await;
        row.unwrap().get(0)
    };
    let (one, two) = (id_of(1).await, id_of(2).await);
    assert_eq!(count("").await, 0);
    assert_eq!(count(&format!("{{{one}}}")).await, 2);
    assert_eq!(count(&format!("{{{two}}}")).await, 3);
    // Nor can they be made.
    let set = format!("begin; set local role trilby_identity; set local trilby.logs = '{{{one}}}'");
    client.batch_execute(&set).await.unwrap();
    let sql = format!(
        "insert into outbox (shard, log_id, first_seq, last_seq, tx_id) values (0, {two}, 1, 1, repeat('x', 16)::bytea)"
    );
    let refused = client.batch_execute(&sql).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "42501");
    client.batch_execute("rollback").await.unwrap();
    let set = format!("begin; set local role trilby_identity; set local trilby.logs = '{{{one}}}'");
    client.batch_execute(&set).await.unwrap();
    let sql = format!("update log_head set seq = 9 where log_id = {two}");
    assert_eq!(client.execute(&sql, &[]).await.unwrap(), 0);
    client.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_store_of_another_key_level_or_timeline_is_not_opened() {
    let database = Database::new();
    let mut options = database.options(Role::Identity);
    options.store_key_fingerprint = Some([2; 32]);
    assert!(matches!(
        Postgres::open(&options).await,
        Err(OpenError::StoreKey)
    ));
    assert!(matches!(
        migrate(&database.url, Some([2; 32])).await,
        Err(OpenError::StoreKey)
    ));
    migrate(&database.url, Some([1; 32])).await.unwrap();
    let admin = database.open(Role::Admin).await;
    let head = append(&admin, 1, 1).await;
    admin.raise_reader_level(5).await.unwrap();
    let refused = Postgres::open(&database.options(Role::Decision)).await;
    assert!(matches!(
        refused,
        Err(OpenError::NewerReaders { found: 5, known: 1 })
    ));
    let with_level = |role| Options {
        reader_level: 5,
        ..database.options(role)
    };
    Postgres::open(&with_level(Role::Decision)).await.unwrap();

    // As after a promotion, or a restore from a backup: the server's timeline is not the store's.
    let client = database.client().await;
    client
        .batch_execute("update store_meta set pg_timeline = 7")
        .await
        .unwrap();
    for role in [
        Role::Identity,
        Role::Token,
        Role::Decision,
        Role::Relay,
        Role::Admin,
    ] {
        let refused = Postgres::open(&with_level(role)).await;
        assert!(
            matches!(refused, Err(OpenError::Timeline { .. })),
            "{role:?}"
        );
    }
    let forbidden = Options {
        any_timeline: true,
        ..with_level(Role::Identity)
    };
    assert!(matches!(
        Postgres::open(&forbidden).await,
        Err(OpenError::Options(_))
    ));
    let fencing = Options {
        any_timeline: true,
        ..with_level(Role::Admin)
    };
    let store = Postgres::open(&fencing).await.unwrap();
    assert_eq!(store.head(&account(1)).await.unwrap(), Some(head));
    assert_eq!(store.fence(0).await.unwrap(), 2);
    let store = Postgres::open(&with_level(Role::Identity)).await.unwrap();
    let wish = commit(&store, 1, 1).await;
    let committed = store.append(wish).await.unwrap();
    assert_eq!(committed.commits[0].incarnation, 2);
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_process_that_runs_through_a_fence_writes_for_the_new_incarnation() {
    let database = Database::new();
    let running = database.open(Role::Identity).await;
    append(&running, 1, 1).await;
    database.open(Role::Admin).await.fence(0).await.unwrap();
    // By a session from before it nothing is written, though all it rests on stands.
    let late = Commit {
        incarnation: Some(1),
        ..commit(&running, 1, 1).await
    };
    let refused = running.append(late).await.unwrap_err();
    assert!(matches!(refused, AppendError::Unavailable(_)), "{refused}");
    // It knows the head and the old incarnation; the statement does not take it.
    let wish = commit(&running, 1, 1).await;
    let committed = running.append(wish).await.unwrap();
    assert_eq!(committed.commits[0].incarnation, 2);
}

#[tokio::test]
#[ignore = "needs services"]
async fn an_empty_database_and_a_bad_url_are_told_apart() {
    let database = Database::new();
    let client = database.client().await;
    client
        .batch_execute("drop owned by trilby_admin cascade")
        .await
        .unwrap();
    let refused = Postgres::open(&database.options(Role::Identity)).await;
    assert!(matches!(refused, Err(OpenError::Missing)), "{refused:?}");
    let mut options = database.options(Role::Identity);
    options.url = "no url, and a s3cret".to_owned();
    let refused = Postgres::open(&options).await.unwrap_err();
    assert!(matches!(refused, OpenError::Url));
    assert!(!format!("{refused} {refused:?} {options:?}").contains("s3cret"));
    options.url = "postgres://nobody:s3cret@127.0.0.1:1/none".to_owned();
    let refused = Postgres::open(&options).await.unwrap_err();
    assert!(matches!(refused, OpenError::Unreachable(_)));
    assert!(!format!("{refused} {refused:?}").contains("s3cret"));
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_store_opened_for_reading_stands_still() {
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    let first = append(&store, 1, 1).await;
    let mut options = database.options(Role::Admin);
    options.read_only = true;
    let still = Postgres::open(&options).await.unwrap();
    assert_eq!(still.head(&account(1)).await.unwrap().unwrap(), first);
    append(&store, 1, 1).await;
    append(&store, 2, 1).await;
    assert_eq!(still.head(&account(1)).await.unwrap().unwrap(), first);
    assert_eq!(still.logs(None, 9).await.unwrap().len(), 1);
    let wish = commit(&still, 1, 1).await;
    assert!(matches!(
        still.append(wish).await,
        Err(AppendError::Unavailable(_))
    ));
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_segment_in_the_place_of_the_next_stops_nobody_for_long() {
    let database = Database::new();
    let identity = database.open(Role::Identity).await;
    append(&identity, 1, 1).await;
    let token = database.open(Role::Token).await;
    let record = |id: &str| activity(now(), id);
    token.activity_append(vec![record("a")]).await.unwrap();
    // Whoever has token's own login can do this to every process of it.
    let other = database.client().await;
    other.batch_execute(
        "set role trilby_token;
        insert into activity_segment (writer, n, first_at, last_at, count, prev_hash, root)
        select writer, max(n) + 1, 0, 0, 0, sha256('x'), sha256('y') from activity_segment group by writer",
    )
    .await
    .unwrap();
    let refused = token.activity_append(vec![record("b")]).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    token.activity_append(vec![record("b")]).await.unwrap();
    token.activity_append(vec![record("c")]).await.unwrap();
    // A record that is there is refused for good, and the chain goes on.
    let doubled = token.activity_append(vec![record("c")]).await;
    assert!(matches!(doubled, Err(Error::Invalid(_))), "{doubled:?}");
    token.activity_append(vec![record("d")]).await.unwrap();
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_chain_whose_end_is_gone_is_not_gone_on_with() {
    let database = Database::new();
    let identity = database.open(Role::Identity).await;
    append(&identity, 1, 1).await;
    let token = database.open(Role::Token).await;
    let record = |id: &str| activity(now(), id);
    for id in ["a", "b"] {
        token.activity_append(vec![record(id)]).await.unwrap();
    }
    // As after an older backup was put in its place, which has no room for this hour either.
    let client = database.client().await;
    client
        .batch_execute(
            "delete from activity_segment where n = 2;
            do $$ begin execute (select 'drop table ' || inhrelid::regclass from pg_inherits
                where inhparent = 'activity'::regclass limit 1); end $$",
        )
        .await
        .unwrap();
    let mut n_refused = 0;
    while let Err(refused) = token.activity_append(vec![record("c")]).await {
        assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
        n_refused += 1;
        assert!(n_refused < 5);
    }
    token.activity_append(vec![record("d")]).await.unwrap();
    let chains = "select count(*), max(n) from activity_segment group by writer order by 1";
    let found: Vec<(i64, i64)> = client
        .query(chains, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    assert_eq!(found, [(1, 1), (2, 2)]);
}

#[tokio::test]
#[ignore = "needs services"]
async fn no_service_makes_hours_to_come_or_waits_for_one_that_is_there() {
    let database = Database::new();
    let client = database.client().await;
    let make = "select make_activity_hour($1)";
    for (role, away_h) in [
        ("token", 26_i64),
        ("token", 24 * 365 * 30),
        ("relay", 26),
        ("relay", -24 * 41),
    ] {
        let become_it = format!("set role trilby_{role}");
        client.batch_execute(&become_it).await.unwrap();
        let moment = now().plus_seconds(away_h * 3_600).micros();
        let refused = client.execute(make, &[&moment]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "22023", "{away_h} h");
    }
    client.execute(make, &[&now().micros()]).await.unwrap();
    let holder = database.client().await;
    holder
        .batch_execute(
            "set role trilby_sink; select pg_advisory_lock(hashtext('trilby.activity'), 0)",
        )
        .await
        .unwrap();
    client
        .batch_execute("set lock_timeout = '500ms'")
        .await
        .unwrap();
    client.execute(make, &[&now().micros()]).await.unwrap();
}

/// What may be deleted or updated may be locked whole; and an advisory lock may be taken by whoever connects.
#[tokio::test]
#[ignore = "needs services"]
async fn who_only_decides_holds_up_nobody() {
    let database = Database::new();
    let client = database.client().await;
    for role in [Role::Decision, Role::Sink] {
        for privilege in ["update", "delete", "truncate"] {
            let may = privileged(&client, role, privilege).await;
            assert!(may.is_empty(), "{role:?} may {privilege} {may:?}");
        }
    }
    let (identity, token) = (
        database.open(Role::Identity).await,
        database.open(Role::Token).await,
    );
    append(&identity, 1, 1).await;
    client
        .batch_execute("set role trilby_decision")
        .await
        .unwrap();
    for table in TABLES {
        let lock = format!("begin; lock table {table} in access exclusive mode");
        let refused = client.batch_execute(&lock).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "42501", "{table}");
        client.batch_execute("rollback").await.unwrap();
    }
    for turn in [
        "migrate",
        "activity",
        "purge_activity",
        "clear",
        "clear_outbox",
        "clear_activity",
    ] {
        let hold = format!("select pg_advisory_lock(hashtext('trilby.{turn}'), 0)");
        client.batch_execute(&hold).await.unwrap();
        for take in ["take_turn", "has_turn"] {
            let refused = client
                .batch_execute(&format!("select {take}('{turn}')"))
                .await
                .unwrap_err();
            assert_eq!(refused.code().unwrap().code(), "42501", "{turn}");
        }
    }
    // Beside all these locks.
    for n_hours in 0..3 {
        let record = activity(now().plus_seconds(-3_600 * n_hours), &n_hours.to_string());
        token.activity_append(vec![record]).await.unwrap();
    }
    let sql = "insert into receipt select log_id, sha256(n::text::bytea), sha256('r'), 1, 1, 200, null, 1 \
        from log_head, generate_series(1, 10) n";
    database.client().await.batch_execute(sql).await.unwrap();
    assert_eq!(token.purge(now(), now(), now()).await.unwrap(), 10);
    let begun = Instant::now();
    migrate(&database.url, None).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
}
