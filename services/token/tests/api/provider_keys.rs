//! An issuer's keys: written down, gone when withdrawn, and what the log says of them.

use serde_json::json;
use trilby_account::Ref;
use trilby_account::command::{ObserveProviderKeys, SeenKeys};
use trilby_testkit::http::Client;

use crate::outside::{Outside, name};

#[test]
fn keys_are_written_when_they_change_and_gone_when_withdrawn() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let provider = || {
        let state = outside.world.inside.state(outside.owner);
        state
            .provider(&Ref::Name(name("login")))
            .unwrap()
            .keys
            .clone()
    };
    let ask = |token: &str| outside.assume(token, &role, json!({}));
    assert!(provider().observed.is_none());
    ask(&outside.token("ana", json!({}))).expect(200);
    let first = provider();
    assert!(first.pinned.is_some());
    ask(&outside.token("ana", json!({}))).expect(200);
    assert_eq!(provider(), first, "the same keys are no news");

    let old = outside.token("ana", json!({}));
    outside.issuer.rotate().unwrap();
    outside.world.inside.clock().advance_seconds(31);
    ask(&outside.token("ana", json!({}))).expect(200);
    assert_ne!(provider().observed, first.observed);
    ask(&old).expect(200);
    let old = outside.token("ana", json!({}));
    outside.issuer.rotate().unwrap();
    outside.issuer.withdraw_old_keys();
    outside.world.inside.clock().advance_seconds(31);
    ask(&outside.token("ana", json!({}))).expect(200);
    ask(&old).expect_problem(400, "key_not_found");
}

#[test]
fn what_an_administrator_had_read_anew_counts_at_once() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    outside.issuer.set_cache_control(Some("max-age=86400"));
    let ask = |token: &str| outside.assume(token, &role, json!({}));
    ask(&outside.token("ana", json!({}))).expect(200);
    let stolen = outside.token("ana", json!({}));
    outside.issuer.rotate().unwrap();
    outside.issuer.withdraw_old_keys();

    let shown = Client::new(outside.issuer.url())
        .get("/jwks.json")
        .expect(200);
    let set = trilby_federation::KeySet::parse(shown.body().as_bytes()).unwrap();
    let jwks_uri = format!("{}/jwks.json", outside.issuer.url());
    let command = ObserveProviderKeys {
        provider: Ref::Name(name("login")),
        keys: SeenKeys {
            jwks_uri: jwks_uri.parse().unwrap(),
            thumbprints: set.thumbprints().into_iter().collect(),
            document: set.document().to_owned(),
        },
    };
    outside.world.inside.clock().advance_seconds(1);
    outside.world.inside.run(outside.owner, command);
    let n_fetches = outside.issuer.fetches().keys;
    ask(&outside.token("ana", json!({}))).expect(200);
    assert_eq!(outside.issuer.fetches().keys, n_fetches);
    ask(&stolen).expect_problem(400, "key_not_found");
}
