//! F6: two relays for every shard.

use std::sync::Arc;

use trilby_eventlog_postgres::{Postgres, Role};
use trilby_testkit::simulation::{Random, Run};

use crate::child::{Sleeper, Wakes};
use crate::faulty::{Fault, Faulty, Gate};
use crate::support::{Database, Running, Topics, relaying, told, until};
use crate::{CHILD, last_words, outbox, write};

async fn greedy(database: &Database, topics: &Topics, gate: &Arc<Gate>) -> Running {
    let (store, fault) = (relaying(database).await, Fault::Greedy(Arc::clone(gate)));
    Running::start(Arc::new(Faulty { store, fault }), &topics.0).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_relay_that_wakes_up_late_and_two_at_once_only_repeat() {
    let mut run = Run::of("F6");
    let (database, topics) = (Database::new(), Topics::new());
    let writer = database.open(Role::Identity).await;
    let gate = Arc::new(Gate::default());
    let sleeper = greedy(&database, &topics, &gate).await;
    last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    // It reads, falls asleep, and another tells these, and later ones.
    gate.arm();
    write(&writer, &mut run.random, 40).await;
    gate.may_read.notify_one();
    gate.has_read.notified().await;
    let other = greedy(&database, &topics, &Arc::default()).await;
    write(&writer, &mut run.random, 40).await;
    let heads = last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    let before = told(&topics).await;
    assert!(before.is_at(&heads));
    // It wakes up and tells what is old news.
    gate.may_go_on.notify_one();
    until(|| async { told(&topics).await.n_twice >= before.n_twice + 30 }).await;
    // Now both at once.
    write(&writer, &mut run.random, 200).await;
    let heads = last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    sleeper.stop().await;
    other.stop().await;
    let fold = told(&topics).await;
    run.tell(&[
        ("commits", fold.n_commits()),
        ("told_again", fold.n_twice),
        ("naive_followers_led_back", fold.n_back),
    ]);
    assert_eq!(
        (fold.n_holes, fold.n_commits()),
        (0, 4 + 40 + 40 + 4 + 200 + 4)
    );
    assert!(fold.is_at(&heads));
    // The control: whoever takes the last that it hears for the newest was led astray.
    assert!(fold.n_back > 0, "nothing is shown");
}

/// Relays that the system stops in the middle of what they are at, and lets go on when others have told it, and what came
/// afterwards: such as know leases, and such as take every shard for theirs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn relays_that_are_stopped_and_go_on_mislead_nobody() {
    let mut run = Run::of("F6");
    let (database, topics) = (Database::new(), Topics::new());
    let writer = database.open(Role::Identity).await;
    let (mut n_sleepers, mut n_commits) = (0, 0);
    while run.goes_on(3) {
        let wakes = match run.round() % 2 {
            0 => Wakes::Renewing,
            _ => Wakes::Greedy,
        };
        let sleeper =
            tokio::task::block_in_place(|| Sleeper::start(CHILD, wakes, &topics, &database));
        n_commits += last_words(&writer).await.len();
        until(|| async { outbox(&database).await == 0 }).await;
        // It is stopped while there is much to tell.
        let n_writes = 60;
        let writing = tokio::spawn(write_all(
            writer.clone(),
            Random::new(run.random.draw()),
            n_writes,
        ));
        tokio::time::sleep(run.random.millis(50, 400)).await;
        sleeper.pause();
        let relay = match wakes {
            Wakes::Greedy => greedy(&database, &topics, &Arc::default()).await,
            Wakes::Renewing => Running::start(relaying(&database).await, &topics.0).await,
        };
        writing.await.unwrap();
        until(|| async { outbox(&database).await == 0 }).await;
        let most = if run.is_long() { 60_000 } else { 1_000 };
        tokio::time::sleep(run.random.millis(500, most)).await;
        sleeper.resume();
        write(&writer, &mut run.random, n_writes).await;
        let heads = last_words(&writer).await;
        until(|| async { outbox(&database).await == 0 }).await;
        n_commits += usize::try_from(2 * n_writes).unwrap() + heads.len();
        drop(sleeper);
        relay.stop().await;
        n_sleepers += 1;
        let fold = told(&topics).await;
        assert!(fold.is_at(&heads));
        assert_eq!((fold.n_holes, fold.n_commits()), (0, n_commits));
        // Nobody waits for leases of the dead.
        let client = database.client().await;
        let free = "update relay_lease set owner = null, expires_at = null; delete from relay";
        client.batch_execute(free).await.unwrap();
    }
    let fold = told(&topics).await;
    run.tell(&[
        ("sleepers", n_sleepers),
        ("commits", fold.n_commits()),
        ("told_again", fold.n_twice),
        ("naive_followers_led_back", fold.n_back),
    ]);
    // The control: whoever takes the last that it hears for the newest was led astray.
    assert!(fold.n_back > 0, "nothing is shown");
}

async fn write_all(writer: Postgres, mut random: Random, n_commits: u64) {
    write(&writer, &mut random, n_commits).await;
}
