//! Tokens of an issuer that is not ours, over real HTTP: the one whose address is in `TRILBY_TEST_ISSUER`.
//!
//! `cargo xtask test` starts npm `oidc-provider` for these.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use trilby_federation::cache::{KeyCache, KeyRequest};
use trilby_federation::fetch::{GuardedFetch, SystemResolver};
use trilby_federation::guard::{Guard, PrivateHost};
use trilby_federation::{NonceHash, Presented, Provider, Refusal, VerifiedIdentity, choose};
use trilby_model::Timestamp;
use trilby_model::federation::{IssuerUrl, ProviderChange};

fn issuer() -> IssuerUrl {
    std::env::var("TRILBY_TEST_ISSUER")
        .unwrap()
        .parse()
        .unwrap()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix_seconds(since.as_secs().try_into().unwrap())
}

/// What the issuer's helper answers after it went through a flow.
fn tokens(door: &str, asked: &Value) -> Value {
    let mut response = ureq::post(format!("{}/test/{door}", issuer()))
        .send_json(asked)
        .unwrap();
    response.body_mut().read_json().unwrap()
}

fn id_token(login: &str, algorithm: &str, nonce: &str) -> String {
    let tokens = tokens(
        "login",
        &json!({ "login": login, "algorithm": algorithm, "nonce": nonce }),
    );
    tokens["id_token"].as_str().unwrap().to_owned()
}

fn provider(settings: Value) -> Provider {
    let mut whole = json!({ "issuer": issuer(), "audiences": ["app-rs256", "app-es256"] });
    whole
        .as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    let change: ProviderChange = serde_json::from_value(whole).unwrap();
    Provider {
        id: "TIDP0123456789ABCDEFG".parse().unwrap(),
        name: "third".parse().unwrap(),
        settings: change.create().unwrap(),
        enabled: true,
        link: None,
    }
}

async fn verify(
    token: &str,
    provider: &Provider,
    nonce: Option<&str>,
    at: Timestamp,
) -> Result<VerifiedIdentity, Refusal> {
    let guard = Guard::new(vec![PrivateHost {
        host: issuer().host().to_owned(),
        port: issuer().port(),
        addresses: BTreeSet::from(["127.0.0.1".parse().unwrap()]),
        http: true,
    }]);
    let cache = KeyCache::new(
        Arc::new(GuardedFetch::new(guard, Arc::new(SystemResolver))),
        Arc::new(now),
    );
    let presented = Presented::parse(token)?;
    let provider = choose([provider], presented.issuer()?)?;
    let candidate = presented.for_provider(provider)?;
    let request = KeyRequest::of("111122223333".parse().unwrap(), provider, None);
    let keys = cache.keys(&request, candidate.kid()).await?;
    candidate.verify(&keys.set, nonce.map(NonceHash::of).as_ref(), at)
}

async fn code(
    token: &str,
    provider: &Provider,
    nonce: Option<&str>,
    at: Timestamp,
) -> &'static str {
    let result = verify(token, provider, nonce, at).await;
    result.map_or_else(|refusal| refusal.code(), |_| "ok")
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_third_partys_logins_are_verified_in_both_algorithms() {
    for algorithm in ["RS256", "ES256"] {
        let token = id_token("ana", algorithm, "n-1");
        let identity = verify(
            &token,
            &provider(json!({ "nonce": "required" })),
            Some("n-1"),
            now(),
        )
        .await
        .unwrap();
        assert_eq!(
            (identity.issuer(), identity.subject()),
            (issuer().as_str(), "ana")
        );
        assert_eq!(
            identity.audience(),
            format!("app-{}", algorithm.to_lowercase())
        );
        assert_eq!(identity.exposed_claims()["email"], "ana@acme.example");
    }
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_third_partys_token_is_refused_for_each_defect() {
    let token = id_token("ana", "RS256", "n-1");
    let plain = provider(json!({}));
    assert_eq!(code(&token, &plain, None, now()).await, "ok");
    assert_eq!(
        code(&token, &plain, Some("n-2"), now()).await,
        "nonce_mismatch"
    );
    assert_eq!(
        code(
            &token,
            &provider(json!({ "audiences": ["other"] })),
            None,
            now()
        )
        .await,
        "wrong_audience"
    );
    assert_eq!(
        code(
            &token,
            &provider(json!({ "allowed_algs": ["ES256"] })),
            None,
            now()
        )
        .await,
        "unsupported_token_alg"
    );
    assert_eq!(
        code(&token, &plain, None, now().plus_seconds(7200)).await,
        "token_expired"
    );
    assert_eq!(
        code(&token, &plain, None, now().plus_seconds(-7200)).await,
        "token_not_yet_valid"
    );
    let other = id_token("bob", "RS256", "n-1");
    let (head, _) = token.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    assert_eq!(
        code(&format!("{head}.{signature}"), &plain, None, now()).await,
        "bad_signature"
    );
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_third_partys_unverified_e_mail_address_is_not_read() {
    let token = id_token("unverified", "ES256", "n-1");
    let identity = verify(&token, &provider(json!({})), None, now())
        .await
        .unwrap();
    assert!(!identity.exposed_claims().contains_key("email"));
    let strict = provider(
        json!({ "require_claims": [{ "claim": "email", "op": "ends_with", "value": "@acme.example" }] }),
    );
    assert_eq!(code(&token, &strict, None, now()).await, "claim_missing");
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_third_partys_access_token_is_taken_only_where_it_may_be() {
    let tokens = tokens("machine", &json!({}));
    let token = tokens["access_token"].as_str().unwrap();
    let audiences = json!({ "audiences": ["https://api.acme.example"] });
    assert_eq!(
        code(token, &provider(audiences), None, now()).await,
        "malformed_token"
    );
    let accepting =
        json!({ "audiences": ["https://api.acme.example"], "accept_access_tokens": true });
    assert_eq!(code(token, &provider(accepting), None, now()).await, "ok");
}
