//! Going back.

use trilby_directory::{Error, Freshness, Options};
use trilby_eventlog::Memory;
use trilby_model::{ConsistencyToken, LogId, Position, Seq, Timestamp};

use crate::store::*;

fn at(seq: u64) -> Freshness {
    let position = Position {
        log: LogId::Account(account(1)),
        seq: Seq::new(seq),
        hash: None,
    };
    Freshness::AtSeq(ConsistencyToken::new(vec![position]).unwrap())
}

async fn name_at(
    directory: &trilby_directory::Directory,
    freshness: &Freshness,
) -> Result<Option<String>, Error> {
    let world = directory.world(None, Some(account(1)), freshness).await?;
    Ok(world
        .resource
        .map(|view| view.state.name().unwrap().to_string()))
}

#[tokio::test]
async fn each_commit_can_be_gone_back_to() {
    let memory = Memory::for_tests();
    let options = Options {
        past_max: 4,
        ..Options::default()
    };
    let (directory, _) = directory(&memory, &memory, options).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let mut tokens = Vec::new();
    for n in 0..20 {
        tokens.push(
            append(
                &directory,
                account(1),
                vec![renamed("half"), renamed(&format!("name-{n}"))],
            )
            .await,
        );
    }
    for (n, token) in tokens.iter().enumerate().rev() {
        let freshness = Freshness::AtSeq(token.clone());
        assert_eq!(
            name_at(&directory, &freshness).await.unwrap().unwrap(),
            format!("name-{n}")
        );
        let world = directory
            .world(None, Some(account(1)), &freshness)
            .await
            .unwrap();
        assert_eq!(
            world.token().as_ref(),
            Some(token),
            "sent back, it asks for the same again"
        );
    }
    assert!(matches!(
        name_at(&directory, &at(2)).await,
        Err(Error::InvalidSeq { .. })
    ));
    assert!(matches!(
        name_at(&directory, &at(42)).await,
        Err(Error::Behind { .. })
    ));
    assert_eq!(name_at(&directory, &at(1)).await.unwrap().unwrap(), "acme");
}

#[tokio::test]
async fn a_time_is_the_last_commit_not_later() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(1), vec![created(account(1))]).await;
    let mut later = write(vec![LogId::Account(account(1))]);
    later.now = NOW.plus_seconds(10);
    let events = vec![trilby_directory::Events::Account(
        account(1),
        vec![renamed("later")],
    )];
    done(directory.execute(later, |_| Ok(plan(events.clone()))).await);
    let at = |seconds| Freshness::AtTime(NOW.plus_seconds(seconds));
    assert_eq!(
        name_at(&directory, &at(-1)).await.unwrap(),
        None,
        "it did not exist yet"
    );
    for (seconds, name) in [(0, "acme"), (9, "acme"), (10, "later"), (1_000, "later")] {
        assert_eq!(
            name_at(&directory, &at(seconds)).await.unwrap().unwrap(),
            name
        );
    }
    let before = Freshness::AtTime(Timestamp::from_micros(0));
    assert_eq!(name_at(&directory, &before).await.unwrap(), None);
}

#[tokio::test]
async fn a_log_that_is_not_named_stands_where_it_stood_then() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    for n in [1, 2] {
        append(&directory, account(n), vec![created(account(n))]).await;
    }
    let rename = |n, name: &'static str, seconds| {
        let mut later = write(vec![LogId::Account(account(n))]);
        later.now = NOW.plus_seconds(seconds);
        directory.execute(later, move |_| {
            Ok(plan(vec![trilby_directory::Events::Account(
                account(n),
                vec![renamed(name)],
            )]))
        })
    };
    done(rename(2, "before", 5).await);
    let token = done(rename(1, "then", 10).await);
    done(rename(2, "after", 15).await);
    let world = directory
        .world(Some(account(2)), Some(account(1)), &Freshness::AtSeq(token))
        .await
        .unwrap();
    assert_eq!(
        world.resource.unwrap().state.name().unwrap().to_string(),
        "then"
    );
    assert_eq!(
        world.principal.unwrap().state.name().unwrap().to_string(),
        "before"
    );
}
