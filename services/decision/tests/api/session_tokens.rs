//! The customer's own session token as the subject.

use serde_json::{Value, json};
use trilby_account::command::{DeleteRole, RevokeTarget};
use trilby_account::{HolderRef, Ref};
use trilby_model::{TagKey, TagValue, Tags};
use trilby_testkit::installation::allow;

use crate::world::{World, assert_allowed, assert_denied, bearer, question};

#[test]
fn the_session_is_the_subject_whatever_the_name_says() {
    let world = World::new();
    let token = world.inside.token(&world.editor("ana"));
    assert_allowed(&world.ask(&question(&bearer(&token), "docs:Write")));
    let named = json!({"type": "user", "id": "mary", "properties": {"token": token}});
    assert_allowed(&world.ask(&question(&named, "docs:Write")));
    let mut asked = question(&json!({"type": "user", "id": "mary"}), "docs:Write");
    assert_denied(&world.ask(&asked), "mary");
    asked["context"] = json!({"trilby": {"subject_token": token}});
    assert_allowed(&world.ask(&asked));
}

#[test]
fn two_different_tokens_are_refused_and_one_twice_is_one() {
    let world = World::new();
    let token = world.inside.token(&world.editor("ana"));
    let mut asked = question(&bearer(&token), "docs:Write");
    asked["context"] = json!({"trilby": {"subject_token": token}});
    assert_allowed(&world.ask(&asked));
    asked["context"]["trilby"]["subject_token"] = json!("another");
    let answer = world.storefront().post(&world.path("evaluation"), &asked);
    let answer = answer.expect_problem(400, "invalid_parameter");
    assert!(!answer.body().contains(&token), "{answer:?}");
}

#[test]
fn a_session_policy_caps_and_tags_and_source_identity_count() {
    let world = World::new();
    let mut claims = world.editor("ana");
    let policy = allow(&["docs:Read"]);
    claims.trilby.pol = Some(policy.as_object().unwrap().clone());
    let token = world.inside.token(&claims);
    assert_allowed(&world.ask(&question(&bearer(&token), "docs:Read")));
    let capped = world.ask(&question(&bearer(&token), "docs:Write"));
    assert_denied(&capped, "session");
    assert_eq!(capped.text("/context/trilby/layer"), "session");

    let conditional = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "docs:*", "Resource": "*",
        "Condition": {"StringEquals": {"trilby:PrincipalTag/team": "red", "trilby:SourceIdentity": "mary"}},
    }]});
    world.rights(world.account, "Editor", &conditional);
    let mut claims = world.editor("ana");
    let plain = world.inside.token(&claims);
    assert_denied(&world.ask(&question(&bearer(&plain), "docs:Read")), "");
    let tag = (
        "team".parse::<TagKey>().unwrap(),
        "red".parse::<TagValue>().unwrap(),
    );
    claims.trilby.tags = Tags::new([tag]).unwrap();
    claims.trilby.si = Some("mary".parse().unwrap());
    let tagged = world.inside.token(&claims);
    assert_allowed(&world.ask(&question(&bearer(&tagged), "docs:Read")));
    // What the question asserts does not stand over what the session has.
    let mut asserted = bearer(&tagged);
    asserted["properties"]["team"] = json!("blue");
    assert_allowed(&world.ask(&question(&asserted, "docs:Read")));
}

#[test]
fn a_managed_session_policy_that_is_gone_allows_nothing() {
    let world = World::new();
    let mut claims = world.editor("ana");
    let arn = format!("arn:trilby:iam::{}:policy/Gone", world.account);
    claims.trilby.parn = vec![arn.parse().unwrap()];
    let token = world.inside.token(&claims);
    let answer = world.ask(&question(&bearer(&token), "docs:Read"));
    assert_denied(&answer, "cannot be evaluated");
}

#[test]
fn a_token_that_fails_is_a_no_with_its_reason() {
    let world = World::new();
    let claims = world.editor("ana");
    let good = world.inside.token(&claims);
    let (head, _) = good.rsplit_once('.').unwrap();
    let expired = {
        let mut claims = world.editor("ana");
        claims.iat -= 7200;
        claims.nbf -= 7200;
        claims.auth_time -= 7200;
        claims.exp = claims.iat + 900;
        world.inside.token(&claims)
    };
    let for_others = {
        let mut claims = world.editor("ana");
        claims.aud = vec!["https://elsewhere.example".to_owned()];
        world.inside.token(&claims)
    };
    let of_nobody = {
        let other = World::new();
        other.inside.token(&other.editor("ana"))
    };
    let cases = [
        ("", "malformed_token"),
        ("x.y.z", "malformed_token"),
        (&format!("{head}.AAAA"), "bad_signature"),
        (&expired, "token_expired"),
        (&for_others, "wrong_audience"),
        (&of_nobody, ""),
    ];
    for (token, code) in cases {
        let answer = world.ask(&question(&bearer(token), "docs:Read"));
        assert_denied(&answer, code);
        assert_eq!(answer.text("/context/trilby/decision"), "implicit_deny");
        assert!(
            token.is_empty() || !answer.body().contains(token),
            "{answer:?}"
        );
    }
    for value in [json!(7), json!({}), json!([good])] {
        let subject = json!({"type": "session", "id": "x", "properties": {"token": value}});
        assert_denied(
            &world.ask(&question(&subject, "docs:Read")),
            "malformed_token",
        );
    }
}

#[test]
fn no_grant_to_everyone_saves_a_session_that_fails() {
    let world = World::new();
    let everyone = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "docs:Read", "Resource": "*",
    }]});
    crate::history::resource_policy(&world, &everyone);
    let stranger = json!({"type": "user", "id": "nobody-known"});
    assert_allowed(&world.ask(&question(&stranger, "docs:Read")));
    assert_denied(
        &world.ask(&question(&bearer("x.y.z"), "docs:Read")),
        "malformed_token",
    );
    let unknown = json!({"type": "session", "id": "nonsense"});
    assert_denied(
        &world.ask(&question(&unknown, "docs:Read")),
        "no such session",
    );
}

#[test]
fn a_revoked_session_is_refused_however_it_was_revoked() {
    let world = World::new();
    let account = world.account;
    let targets: [&dyn Fn(&trilby_session::Claims) -> RevokeTarget; 3] = [
        &|claims| RevokeTarget::Session(claims.jti.clone()),
        &|_| RevokeTarget::Role(Ref::Name("Editor".parse().unwrap())),
        &|_| RevokeTarget::Account,
    ];
    for target in targets {
        let claims = world.editor("ana");
        let token = world.inside.token(&claims);
        assert_allowed(&world.ask(&question(&bearer(&token), "docs:Read")));
        world.revoke(account, target(&claims));
        assert_denied(
            &world.ask(&question(&bearer(&token), "docs:Read")),
            "revoked",
        );
    }
}

#[test]
fn a_session_ends_with_its_role_and_with_its_time() {
    let world = World::new();
    world.role(world.account, "Passing", &allow(&["docs:*"]));
    let claims = world.inside.role_claims(world.account, "Passing", "ana");
    let token = world.inside.token(&claims);
    assert_allowed(&world.ask(&question(&bearer(&token), "docs:Read")));
    let holder = HolderRef::Role(Ref::Name("Passing".parse().unwrap()));
    world.inside.run(
        world.account,
        trilby_account::command::DeleteInlinePolicy {
            holder,
            name: "test".parse().unwrap(),
        },
    );
    world.inside.run(
        world.account,
        DeleteRole {
            role: Ref::Name("Passing".parse().unwrap()),
            cascade: true,
        },
    );
    assert_denied(&world.ask(&question(&bearer(&token), "docs:Read")), "");

    let token = world.inside.token(&world.editor("ana"));
    assert_allowed(&world.ask(&question(&bearer(&token), "docs:Read")));
    world.inside.clock().advance_seconds(3600 + 6);
    assert_denied(
        &world.ask(&question(&bearer(&token), "docs:Read")),
        "token_expired",
    );
}

#[test]
fn the_token_is_no_condition_key_and_no_tag() {
    let world = World::new();
    let present = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "docs:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "docs:*", "Resource": "*",
         "Condition": {"Null": {"authzen:subject/token": "false"}}},
        {"Effect": "Deny", "Action": "docs:*", "Resource": "*",
         "Condition": {"Null": {"trilby:PrincipalTag/token": "false"}}},
        {"Effect": "Deny", "Action": "docs:*", "Resource": "*",
         "Condition": {"Null": {"authzen:context/trilby/subject_token": "false"}}},
    ]});
    world.rights(world.account, "Editor", &present);
    let token = world.inside.token(&world.editor("ana"));
    let mut asked = question(&bearer(&token), "docs:Read");
    asked["context"] = json!({"trilby": {"subject_token": token}});
    assert_allowed(&world.ask(&asked));
    assert!(!world.ask(&asked).body().contains(&token));
}

#[test]
fn each_item_of_a_batch_has_its_own_session() {
    let world = World::new();
    let (ana, ben) = (world.editor("ana"), world.editor("ben"));
    let (ana_token, ben_token) = (world.inside.token(&ana), world.inside.token(&ben));
    world.revoke(world.account, RevokeTarget::Session(ben.jti));
    let item = |subject: Value| json!({"subject": subject});
    let asked = json!({
        "action": {"name": "docs:Write"},
        "resource": {"type": "document", "id": "7"},
        "evaluations": [
            item(bearer(&ana_token)),
            item(bearer(&ben_token)),
            item(json!({"type": "user", "id": "mary"})),
            item(bearer(&ana_token)),
        ],
    });
    let answer = world
        .storefront()
        .post(&world.path("evaluations"), &asked)
        .expect(200);
    let decisions: Vec<bool> = answer.json["evaluations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["decision"].as_bool().unwrap())
        .collect();
    assert_eq!(decisions, [true, false, false, true]);

    let mut with_options = asked;
    with_options["evaluations"][0]["context"] =
        json!({"trilby": {"at_seq": format!("{}@1", world.account)}});
    let answer = world
        .storefront()
        .post(&world.path("evaluations"), &with_options)
        .expect(200);
    let refused = &answer.json["evaluations"][0]["context"]["error"];
    assert_eq!(refused["status"], 400, "{answer:?}");
    assert_eq!(
        answer.json["evaluations"][3]["decision"], true,
        "{answer:?}"
    );
}

#[test]
fn a_session_of_another_account_needs_both_sides() {
    let world = World::new();
    let other = world.inside.account("other");
    world.role(other, "Guest", &allow(&["docs:*"]));
    let claims = world.inside.role_claims(other, "Guest", "ana");
    let token = world.inside.token(&claims);
    assert_denied(&world.ask(&question(&bearer(&token), "docs:Read")), "");
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": other.to_string()}, "Action": "docs:Read", "Resource": "*",
    }]});
    crate::history::resource_policy(&world, &policy);
    let answer = world.ask(&question(&bearer(&token), "docs:Read"));
    assert_allowed(&answer);
    assert!(answer.seq().contains(&format!("{other}@")), "{answer:?}");
    // Neither side is acme.
    let mut foreign = question(&bearer(&token), "docs:Read");
    foreign["resource"]["id"] = json!(format!("arn:trilby:docs::{other}:document/7"));
    assert_denied(&world.ask(&foreign), "neither");
}

#[test]
fn a_session_that_names_a_state_not_reached_is_no_decision() {
    let world = World::new();
    let mut claims = world.editor("ana");
    claims.trilby.seq += 1_000;
    let token = world.inside.token(&claims);
    let answer = world.storefront().post(
        &world.path("evaluation"),
        &question(&bearer(&token), "docs:Read"),
    );
    answer.expect_problem(503, "state_behind");
}
