//! F2: relays that die.

use trilby_eventlog::EventLog as _;
use trilby_eventlog_postgres::{Postgres, Role};
use trilby_model::Seq;
use trilby_testkit::simulation::{Random, Run};

use crate::child::relay_until_death;
use crate::faulty::Death;
use crate::support::fold::Fold;
use crate::support::{Database, Running, Topics, relaying, told, until};
use crate::{CHILD, last_words, outbox, write};

/// Logs that are told whatever dies, and what is heard of them.
struct Stage {
    database: Database,
    topics: Topics,
    writer: Postgres,
}

impl Stage {
    async fn new() -> Self {
        let (database, topics) = (Database::new(), Topics::new());
        let writer = database.open(Role::Identity).await;
        Self {
            database,
            topics,
            writer,
        }
    }

    /// Relays that die one after the other, each over new commits.
    async fn let_die(&self, random: &mut Random, deaths: &[Death]) {
        let Self {
            database,
            topics,
            writer,
        } = self;
        for death in deaths {
            write(writer, random, 12).await;
            tokio::task::block_in_place(|| relay_until_death(CHILD, *death, topics, database));
            // Nobody waits for leases of the dead.
            let client = database.client().await;
            let free = "update relay_lease set owner = null, expires_at = null; delete from relay";
            client.batch_execute(free).await.unwrap();
        }
    }

    /// One that lives: what was told in the end, and how many commits there are.
    async fn outlive(&self) -> (Fold, usize) {
        let relay = Running::start(relaying(&self.database).await, &self.topics.0).await;
        let heads = last_words(&self.writer).await;
        until(|| async { outbox(&self.database).await == 0 }).await;
        relay.stop().await;
        let mut n_commits = 0;
        for head in &heads {
            let mut after = Seq::ZERO;
            loop {
                let commits = self.writer.read(&head.log, after, 1_000).await.unwrap();
                let Some(last) = commits.last() else { break };
                after = last.last;
                n_commits += commits.len();
            }
        }
        let fold = told(&self.topics).await;
        assert_eq!(fold.is_at(&heads), fold.n_holes == 0);
        (fold, n_commits)
    }
}

/// Each place where one can die, in an order of the seed's. What it takes to produce and to be answered is somewhere below
/// fifty milliseconds.
fn deaths(random: &mut Random) -> Vec<Death> {
    let mut deaths = vec![
        Death::BeforeProduce,
        Death::BeforeForget,
        Death::BeforeForget,
    ];
    deaths.extend((0..4).map(|_| Death::BeforeAck(random.millis(0, 50))));
    for n in 1..deaths.len() {
        let with = random.below(u64::try_from(n + 1).unwrap());
        deaths.swap(n, usize::try_from(with).unwrap());
    }
    deaths
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn whenever_a_relay_dies_every_commit_is_told_in_order() {
    let mut run = Run::of("F2");
    let stage = Stage::new().await;
    let mut n_deaths = 0;
    while run.goes_on(1) {
        let deaths = deaths(&mut run.random);
        stage.let_die(&mut run.random, &deaths).await;
        n_deaths += deaths.len();
    }
    let (fold, n_commits) = stage.outlive().await;
    run.tell(&[
        ("deaths", n_deaths),
        ("commits", n_commits),
        ("told_again", fold.n_twice),
    ]);
    assert_eq!((fold.n_holes, fold.n_commits()), (0, n_commits));
    // At least one each by those that died when it was told.
    assert!(fold.n_twice >= 2, "nobody died in time");
}

/// The control: with its mistake it is not so.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs services"]
async fn a_relay_that_forgets_before_it_tells_loses_commits() {
    let mut run = Run::of("F2");
    let stage = Stage::new().await;
    stage.let_die(&mut run.random, &[Death::Forgot]).await;
    let (fold, n_commits) = stage.outlive().await;
    let n_lost = n_commits - fold.n_commits();
    run.tell(&[("lost_by_forgetting_first", n_lost)]);
    assert!(fold.n_holes > 0, "nothing is missed");
    assert!(n_lost > 0);
}
