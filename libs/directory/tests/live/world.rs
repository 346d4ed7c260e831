//! What a decision stands on.

use trilby_account::organization::{
    CreateMember, CreateOrganization, create_member, create_organization,
};
use trilby_account::{Actor, Context};
use trilby_directory::{Directory, Events, Freshness, Options};
use trilby_engine::{Outcome, Principal, Request, decide};
use trilby_eventlog::{FeedMessage, Memory};
use trilby_model::{AccountId, Arn, LogId, OrganizationId};

use crate::store::*;

/// Account 1 makes an organization and a member in it.
pub async fn organization(directory: &Directory) -> (OrganizationId, AccountId) {
    append(directory, account(1), vec![created(account(1))]).await;
    let state = directory.account(account(1)).await.unwrap().state.clone();
    let ctx = Context::new(NOW, Actor::Root(account(1)), &mut entropy());
    let made = create_organization(
        &state,
        &CreateOrganization {
            name: "Acme".parse().unwrap(),
        },
        &ctx,
    )
    .unwrap();
    let logs = vec![
        LogId::Organization(made.organization.clone()),
        LogId::Account(account(1)),
    ];
    let events = vec![
        Events::Organization(made.organization.clone(), made.organization_events),
        Events::Account(account(1), made.account_events),
    ];
    done(
        directory
            .execute(write(logs), |_| Ok(plan(events.clone())))
            .await,
    );
    let view = directory.organization(&made.organization).await.unwrap();
    let management = directory.account(account(1)).await.unwrap();
    let ctx = Context::new(NOW, Actor::Root(account(1)), &mut entropy());
    let create = CreateMember {
        name: "acme-dev".parse().unwrap(),
    };
    let member = create_member(&view.state, &create, &ctx).unwrap();
    drop(management);
    let logs = vec![
        LogId::Organization(made.organization.clone()),
        LogId::Account(member.account),
    ];
    let events = vec![
        Events::Organization(made.organization.clone(), member.organization_events),
        Events::Account(member.account, member.account_events),
    ];
    done(
        directory
            .execute(write(logs), |_| Ok(plan(events.clone())))
            .await,
    );
    (made.organization, member.account)
}

fn root_asks(account: AccountId, owner: AccountId) -> Request {
    Request::new(
        Principal::root(account),
        "iam:ListUsers".parse().unwrap(),
        Arn::account_of(&owner),
    )
}

#[tokio::test]
async fn a_world_has_the_logs_of_both_sides_and_their_organizations() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let (organization, member) = organization(&directory).await;
    append(&directory, account(7), vec![created(account(7))]).await;
    let world = directory
        .world(Some(account(7)), Some(member), &Freshness::Head)
        .await
        .unwrap();
    let logs: Vec<LogId> = world
        .token()
        .unwrap()
        .positions()
        .iter()
        .map(|position| position.log.clone())
        .collect();
    assert_eq!(
        logs,
        [
            LogId::Account(member),
            LogId::Organization(organization),
            LogId::Account(account(7))
        ]
    );
    let alone = directory
        .world(Some(member), Some(member), &Freshness::Head)
        .await
        .unwrap();
    assert_eq!(alone.token().unwrap().positions().len(), 2);
    let nobody = directory
        .world(Some(account(8)), None, &Freshness::Head)
        .await
        .unwrap();
    assert_eq!(nobody.token(), None);
}

#[tokio::test]
async fn the_engine_decides_on_a_world() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let (_, member) = organization(&directory).await;
    append(&directory, account(7), vec![created(account(7))]).await;
    for (principal, owner, outcome) in [
        (member, member, Outcome::Allow),
        (account(1), account(1), Outcome::Allow),
        (account(1), member, Outcome::ImplicitDeny),
        (account(7), member, Outcome::ImplicitDeny),
        (account(8), account(7), Outcome::ImplicitDeny),
    ] {
        let world = directory
            .world(Some(principal), Some(owner), &Freshness::Head)
            .await
            .unwrap();
        let decision = decide(&root_asks(principal, owner), &world.worlds()).unwrap();
        assert_eq!(decision.outcome, outcome, "{principal} on {owner}");
    }
}

#[tokio::test]
async fn who_hears_of_one_half_of_a_commit_waits_for_the_other() {
    let memory = Memory::for_tests();
    let feed = HandFeed::new(64);
    let (reader, _) = directory(&memory, &feed, Options::default()).await;
    let writer = follower(&memory).await;
    let (organization, member) = organization(&writer).await;
    // The reader has the organization as it was before the member joined.
    let before = Freshness::Head;
    reader.organization(&organization).await.unwrap();
    assert!(
        reader
            .organization_at(&organization, &before)
            .await
            .unwrap()
            .is_some()
    );
    let ctx = Context::new(NOW, Actor::Root(account(1)), &mut entropy());
    let view = writer.organization(&organization).await.unwrap();
    let create = CreateMember {
        name: "acme-prod".parse().unwrap(),
    };
    let second = create_member(&view.state, &create, &ctx).unwrap();
    let logs = vec![
        LogId::Organization(organization.clone()),
        LogId::Account(second.account),
    ];
    let events = vec![
        Events::Organization(organization.clone(), second.organization_events),
        Events::Account(second.account, second.account_events),
    ];
    done(
        writer
            .execute(write(logs), |_| Ok(plan(events.clone())))
            .await,
    );
    // Only the member's half is announced.
    for commit in commits(&memory, second.account).await {
        feed.0
            .send(FeedMessage::Commit(std::sync::Arc::new(commit)))
            .unwrap();
    }
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let world = reader
        .world(Some(second.account), Some(second.account), &Freshness::Head)
        .await
        .unwrap();
    let organization_view = world.resource_organization.clone().unwrap();
    assert!(organization_view.state.member(second.account).is_some());
    let decision = decide(&root_asks(second.account, second.account), &world.worlds()).unwrap();
    assert_eq!(decision.outcome, Outcome::Allow);
    assert!(reader.account(member).await.is_ok());
}

#[tokio::test]
async fn the_past_of_a_world_is_of_one_moment() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let (organization, member) = organization(&directory).await;
    let world = directory
        .world(Some(member), Some(member), &Freshness::Head)
        .await
        .unwrap();
    let token = world.token().unwrap();
    append(&directory, member, vec![renamed("changed")]).await;
    let then = directory
        .world(Some(member), Some(member), &Freshness::AtSeq(token.clone()))
        .await
        .unwrap();
    assert_eq!(then.token().unwrap(), token);
    assert_eq!(
        then.resource_organization.unwrap().state.id(),
        &organization
    );
    // Only the account is named: the organization stands where it stood at that time.
    let account_only =
        trilby_model::ConsistencyToken::new(vec![token.positions()[0].clone()]).unwrap();
    let then = directory
        .world(Some(member), Some(member), &Freshness::AtSeq(account_only))
        .await
        .unwrap();
    assert_eq!(then.token().unwrap(), token);
}
