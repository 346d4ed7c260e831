//! The power fails under Postgres. What it had flushed is on the disk; of what it had written since, any part: pages that
//! are old, new or torn, a write-ahead log that ends at its last flush or goes on with holes.
//!
//! The disk is made of two copies of the data folder. The first is from a checkpoint, when all that was written was flushed.
//! The second is from after a `kill -9`, as the system's page cache has it. The server says up to where its log was flushed
//! at a moment before: what was acknowledged until then must be there. A control that does not wait for the flush must lose
//! rows, or the test shows nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};
use trilby_eventlog_postgres::{Options, Postgres, Role, migrate};
use trilby_model::Seq;
use trilby_testkit::simulation::Run;

use crate::support::cluster::Cluster;
use crate::support::disk::{Checkpoint, Lsn};
use crate::support::work::{Id, assert_sound, execute_surely};

const CUTS: u64 = 3;
const WRITERS: u64 = 6;

/// Few buffers, so that pages are written all the time; nothing but the test's own checkpoints; nothing in the background
/// that writes while a copy is made. A flush takes its time, whatever the disk is.
const SETTINGS: &str = "shared_buffers = '1MB'\ncheckpoint_timeout = '1d'\nmax_wal_size = '4GB'\nautovacuum = off\n\
    bgwriter_lru_maxpages = 0\nwal_writer_delay = '10s'\nwal_writer_flush_after = '1GB'\n\
    commit_delay = 3000\ncommit_siblings = 0\n";

/// Where the server's folder is: in memory, if there is such a place. What the disk loses is the test's to say.
fn below() -> &'static str {
    let memory = "/dev/shm";
    match std::path::Path::new(memory).is_dir() {
        true => memory,
        false => "/var/tmp",
    }
}

/// Commands that were tried, and the place of those that were acknowledged.
#[derive(Default)]
struct Clients {
    tried: BTreeSet<Id>,
    told: BTreeMap<Id, Seq>,
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn open(url: &str, role: Role) -> Postgres {
    Postgres::open(&Options::new(url, role)).await.unwrap()
}

/// Writes until it is stopped.
async fn writer(store: Postgres, round: u64, writer: u64, clients: Arc<Mutex<Clients>>) {
    for n in 0.. {
        let id = (round, writer, n);
        clients.lock().unwrap().tried.insert(id);
        let seq = execute_surely(&store, id).await;
        clients.lock().unwrap().told.insert(id, seq);
    }
}

/// Takes a commit for done that may not be flushed. Tells how many it has made.
async fn careless(url: String, done: Arc<AtomicI64>) {
    let client = connect(&url).await;
    let sql = "set synchronous_commit = off; create table if not exists careless (n bigint)";
    client.batch_execute(sql).await.unwrap();
    let insert = client.prepare("insert into careless values ($1)").await;
    let insert = insert.unwrap();
    // The power is off when it fails.
    while client
        .execute(&insert, &[&(done.load(Ordering::SeqCst) + 1)])
        .await
        .is_ok()
    {
        done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Up to where the log is on the disk.
async fn flushed(client: &Client) -> Lsn {
    let sql = "select pg_current_wal_flush_lsn()::text";
    let text: String = client.query_one(sql, &[]).await.unwrap().get(0);
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let mut run = Run::of("F19");
    let cluster = Cluster::with(below(), SETTINGS);
    let url = cluster.url("postgres");
    migrate(&url, Some([1; 32])).await.unwrap();
    let (mut told, mut tried) = (BTreeMap::new(), BTreeSet::new());
    let (mut n_careless, mut n_lost, mut n_torn) = (0, 0, 0);
    let done = Arc::new(AtomicI64::new(0));
    // Whether the careless one loses something is a matter of moments.
    while run.goes_on(if n_lost == 0 { 4 * CUTS } else { CUTS }) {
        let watch = connect(&url).await;
        watch.batch_execute("checkpoint").await.unwrap();
        let checkpoint = Checkpoint::of(&cluster);
        let store = open(&url, Role::Identity).await;
        let clients = Arc::new(Mutex::new(Clients::default()));
        let mut writers = JoinSet::new();
        for n in 0..WRITERS {
            writers.spawn(writer(store.clone(), run.round(), n, Arc::clone(&clients)));
        }
        writers.spawn(careless(url.clone(), Arc::clone(&done)));
        tokio::time::sleep(run.random.millis(300, 900)).await;

        // In this order: what was told before is flushed, if the log keeps its word.
        let acknowledged = clients.lock().unwrap().told.clone();
        let careless = done.load(Ordering::SeqCst);
        let flushed = flushed(&watch).await;
        tokio::time::sleep(run.random.millis(0, 60)).await;
        cluster.kill();
        writers.shutdown().await;
        // What a client heard after that it has not heard: the power was off.
        tried.extend(clients.lock().unwrap().tried.iter().copied());
        told.extend(acknowledged);
        n_torn += checkpoint.cut(&cluster, flushed, &mut run.random);
        cluster.run();

        let admin = open(&url, Role::Admin).await;
        assert_sound(&admin, &told, tried.iter().copied()).await;
        let kept = connect(&url).await;
        let sql = "select count(distinct n) from careless where n <= $1";
        let kept: i64 = kept.query_one(sql, &[&careless]).await.unwrap().get(0);
        n_careless = usize::try_from(careless).unwrap();
        n_lost = n_careless - usize::try_from(kept).unwrap();
        // Whoever does not know asks again.
        for id in tried.iter().filter(|id| id.0 == run.round()) {
            let seq = execute_surely(&admin, *id).await;
            assert_eq!(*told.entry(*id).or_insert(seq), seq, "{id:?} has one place");
        }
        assert_sound(&admin, &told, tried.iter().copied()).await;
    }
    run.tell(&[
        ("cuts", usize::try_from(run.round()).unwrap()),
        ("torn_pages", n_torn),
        ("acknowledged", told.len()),
        ("careless", n_careless),
        ("careless_lost", n_lost),
    ]);
    assert!(told.len() > 50, "too little was written: {}", told.len());
    assert!(n_torn > 0, "no page was torn: nothing is shown");
    assert!(n_lost > 0, "the control lost nothing: nothing is shown");
}
