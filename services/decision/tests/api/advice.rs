//! What would make a no a yes, asked for with `Trilby-Explain: trace` and then done.

use serde_json::{Value, json};
use trilby_account::command::{PutInlinePolicy, SetUserStatus};
use trilby_account::{HolderRef, Ref, UserStatus};
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::http::Answer;

use crate::world::{World, assert_allowed, question};

fn mary() -> Value {
    json!({"type": "user", "id": "mary"})
}

/// Asks with everything there is to tell.
fn traced(world: &World, question: &Value) -> Answer {
    world
        .storefront()
        .with_header("trilby-explain", "trace")
        .post(&world.path("evaluation"), question)
        .expect(200)
}

fn advice(answer: &Answer) -> &Value {
    assert_eq!(answer.json["decision"], false, "{answer:?}");
    &answer.json["context"]["trilby"]["would_allow_if"]
}

/// Gives Mary one more policy.
fn grant(world: &World, name: &str, statement: &Value) {
    let policy = json!({"Version": "2012-10-17", "Statement": statement});
    world.inside.run(
        world.account,
        PutInlinePolicy {
            holder: HolderRef::User(Ref::Name("mary".parse().unwrap())),
            name: name.parse().unwrap(),
            document: document(Kind::Identity, &policy),
        },
    );
}

#[test]
fn a_suggested_statement_allows_what_was_denied_and_no_more() {
    let world = World::new();
    let asked = question(&mary(), "docs:Write");
    let denied = traced(&world, &asked);
    assert_eq!(
        denied.text("/context/trilby/decision"),
        "implicit_deny",
        "{denied:?}"
    );
    let advice = advice(&denied);
    assert_eq!(advice["none_exists"], false);
    let of_identity = |addition: &&Value| addition["layer"] == "identity";
    let additions = advice["any_of"].as_array().unwrap();
    let addition = additions.iter().find(of_identity).expect("a statement");
    assert_eq!(addition["add"], "statement");

    grant(&world, "suggested", &addition["statement"]);
    assert_allowed(&world.ask(&asked));
    let mut other = asked.clone();
    other["resource"]["id"] = json!("8");
    for other in [other, question(&mary(), "docs:Delete")] {
        assert_eq!(world.ask(&other).json["decision"], false, "{other}");
    }
}

#[test]
fn a_suggested_value_allows_what_was_denied_and_the_near_miss_names_its_key() {
    let world = World::new();
    let signing = json!({
        "Effect": "Allow", "Action": "docs:Sign", "Resource": "*",
        "Condition": {"StringEquals": {"authzen:context/reason": "review"}},
    });
    grant(&world, "signing", &signing);
    let mut asked = question(&mary(), "docs:Sign");
    let denied = traced(&world, &asked);
    let miss = &denied.json["context"]["trilby"]["near_misses"][0];
    assert_eq!(miss["failed"], "condition", "{denied:?}");
    assert_eq!(miss["detail"][0]["key"], "authzen:context/reason");
    assert_eq!(miss["detail"][0]["wanted"], json!(["review"]));

    let addition = &advice(&denied)["any_of"][0];
    assert_eq!(addition["add"], "context", "{denied:?}");
    let key = addition["key"].as_str().unwrap();
    let member = key.strip_prefix("authzen:context/").unwrap();
    asked["context"] = json!({ member: addition["value"] });
    assert_allowed(&world.ask(&asked));
}

#[test]
fn where_no_addition_helps_it_says_so_and_what_stands_in_the_way() {
    let world = World::new();
    let deny = json!({"Sid": "Keep", "Effect": "Deny", "Action": "docs:Delete", "Resource": "*"});
    grant(&world, "keep", &deny);
    let denied = traced(&world, &question(&mary(), "docs:Delete"));
    let told = advice(&denied);
    assert_eq!(
        (&told["none_exists"], &told["any_of"]),
        (&json!(true), &json!([])),
        "{denied:?}"
    );
    let obstacle = &told["in_the_way"][0];
    assert_eq!(obstacle["layer"], "identity");
    assert_eq!(obstacle["denied_by"]["sid"], "Keep");
    assert_eq!(obstacle["denied_by"]["policy"], "user/mary/keep");
    // As it says, an Allow beside it changes nothing.
    grant(
        &world,
        "delete",
        &json!({"Effect": "Allow", "Action": "*", "Resource": "*"}),
    );
    let still = traced(&world, &question(&mary(), "docs:Delete"));
    assert_eq!(still.json["decision"], false, "{still:?}");

    let status = SetUserStatus {
        user: Ref::Name("mary".parse().unwrap()),
        status: UserStatus::Disabled,
    };
    world.inside.run(world.account, status);
    let denied = traced(&world, &question(&mary(), "docs:Read"));
    let told = advice(&denied);
    assert_eq!(
        denied.text("/context/trilby/decision"),
        "implicit_deny",
        "{denied:?}"
    );
    assert_eq!(told["none_exists"], true, "{denied:?}");
    assert_eq!(told["in_the_way"][0]["message"], "it is disabled");
}

#[test]
fn every_question_says_whether_it_came_over_tls() {
    let world = World::new();
    let asked = question(&mary(), "docs:Seal");
    let seal = |secure: &str| {
        json!({
            "Effect": "Allow", "Action": "docs:Seal", "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": secure}},
        })
    };
    grant(&world, "over-tls", &seal("true"));
    assert_eq!(world.ask(&asked).json["decision"], false);
    let mut told = asked.clone();
    told["context"] = json!({"aws:SecureTransport": "true", "secure": true});
    assert_eq!(world.ask(&told).json["decision"], false);
    // The tests' installation is called in clear.
    grant(&world, "in-clear", &seal("false"));
    assert_allowed(&world.ask(&asked));
}

#[test]
fn nothing_is_advised_that_no_question_can_bring_or_that_opens_to_everyone() {
    let world = World::new();
    let signing = json!({
        "Effect": "Allow", "Action": "docs:Sign", "Resource": "*",
        "Condition": {"StringEquals": {"docs:tier": "gold"}},
    });
    grant(&world, "signing", &signing);
    let denied = traced(&world, &question(&mary(), "docs:Sign"));
    let additions = advice(&denied)["any_of"].as_array().unwrap();
    assert!(
        additions
            .iter()
            .all(|addition| addition["add"] == "statement"),
        "{denied:?}"
    );
    for nobody in [
        json!({"type": "user", "id": "Nobody"}),
        json!({"type": "usr", "id": "mary"}),
    ] {
        let denied = traced(&world, &question(&nobody, "docs:Read"));
        let told = advice(&denied);
        assert_eq!(told["any_of"], json!([]), "{denied:?}");
        assert!(
            !told["in_the_way"].as_array().unwrap().is_empty(),
            "{denied:?}"
        );
    }
    // Who asks about everyone is told of everyone.
    let anyone = traced(
        &world,
        &question(&json!({"type": "anonymous", "id": "*"}), "docs:Read"),
    );
    assert_eq!(
        advice(&anyone)["any_of"][0]["statement"]["Principal"],
        "*",
        "{anyone:?}"
    );
}
