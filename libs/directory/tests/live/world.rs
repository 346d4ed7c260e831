//! What a decision stands on.

use trilby_account::organization::{
    self, CreateMember, CreateOrganization, create_member, create_organization, remove_member,
};
use trilby_account::{Actor, Context};
use trilby_directory::{Directory, Error, Events, Freshness, Options, Sides};
use trilby_engine::{Outcome, Principal, Request, decide};
use trilby_eventlog::{FeedMessage, Memory};
use trilby_model::{AccountId, Arn, ConsistencyToken, LogId, OrganizationId, Seq};

use crate::store::*;

/// Account 1 makes an organization and a member in it.
pub async fn organization(directory: &Directory) -> (OrganizationId, AccountId) {
    append(directory, account(1), vec![created(account(1))]).await;
    let organization = founded(directory).await;
    let member = member_of(directory, &organization, "acme-dev").await;
    (organization, member)
}

/// Account 1, which is there, makes an organization.
async fn founded(directory: &Directory) -> OrganizationId {
    let state = directory.account(account(1)).await.unwrap().state.clone();
    let ctx = Context::new(NOW, Actor::Root(account(1)), &mut entropy());
    let create = CreateOrganization {
        name: "Acme".parse().unwrap(),
    };
    let made = create_organization(&state, &create, &ctx).unwrap();
    both(
        directory,
        (&made.organization, made.organization_events),
        (account(1), made.account_events),
    )
    .await;
    made.organization
}

async fn member_of(directory: &Directory, organization: &OrganizationId, name: &str) -> AccountId {
    let view = directory.organization(organization).await.unwrap();
    let ctx = Context::new(NOW, Actor::Root(account(1)), &mut entropy());
    let create = CreateMember {
        name: name.parse().unwrap(),
    };
    let member = create_member(&view.state, &create, &ctx).unwrap();
    both(
        directory,
        (organization, member.organization_events),
        (member.account, member.account_events),
    )
    .await;
    member.account
}

async fn leaves(directory: &Directory, organization: &OrganizationId, member: AccountId) {
    let view = directory.organization(organization).await.unwrap();
    let state = directory.account(member).await.unwrap().state.clone();
    let ctx = Context::new(NOW, Actor::Root(account(1)), &mut entropy());
    let left = remove_member(&view.state, &state, member, &ctx).unwrap();
    both(
        directory,
        (organization, left.organization_events),
        (member, left.account_events),
    )
    .await;
}

/// One commit with a half in each log.
async fn both(
    directory: &Directory,
    (organization, its): (&OrganizationId, Vec<organization::Event>),
    (account, theirs): (AccountId, Vec<trilby_account::Event>),
) {
    let logs = vec![
        LogId::Organization(organization.clone()),
        LogId::Account(account),
    ];
    let events = vec![
        Events::Organization(organization.clone(), its),
        Events::Account(account, theirs),
    ];
    let plan = |_: &_| Ok(plan(events.clone()));
    done(directory.execute(write(logs), plan).await);
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
    let second = member_of(&writer, &organization, "acme-prod").await;
    // Only the member's half is announced.
    for commit in commits(&memory, second).await {
        feed.0
            .send(FeedMessage::Commit(std::sync::Arc::new(commit)))
            .unwrap();
    }
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let world = reader
        .world(Some(second), Some(second), &Freshness::Head)
        .await
        .unwrap();
    let organization_view = world.resource_organization.clone().unwrap();
    assert!(organization_view.state.member(second).is_some());
    let decision = decide(&root_asks(second, second), &world.worlds()).unwrap();
    assert_eq!(decision.outcome, Outcome::Allow);
    assert!(reader.account(member).await.is_ok());
}

/// Where a log ends, for who names it alone.
async fn end_of(directory: &Directory, organization: &OrganizationId) -> ConsistencyToken {
    let view = directory.organization(organization).await.unwrap();
    ConsistencyToken::new(vec![view.position()]).unwrap()
}

#[tokio::test]
async fn who_names_only_the_organization_that_an_account_joined_is_answered_within_it() {
    let memory = Memory::for_tests();
    let (reader, _) = directory(&memory, &HandFeed::new(64), Options::default()).await;
    let writer = follower(&memory).await;
    append(&writer, account(1), vec![created(account(1))]).await;
    reader.account(account(1)).await.unwrap();
    let organization = founded(&writer).await;
    let named = Freshness::AtLeast(end_of(&writer, &organization).await);
    let world = reader
        .world(Some(account(1)), Some(account(1)), &named)
        .await
        .unwrap();
    assert!(world.resource_organization.is_some());
    assert!(world.principal_organization.is_some());
}

#[tokio::test]
async fn who_names_only_the_organization_that_an_account_left_is_answered_without_it() {
    let memory = Memory::for_tests();
    let (reader, _) = directory(&memory, &HandFeed::new(64), Options::default()).await;
    let writer = follower(&memory).await;
    let (organization, member) = organization(&writer).await;
    let asked = Some(member);
    reader.world(asked, asked, &Freshness::Head).await.unwrap();
    leaves(&writer, &organization, member).await;
    let named = Freshness::AtLeast(end_of(&writer, &organization).await);
    let world = reader.world(asked, asked, &named).await.unwrap();
    assert!(world.principal_organization.is_none());
    let decision = decide(&root_asks(member, member), &world.worlds()).unwrap();
    assert_eq!(decision.outcome, Outcome::Allow);
}

#[tokio::test]
async fn an_organization_that_was_read_further_than_its_member_is_no_fault() {
    let memory = Memory::for_tests();
    let (reader, _) = directory(&memory, &HandFeed::new(64), Options::default()).await;
    let writer = follower(&memory).await;
    let (organization, member) = organization(&writer).await;
    let asked = Some(member);
    let before = reader.world(asked, asked, &Freshness::Head).await.unwrap();
    leaves(&writer, &organization, member).await;
    let ahead = end_of(&writer, &organization).await;
    reader.at_least(&ahead.positions()[0]).await.unwrap();
    let world = reader.world(asked, asked, &Freshness::Head).await.unwrap();
    assert!(world.principal_organization.is_none());
    // Of two moments by the caller's own word, and told so.
    let member_then = before.principal.unwrap().position();
    let apart = ConsistencyToken::new(vec![member_then, ahead.positions()[0].clone()]).unwrap();
    let refused = reader.world(asked, asked, &Freshness::AtSeq(apart)).await;
    assert!(matches!(refused, Err(Error::Apart { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_account_out_of_service_is_as_one_that_is_not_there() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    append(&directory, account(7), vec![created(account(7))]).await;
    let own = Some(account(7));
    let ask = async || {
        let world = directory.world(own, own, &Freshness::Head).await.unwrap();
        let worlds = world.worlds_in_service();
        let one = root_asks(account(7), account(7));
        (
            decide(&one, &worlds).unwrap().outcome,
            worlds.resource_account.is_some(),
        )
    };
    assert_eq!(ask().await, (Outcome::Allow, true));
    append(&directory, account(7), vec![suspended(1)]).await;
    let (outcome, has_owner) = ask().await;
    assert!(!outcome.is_allow() && !has_owner);
}

#[tokio::test(start_paused = true)]
async fn nobody_learns_how_far_a_foreign_organization_is() {
    let memory = Memory::for_tests();
    let (reader, _) = directory(&memory, &HandFeed::new(64), Options::default()).await;
    let writer = follower(&memory).await;
    let (organization, _) = organization(&writer).await;
    append(&writer, account(7), vec![created(account(7))]).await;
    let asked = Some(account(7));
    let reached = end_of(&writer, &organization).await;
    let mut beyond = reached.positions()[0].clone();
    beyond.seq = Seq::new(1_000);
    let mut nobody = beyond.clone();
    nobody.log = LogId::Organization("o-nobodyhere".parse().unwrap());
    for position in [reached.positions()[0].clone(), beyond, nobody] {
        let begun = tokio::time::Instant::now();
        let named = Freshness::AtLeast(ConsistencyToken::new(vec![position]).unwrap());
        let world = reader.world(asked, asked, &named).await.unwrap();
        assert_eq!(world.token().unwrap().positions().len(), 1);
        assert_eq!(begun.elapsed(), std::time::Duration::ZERO);
    }
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
    let account_only = ConsistencyToken::new(vec![token.positions()[0].clone()]).unwrap();
    let then = directory
        .world(Some(member), Some(member), &Freshness::AtSeq(account_only))
        .await
        .unwrap();
    assert_eq!(then.token().unwrap(), token);
}

/// Whatever is written between two reads, both accounts are judged by one state of what they share.
#[tokio::test]
async fn accounts_that_are_read_apart_share_one_state_of_their_organization() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let (organization, first) = organization(&directory).await;
    let second = member_of(&directory, &organization, "acme-test").await;
    let third = member_of(&directory, &organization, "acme-stage").await;
    let seqs = |sides: &Sides, accounts: &[AccountId]| -> Vec<Seq> {
        let of = |account: &AccountId| sides.get(*account).unwrap().organization.clone();
        accounts.iter().map(|one| of(one).unwrap().seq()).collect()
    };
    let head = async || directory.organization(&organization).await.unwrap().seq();

    let mut sides = Sides::default();
    sides
        .read(&directory, first, &Freshness::Head)
        .await
        .unwrap();
    let before = head().await;
    member_of(&directory, &organization, "acme-one").await;
    sides
        .read(&directory, second, &Freshness::Head)
        .await
        .unwrap();
    let newest = head().await;
    assert!(newest > before);
    assert_eq!(seqs(&sides, &[first, second]), [newest, newest]);

    // An answer rests on it.
    sides.settle();
    member_of(&directory, &organization, "acme-two").await;
    sides
        .read(&directory, third, &Freshness::Head)
        .await
        .unwrap();
    assert_eq!(seqs(&sides, &[first, second, third]), [newest; 3]);
    let asked = root_asks(first, third);
    let answer = |world: &trilby_directory::World| decide(&asked, &world.worlds()).unwrap().outcome;
    let world = sides.world(Some(first), Some(third));
    let same = Freshness::AtSeq(world.token().unwrap());
    let replayed = directory
        .world(Some(first), Some(third), &same)
        .await
        .unwrap();
    assert!(replayed.same_as(&world));
    assert_eq!(answer(&replayed), answer(&world));
}

/// Of two states the one is taken in which both accounts are members; where there is none, whoever asks comes again.
#[tokio::test]
async fn accounts_of_which_one_joins_or_leaves_meanwhile_are_never_torn() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let (organization, first) = organization(&directory).await;
    let mut sides = Sides::default();
    sides
        .read(&directory, first, &Freshness::Head)
        .await
        .unwrap();
    sides.settle();
    let late = member_of(&directory, &organization, "acme-late").await;
    let error = sides.read(&directory, late, &Freshness::Head).await;
    assert!(matches!(error, Err(Error::Behind { .. })), "{error:?}");
    assert!(sides.get(late).is_none());

    let mut sides = Sides::default();
    sides
        .read(&directory, first, &Freshness::Head)
        .await
        .unwrap();
    leaves(&directory, &organization, first).await;
    sides
        .read(&directory, late, &Freshness::Head)
        .await
        .unwrap();
    let of = |account| sides.get(account).unwrap().organization.clone().unwrap();
    assert_eq!(of(first).seq(), of(late).seq());
    assert!(of(late).state.member(first).is_some());
}
