//! `kill -9` of the server and all its backends under load.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use trilby_eventlog_postgres::{Options, Postgres, Role, migrate};
use trilby_model::Seq;
use trilby_testkit::simulation::Run;

use crate::support::cluster;
use crate::support::work::{self, Id, assert_sound, execute_surely};

const KILLS: u64 = 3;
const WRITERS: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn killing_the_server_loses_nothing_that_was_acknowledged() {
    let mut run = Run::of("F4");
    let cluster = cluster::Cluster::start();
    let url = cluster.url("postgres");
    migrate(&url, Some([1; 32])).await.unwrap();
    let store = Postgres::open(&Options::new(&url, Role::Identity))
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, stop) = (store.clone(), Arc::clone(&stop));
        writers.spawn(async move {
            let mut told: Vec<(Id, Seq)> = Vec::new();
            for n in 0.. {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                // Through each kill: the same command again, under the same key, until it is known.
                let id = (0, writer, n);
                told.push((id, execute_surely(&store, id).await));
            }
            told
        });
    }
    let cluster = Arc::new(cluster);
    while run.goes_on(KILLS) {
        tokio::time::sleep(run.random.millis(400, 1_000)).await;
        let cluster = Arc::clone(&cluster);
        let restart = move || {
            cluster.kill();
            cluster.run();
        };
        tokio::task::spawn_blocking(restart).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::SeqCst);
    let told: BTreeMap<Id, Seq> = writers.join_all().await.into_iter().flatten().collect();
    assert!(told.len() > 50, "too little was written: {}", told.len());
    let admin = Postgres::open(&Options::new(&url, Role::Admin))
        .await
        .unwrap();
    let ids: Vec<Id> = told.keys().copied().collect();
    assert_sound(&admin, &told, ids).await;
    let found = work::found(&admin).await;
    assert_eq!(
        found.len(),
        told.len(),
        "nothing is there that nobody asked for"
    );
    let n_kills = usize::try_from(run.round()).unwrap();
    run.tell(&[("kills", n_kills), ("acknowledged", told.len())]);
}
