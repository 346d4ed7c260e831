//! Tokens of a real issuer, over real HTTP: discovery, keys, rotation, and its dishonest tokens.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Map, Value, json};
use trilby_federation::cache::{KeyCache, KeyRequest};
use trilby_federation::fetch::{GuardedFetch, SystemResolver};
use trilby_federation::guard::{Guard, PrivateHost};
use trilby_federation::{Presented, Provider, Refusal, VerifiedIdentity, choose};
use trilby_issuer::{Algorithm, Fetches, Issuer};
use trilby_model::Timestamp;
use trilby_model::federation::ProviderChange;

const NOW: i64 = 1_795_456_800;

struct World {
    issuer: Issuer,
    provider: Provider,
    cache: Arc<KeyCache>,
    clock: Arc<AtomicI64>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(NOW));
        let issuer = {
            let clock = Arc::clone(&clock);
            Issuer::start(Arc::new(move || clock.load(Ordering::SeqCst))).unwrap()
        };
        let change: ProviderChange =
            serde_json::from_value(json!({ "issuer": issuer.url(), "audiences": ["app"] }))
                .unwrap();
        let provider = Provider {
            id: "TIDP0123456789ABCDEFG".parse().unwrap(),
            name: "idp".parse().unwrap(),
            settings: change.create().unwrap(),
            enabled: true,
            link: None,
        };
        let guard = Guard::new(vec![PrivateHost {
            host: "127.0.0.1".to_owned(),
            port: issuer.port(),
            addresses: BTreeSet::from(["127.0.0.1".parse().unwrap()]),
            http: true,
        }]);
        let fetch = Arc::new(GuardedFetch::new(guard, Arc::new(SystemResolver)));
        let now = {
            let clock = Arc::clone(&clock);
            Arc::new(move || Timestamp::from_unix_seconds(clock.load(Ordering::SeqCst)))
        };
        Self {
            issuer,
            provider,
            cache: KeyCache::new(fetch, now),
            clock,
        }
    }

    fn claims(&self) -> Map<String, Value> {
        self.issuer.claims("ana-1", "app")
    }

    fn token(&self, algorithm: Algorithm) -> String {
        self.issuer.token(algorithm, &self.claims()).unwrap()
    }

    async fn verify(&self, token: &str) -> Result<VerifiedIdentity, Refusal> {
        let presented = Presented::parse(token)?;
        let provider = choose([&self.provider], presented.issuer()?)?;
        let candidate = presented.for_provider(provider)?;
        let request = KeyRequest::of("111122223333".parse().unwrap(), provider, None);
        let keys = self.cache.keys(&request, candidate.kid()).await?;
        let now = Timestamp::from_unix_seconds(self.clock.load(Ordering::SeqCst));
        candidate.verify(&keys.set, None, now)
    }

    async fn code(&self, token: &str) -> &'static str {
        self.verify(token)
            .await
            .map_or_else(|refusal| refusal.code(), |_| "ok")
    }
}

#[tokio::test]
async fn honest_tokens_of_both_algorithms_are_verified() {
    let world = World::new();
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let identity = world.verify(&world.token(algorithm)).await.unwrap();
        assert_eq!(
            (identity.issuer(), identity.subject()),
            (world.issuer.url(), "ana-1")
        );
    }
    assert_eq!(
        world.issuer.fetches(),
        Fetches {
            discovery: 1,
            keys: 1
        }
    );
}

#[tokio::test]
async fn dishonest_tokens_are_refused_with_their_codes() {
    let world = World::new();
    let with = |name: &str, value: Value| {
        let mut claims = world.claims();
        claims.insert(name.to_owned(), value);
        world.issuer.token(Algorithm::Rs256, &claims).unwrap()
    };
    assert_eq!(
        world.code(&with("aud", json!("other"))).await,
        "wrong_audience"
    );
    assert_eq!(
        world.code(&with("exp", json!(NOW - 3600))).await,
        "token_expired"
    );
    assert_eq!(
        world.code(&with("iat", json!(NOW + 3600))).await,
        "token_not_yet_valid"
    );
    assert_eq!(
        world
            .code(
                &world
                    .issuer
                    .forged(Algorithm::Rs256, &world.claims())
                    .unwrap()
            )
            .await,
        "bad_signature"
    );
    assert_eq!(
        world
            .code(
                &world
                    .issuer
                    .forged(Algorithm::Es256, &world.claims())
                    .unwrap()
            )
            .await,
        "bad_signature"
    );
    assert_eq!(
        world
            .code(&world.issuer.unsigned(&world.claims(), ""))
            .await,
        "malformed_token"
    );
    assert_eq!(
        world
            .code(&world.issuer.unsigned(&world.claims(), "AA"))
            .await,
        "unsupported_token_alg"
    );
    assert_eq!(
        world.code(&world.issuer.mac_signed(&world.claims())).await,
        "unsupported_token_alg"
    );
}

#[tokio::test]
async fn a_token_of_an_unknown_issuer_makes_no_call() {
    let world = World::new();
    let stranger = Issuer::start(Arc::new(|| NOW)).unwrap();
    let token = stranger
        .token(Algorithm::Rs256, &stranger.claims("ana-1", "app"))
        .unwrap();
    assert_eq!(world.code(&token).await, "unknown_issuer");
    let none = Fetches {
        discovery: 0,
        keys: 0,
    };
    assert_eq!((stranger.fetches(), world.issuer.fetches()), (none, none));
}

#[tokio::test]
async fn a_token_refused_without_keys_makes_no_call() {
    let world = World::new();
    assert_eq!(
        world.code(&world.issuer.mac_signed(&world.claims())).await,
        "unsupported_token_alg"
    );
    assert_eq!(
        world.issuer.fetches(),
        Fetches {
            discovery: 0,
            keys: 0
        }
    );
}

#[tokio::test]
async fn a_rotated_key_is_found_and_a_withdrawn_one_forgotten() {
    let world = World::new();
    let old = world.token(Algorithm::Es256);
    assert_eq!(world.code(&old).await, "ok");
    world.issuer.rotate().unwrap();
    assert_eq!(world.code(&world.token(Algorithm::Es256)).await, "ok");
    assert_eq!(world.code(&old).await, "ok");
    world.issuer.withdraw_old_keys();
    world.clock.fetch_add(600, Ordering::SeqCst);
    assert_eq!(world.code(&world.token(Algorithm::Rs256)).await, "ok");
    assert_eq!(world.code(&old).await, "key_not_found");
}

#[tokio::test]
async fn an_issuer_that_is_down_is_unavailable_and_not_wrong() {
    let world = World::new();
    world.issuer.set_down(true);
    assert_eq!(
        world.code(&world.token(Algorithm::Es256)).await,
        "issuer_keys_unavailable"
    );
    world.issuer.set_down(false);
    world.clock.fetch_add(2, Ordering::SeqCst);
    assert_eq!(world.code(&world.token(Algorithm::Es256)).await, "ok");
}
