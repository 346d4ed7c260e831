//! Connections and what they are worth: none waits for ever, none outlives its time, none is kept with a server that takes no
//! writes or is another.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_postgres::{Client, Config, NoTls};
use trilby_eventlog::{AppendError, Commit, Error, EventLog, SideWrite};
use trilby_eventlog_postgres::{Options, Postgres, Role, migrate};
use trilby_model::Seq;

use crate::support::cluster;
use crate::support::common::{Database, account, append, commit};

/// `lock_timeout` and `statement_timeout`, with room for a busy machine.
const LOCK: Duration = Duration::from_millis(500);
const STATEMENT: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(5);
const ROOM: Duration = Duration::from_millis(1_500);

/// Server processes that work for identity in a database.
async fn backends(client: &Client) -> BTreeSet<i32> {
    let sql = "select pid from pg_stat_activity where datname = current_database() \
        and application_name = 'trilby_identity'";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The longest that any of them was seen at one statement, until it is told to stop.
fn watch_longest(client: Client) -> (Arc<AtomicBool>, tokio::task::JoinHandle<Duration>) {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let watching = tokio::spawn(async move {
        let sql = "select coalesce(max(extract(epoch from clock_timestamp() - query_start))::float8, 0) \
            from pg_stat_activity where datname = current_database() \
            and application_name = 'trilby_identity' and state = 'active'";
        let mut longest = 0.0_f64;
        while !stopped.load(Ordering::SeqCst) {
            longest = longest.max(client.query_one(sql, &[]).await.unwrap().get(0));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Duration::from_secs_f64(longest)
    });
    (stop, watching)
}

fn said(outcome: Result<(), AppendError>) -> String {
    match outcome {
        Err(AppendError::Unavailable(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_connection_is_used_no_longer_than_its_time() {
    let database = Database::new();
    let watcher = database.client().await;
    for (lifetime, is_kept) in [
        (Duration::from_millis(100), false),
        (Duration::from_secs(600), true),
    ] {
        let mut options = database.options(Role::Identity);
        options.connection_lifetime = lifetime;
        options.read_connections = 1;
        let store = Postgres::open(&options).await.unwrap();
        let mut first = BTreeSet::new();
        // The one that looked at the store while it was opened goes.
        while first.len() != 1 {
            store.head(&account(1)).await.unwrap();
            first = backends(&watcher).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        store.head(&account(1)).await.unwrap();
        let mut then = backends(&watcher).await;
        while then.len() != 1 {
            then = backends(&watcher).await;
        }
        assert_eq!(first == then, is_kept, "{lifetime:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_lock_is_waited_for_half_a_second_and_the_connection_kept() {
    let database = Database::new();
    let mut options = database.options(Role::Identity);
    options.write_connections = 2;
    let store = Postgres::open(&options).await.unwrap();
    append(&store, 1, 1).await;
    append(&store, 2, 1).await;
    let wish = commit(&store, 1, 1).await;
    let holder = database.client().await;
    let lock = format!(
        "begin; select from log_head where public_id = '{}' for update",
        account(1)
    );
    holder.batch_execute(&lock).await.unwrap();
    let before = backends(&holder).await;
    let (stop, watching) = watch_longest(database.client().await);
    let begun = Instant::now();
    let waiting = tokio::spawn({
        let (store, wish) = (store.clone(), wish.clone());
        async move { store.append(wish).await.map(drop) }
    });
    // Other logs do not wait.
    tokio::time::sleep(Duration::from_millis(100)).await;
    append(&store, 2, 1).await;
    assert!(!waiting.is_finished());
    let why = said(waiting.await.unwrap());
    assert!(why.contains("55P03"), "{why}");
    assert!(begun.elapsed() >= LOCK, "{:?}", begun.elapsed());
    stop.store(true, Ordering::SeqCst);
    let longest = watching.await.unwrap();
    assert!(longest >= LOCK / 2 && longest < LOCK + ROOM, "{longest:?}");
    holder.batch_execute("rollback").await.unwrap();
    let head = store.append(wish).await.unwrap().heads.remove(0);
    assert_eq!(head.seq, Seq::new(2));
    // A lock says nothing about the connection.
    assert!(before.is_subset(&backends(&holder).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_statement_gets_two_seconds() {
    let database = Database::new();
    let store = database.open(Role::Identity).await;
    append(&store, 1, 1).await;
    let slow = "create function slow() returns trigger language plpgsql as $$
            begin perform pg_sleep(30); return null; end $$;
        create trigger slow after insert on outbox for each row execute function slow()";
    database.client().await.batch_execute(slow).await.unwrap();
    let (stop, watching) = watch_longest(database.client().await);
    let wish = commit(&store, 1, 1).await;
    let why = said(store.append(wish.clone()).await.map(drop));
    assert!(why.contains("57014"), "{why}");
    stop.store(true, Ordering::SeqCst);
    let longest = watching.await.unwrap();
    assert!(
        longest >= STATEMENT / 2 && longest < STATEMENT + ROOM,
        "{longest:?}"
    );
    let client = database.client().await;
    client
        .batch_execute("drop trigger slow on outbox")
        .await
        .unwrap();
    let head = store.append(wish).await.unwrap().heads.remove(0);
    assert_eq!(head.seq, Seq::new(2), "it is there once");
}

/// What a client ends its transaction with.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

/// Stands before a server. It can hold a client's `commit` back for ever, as if the client's host hung there; and it can
/// send everybody to another server.
struct Proxy {
    port: u16,
    holds: Arc<AtomicBool>,
    server: Arc<Mutex<String>>,
    /// Whoever is connected when this changes is cut off.
    moved: watch::Sender<()>,
}

impl Proxy {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            holds: Arc::default(),
            server: Arc::new(Mutex::new(server)),
            moved: watch::Sender::new(()),
        };
        let (holds, server, moved) = (
            Arc::clone(&proxy.holds),
            Arc::clone(&proxy.server),
            proxy.moved.clone(),
        );
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = server.lock().unwrap().clone();
                let (holds, mut moved) = (Arc::clone(&holds), moved.subscribe());
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        // An error is a connection that ended.
                        _ = pass(client, server, &holds) => {}
                        _ = moved.changed() => {}
                    }
                });
            }
        });
        proxy
    }

    fn url(&self, url: &str) -> String {
        url.replace(&address(url), &format!("127.0.0.1:{}", self.port))
    }

    fn go_to(&self, server: String) {
        *self.server.lock().unwrap() = server;
        self.moved.send_replace(());
    }
}

async fn pass(client: TcpStream, server: TcpStream, holds: &AtomicBool) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::io::copy(&mut from_server, &mut to_client);
    let forth = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let n = from_client.read(&mut buffer).await?;
            if n == 0 {
                return Ok::<(), std::io::Error>(());
            }
            let data = &buffer[..n];
            let at = data
                .windows(COMMIT.len())
                .position(|window| window == COMMIT);
            if let Some(at) = at
                && holds.swap(false, Ordering::SeqCst)
            {
                to_server.write_all(&data[..at]).await?;
                std::future::pending::<()>().await;
            }
            to_server.write_all(data).await?;
        }
    };
    tokio::select! {
        done = back => done.map(drop),
        done = forth => done,
    }
}

fn address(url: &str) -> String {
    let after = url.rsplit_once('@').unwrap().1;
    after.split(['/', '?']).next().unwrap().to_owned()
}

/// A commit whose transaction ends with a `commit`: it has a side write.
async fn with_side(store: &Postgres) -> Commit {
    let mut wish = commit(store, 1, 1).await;
    wish.side.push(SideWrite::CounterAdd {
        log: account(1),
        subject: "TUSR1".to_owned(),
        kind: 1,
        delta: 1,
        now: wish.at,
        until: None,
    });
    wish
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_process_that_hangs_in_its_transaction_holds_its_log_for_seconds() {
    let database = Database::new();
    let proxy = Proxy::before(address(&database.url)).await;
    let mut options = database.options(Role::Token);
    options.url = proxy.url(&database.url);
    let store = Postgres::open(&options).await.unwrap();
    append(&store, 1, 1).await;
    let other = database.open(Role::Identity).await;
    let wish = with_side(&store).await;
    let begun = Instant::now();
    proxy.holds.store(true, Ordering::SeqCst);
    let hanging = tokio::spawn(async move { store.append(wish).await });
    while proxy.holds.load(Ordering::SeqCst) {
        assert!(!hanging.is_finished(), "{:?}", hanging.await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut n_refused = 0;
    let seq = loop {
        assert!(begun.elapsed() < 2 * IDLE, "the log is still held");
        match other.append(commit(&other, 1, 1).await).await {
            Ok(committed) => break committed.heads[0].seq,
            Err(AppendError::Unavailable(why)) => {
                assert!(why.contains("55P03"), "{why}");
                n_refused += 1;
            }
            Err(AppendError::Stale { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert!(
        n_refused > 0 && begun.elapsed() >= IDLE - ROOM,
        "{:?}",
        begun.elapsed()
    );
    // What hung was undone. If it was tried again it is there once, before or after the other's.
    let again = hanging.await.unwrap();
    let head = other.head(&account(1)).await.unwrap().unwrap();
    let n_events = 2 + u64::from(again.is_ok());
    assert_eq!(head.seq.get(), n_events.max(seq.get()), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_connection_to_a_server_that_takes_no_writes_is_let_go() {
    let cluster = cluster::Cluster::start();
    let url = cluster.url("postgres");
    migrate(&url, Some([1; 32])).await.unwrap();
    let mut options = Options::new(&url, Role::Identity);
    (options.read_connections, options.write_connections) = (1, 1);
    let store = Postgres::open(&options).await.unwrap();
    let config: Config = url.parse().unwrap();
    let (admin, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    append(&store, 1, 1).await;
    let mut before = backends(&admin).await;
    // The one that looked at the store while it was opened goes.
    while before.len() != 2 {
        before = backends(&admin).await;
    }
    let wish = commit(&store, 1, 1).await;
    // As after a failover: the server that was the primary is there, and takes no writes.
    let read_only = async |on: &str| {
        let set = format!("alter system set default_transaction_read_only = {on}");
        admin.batch_execute(&set).await.unwrap();
        admin
            .batch_execute("select pg_reload_conf()")
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    read_only("on").await;
    let why = said(store.append(wish.clone()).await.map(drop));
    assert!(!why.is_empty());
    // Nor is a new one kept to such a server.
    let mut kept = before.clone();
    for _ in 0..100 {
        kept = backends(&admin).await;
        if kept.len() < before.len() && kept.is_subset(&before) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        kept.len() < before.len() && kept.is_subset(&before),
        "{why}: {before:?}, then {kept:?}"
    );
    read_only("off").await;
    let head = store.append(wish).await.unwrap().heads.remove(0);
    assert_eq!(head.seq, Seq::new(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_running_process_takes_no_connection_to_another_server() {
    let database = Database::new();
    let proxy = Proxy::before(address(&database.url)).await;
    let mut options = database.options(Role::Identity);
    options.url = proxy.url(&database.url);
    // Another cluster with such a store in it, as after a restore beside the first.
    let elsewhere = cluster::Cluster::start();
    let client = {
        let config: Config = elsewhere.url("postgres").parse().unwrap();
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    };
    let login: Config = database.url.parse().unwrap();
    let login = login.get_user().unwrap();
    if login != "trilby" {
        let role = format!("create role \"{login}\" superuser login");
        client.batch_execute(&role).await.unwrap();
    }
    let create = format!("create database {}", database.name);
    client.batch_execute(&create).await.unwrap();
    let there = elsewhere.url(&database.name);
    migrate(&there, Some([1; 32])).await.unwrap();

    let store = Postgres::open(&options).await.unwrap();
    append(&store, 1, 1).await;
    let wish = commit(&store, 1, 1).await;
    proxy.go_to(address(&there));
    let read = store.head(&account(9)).await;
    assert!(
        matches!(&read, Err(Error::Unavailable(why)) if why.contains("another timeline")),
        "{read:?}"
    );
    let why = said(store.append(wish.clone()).await.map(drop));
    assert!(why.contains("another timeline"), "{why}");
    proxy.go_to(address(&database.url));
    let head = store.append(wish).await.unwrap().heads.remove(0);
    assert_eq!(head.seq, Seq::new(2));
    let config: Config = there.parse().unwrap();
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let row = client
        .query_one("select count(*) from log_head", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 0, "nothing was written there");
}
