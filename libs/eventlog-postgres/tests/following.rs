//! Several processes without a feed between them: each hears what the others write, once it is visible.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use trilby_eventlog::EventLog;
use trilby_eventlog::{Commit, Feed, FeedMessage, FeedReceiver, NewRevocation, RevocationKind};
use trilby_eventlog_postgres::{OpenError, Options, Postgres, Role};

#[path = "support/common.rs"]
mod common;

use common::{Database, account, append, commit};

async fn follower(database: &Database, role: Role) -> Postgres {
    let options = Options {
        follow: Some(Duration::from_millis(10)),
        ..database.options(role)
    };
    Postgres::open(&options).await.unwrap()
}

async fn next(feed: &mut FeedReceiver) -> FeedMessage {
    let message = tokio::time::timeout(Duration::from_secs(20), feed.recv()).await;
    message.expect("news within 20 seconds").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn every_process_hears_of_every_commit_in_the_order_of_its_log() {
    let database = Database::new();
    let (identity, token) = (
        follower(&database, Role::Identity).await,
        follower(&database, Role::Token).await,
    );
    let decision = follower(&database, Role::Decision).await;
    append(&identity, 1, 1).await;
    // Long enough that what is there is no news.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut feeds = Vec::new();
    for store in [&identity, &token, &decision] {
        feeds.push(store.subscribe().await.unwrap());
    }
    for n in 0..10 {
        append(if n % 2 == 0 { &identity } else { &token }, 1, 1 + n % 3).await;
    }
    let wish = commit(&token, 2, 1).await;
    let revocation = NewRevocation {
        log: account(2),
        event: 0,
        kind: RevocationKind::Session,
        id_hash: [7; 16],
        before: None,
    };
    let wish = Commit {
        revocations: vec![revocation],
        ..wish
    };
    let committed = token.append(wish).await.unwrap();
    let head = identity.head(&account(1)).await.unwrap().unwrap();
    for feed in &mut feeds {
        let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
        let mut revoked = None;
        while ends.get(&1) != Some(&head.seq.get()) || revoked.is_none() {
            match next(feed).await {
                FeedMessage::Commit(one) if one.log == account(1) => {
                    let end = ends.entry(1).or_insert(1);
                    assert!(
                        one.last.get() <= *end || one.first.get() == *end + 1,
                        "a gap"
                    );
                    *end = one.last.get().max(*end);
                    one.check().unwrap();
                }
                FeedMessage::Commit(one) => assert_eq!(*one, committed.commits[0]),
                FeedMessage::Revocation(row) => revoked = Some(row.as_ref().clone()),
                FeedMessage::Gap(_) => panic!("nothing was missed"),
            }
        }
        assert_eq!(revoked.as_ref(), committed.revocations.first());
    }
}

/// A row whose number is lower than others that were told, because its transaction took long, is told when it appears.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs services"]
async fn a_commit_that_becomes_visible_late_is_told() {
    let database = Database::new();
    let identity = database.open(Role::Identity).await;
    append(&identity, 1, 1).await;
    append(&identity, 2, 1).await;
    let decision = follower(&database, Role::Decision).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut feed = decision.subscribe().await.unwrap();
    // By hand: the row of a commit gets its number now and is visible later.
    let client = database.client().await;
    let early = "begin; insert into outbox (shard, log_id, first_seq, last_seq, tx_id) \
        select 0, log_id, 1, 1, repeat('x', 16)::bytea from log_head where public_id = '000000000002'";
    client.batch_execute(early).await.unwrap();
    append(&identity, 1, 1).await;
    let told = next(&mut feed).await;
    assert!(matches!(told, FeedMessage::Commit(one) if one.log == account(1)));
    client.batch_execute("commit").await.unwrap();
    let told = next(&mut feed).await;
    assert!(matches!(told, FeedMessage::Commit(one) if one.log == account(2)));
}

#[tokio::test]
#[ignore = "needs services"]
async fn only_a_relay_empties_the_outbox() {
    let database = Database::new();
    for role in [Role::Identity, Role::Token, Role::Decision, Role::Sink] {
        let options = Options {
            expire_outbox: true,
            ..database.options(role)
        };
        let refused = Postgres::open(&options).await;
        assert!(matches!(refused, Err(OpenError::Options(_))), "{role:?}");
    }
    let options = Options {
        expire_outbox: true,
        ..database.options(Role::Relay)
    };
    let relay = Postgres::open(&options).await.unwrap();
    append(&database.open(Role::Identity).await, 1, 1).await;
    assert_eq!(
        relay.outbox_take(9).await.unwrap().len(),
        1,
        "not before its time"
    );
}
