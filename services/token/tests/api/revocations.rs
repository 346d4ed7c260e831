//! Ending sessions in bulk, and seeing who holds one.

use serde_json::{Value, json};
use trilby_directory::RevocationSink as _;
use trilby_eventlog::RevocationKind;
use trilby_model::{LogId, Seq, Timestamp};
use trilby_service::clock::Clock;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::allow;

use crate::outside::{CLIENT, Outside};
use crate::world::{EMAIL, PASSWORD, World, trusting};

fn revoke(world: &World, client: &Client, body: &Value) -> Answer {
    world.inside.clock().advance_seconds(6);
    let key = world.inside.clock().now().micros().to_string();
    let path = format!("/v1/accounts/{}/revocations", world.account);
    client
        .request("POST", &path)
        .header("idempotency-key", &key)
        .json(body)
        .send()
}

fn admin(world: &World) -> Client {
    world.another_user(world.account, "ann", &allow(&["sts:*"]));
    world.session("ann")
}

#[test]
fn each_selector_ends_what_it_names_and_nothing_else() {
    let world = World::new();
    world.another_user(world.account, "bob", &Value::Null);
    world.role(
        world.account,
        "deploy",
        &trusting(&[format!("arn:trilby:iam::{}:user/mary", world.account)]),
    );
    let role = world.role_arn(world.account, "deploy");
    let ann = admin(&world);
    let sessions = || {
        let key = world.key_session(&world.key);
        let login = world.session("mary");
        let by_key = world.role_session(&key, &role);
        let by_login = world.role_session(&login, &role);
        let bob = world.session("bob");
        [key, login, by_key, by_login, bob]
    };
    let after = |body: Value, stand: [bool; 5]| {
        let held = sessions();
        let answer = revoke(&world, &ann, &body).expect(202);
        assert_eq!(answer.text("/seq"), answer.seq());
        for (session, stands) in held.iter().zip(stand) {
            assert_eq!(world.stands(session), stands, "{body}");
        }
        assert!(
            sessions().iter().all(|session| world.stands(session)),
            "later sessions stand"
        );
    };
    after(
        json!({ "user": "mary" }),
        [false, false, false, false, true],
    );
    after(
        json!({ "user": world.mary }),
        [false, false, false, false, true],
    );
    after(
        json!({ "access_key": world.key.id }),
        [false, true, false, true, true],
    );
    after(
        json!({ "role": "deploy", "reason": "leaked" }),
        [true, true, false, false, true],
    );

    let held = sessions();
    let login = held[1]
        .get("/v1/caller-identity")
        .expect(200)
        .text("/session_id")
        .to_owned();
    revoke(&world, &ann, &json!({ "session_id": login })).expect(202);
    let stands: Vec<_> = held.iter().map(|session| world.stands(session)).collect();
    assert_eq!(
        stands,
        [true, false, true, false, true],
        "the login and what came of it"
    );

    let held = sessions();
    revoke(&world, &ann, &json!({ "account": true })).expect(202);
    assert!(!held.iter().any(|session| world.stands(session)));
    assert!(!world.stands(&ann), "oneself included");
}

#[test]
fn who_waits_for_the_nodes_of_a_single_process_waits_for_nothing() {
    let world = World::new();
    let ann = admin(&world);
    let revoke = |query: &str, key: &str| {
        let path = format!("/v1/accounts/{}/revocations{query}", world.account);
        let key = format!("wait-for-all-nodes-{key}");
        let request = ann.request("POST", &path).header("idempotency-key", &key);
        request.json(&json!({ "user": "mary" })).send()
    };
    let nodes = json!({ "all": true, "acknowledged": 1, "missing": [] });
    assert_eq!(revoke("", "1").expect(202).json.get("nodes"), None);
    let answer = revoke("?wait=nodes", "2").expect(202);
    assert_eq!(answer.json["nodes"], nodes);
    // The answer is kept without what it was then.
    let again = revoke("?wait=nodes", "2").expect(202);
    assert_eq!(again.json, answer.json);
    assert_eq!(revoke("", "1").expect(202).json.get("nodes"), None);
    for bad in [
        "?wait=node",
        "?wait=",
        "?wait",
        "?wait=nodes&wait=nodes",
        "?waits=nodes",
    ] {
        revoke(bad, "3").expect(400);
    }
}

#[test]
fn sessions_are_ended_by_the_values_they_carry() {
    let world = World::new();
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    for role in ["one", "two"] {
        world.role(world.account, role, &trusting(std::slice::from_ref(&mary)));
        let statement = json!({ "Effect": "Allow", "Principal": { "AWS": mary }, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"] });
        let trust = json!({ "Version": "2012-10-17", "Statement": [statement] });
        world.trust(world.account, role, &trust);
    }
    let ann = admin(&world);
    let login = world.session("mary");
    let assume = |login: &Client, role: &str, name: &str, identity: &str| {
        let body = json!({
            "role_arn": world.role_arn(world.account, role),
            "role_session_name": name,
            "source_identity": identity,
        });
        let answer = world.post(login, "/v1/assume-role", &body).expect(200);
        let token = answer.text("/credentials/session_token").to_owned();
        world.inside.stranger().with_token(&token)
    };
    let after = |body: Value, stand: [bool; 4]| {
        let held = [
            assume(&login, "one", "ci-42", "mary"),
            assume(&login, "one", "ci-43", "mary"),
            assume(&login, "two", "ci-42", "mary"),
            assume(&login, "one", "ci-42", "bob"),
        ];
        revoke(&world, &ann, &body).expect(202);
        let stands: Vec<_> = held.iter().map(|session| world.stands(session)).collect();
        assert_eq!(stands, stand, "{body}");
        assert!(world.stands(&login));
    };
    after(
        json!({ "role": "one", "session_name": "ci-42" }),
        [false, true, true, false],
    );
    after(
        json!({ "source_identity": "mary" }),
        [false, false, false, true],
    );
    let later = world.session("mary");
    assert!(
        world.stands(&assume(&later, "one", "ci-42", "mary")),
        "what comes of a later login stands"
    );
}

#[test]
fn what_came_through_a_provider_or_from_one_of_its_subjects_is_ended_in_every_account() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(Default::default());
    let world = &outside.world;
    let everyone = || json!({ "StringEquals": { "oidc/login:aud": CLIENT } });
    let at_home = outside.role_if(outside.owner, "Customer", everyone());
    let linked = json!({ "StringEquals": { "oidc/shop:aud": CLIENT } });
    let elsewhere = outside.role_if(linking, "Customer", linked);
    let ann = admin(world);
    let login = |subject: &str, role: &str| {
        let token = outside.token(subject, json!({}));
        outside.wearing(&outside.assume(&token, role, json!({})).expect(200))
    };
    let after = |body: Value, stand: [bool; 4]| {
        let held = [
            login("ana", &at_home),
            login("ana", &elsewhere),
            login("bob", &at_home),
            login("bob", &elsewhere),
        ];
        revoke(world, &ann, &body).expect(202);
        let stands: Vec<_> = held.iter().map(|session| world.stands(session)).collect();
        assert_eq!(stands, stand, "{body}");
        assert!(world.stands(&login("ana", &elsewhere)), "later ones stand");
    };
    after(
        json!({ "provider": "login", "subject": "ana" }),
        [false, false, true, true],
    );
    after(json!({ "provider": "login" }), [false; 4]);
    // The account that has only linked it cannot end what came to others.
    let path = format!("/v1/accounts/{linking}/revocations");
    world.another_user(linking, "eve", &allow(&["*"]));
    let eve = world.key_session(&world.another_key(linking, "eve"));
    let eve = eve.with_header("idempotency-key", "0123456789abcdef");
    eve.post(&path, &json!({ "provider": "login" }))
        .expect_problem(404, "not_found");
}

#[test]
fn a_position_spares_younger_sessions() {
    let world = World::new();
    let ann = admin(&world);
    let old = world.session("mary");
    world.inside.allow(
        world.account,
        trilby_account::HolderRef::User(trilby_account::Ref::Id(world.mary.clone())),
        &allow(&["docs:Read"]),
    );
    let between = world.inside.state(world.account).seq().get();
    let young = world.session("mary");
    revoke(
        &world,
        &ann,
        &json!({ "user": "mary", "issued_before_seq": between }),
    )
    .expect(202);
    assert!(!world.stands(&old));
    assert!(world.stands(&young));
    revoke(
        &world,
        &ann,
        &json!({ "user": "mary", "issued_before_seq": 1_000_000 }),
    )
    .expect_problem(400, "invalid_parameter");
}

#[test]
fn a_selector_must_be_one_and_be_there() {
    let world = World::new();
    let other = world.another_account("Other");
    world.another_user(other, "eve", &Value::Null);
    let eve_key = world.another_key(other, "eve");
    let eve = world.key_session(&eve_key);
    let foreign = eve
        .get("/v1/caller-identity")
        .expect(200)
        .text("/session_id")
        .to_owned();
    let ann = admin(&world);
    for body in [
        json!({}),
        json!({ "account": false }),
        json!({ "user": "mary", "account": true }),
        json!({ "user": "not a name!" }),
        json!({ "user": 1 }),
        json!({ "source_identity": "m" }),
        json!({ "source_identity": "mary", "account": true }),
        json!({ "subject": "ana" }),
        json!({ "subject": "ana", "account": true }),
        json!({ "session_name": "ci" }),
        json!({ "session_name": "ci", "user": "mary" }),
        json!({ "provider": "login", "user": "mary" }),
        json!({ "provider": "no//name" }),
        json!({ "session_id": "TSES" }),
        json!({ "account": true, "wait": "nodes" }),
    ] {
        revoke(&world, &ann, &body).expect(400);
    }
    for body in [
        json!({ "user": "nobody" }),
        json!({ "user": "TUSR0123456789ABCDEFG" }),
        json!({ "role": "nobody" }),
        json!({ "role": "nobody", "session_name": "ci" }),
        json!({ "provider": "nobody" }),
        json!({ "provider": "TIDP0123456789ABCDEFG", "subject": "ana" }),
        json!({ "access_key": eve_key.id }),
        json!({ "session_id": foreign }),
        json!({ "session_id": "TSES0123456789ABCDEFG" }),
    ] {
        revoke(&world, &ann, &body).expect_problem(404, "not_found");
    }
    assert!(world.stands(&eve));
    let path = format!("/v1/accounts/{}/revocations", world.account);
    ann.post(&path, &json!({ "account": true })).expect(400);
}

#[test]
fn ending_sessions_is_a_right() {
    let world = World::new();
    let mary = world.session("mary");
    let body = json!({ "account": true });
    revoke(&world, &mary, &body).expect_problem(403, "access_denied");
    revoke(&world, &world.inside.stranger(), &body).expect_problem(401, "unauthenticated");
    let other = world.another_account("Other");
    world.another_user(other, "eve", &allow(&["*"]));
    let eve = world.key_session(&world.another_key(other, "eve"));
    revoke(&world, &eve, &body).expect_problem(404, "not_found");
    assert!(world.stands(&mary));
    let root = world
        .login(&world.account.to_string(), EMAIL, PASSWORD)
        .expect(200);
    let root = world
        .inside
        .stranger()
        .with_token(root.text("/access_token"));
    revoke(&world, &root, &json!({ "user": "mary" })).expect(202);
    assert!(!world.stands(&mary));
}

#[test]
fn the_same_key_revokes_once() {
    let world = World::new();
    let ann = admin(&world);
    let path = format!("/v1/accounts/{}/revocations", world.account);
    let once = || {
        ann.request("POST", &path)
            .header("idempotency-key", "0123456789abcdef")
            .json(&json!({ "user": "mary" }))
            .send()
    };
    let first = once().expect(202);
    let seq = world.inside.state(world.account).seq();
    let second = once().expect(202);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(world.inside.state(world.account).seq(), seq);
    assert_eq!(first.seq(), second.seq());
}

#[test]
fn live_sessions_are_listed_newest_first_in_pages() {
    let world = World::new();
    let ann = admin(&world);
    let path = format!("/v1/accounts/{}/sessions", world.account);
    let mut ids = Vec::new();
    for _ in 0..5 {
        let session = world.session("mary");
        ids.push(
            session
                .get("/v1/caller-identity")
                .expect(200)
                .text("/session_id")
                .to_owned(),
        );
    }
    ids.push(
        ann.get("/v1/caller-identity")
            .expect(200)
            .text("/session_id")
            .to_owned(),
    );
    ids.rotate_right(1);
    ids.reverse();
    let mut found = Vec::new();
    let mut page = ann.get(&format!("{path}?limit=2")).expect(200);
    loop {
        found.extend(
            page.json["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match page.json["next_cursor"].as_str() {
            Some(cursor) => {
                page = ann
                    .get(&format!("{path}?limit=2&cursor={cursor}"))
                    .expect(200)
            }
            None => break,
        }
    }
    assert_eq!(found, ids);

    let gone = ids[0].clone();
    revoke(&world, &ann, &json!({ "session_id": gone })).expect(202);
    let listed = ann.get(&path).expect(200);
    assert!(!listed.body().contains(&gone));
    let one = ann.get(&format!("{path}/{gone}")).expect(200);
    assert_eq!(one.text("/status"), "revoked");
    assert_eq!(one.text("/kind"), "user");
    ann.get(&format!("{path}/TSES0123456789ABCDEFG"))
        .expect_problem(404, "not_found");
    ann.get(&format!("{path}/x"))
        .expect_problem(404, "not_found");
    world
        .session("mary")
        .get(&path)
        .expect_problem(403, "access_denied");
    ann.get(&format!("{path}?limit=0")).expect(400);
    ann.get(&format!("{path}?cursor=x"))
        .expect_problem(400, "invalid_cursor");
}

/// There are as many values as somebody thinks of, and every process remembers all of them.
#[test]
fn values_are_bounded_and_things_are_not() {
    let world = World::new();
    world.another_user(world.account, "bob", &Value::Null);
    let ann = admin(&world);
    let told = |kind, seqs: std::ops::Range<u64>, at: Timestamp| {
        for n in seqs {
            let mut id_hash = [0; 16];
            id_hash[..8].copy_from_slice(&n.to_be_bytes());
            let revocation = trilby_eventlog::Revocation {
                log: LogId::Account(world.account),
                kind,
                id_hash,
                seq: Seq::new(n),
                before: Seq::new(n),
                at,
            };
            world.inside.services().revocations().revoked(&revocation);
        }
    };
    told(
        RevocationKind::SourceIdentity,
        0..10_000,
        world.inside.clock().now(),
    );
    let answer = revoke(&world, &ann, &json!({ "source_identity": "one-more" })).expect(409);
    assert_eq!(answer.code(), Some("limit_exceeded"));
    assert_eq!(answer.json["quota"], "revocations_by_value");
    assert_eq!(answer.json["limit"], 10_000);
    let bob = world.session("bob");
    revoke(&world, &ann, &json!({ "user": "bob" })).expect(202);
    assert!(!world.stands(&bob));
    // What is too old to matter is forgotten as more come.
    world.inside.clock().advance_seconds(13 * 3_600);
    told(
        RevocationKind::Session,
        0..20_000,
        world.inside.clock().now(),
    );
    let ann = world.session("ann");
    revoke(&world, &ann, &json!({ "source_identity": "one-more" })).expect(202);
}
