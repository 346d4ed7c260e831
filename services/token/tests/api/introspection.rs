//! Introspection and revocation of one token.

use serde_json::json;
use trilby_testkit::installation::allow;

use crate::world::{EMAIL, PASSWORD, World};

fn token_of(world: &World, username: &str) -> String {
    world
        .login(&world.account.to_string(), username, PASSWORD)
        .expect(200)
        .text("/access_token")
        .to_owned()
}

#[test]
fn a_token_is_described_to_its_own_account_only() {
    let world = World::new();
    let token = token_of(&world, "mary");
    let other = world.another_account("Other");
    world.another_user(other, "bob", &allow(&["*"]));
    let foreign = world.another_key(other, "bob");
    let own = world.key_session(&world.key);
    let described = world
        .form_as(&own, "/v1/introspect", &[("token", &token)])
        .expect(200);
    assert_eq!(described.json["active"], true);
    assert_eq!(described.text("/sub"), world.mary.to_string());
    assert_eq!(described.text("/trilby/kind"), "user");
    assert_eq!(described.header("cache-control"), Some("no-store"));

    let by_key = [
        ("token", token.as_str()),
        ("client_id", world.key.id.as_str()),
        ("client_secret", &world.key.secret),
    ];
    assert_eq!(
        world.form("/v1/introspect", &by_key).expect(200).json["active"],
        true
    );

    let inactive = json!({ "active": false });
    let stranger = world.key_session(&foreign);
    assert_eq!(
        world
            .form_as(&stranger, "/v1/introspect", &[("token", &token)])
            .expect(200)
            .json,
        inactive
    );
    let by_foreign = [
        ("token", token.as_str()),
        ("client_id", foreign.id.as_str()),
        ("client_secret", &foreign.secret),
    ];
    assert_eq!(
        world.form("/v1/introspect", &by_foreign).expect(200).json,
        inactive
    );
    for bad in ["x", &token[..token.len() - 1], "a.b.c", "tbk_x"] {
        assert_eq!(
            world
                .form_as(&own, "/v1/introspect", &[("token", bad)])
                .expect(200)
                .json,
            inactive
        );
    }
    world
        .form("/v1/introspect", &[("token", &token)])
        .expect_problem(401, "unauthenticated");
    world
        .form_as(&own, "/v1/introspect", &by_key)
        .expect_problem(400, "invalid_parameter");
    world
        .form_as(&own, "/v1/introspect", &[])
        .expect_problem(400, "missing_parameter");
    world
        .form_as(&own, "/v1/introspect", &[("token", &token), ("x", "y")])
        .expect(400);
}

#[test]
fn a_token_is_ended_by_its_owner_or_who_may() {
    let world = World::new();
    world.another_user(world.account, "bob", &serde_json::Value::Null);
    world.another_user(world.account, "ann", &allow(&["sts:RevokeSessions"]));
    let other = world.another_account("Other");
    world.another_user(other, "eve", &allow(&["*"]));
    let eve = world.key_session(&world.another_key(other, "eve"));
    let (bob, ann, mary) = (
        world.session("bob"),
        world.session("ann"),
        world.session("mary"),
    );
    let token = token_of(&world, "mary");
    let held = world.inside.stranger().with_token(&token);
    world
        .form_as(&bob, "/v1/revoke", &[("token", &token)])
        .expect_problem(403, "access_denied");
    world
        .form_as(&eve, "/v1/revoke", &[("token", &token)])
        .expect_problem(403, "access_denied");
    assert!(world.stands(&held));
    let ended = world
        .form_as(&mary, "/v1/revoke", &[("token", &token)])
        .expect(200);
    // Whoever asks elsewhere can say from where on it is ended.
    let position = ended.header("trilby-seq").unwrap();
    assert!(
        position.starts_with(&world.account.to_string()),
        "{position}"
    );
    assert!(!world.stands(&held));
    assert!(world.stands(&mary), "only this one");
    // Again, and what never was a token: as if it had been one.
    world
        .form_as(&mary, "/v1/revoke", &[("token", &token)])
        .expect(200);
    world
        .form_as(&mary, "/v1/revoke", &[("token", "x")])
        .expect(200);

    let token = token_of(&world, "mary");
    world
        .form_as(&ann, "/v1/revoke", &[("token", &token)])
        .expect(200);
    assert!(!world.stands(&world.inside.stranger().with_token(&token)));

    let token = token_of(&world, EMAIL);
    let by_key = [
        ("token", token.as_str()),
        ("client_id", world.key.id.as_str()),
        ("client_secret", &world.key.secret),
    ];
    world
        .form("/v1/revoke", &by_key)
        .expect_problem(403, "access_denied");
    let root = world.inside.stranger().with_token(&token);
    world
        .form_as(&root, "/v1/revoke", &[("token", &token)])
        .expect(200);
    assert!(!world.stands(&root));
}
