//! Facts about putting on roles, one test each: durations, session tags, source identities, who may not.
//!
//! Those about decisions under a session that exists are tests of the engine.

use serde_json::{Value, json};
use trilby_account::command::{ChangeTags, TagChange};
use trilby_account::event::RoleLimits;
use trilby_account::{HolderRef, Ref, Taggable};
use trilby_model::{Tags, Timestamp};
use trilby_testkit::http::{Answer, Client};

use crate::outside::{Outside, trusting_provider};
use crate::world::{EMAIL, PASSWORD, World, trusting};

/// The longest a role session can be.
const LONGEST_S: u32 = 43_200;

fn mary_of(world: &World) -> String {
    format!("arn:trilby:iam::{}:user/mary", world.account)
}

fn limits(max_session_duration_s: u32) -> RoleLimits {
    RoleLimits {
        max_session_duration_s,
        ..RoleLimits::default()
    }
}

/// Trust in Mary and in the roles `one` and `two`, for these actions.
fn open(world: &World, actions: &[&str]) -> Value {
    let role = |name: &str| world.role_arn(world.account, name);
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "AWS": [mary_of(world), role("one"), role("two")] },
        "Action": actions,
    }]})
}

/// Roles `one` and `two` of so long sessions: Mary puts on either, and either puts on the other.
fn two_roles(max_session_duration_s: u32) -> World {
    let world = World::new();
    for name in ["one", "two"] {
        let mary = trusting(&[mary_of(&world)]);
        world.role_with(world.account, name, &mary, limits(max_session_duration_s));
    }
    let all = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    for name in ["one", "two"] {
        world.trust(world.account, name, &open(&world, &all));
    }
    world
}

fn ask(world: &World, client: &Client, role: &str, more: Value) -> Answer {
    let mut body = json!({
        "role_arn": world.role_arn(world.account, role),
        "role_session_name": "ci-42",
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.post(client, "/v1/assume-role", &body)
}

fn wearing(world: &World, answer: &Answer) -> Client {
    let token = answer.text("/credentials/session_token");
    world.inside.stranger().with_token(token)
}

fn identity(client: &Client) -> Value {
    client.get("/v1/caller-identity").expect(200).json
}

/// How long a session is.
fn seconds(session: &Client) -> i64 {
    let me = session.get("/v1/caller-identity").expect(200);
    let at = |name: &str| -> Timestamp { me.text(name).parse().unwrap() };
    at("/expires_at").seconds_since(at("/issued_at"))
}

#[test]
fn d01_without_a_duration_a_session_is_of_an_hour() {
    let world = two_roles(LONGEST_S);
    let answer = ask(&world, &world.session("mary"), "one", json!({})).expect(200);
    assert_eq!(seconds(&wearing(&world, &answer)), 3_600);
}

#[test]
fn d02_more_than_the_role_gives_is_refused_and_not_cut_short() {
    let world = two_roles(3_600);
    let mary = world.session("mary");
    let asked = |seconds: i64| ask(&world, &mary, "one", json!({ "duration_seconds": seconds }));
    asked(7_200).expect_problem(400, "duration_exceeds_limit");
    asked(3_601).expect_problem(400, "duration_exceeds_limit");
    asked(3_600).expect(200);
}

#[test]
fn d03_a_role_put_on_from_a_role_is_of_an_hour_at_most() {
    let world = two_roles(LONGEST_S);
    let answer = ask(&world, &world.session("mary"), "one", json!({})).expect(200);
    let one = wearing(&world, &answer);
    let asked =
        |role: &str, seconds: i64| ask(&world, &one, role, json!({ "duration_seconds": seconds }));
    asked("two", 3_601).expect_problem(400, "duration_exceeds_limit");
    asked("one", 3_601).expect_problem(400, "duration_exceeds_limit");
    let answer = asked("two", 3_500).expect(200);
    assert_eq!(seconds(&wearing(&world, &answer)), 3_500);
    // Mary herself is no role.
    let longer = json!({ "duration_seconds": 3_601 });
    ask(&world, &world.session("mary"), "two", longer).expect(200);
}

#[test]
fn d04_a_login_elsewhere_is_no_chain() {
    let outside = Outside::new(json!({}));
    let trust = trusting_provider(&outside.provider(), json!({}));
    let limits = limits(LONGEST_S);
    outside
        .world
        .role_with(outside.owner, "customer", &trust, limits);
    let role = outside.world.role_arn(outside.owner, "customer");
    let token = outside.token("ana", json!({}));
    let longest = json!({ "duration_seconds": LONGEST_S });
    let answer = outside.assume(&token, &role, longest).expect(200);
    let session = outside.wearing(&answer);
    assert_eq!(seconds(&session), i64::from(LONGEST_S));
    assert_eq!(identity(&session)["chain"], json!([]));
}

#[test]
fn d05_less_than_a_quarter_of_an_hour_is_refused() {
    let world = two_roles(3_600);
    let mary = world.session("mary");
    let asked = |seconds: i64| ask(&world, &mary, "one", json!({ "duration_seconds": seconds }));
    assert_eq!(asked(600).status, 400);
    assert_eq!(asked(899).status, 400);
    let answer = asked(900).expect(200);
    assert_eq!(seconds(&wearing(&world, &answer)), 900);
}

#[test]
fn d06_a_session_tag_stands_before_the_roles_whatever_its_case() {
    let world = two_roles(3_600);
    let role = || Ref::Name("one".parse().unwrap());
    let tags = Tags::new([("Team".parse().unwrap(), "a".parse().unwrap())]).unwrap();
    world.inside.run(
        world.account,
        ChangeTags {
            target: Taggable::Role(role()),
            change: TagChange::Replace(tags),
        },
    );
    let may_list = |value: &str, client: &Client| {
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:ListSessions", "Resource": "*",
            "Condition": { "StringEquals": { "aws:PrincipalTag/Team": value } },
        }]});
        let holder = HolderRef::Role(role());
        world.inside.allow(world.account, holder, &policy);
        world.inside.clock().advance_seconds(6);
        let path = format!("/v1/accounts/{}/sessions", world.account);
        client.get(&path).status
    };
    let mary = world.session("mary");
    let plain = wearing(&world, &ask(&world, &mary, "one", json!({})).expect(200));
    assert_eq!(may_list("a", &plain), 200);
    assert_eq!(may_list("b", &plain), 403);
    let tagged = json!({ "tags": { "team": "b" } });
    let tagged = wearing(&world, &ask(&world, &mary, "one", tagged).expect(200));
    assert_eq!(may_list("b", &tagged), 200);
    assert_eq!(may_list("a", &tagged), 403);
}

/// A session of `one` with this tag, which goes on if asked to.
fn tagged(world: &World, key: &str, value: &str, goes_on: bool) -> Client {
    let transitive: &[&str] = if goes_on { &[key] } else { &[] };
    let more = json!({ "tags": { key: value }, "transitive_tag_keys": transitive });
    let answer = ask(world, &world.session("mary"), "one", more).expect(200);
    wearing(world, &answer)
}

#[test]
fn d07_a_transitive_tag_goes_on_and_on() {
    let world = two_roles(3_600);
    let one = tagged(&world, "Project", "x", true);
    let two = wearing(&world, &ask(&world, &one, "two", json!({})).expect(200));
    assert_eq!(identity(&two)["tags"], json!({ "Project": "x" }));
    let again = wearing(&world, &ask(&world, &two, "one", json!({})).expect(200));
    assert_eq!(identity(&again)["tags"], json!({ "Project": "x" }));
}

#[test]
fn d08_an_inherited_tag_cannot_be_passed_again() {
    let world = two_roles(3_600);
    let one = tagged(&world, "Project", "x", true);
    for key in ["Project", "project"] {
        ask(&world, &one, "two", json!({ "tags": { key: "y" } }))
            .expect_problem(400, "transitive_tag_conflict");
    }
    ask(&world, &one, "two", json!({ "tags": { "Other": "y" } })).expect(200);
}

#[test]
fn d09_another_tag_stays_behind() {
    let world = two_roles(3_600);
    let one = tagged(&world, "Cost", "1", false);
    assert_eq!(identity(&one)["tags"], json!({ "Cost": "1" }));
    let two = wearing(&world, &ask(&world, &one, "two", json!({})).expect(200));
    assert_eq!(identity(&two)["tags"], json!({}));
    // And so it may be passed anew.
    let anew = json!({ "tags": { "Cost": "2" } });
    ask(&world, &one, "two", anew).expect(200);
}

/// A session of `one` with the source identity `ann`.
fn as_ann(world: &World) -> Client {
    let more = json!({ "source_identity": "ann" });
    let answer = ask(world, &world.session("mary"), "one", more).expect(200);
    wearing(world, &answer)
}

#[test]
fn d10_a_source_identity_stays_what_it_is() {
    let world = two_roles(3_600);
    let one = as_ann(&world);
    ask(&world, &one, "two", json!({ "source_identity": "bob" }))
        .expect_problem(400, "source_identity_immutable");
    let two = wearing(&world, &ask(&world, &one, "two", json!({})).expect(200));
    assert_eq!(identity(&two)["source_identity"], "ann");
}

#[test]
fn d11_an_inherited_source_identity_needs_its_right_too() {
    let world = two_roles(3_600);
    let one = as_ann(&world);
    let without = open(&world, &["sts:AssumeRole", "sts:TagSession"]);
    world.trust(world.account, "two", &without);
    ask(&world, &one, "two", json!({})).expect_problem(403, "access_denied");
    // Whoever has none needs no such right.
    ask(&world, &world.session("mary"), "two", json!({})).expect(200);
}

#[test]
fn an_inherited_tag_needs_its_right_too() {
    let world = two_roles(3_600);
    let one = tagged(&world, "Project", "x", true);
    let other = tagged(&world, "Cost", "1", false);
    world.trust(world.account, "two", &open(&world, &["sts:AssumeRole"]));
    ask(&world, &one, "two", json!({})).expect_problem(403, "access_denied");
    // A tag that stays behind does not.
    ask(&world, &other, "two", json!({})).expect(200);
}

#[test]
fn d12_root_puts_on_no_role_that_trusts_its_account() {
    let world = World::new();
    let root = format!("arn:trilby:iam::{}:root", world.account);
    world.role(world.account, "one", &trusting(&[root]));
    let answer = world
        .login(&world.account.to_string(), EMAIL, PASSWORD)
        .expect(200);
    let token = answer.text("/access_token");
    let root = world.inside.stranger().with_token(token);
    ask(&world, &root, "one", json!({})).expect_problem(403, "access_denied");
}
