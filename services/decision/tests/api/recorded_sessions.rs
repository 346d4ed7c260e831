//! Sessions asked about by their id or ARN.

use serde_json::{Value, json};
use trilby_account::command::RevokeTarget;
use trilby_testkit::installation::allow;

use crate::world::{World, assert_allowed, assert_denied, bearer, question};

fn session(id: &str) -> Value {
    json!({"type": "session", "id": id})
}

#[test]
fn a_session_is_found_by_its_id_with_its_policy_until_it_ends() {
    let world = World::new();
    let mut claims = world.editor("ana");
    claims.trilby.pol = Some(allow(&["docs:Read"]).as_object().unwrap().clone());
    let by_id = session(claims.jti.as_str());
    assert_denied(
        &world.ask(&question(&by_id, "docs:Read")),
        "no such session",
    );
    world.record(&claims);
    assert_allowed(&world.ask(&question(&by_id, "docs:Read")));
    assert_denied(&world.ask(&question(&by_id, "docs:Write")), "session");
    world.inside.clock().advance_seconds(3600);
    assert_denied(&world.ask(&question(&by_id, "docs:Read")), "token_expired");
}

#[test]
fn a_remembered_session_is_still_asked_for_its_revocation() {
    let world = World::new();
    let claims = world.editor("ana");
    world.record(&claims);
    let by_id = session(claims.jti.as_str());
    assert_allowed(&world.ask(&question(&by_id, "docs:Read")));
    world.revoke(world.account, RevokeTarget::Session(claims.jti));
    assert_denied(&world.ask(&question(&by_id, "docs:Read")), "revoked");
}

#[test]
fn a_session_of_another_incarnation_of_the_store_is_not_decided_for() {
    let world = World::new();
    let mut claims = world.editor("ana");
    claims.trilby.inc += 1;
    world.record(&claims);
    let by_id = session(claims.jti.as_str());
    assert_denied(&world.ask(&question(&by_id, "docs:Read")), "restored");
    let with_token = bearer(&world.inside.token(&claims));
    assert_denied(&world.ask(&question(&with_token, "docs:Read")), "restored");
}

#[test]
fn a_session_of_another_account_is_not_found_by_its_id_alone() {
    let world = World::new();
    let other = world.inside.account("other");
    world.role(other, "Guest", &allow(&["docs:*"]));
    let claims = world.inside.role_claims(other, "Guest", "ana");
    world.record(&claims);
    let answer = world.ask(&question(&session(claims.jti.as_str()), "docs:Read"));
    assert_denied(&answer, "no such session");
}

#[test]
fn an_arn_means_the_one_live_session_that_bears_it() {
    let world = World::new();
    let first = world.editor("ana");
    let arn = first.trilby.arn.to_string();
    assert_denied(
        &world.ask(&question(&session(&arn), "docs:Write")),
        "no such session",
    );
    world.record(&first);
    world.record(&world.editor("ben"));
    assert_allowed(&world.ask(&question(&session(&arn), "docs:Write")));
    let second = world.editor("ana");
    world.record(&second);
    assert_denied(
        &world.ask(&question(&session(&arn), "docs:Write")),
        "more than one",
    );
    world.revoke(world.account, RevokeTarget::Session(first.jti));
    assert_allowed(&world.ask(&question(&session(&arn), "docs:Write")));
    world.revoke(world.account, RevokeTarget::Session(second.jti));
    assert_denied(
        &world.ask(&question(&session(&arn), "docs:Write")),
        "no such session",
    );
}

#[test]
fn a_record_for_another_audience_or_of_another_session_is_not_taken() {
    let world = World::new();
    let mut claims = world.editor("ana");
    claims.aud = vec!["https://elsewhere.example".to_owned()];
    world.record(&claims);
    let by_id = session(claims.jti.as_str());
    assert_denied(&world.ask(&question(&by_id, "docs:Read")), "wrong_audience");
}

#[test]
fn an_outside_identity_without_an_alias_is_nobody() {
    let world = World::new();
    let ana = json!({"type": "federated_user", "id": "https://login.example|ana"});
    assert_denied(
        &world.ask(&question(&ana, "docs:Read")),
        "no federated_user",
    );
    let user = world.inside.state(world.account);
    let mary = user
        .user(&trilby_account::Ref::Name("mary".parse().unwrap()))
        .unwrap();
    world.inside.run(
        world.account,
        trilby_account::command::PutSubjectAlias {
            subject: trilby_account::SubjectKey::new("federated_user", "https://login.example|ana")
                .unwrap(),
            principal: trilby_account::PrincipalId::User(mary.id.clone()),
        },
    );
    assert_allowed(&world.ask(&question(&ana, "docs:Read")));
}

#[test]
fn a_session_of_another_account_is_not_found_by_its_arn() {
    let world = World::new();
    let other = world.inside.account("other");
    world.role(other, "Guest", &allow(&["docs:*"]));
    let everyone_there = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": other.to_string()}, "Action": "docs:Read", "Resource": "*",
    }]});
    crate::history::resource_policy(&world, &everyone_there);
    let claims = world.inside.role_claims(other, "Guest", "ana");
    let arn = claims.trilby.arn.to_string();
    let asked = question(&session(&arn), "docs:Read");
    let without = world.ask(&asked);
    world.record(&claims);
    let with = world.ask(&asked);
    for answer in [&without, &with] {
        assert_denied(answer, "no such session");
        assert!(!answer.seq().contains(&other.to_string()), "{answer:?}");
    }
    // Its token says that the asker has it from the session itself.
    let token = world.inside.token(&claims);
    assert_allowed(&world.ask(&question(&bearer(&token), "docs:Read")));
}

#[test]
fn a_request_names_few_sessions_by_arn() {
    let world = World::new();
    let names: Vec<String> = (0..9).map(|n| format!("ana-{n}")).collect();
    let asked: Vec<Value> = names
        .iter()
        .map(|name| {
            let claims = world.editor(name);
            world.record(&claims);
            question(&session(&claims.trilby.arn.to_string()), "docs:Read")
        })
        .collect();
    let path = world.path("evaluations");
    let storefront = world.storefront();
    // The same one twice is one.
    let eight: Vec<&Value> = asked.iter().take(8).chain(asked.first()).collect();
    let answer = storefront
        .post(&path, &json!({"evaluations": eight}))
        .expect(200);
    for item in answer.json["evaluations"].as_array().unwrap() {
        assert_eq!(item["decision"], true, "{answer:?}");
    }
    let refused = storefront
        .post(&path, &json!({"evaluations": asked}))
        .expect_problem(400, "invalid_parameter");
    assert!(refused.body().contains("by their id or token"));
}

#[test]
fn a_revocation_that_the_asker_has_seen_counts_for_an_arn() {
    let world = World::new();
    let claims = world.editor("ana");
    world.record(&claims);
    let asked = question(&session(&claims.trilby.arn.to_string()), "docs:Read");
    let seq = world.ask(&asked).seq().to_owned();
    let fresh = world.storefront().with_header("trilby-min-seq", &seq);
    assert_allowed(&fresh.post(&world.path("evaluation"), &asked).expect(200));
    world.revoke(world.account, RevokeTarget::Session(claims.jti));
    assert_denied(
        &fresh.post(&world.path("evaluation"), &asked).expect(200),
        "no such session",
    );
}
