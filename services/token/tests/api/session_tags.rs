//! Tags of role sessions: given, handed on, never overridden.

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};

use crate::world::World;

/// Trust in Mary and in the roles `one` and `two`, with the right to tag and a condition.
fn open(world: &World, condition: Value) -> Value {
    let role = |name: &str| world.role_arn(world.account, name);
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    json!({ "Version": "2012-10-17", "Statement": [
        {
            "Effect": "Allow",
            "Principal": { "AWS": [mary, role("one"), role("two")] },
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": condition,
        },
    ]})
}

/// The roles `one` and `two` of Mary, either of which may put on the other.
fn world() -> World {
    let world = World::new();
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    for name in ["one", "two"] {
        world.role(
            world.account,
            name,
            &crate::world::trusting(std::slice::from_ref(&mary)),
        );
    }
    for name in ["one", "two"] {
        world.trust(world.account, name, &open(&world, json!({})));
    }
    world
}

fn ask(world: &World, client: &Client, role: &str, more: &Value) -> Answer {
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

fn tags(client: &Client) -> Value {
    client.get("/v1/caller-identity").expect(200).json["tags"].clone()
}

#[test]
fn tags_need_a_right_of_their_own() {
    let world = World::new();
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    world.role(world.account, "plain", &crate::world::trusting(&[mary]));
    let session = world.session("mary");
    ask(&world, &session, "plain", &json!({})).expect(200);
    ask(
        &world,
        &session,
        "plain",
        &json!({ "tags": { "team": "red" } }),
    )
    .expect_problem(403, "access_denied");
}

#[test]
fn given_tags_are_the_sessions_and_only_transitive_ones_go_on() {
    let world = world();
    let given = json!({
        "tags": { "Team": "red", "ticket": "" },
        "transitive_tag_keys": ["team"],
    });
    let answer = ask(&world, &world.session("mary"), "one", &given).expect(200);
    assert_eq!(answer.json["packed_policy_percent"], 1);
    let one = wearing(&world, &answer);
    assert_eq!(tags(&one), json!({ "Team": "red", "ticket": "" }));

    let two = ask(&world, &one, "two", &json!({ "tags": { "step": "2" } })).expect(200);
    let two = wearing(&world, &two);
    assert_eq!(tags(&two), json!({ "Team": "red", "step": "2" }));
    let three = ask(&world, &two, "one", &json!({})).expect(200);
    assert_eq!(tags(&wearing(&world, &three)), json!({ "Team": "red" }));
}

#[test]
fn an_inherited_tag_cannot_be_given_again_not_even_as_it_is() {
    let world = world();
    let given = json!({ "tags": { "team": "red" }, "transitive_tag_keys": ["team"] });
    let one = ask(&world, &world.session("mary"), "one", &given).expect(200);
    let one = wearing(&world, &one);
    for value in ["blue", "red"] {
        for key in ["team", "TEAM"] {
            ask(&world, &one, "two", &json!({ "tags": { key: value } }))
                .expect_problem(400, "transitive_tag_conflict");
        }
    }
}

#[test]
fn trust_sees_given_and_inherited_tags_and_what_goes_on() {
    let world = world();
    let red = json!({
        "StringEquals": { "aws:RequestTag/team": "red" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "step"] },
        "ForAnyValue:StringEquals": { "sts:TransitiveTagKeys": ["team"] },
    });
    world.trust(world.account, "two", &open(&world, red));
    let session = world.session("mary");
    let going = |value: &str| json!({ "tags": { "team": value }, "transitive_tag_keys": ["team"] });
    ask(&world, &session, "two", &going("red")).expect(200);
    ask(&world, &session, "two", &going("blue")).expect_problem(403, "access_denied");
    let staying = json!({ "tags": { "team": "red" } });
    ask(&world, &session, "two", &staying).expect_problem(403, "access_denied");
    let more = json!({ "tags": { "team": "red", "x": "y" }, "transitive_tag_keys": ["team"] });
    ask(&world, &session, "two", &more).expect_problem(403, "access_denied");

    let one = ask(&world, &session, "one", &going("red")).expect(200);
    ask(&world, &wearing(&world, &one), "two", &json!({})).expect(200);
    let one = ask(&world, &session, "one", &going("blue")).expect(200);
    ask(&world, &wearing(&world, &one), "two", &json!({})).expect_problem(403, "access_denied");
}

#[test]
fn handed_on_tags_speak_for_the_roles_own_while_trust_is_asked() {
    let world = world();
    let condition = json!({ "StringEquals": { "aws:ResourceTag/team": "red" } });
    world.trust(world.account, "two", &open(&world, condition));
    let session = world.session("mary");
    let given = json!({ "tags": { "team": "red" }, "transitive_tag_keys": ["team"] });
    // What the caller gives in this very request is no tag of the role.
    ask(&world, &session, "two", &given).expect_problem(403, "access_denied");
    let one = ask(&world, &session, "one", &given).expect(200);
    ask(&world, &wearing(&world, &one), "two", &json!({})).expect(200);
}

#[test]
fn tags_are_read_strictly() {
    let world = world();
    let session = world.session("mary");
    let refused = |more: Value, code: &str| {
        ask(&world, &session, "one", &more).expect_problem(400, code);
    };
    refused(
        json!({ "tags": { "team": "a", "TEAM": "b" } }),
        "invalid_parameter",
    );
    refused(json!({ "tags": { "": "a" } }), "invalid_parameter");
    refused(json!({ "tags": { "trilby:x": "a" } }), "invalid_parameter");
    refused(json!({ "tags": { "team": 1 } }), "invalid_parameter");
    refused(
        json!({ "tags": { "team": "a".repeat(257) } }),
        "invalid_parameter",
    );
    refused(
        json!({ "transitive_tag_keys": ["team"] }),
        "invalid_parameter",
    );
    let twice = json!({ "tags": { "team": "a" }, "transitive_tag_keys": ["team", "Team"] });
    refused(twice, "invalid_parameter");
    let many = |n: usize| -> Value {
        let tags = (0..n).map(|n| (format!("t{n}"), json!("")));
        json!({ "tags": tags.collect::<serde_json::Map<_, _>>() })
    };
    ask(&world, &session, "one", &many(50)).expect(200);
    refused(many(51), "too_many_tags");
    let long = json!({ "tags": (0..12).map(|n| (format!("t{n}"), json!("a".repeat(200)))).collect::<serde_json::Map<_, _>>() });
    refused(long, "packed_policy_too_large");
}

#[test]
fn the_exchange_form_takes_tags_one_by_one() {
    let world = world();
    let login = world
        .login(&world.account.to_string(), "mary", crate::world::PASSWORD)
        .expect(200);
    let role = world.role_arn(world.account, "one");
    let good = [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("subject_token", login.text("/access_token")),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("audience", role.as_str()),
        ("trilby:role_session_name", "ci-42"),
    ];
    let with = |more: &[(&str, &str)]| {
        let fields: Vec<_> = good.iter().chain(more).copied().collect();
        world.form("/v1/token", &fields)
    };
    let answer = with(&[
        ("trilby:tag", "team=red"),
        ("trilby:tag", "sum=a=b"),
        ("trilby:tag", "empty="),
        ("trilby:transitive_tag_key", "team"),
    ])
    .expect(200);
    let one = world
        .inside
        .stranger()
        .with_token(answer.text("/access_token"));
    assert_eq!(
        tags(&one),
        json!({ "team": "red", "sum": "a=b", "empty": "" })
    );
    with(&[("trilby:tag", "team")]).expect_problem(400, "invalid_parameter");
    with(&[("trilby:tag", "a=1"), ("trilby:tag", "A=2")]).expect_problem(400, "invalid_parameter");
    with(&[
        ("trilby:source_identity", "mary"),
        ("trilby:source_identity", "mary"),
    ])
    .expect_problem(400, "duplicate_parameter");
}
