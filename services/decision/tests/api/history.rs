//! Decisions on an earlier state.

use serde_json::{Value, json};
use trilby_account::command::{
    PutResource, PutResourcePolicy, RegisterApplication, ResumeAccount, SuspendAccount,
};
use trilby_account::organization::{CreateOrganization, create_organization};
use trilby_account::{Actor, Context, KnownPrincipals};
use trilby_directory::Events;
use trilby_model::{AccountId, Tags};
use trilby_policy::Kind;
use trilby_service::clock::Clock;
use trilby_testkit::given::document;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::allow;

use crate::world::{World, assert_allowed, assert_denied, bearer, question};

/// Registers document 7 and puts a policy on it.
pub fn resource_policy(world: &World, policy: &Value) {
    resource_policy_in(world, world.account, policy);
}

/// The same in any account.
fn resource_policy_in(world: &World, account: AccountId, policy: &Value) {
    let docs = || "docs".parse().unwrap();
    let seven = || trilby_account::ResourceName::try_from("document/7".to_owned()).unwrap();
    world.inside.run(
        account,
        RegisterApplication {
            name: docs(),
            description: None,
            tags: Tags::default(),
        },
    );
    world.inside.run(
        account,
        PutResource {
            application: docs(),
            resource: seven(),
            description: None,
            owner: None,
            tags: Tags::default(),
        },
    );
    put_policy(world, account, policy);
}

/// Puts a policy on document 7.
fn put_policy(world: &World, account: AccountId, policy: &Value) {
    let principal = &policy["Statement"][0]["Principal"]["AWS"];
    let accounts = principal.as_str().and_then(|text| text.parse().ok());
    world.inside.run(
        account,
        PutResourcePolicy {
            application: "docs".parse().unwrap(),
            resource: trilby_account::ResourceName::try_from("document/7".to_owned()).unwrap(),
            document: document(Kind::Resource, policy),
            known: KnownPrincipals {
                accounts: accounts.into_iter().collect(),
                ..KnownPrincipals::default()
            },
        },
    );
}

fn mary(action: &str) -> Value {
    question(&json!({"type": "user", "id": "mary"}), action)
}

fn ask_at(client: &Client, world: &World, seq: &str, question: &Value) -> Answer {
    client
        .with_header("trilby-at-seq", seq)
        .post(&world.path("evaluation"), question)
}

fn change_marys_rights(world: &World, actions: &[&str]) {
    let name = trilby_account::Ref::Name("mary".parse().unwrap());
    let holder = trilby_account::HolderRef::User(name);
    world.inside.allow(world.account, holder, &allow(actions));
}

#[test]
fn an_earlier_decision_asked_again_gives_the_earlier_answer_every_time() {
    let world = World::new();
    let before = world.ask(&mary("docs:Read"));
    assert_allowed(&before);
    let before = before.seq().to_owned();
    change_marys_rights(&world, &["docs:Write"]);
    assert_denied(&world.ask(&mary("docs:Read")), "mary");
    let then = ask_at(&world.storefront(), &world, &before, &mary("docs:Read")).expect(200);
    assert_allowed(&then);
    assert_eq!(then.seq(), before, "sent back, it asks for the same again");
    assert_eq!(then.text("/context/trilby/seq"), before);
    let again = ask_at(&world.storefront(), &world, then.seq(), &mary("docs:Read"));
    assert_allowed(&again.expect(200));
    // The same without headers.
    let mut asked = mary("docs:Read");
    asked["context"] = json!({"trilby": {"at_seq": before}});
    assert_allowed(&world.ask(&asked));
}

#[test]
fn a_batch_about_the_past_is_decided_there_as_a_whole() {
    let world = World::new();
    let before = world.ask(&mary("docs:Read")).seq().to_owned();
    change_marys_rights(&world, &["docs:Write"]);
    let asked = json!({"evaluations": [mary("docs:Read"), mary("docs:Write")]});
    let decisions = |client: &Client| {
        let answer = client.post(&world.path("evaluations"), &asked).expect(200);
        let items = answer.json["evaluations"].as_array().unwrap().clone();
        let decisions: Vec<Value> = items.iter().map(|item| item["decision"].clone()).collect();
        decisions
    };
    assert_eq!(decisions(&world.storefront()), [false, true]);
    let then = world.storefront().with_header("trilby-at-seq", &before);
    assert_eq!(decisions(&then), [true, false]);
}

#[test]
fn a_time_means_the_state_of_then() {
    let world = World::new();
    let then = world.inside.clock().now().to_string();
    world.inside.clock().advance_seconds(60);
    change_marys_rights(&world, &["docs:Write"]);
    let storefront = world.storefront();
    assert_denied(&world.ask(&mary("docs:Read")), "mary");
    let past = storefront.with_header("trilby-at-time", &then);
    let answer = past
        .post(&world.path("evaluation"), &mary("docs:Read"))
        .expect(200);
    assert_allowed(&answer);
    let again = ask_at(&storefront, &world, answer.seq(), &mary("docs:Read"));
    assert_allowed(&again.expect(200));
}

#[test]
fn the_organization_of_the_past_decides_with_it() {
    let world = World::new();
    let in_acme = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "docs:*", "Resource": "*",
        "Condition": {"Null": {"trilby:PrincipalOrgID": "false"}},
    }]});
    world.rights(world.account, "Editor", &in_acme);
    let token = world.inside.token(&world.editor("ana"));
    let asked = question(&bearer(&token), "docs:Read");
    let before = world.ask(&asked);
    assert_denied(&before, "");
    world.inside.clock().advance_seconds(60);

    let ctx = Context::new(
        world.inside.clock().now(),
        Actor::Root(world.account),
        &mut world.inside.services().entropy(),
    );
    let create = CreateOrganization {
        name: "Acme".parse().unwrap(),
    };
    let state = world.inside.state(world.account);
    let made = create_organization(&state, &create, &ctx).unwrap();
    world.inside.append_all(vec![
        Events::Organization(made.organization.clone(), made.organization_events),
        Events::Account(world.account, made.account_events),
    ]);
    let after = world.ask(&asked);
    assert_allowed(&after);
    let organization = format!("{}@", made.organization);
    assert!(after.seq().contains(&organization), "{after:?}");
    assert!(!before.seq().contains(&organization), "{before:?}");

    let then = ask_at(&world.storefront(), &world, before.seq(), &asked).expect(200);
    assert_denied(&then, "");
    assert_eq!(then.seq(), before.seq());
    let now = ask_at(&world.storefront(), &world, after.seq(), &asked).expect(200);
    assert_allowed(&now);
    assert_eq!(now.seq(), after.seq());
}

#[test]
fn a_position_within_a_commit_or_of_a_lost_timeline_is_refused() {
    let world = World::new();
    let seq = world.ask(&mary("docs:Read")).seq().to_owned();
    let (position, hash) = seq.split_once('.').unwrap();
    let other: String = hash
        .chars()
        .map(|digit| if digit == '0' { '1' } else { '0' })
        .collect();
    let storefront = world.storefront();
    ask_at(
        &storefront,
        &world,
        &format!("{position}.{other}"),
        &mary("docs:Read"),
    )
    .expect_problem(409, "timeline_lost");
    let renamed = |name: &str| trilby_account::event::AccountRenamed {
        name: name.parse().unwrap(),
    };
    let both = vec![renamed("half").into(), renamed("whole").into()];
    let before = world.inside.state(world.account).seq().get();
    world.inside.append(Events::Account(world.account, both));
    let inside = format!("{}@{}", world.account, before + 1);
    ask_at(&storefront, &world, &inside, &mary("docs:Read")).expect_problem(400, "invalid_seq");
}

#[test]
fn of_another_accounts_past_only_what_an_answer_told_can_be_named() {
    let world = World::new();
    let other = world.inside.account("other");
    let policy = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": world.account.to_string()}, "Action": action, "Resource": "*",
        }]})
    };
    resource_policy_in(&world, other, &policy("docs:Read"));
    let mut asked = mary("docs:Read");
    asked["resource"]["id"] = json!(format!("arn:trilby:docs::{other}:document/7"));
    let before = world.ask(&asked);
    assert_allowed(&before);
    put_policy(&world, other, &policy("docs:Write"));
    assert_denied(&world.ask(&asked), "");
    let storefront = world.storefront();
    // What it was told can be asked again, as of any position of an answer.
    let then = ask_at(&storefront, &world, before.seq(), &asked).expect(200);
    assert_allowed(&then);
    assert_eq!(then.seq(), before.seq());

    let (own, told) = before.seq().split_once(',').unwrap();
    let (there, hash) = told.split_once('.').unwrap();
    let end = world.inside.state(other).seq();
    let refused = |foreign: &str| {
        let at = format!("{own},{foreign}");
        let by_header = ask_at(&storefront, &world, &at, &asked);
        let by_header = by_header.expect_problem(403, "access_denied");
        assert_eq!(by_header.text("/action"), "iam:ReadHistory", "{foreign}");
        let mut in_body = asked.clone();
        in_body["context"] = json!({"trilby": {"at_seq": at}});
        let in_body = storefront.post(&world.path("evaluation"), &in_body);
        let in_body = in_body.expect_problem(403, "access_denied");
        assert_eq!(in_body.text("/detail"), by_header.text("/detail"));
        by_header.text("/detail").to_owned()
    };
    // An end of a commit, the inside of one, beyond the end, another history, logs that are none.
    let answers: std::collections::BTreeSet<String> = [
        there.to_owned(),
        format!("{other}@1"),
        format!("{other}@{end}"),
        format!("{other}@{end}.{hash}"),
        format!("{other}@999999.{hash}"),
        format!("{there}.0123456789abcdef"),
        format!("999999999999@2.{hash}"),
        "999999999999@2".to_owned(),
        "o-aaaaaaaaaa@1".to_owned(),
    ]
    .iter()
    .map(|foreign| refused(foreign))
    .collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[test]
fn root_of_an_account_that_was_out_of_service_may_nothing() {
    let world = World::new();
    let root = question(
        &json!({"type": "account", "id": world.account.to_string()}),
        "docs:Read",
    );
    assert_allowed(&world.ask(&root));
    world
        .inside
        .run(world.account, SuspendAccount { reason: None });
    let then = world.inside.clock().now().to_string();
    world.inside.clock().advance_seconds(60);
    world.inside.run(world.account, ResumeAccount {});
    assert_allowed(&world.ask(&root));
    let past = world.storefront().with_header("trilby-at-time", &then);
    let answer = past.post(&world.path("evaluation"), &root).expect(200);
    let told = format!("the root user of account {}", world.account);
    assert_denied(&answer, &told);
    assert_denied(&answer, "no such principal is known");
}

#[test]
fn a_session_that_is_dead_now_is_refused_about_the_past_too() {
    let world = World::new();
    let claims = world.editor("ana");
    let token = world.inside.token(&claims);
    let asked = question(&bearer(&token), "docs:Read");
    let before = world.ask(&asked);
    assert_allowed(&before);
    world.rights(world.account, "Editor", &allow(&["docs:Write"]));
    assert_denied(&world.ask(&asked), "");
    let then = ask_at(&world.storefront(), &world, before.seq(), &asked).expect(200);
    assert_allowed(&then);
    world.revoke(
        world.account,
        trilby_account::command::RevokeTarget::Session(claims.jti),
    );
    let then = ask_at(&world.storefront(), &world, before.seq(), &asked).expect(200);
    assert_denied(&then, "revoked");
}
