//! F6: two relays for every shard.

use std::sync::Arc;

use trilby_eventlog_postgres::Role;
use trilby_testkit::simulation::Random;

use crate::faulty::{Fault, Faulty, Gate};
use crate::support::{Database, Running, Topics, relaying, told, until};
use crate::{last_words, outbox, write};

async fn greedy(database: &Database, topics: &Topics, gate: &Arc<Gate>) -> Running {
    let (store, fault) = (relaying(database).await, Fault::Greedy(Arc::clone(gate)));
    Running::start(Arc::new(Faulty { store, fault }), &topics.0).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_relay_that_wakes_up_late_and_two_at_once_only_repeat() {
    let mut random = Random::new(6);
    let (database, topics) = (Database::new(), Topics::new());
    let writer = database.open(Role::Identity).await;
    let gate = Arc::new(Gate::default());
    let sleeper = greedy(&database, &topics, &gate).await;
    last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    // It reads, falls asleep, and another tells these, and later ones.
    gate.arm();
    write(&writer, &mut random, 40).await;
    gate.may_read.notify_one();
    gate.has_read.notified().await;
    let other = greedy(&database, &topics, &Arc::default()).await;
    write(&writer, &mut random, 40).await;
    let heads = last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let before = told(&topics).await;
    assert!(before.is_at(&heads));
    // It wakes up and tells what is old news.
    gate.may_go_on.notify_one();
    until(|| async { told(&topics).await.n_twice >= before.n_twice + 30 }).await;
    // Now both at once.
    write(&writer, &mut random, 200).await;
    let heads = last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    sleeper.stop().await;
    other.stop().await;
    let fold = told(&topics).await;
    println!("{} commits, {} told again", fold.n_commits(), fold.n_twice);
    assert_eq!(
        (fold.n_holes, fold.n_commits()),
        (0, 4 + 40 + 40 + 4 + 200 + 4)
    );
    assert!(fold.is_at(&heads));
}
