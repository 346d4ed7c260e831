//! F2: relays that die.

use trilby_eventlog::EventLog as _;
use trilby_eventlog_postgres::Role;
use trilby_model::Seq;
use trilby_testkit::simulation::Random;

use crate::child::relay_until_death;
use crate::faulty::Death;
use crate::support::fold::Fold;
use crate::support::{Database, Running, Topics, relaying, told, until};
use crate::{CHILD, last_words, outbox, write};

/// Relays that die one after the other, each over new commits, and one that lives: what was told in the end, and how many
/// commits there are.
async fn outlived(seed: u64, deaths: &[Death]) -> (Fold, usize) {
    println!("seed {seed}, {deaths:?}");
    let mut random = Random::new(seed);
    let (database, topics) = (Database::new(), Topics::new());
    let writer = database.open(Role::Identity).await;
    for death in deaths {
        write(&writer, &mut random, 12).await;
        tokio::task::block_in_place(|| relay_until_death(CHILD, *death, &topics, &database));
        // Nobody waits for leases of the dead.
        let client = database.client().await;
        let free = "update relay_lease set owner = null, expires_at = null; delete from relay";
        client.batch_execute(free).await.unwrap();
    }
    let relay = Running::start(relaying(&database).await, &topics.0).await;
    let heads = last_words(&writer).await;
    until(|| async { outbox(&database).await == 0 }).await;
    relay.stop().await;
    let mut n_commits = 0;
    for head in &heads {
        let commits = writer.read(&head.log, Seq::ZERO, 1_000).await;
        n_commits += commits.unwrap().len();
    }
    let fold = told(&topics).await;
    println!("{n_commits} commits, {} told again", fold.n_twice);
    assert_eq!(fold.is_at(&heads), fold.n_holes == 0);
    (fold, n_commits)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn whenever_a_relay_dies_every_commit_is_told_in_order() {
    let mut random = Random::new(2);
    let mut deaths = vec![Death::BeforeProduce, Death::BeforeForget];
    // What it takes to produce and to be answered is somewhere in between.
    deaths.extend((0..4).map(|_| Death::BeforeAck(random.millis(0, 50))));
    deaths.push(Death::BeforeForget);
    let (fold, n_commits) = outlived(3, &deaths).await;
    assert_eq!((fold.n_holes, fold.n_commits()), (0, n_commits));
    // At least one each by those that died when it was told.
    assert!(fold.n_twice >= 2, "nobody died in time");
}

/// The control: with its mistake it is not so.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_relay_that_forgets_before_it_tells_loses_commits() {
    let (fold, n_commits) = outlived(5, &[Death::Forgot]).await;
    assert!(fold.n_holes > 0, "nothing is missed");
    assert!(fold.n_commits() < n_commits);
}
