//! What a request has asked the store, it does not ask again; nor does anybody get what was before it asked.

use std::sync::atomic::Ordering;

use trilby_directory::{ASKED_STANDS, Asked, Directory, Freshness, Options};
use trilby_eventlog::Memory;
use trilby_model::{AccountId, Seq};

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

async fn world(reader: &Directory, member: AccountId, asked: Asked) -> (Seq, Seq) {
    let head = Freshness::Head;
    let world = reader.world_asked(Some(member), None, &head, asked).await;
    let world = world.unwrap();
    let organization = world.principal_organization.unwrap();
    (world.principal.unwrap().seq(), organization.seq())
}

fn asks(store: &Through) -> usize {
    store.n_heads.swap(0, Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn an_account_and_its_organization_are_one_question_for_a_whole_request() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    let (_, member) = organization(&writer).await;
    let (reader, _, store) = asking(&memory, options()).await;
    world(&reader, member, Asked::default()).await;
    asks(&store);
    let (view, asked) = reader.account_asked(member).await.unwrap();
    let (seq, _) = world(&reader, member, asked).await;
    assert_eq!(seq, view.seq());
    assert_eq!(asks(&store), 1);
    // Somebody else's account goes with it.
    let head = Freshness::Head;
    let both = reader.world(Some(member), Some(account(1)), &head);
    assert!(both.await.unwrap().resource.is_some());
    assert_eq!(asks(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_stands_for_a_moment_only() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    let (_, member) = organization(&writer).await;
    let (reader, _, store) = asking(&memory, options()).await;
    let (before, _) = world(&reader, member, Asked::default()).await;
    let (_, asked) = reader.account_asked(member).await.unwrap();
    append(&writer, member, vec![renamed("later")]).await;
    asks(&store);
    // A body that comes slowly.
    tokio::time::sleep(ASKED_STANDS * 2).await;
    let (after, _) = world(&reader, member, asked).await;
    assert!(after > before);
    assert_eq!(asks(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_heard_after_it_was_asked_counts() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    let (_, member) = organization(&writer).await;
    let (reader, _, _) = asking(&memory, options()).await;
    let (before, _) = world(&reader, member, Asked::default()).await;
    let (_, asked) = reader.account_asked(member).await.unwrap();
    append(&writer, member, vec![renamed("later")]).await;
    // Another request of this process sees it.
    reader.account(member).await.unwrap();
    let (after, _) = world(&reader, member, asked).await;
    assert!(after > before);
}

#[tokio::test(start_paused = true)]
async fn the_next_request_asks_anew() {
    let memory = Memory::for_tests();
    let writer = follower(&memory).await;
    let (organization, member) = organization(&writer).await;
    let (reader, _, _) = asking(&memory, options()).await;
    for n in 0..20 {
        append(&writer, member, vec![renamed(&format!("name-{n}"))]).await;
        let (view, asked) = reader.account_asked(member).await.unwrap();
        let newest = writer.account(member).await.unwrap().seq();
        let of_organization = writer.organization(&organization).await.unwrap().seq();
        assert_eq!(view.seq(), newest);
        let known = world(&reader, member, asked).await;
        assert_eq!(known, (newest, of_organization));
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
