//! What a request has asked the store, it does not ask again; nor does anybody get what was before it asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use trilby_directory::{ASKED_STANDS, Asked, Directory, Freshness, Options, Sides};
use trilby_eventlog::Memory;
use trilby_model::{AccountId, OrganizationId, Seq};

use crate::poll::asking;
use crate::store::*;
use crate::through::Through;
use crate::world::organization;

fn options() -> Options {
    Options {
        ask_heads: true,
        ..Options::default()
    }
}

/// A member of an organization, who writes to both, and another process that asks the store for everything.
struct Stage {
    writer: Directory,
    organization: OrganizationId,
    member: AccountId,
    reader: Directory,
    store: Arc<Through>,
}

impl Stage {
    async fn new() -> Self {
        let memory = Memory::for_tests();
        let writer = follower(&memory).await;
        let (organization, member) = organization(&writer).await;
        let (reader, _, store) = asking(&memory, options()).await;
        Self {
            writer,
            organization,
            member,
            reader,
            store,
        }
    }

    async fn rename(&self, name: &str) {
        append(&self.writer, self.member, vec![renamed(name)]).await;
    }

    /// Where the reader has the member and its organization.
    async fn world(&self, asked: Asked) -> (Seq, Seq) {
        let mut sides = Sides::default();
        let read = sides.read_asked(&self.reader, self.member, &Freshness::Head, asked);
        read.await.unwrap();
        let world = sides.world(Some(self.member), None);
        let organization = world.principal_organization.unwrap();
        (world.principal.unwrap().seq(), organization.seq())
    }
}

fn asks(store: &Through) -> usize {
    store.n_heads.swap(0, Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn an_account_and_its_organization_are_one_question_for_a_whole_request() {
    let stage = Stage::new().await;
    stage.world(Asked::default()).await;
    asks(&stage.store);
    let (view, asked) = stage.reader.account_asked(stage.member).await.unwrap();
    let (seq, _) = stage.world(asked).await;
    assert_eq!(seq, view.seq());
    assert_eq!(asks(&stage.store), 1);
    // Somebody else's account goes with it.
    let head = Freshness::Head;
    let both = stage
        .reader
        .world(Some(stage.member), Some(account(1)), &head);
    assert!(both.await.unwrap().resource.is_some());
    assert_eq!(asks(&stage.store), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_stands_for_a_moment_only() {
    let stage = Stage::new().await;
    let (before, _) = stage.world(Asked::default()).await;
    let (_, asked) = stage.reader.account_asked(stage.member).await.unwrap();
    stage.rename("later").await;
    asks(&stage.store);
    // A body that comes slowly.
    tokio::time::sleep(ASKED_STANDS * 2).await;
    let (after, _) = stage.world(asked).await;
    assert!(after > before);
    assert_eq!(asks(&stage.store), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_heard_after_it_was_asked_counts() {
    let stage = Stage::new().await;
    let (before, _) = stage.world(Asked::default()).await;
    let (_, asked) = stage.reader.account_asked(stage.member).await.unwrap();
    stage.rename("later").await;
    // Another request of this process sees it.
    stage.reader.account(stage.member).await.unwrap();
    let (after, _) = stage.world(asked).await;
    assert!(after > before);
}

#[tokio::test(start_paused = true)]
async fn the_next_request_asks_anew() {
    let stage = Stage::new().await;
    for n in 0..20 {
        stage.rename(&format!("name-{n}")).await;
        let (view, asked) = stage.reader.account_asked(stage.member).await.unwrap();
        let newest = stage.writer.account(stage.member).await.unwrap().seq();
        let of_organization = stage.writer.organization(&stage.organization);
        let of_organization = of_organization.await.unwrap().seq();
        assert_eq!(view.seq(), newest);
        assert_eq!(stage.world(asked).await, (newest, of_organization));
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_does_not_exist_is_asked_for_once() {
    let memory = Memory::for_tests();
    let (reader, _, store) = asking(&memory, options()).await;
    asks(&store);
    assert!(reader.account_asked(account(7)).await.is_err());
    assert_eq!(asks(&store), 1);
    let world = reader.world(Some(account(7)), None, &Freshness::Head).await;
    assert!(world.unwrap().principal.is_none());
    assert_eq!(asks(&store), 1);
    let writer = follower(&memory).await;
    append(&writer, account(7), vec![created(account(7))]).await;
    assert!(reader.account_asked(account(7)).await.is_ok());
}
