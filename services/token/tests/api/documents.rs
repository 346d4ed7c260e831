//! Key sets and discovery.

use serde_json::json;
use trilby_account::SigningKeyState;
use trilby_eventlog::EventLog;
use trilby_model::LogId;

use crate::world::World;

#[test]
fn an_accounts_key_is_made_at_its_first_session_and_published() {
    let world = World::new();
    let path = format!("/iss/{}/jwks.json", world.account);
    let client = world.inside.stranger();
    assert_eq!(client.get(&path).expect(200).json, json!({ "keys": [] }));
    world.client_credentials(&world.key).expect(200);
    let answer = client.get(&path).expect(200);
    let keys = answer.json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    for name in keys[0].as_object().unwrap().keys() {
        assert!(
            ["kty", "crv", "x", "y", "kid", "alg", "use"].contains(&name.as_str()),
            "{name}"
        );
    }
    let state = world.inside.state(world.account);
    let key = state.active_signing_key().unwrap();
    assert!(matches!(key.state, SigningKeyState::Active { .. }));
    assert_eq!(answer.text("/keys/0/kid"), key.kid);

    // The private half is in the store under the data key, and neither in clear.
    let log = LogId::Account(world.account);
    let store: &dyn EventLog = &**world.inside.services().log();
    let row = world
        .inside
        .wait(store.sealed_key(&log, 2, &key.kid))
        .unwrap()
        .unwrap();
    assert_eq!(row.body.0[0], 1);
    assert!(
        world
            .inside
            .wait(store.sealed_key(&log, 1, "data"))
            .unwrap()
            .is_some()
    );
    for _ in 0..3 {
        world.client_credentials(&world.key).expect(200);
    }
    assert_eq!(world.inside.state(world.account).signing_keys().len(), 1);
}

#[test]
fn first_sessions_at_once_make_one_key() {
    let world = World::new();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", world.key.id.as_str()),
        ("client_secret", world.key.secret.as_str()),
    ];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                world
                    .inside
                    .stranger()
                    .form("/v1/token", &fields)
                    .expect(200)
            });
        }
    });
    assert_eq!(world.inside.state(world.account).signing_keys().len(), 1);
}

#[test]
fn a_key_set_is_cached_by_its_tag_and_open_to_every_page() {
    let world = World::new();
    world.client_credentials(&world.key).expect(200);
    let client = world.inside.stranger();
    let path = format!("/iss/{}/jwks.json", world.account);
    let answer = client.get(&path).expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=600"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let tag = answer.etag().to_owned();
    let again = client
        .with_header("if-none-match", &tag)
        .get(&path)
        .expect(304);
    assert!(again.bytes.is_empty());
    assert_eq!(again.etag(), tag);
    client
        .with_header("if-none-match", "\"other\"")
        .get(&path)
        .expect(200);
}

#[test]
fn discovery_is_made_of_the_configured_address_alone() {
    let world = World::new();
    let account = world.account;
    let path = format!("/iss/{account}/.well-known/openid-configuration");
    let client = world.inside.stranger();
    let document = client.get(&path).expect(200);
    let base = world.inside.services().public_url();
    assert_eq!(document.text("/issuer"), format!("{base}/iss/{account}"));
    assert_eq!(
        document.text("/jwks_uri"),
        format!("{base}/iss/{account}/jwks.json")
    );
    assert_eq!(document.json["response_types_supported"], json!([]));
    let other_form = client
        .get(&format!(
            "/.well-known/oauth-authorization-server/iss/{account}"
        ))
        .expect(200);
    assert_eq!(other_form.json, document.json);
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-forwarded-proto", "https"),
        ("x-original-url", "/evil"),
    ] {
        assert_eq!(
            client.with_header(name, value).get(&path).expect(200).bytes,
            document.bytes
        );
    }
    for unknown in ["000000000001", "abc", "1"] {
        client
            .get(&format!("/iss/{unknown}/jwks.json"))
            .expect_problem(404, "not_found");
        client
            .get(&format!("/iss/{unknown}/.well-known/openid-configuration"))
            .expect_problem(404, "not_found");
    }
}

#[test]
fn a_suspended_accounts_keys_stay_published() {
    let world = World::new();
    world.client_credentials(&world.key).expect(200);
    world.inside.run(
        world.account,
        trilby_account::command::SuspendAccount { reason: None },
    );
    let answer = world
        .inside
        .stranger()
        .get(&format!("/iss/{}/jwks.json", world.account))
        .expect(200);
    assert_eq!(answer.json["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_revoked_key_is_gone_with_its_tokens_and_replaced() {
    let world = World::new();
    let session = world.key_session(&world.key);
    let kid = world
        .inside
        .state(world.account)
        .active_signing_key()
        .unwrap()
        .kid
        .clone();
    world.inside.run(
        world.account,
        trilby_account::command::RevokeSigningKey {
            kid: kid.clone(),
            reason: None,
        },
    );
    assert!(!world.stands(&session));
    let again = world.key_session(&world.key);
    assert!(world.stands(&again));
    let answer = world
        .inside
        .stranger()
        .get(&format!("/iss/{}/jwks.json", world.account))
        .expect(200);
    assert_eq!(answer.json["keys"].as_array().unwrap().len(), 1);
    assert_ne!(answer.text("/keys/0/kid"), kid);
}

#[test]
fn keys_take_turns_every_ninety_days() {
    let world = World::new();
    let kids = || {
        let answer = world
            .inside
            .stranger()
            .get(&format!("/iss/{}/jwks.json", world.account))
            .expect(200);
        answer.json["keys"].as_array().unwrap().len()
    };
    const DAY: i64 = 86_400;
    world.client_credentials(&world.key).expect(200);
    let first = world
        .inside
        .state(world.account)
        .active_signing_key()
        .unwrap()
        .kid
        .clone();
    world.inside.clock().advance_seconds(89 * DAY);
    world.client_credentials(&world.key).expect(200);
    assert_eq!(kids(), 2, "the next one is published before it signs");
    assert_eq!(
        world
            .inside
            .state(world.account)
            .active_signing_key()
            .unwrap()
            .kid,
        first
    );
    world.inside.clock().advance_seconds(DAY);
    let last_of_first = world.key_session(&world.key);
    assert_ne!(
        world
            .inside
            .state(world.account)
            .active_signing_key()
            .unwrap()
            .kid,
        first
    );
    assert!(world.stands(&last_of_first));
    assert_eq!(kids(), 2, "the old one stays until its last token is gone");
    world.inside.clock().advance_seconds(DAY);
    assert_eq!(kids(), 1);
}
