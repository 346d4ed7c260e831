//! Providers' keys over time: fresh, stale, gone, and how often anybody is asked.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;
use trilby_federation::cache::{KeyCache, KeyLocation, KeyRequest};
use trilby_federation::fetch::{Fetch, FetchError, Fetched};
use trilby_federation::guard::{Guard, Refused};
use trilby_federation::{KeySet, Refusal};
use trilby_model::federation::ProviderChange;
use trilby_model::{ProviderId, Timestamp};

const NOW: i64 = 1_795_456_800;
const DAY_S: i64 = 86_400;

/// An issuer that answers with one script entry after the other, the last for ever.
struct Upstream {
    script: Mutex<VecDeque<Result<Fetched, FetchError>>>,
    n_fetches: AtomicUsize,
}

#[async_trait::async_trait]
impl Fetch for Upstream {
    fn allows(&self, url: &str) -> Result<(), Refused> {
        Guard::default().allows(url)
    }

    async fn get(&self, _: &str, _: usize) -> Result<Fetched, FetchError> {
        self.n_fetches.fetch_add(1, Ordering::SeqCst);
        // Everybody else gets a turn while this one is under way.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let mut script = self.script.lock().unwrap();
        if script.len() > 1 {
            script.pop_front().unwrap()
        } else {
            script.front().unwrap().clone()
        }
    }
}

struct World {
    cache: Arc<KeyCache>,
    upstream: Arc<Upstream>,
    clock: Arc<AtomicI64>,
}

const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

fn document(kids: &[&str]) -> String {
    let keys: Vec<_> = kids
        .iter()
        .map(|kid| json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": kid }))
        .collect();
    json!({ "keys": keys }).to_string()
}

fn answer(kids: &[&str]) -> Result<Fetched, FetchError> {
    aged(kids, None)
}

fn aged(kids: &[&str], max_age_s: Option<u64>) -> Result<Fetched, FetchError> {
    Ok(Fetched {
        body: document(kids).into_bytes(),
        max_age_s,
    })
}

const DOWN: Result<Fetched, FetchError> = Err(FetchError::Unreachable);

fn world(script: Vec<Result<Fetched, FetchError>>) -> World {
    let upstream = Arc::new(Upstream {
        script: Mutex::new(script.into()),
        n_fetches: AtomicUsize::new(0),
    });
    let clock = Arc::new(AtomicI64::new(NOW));
    let now = {
        let clock = Arc::clone(&clock);
        Arc::new(move || Timestamp::from_unix_seconds(clock.load(Ordering::SeqCst)))
    };
    World {
        cache: KeyCache::new(Arc::clone(&upstream) as Arc<dyn Fetch>, now),
        upstream,
        clock,
    }
}

fn provider(n: u8) -> ProviderId {
    format!("TIDP0123456789ABCDEF{n}").parse().unwrap()
}

fn request(n: u8) -> KeyRequest {
    KeyRequest {
        account: "111122223333".parse().unwrap(),
        provider: provider(n),
        location: KeyLocation::Pinned("https://idp.example/jwks".parse().unwrap()),
        stale_max_s: 86_400,
    }
}

impl World {
    async fn get(&self, kid: &str) -> Result<Arc<KeySet>, Refusal> {
        self.cache
            .keys(&request(1), Some(kid))
            .await
            .map(|keys| keys.set)
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn n(&self) -> usize {
        self.upstream.n_fetches.load(Ordering::SeqCst)
    }

    /// Lets what runs behind come to its end.
    async fn settle(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn keys_are_fetched_once_while_they_are_fresh() {
    let world = world(vec![answer(&["a"])]);
    for _ in 0..5 {
        assert!(world.get("a").await.unwrap().has("a"));
    }
    world.pass(479);
    assert!(world.get("a").await.is_ok());
    world.settle().await;
    assert_eq!(world.n(), 1);
}

#[tokio::test]
async fn ten_thousand_unknown_keys_are_one_fetch() {
    let world = world(vec![answer(&["a"])]);
    world.get("a").await.unwrap();
    for n in 0..10_000 {
        assert!(!world.get(&format!("random-{n}")).await.unwrap().has("b"));
    }
    assert_eq!(world.n(), 2);
    world.pass(29);
    world.get("b").await.unwrap();
    assert_eq!(world.n(), 2);
    world.pass(1);
    world.get("b").await.unwrap();
    assert_eq!(world.n(), 3);
}

#[tokio::test]
async fn an_unknown_key_that_is_new_is_found_by_one_fetch() {
    let world = world(vec![answer(&["a"]), answer(&["a", "b"])]);
    world.get("a").await.unwrap();
    assert!(world.get("b").await.unwrap().has("b"));
    assert_eq!(world.n(), 2);
}

#[tokio::test]
async fn a_hundred_at_once_are_one_fetch() {
    let world = world(vec![answer(&["a"]), answer(&["a", "b"])]);
    let cold = futures_of(&world, "a").await;
    assert!(
        cold.iter()
            .all(|set| set.as_ref().is_ok_and(|set| set.has("a")))
    );
    assert_eq!(world.n(), 1);
    let forced = futures_of(&world, "b").await;
    assert!(
        forced
            .iter()
            .all(|set| set.as_ref().is_ok_and(|set| set.has("b")))
    );
    assert_eq!(world.n(), 2);
}

async fn futures_of(world: &World, kid: &'static str) -> Vec<Result<Arc<KeySet>, Refusal>> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let cache = Arc::clone(&world.cache);
        tasks.spawn(async move {
            cache
                .keys(&request(1), Some(kid))
                .await
                .map(|keys| keys.set)
        });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn keys_are_renewed_behind_those_who_are_served() {
    let world = world(vec![answer(&["a"]), answer(&["b"])]);
    world.get("a").await.unwrap();
    world.pass(480);
    let served = futures_of(&world, "a").await;
    assert!(
        served
            .iter()
            .all(|set| set.as_ref().is_ok_and(|set| set.has("a")))
    );
    world.settle().await;
    assert_eq!(world.n(), 2);
    assert!(world.get("b").await.unwrap().has("b"));
    assert_eq!(world.n(), 2);
}

#[tokio::test]
async fn a_key_that_a_good_answer_does_not_have_is_gone() {
    let world = world(vec![answer(&["a", "b"]), answer(&["b"])]);
    assert!(world.get("a").await.unwrap().has("a"));
    world.pass(600);
    assert!(!world.get("b").await.unwrap().has("a"));
}

#[tokio::test]
async fn a_failed_fetch_leaves_the_keys_up_to_their_bound() {
    let world = world(vec![answer(&["a"]), DOWN]);
    world.get("a").await.unwrap();
    world.pass(DAY_S);
    assert!(world.get("a").await.unwrap().has("a"));
    world.pass(1);
    assert_eq!(world.get("a").await.unwrap_err(), Refusal::KeysUnavailable);
    world.pass(3600);
    assert_eq!(world.get("a").await.unwrap_err(), Refusal::KeysUnavailable);
}

#[tokio::test]
async fn an_answer_without_a_usable_key_is_a_failed_fetch() {
    let world = world(vec![
        answer(&["a"]),
        answer(&[]),
        Ok(Fetched {
            body: b"<html>".to_vec(),
            max_age_s: None,
        }),
    ]);
    world.get("a").await.unwrap();
    for _ in 0..3 {
        world.pass(700);
        assert!(world.get("a").await.unwrap().has("a"));
    }
}

#[tokio::test]
async fn failures_are_followed_by_pauses_that_grow() {
    let world = world(vec![DOWN]);
    let mut n_in_a_minute = Vec::new();
    for _ in 0..20 {
        let before = world.n();
        for _ in 0..60 {
            assert_eq!(world.get("a").await.unwrap_err(), Refusal::KeysUnavailable);
            world.pass(1);
        }
        n_in_a_minute.push(world.n() - before);
    }
    assert!((3..=8).contains(&n_in_a_minute[0]), "{n_in_a_minute:?}");
    assert!(
        n_in_a_minute[8..].iter().sum::<usize>() <= 5,
        "{n_in_a_minute:?}"
    );
    assert!(
        n_in_a_minute[8..].iter().sum::<usize>() >= 2,
        "{n_in_a_minute:?}"
    );
}

#[tokio::test]
async fn an_issuer_that_returns_is_asked_again() {
    let world = world(vec![DOWN, answer(&["a"])]);
    assert_eq!(world.get("a").await.unwrap_err(), Refusal::KeysUnavailable);
    assert_eq!(world.get("a").await.unwrap_err(), Refusal::KeysUnavailable);
    assert_eq!(world.n(), 1);
    world.pass(2);
    assert!(world.get("a").await.is_ok());
}

#[tokio::test]
async fn how_long_an_answer_is_fresh_has_bounds() {
    for (max_age_s, fresh_s) in [
        (Some(0), 60),
        (Some(10), 60),
        (Some(3600), 3600),
        (Some(u64::MAX), DAY_S),
        (None, 600),
    ] {
        let world = world(vec![aged(&["a"], max_age_s), DOWN]);
        world.get("a").await.unwrap();
        world.pass(fresh_s * 4 / 5 - 1);
        world.get("a").await.unwrap();
        world.settle().await;
        assert_eq!(world.n(), 1, "{max_age_s:?}");
        world.pass(1);
        world.get("a").await.unwrap();
        world.settle().await;
        assert_eq!(world.n(), 2, "{max_age_s:?}");
    }
}

#[tokio::test]
async fn two_providers_share_no_keys() {
    let world = world(vec![answer(&["a:b"]), answer(&["other"])]);
    let first = world.cache.keys(&request(1), Some("a:b")).await.unwrap();
    let second = world.cache.keys(&request(2), Some("a:b")).await.unwrap();
    assert!(first.set.has("a:b"));
    assert!(!second.set.has("a:b"));
}

#[tokio::test]
async fn keys_written_into_a_provider_are_never_fetched() {
    let world = world(vec![DOWN]);
    let written = |kids: &[&str]| KeyRequest {
        location: KeyLocation::Static(document(kids)),
        ..request(1)
    };
    assert!(
        world
            .cache
            .keys(&written(&["a"]), Some("x"))
            .await
            .unwrap()
            .set
            .has("a")
    );
    world.pass(100 * DAY_S);
    assert!(
        world
            .cache
            .keys(&written(&["a"]), Some("a"))
            .await
            .unwrap()
            .set
            .has("a")
    );
    let changed = world.cache.keys(&written(&["b"]), Some("a")).await.unwrap();
    assert!(changed.set.has("b") && !changed.set.has("a"));
    assert_eq!(world.n(), 0);
}

impl World {
    /// Somebody saw these keys at `at`.
    fn warm(&self, document: &str, at: i64) {
        let uri = "https://idp.example/jwks".parse().unwrap();
        let at = Timestamp::from_unix_seconds(at);
        self.cache.warm(&provider(1), &uri, document, at);
    }
}

#[tokio::test]
async fn keys_observed_just_now_serve_without_a_fetch() {
    let world = world(vec![DOWN]);
    world.warm(&document(&["a"]), NOW);
    world.warm(&document(&["old"]), NOW - 30);
    world.warm("nonsense", NOW + 1);
    world.pass(47);
    assert!(world.get("a").await.unwrap().has("a"));
    world.settle().await;
    assert_eq!(world.n(), 0);
}

#[tokio::test]
async fn keys_observed_earlier_serve_only_if_the_issuer_does_not_answer() {
    let asked = world(vec![answer(&["b"])]);
    asked.warm(&document(&["a"]), NOW - 60);
    assert!(!asked.get("b").await.unwrap().has("a"));

    let down = world(vec![DOWN]);
    down.warm(&document(&["a"]), NOW - 60);
    assert!(down.get("a").await.unwrap().has("a"));
    assert_eq!(down.n(), 1);
    down.pass(DAY_S - 60);
    assert!(down.get("a").await.unwrap().has("a"));
    down.pass(1);
    assert_eq!(down.get("a").await.unwrap_err(), Refusal::KeysUnavailable);
}

#[tokio::test]
async fn keys_that_somebody_observed_later_count_at_once() {
    let world = world(vec![aged(&["a", "b"], Some(3600)), DOWN]);
    assert!(world.get("a").await.unwrap().has("a"));
    // Written down later than they came, but no news.
    world.warm(&document(&["a", "b"]), NOW + 5);
    world.pass(600);
    assert!(world.get("a").await.unwrap().has("a"));
    assert_eq!(world.n(), 1);
    world.warm(&document(&["b"]), NOW + 600);
    assert!(!world.get("b").await.unwrap().has("a"));
    assert_eq!(world.n(), 1);
}

#[test]
fn what_settings_name_may_be_called_or_is_told() {
    let world = world(vec![DOWN]);
    let key = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y });
    let written = json!({ "source": "static", "jwks": { "keys": [key] } });
    let pinned = |at: &str| json!({ "source": "jwks_uri", "jwks_uri": at });
    let good = pinned("https://keys.example/jwks");
    for (issuer, keys, setting) in [
        (
            "https://idp.example",
            json!({ "source": "discovery" }),
            None,
        ),
        (
            "http://idp.example",
            json!({ "source": "discovery" }),
            Some("/issuer"),
        ),
        (
            "https://10.0.0.5",
            json!({ "source": "discovery" }),
            Some("/issuer"),
        ),
        (
            "https://0x0a000005",
            json!({ "source": "discovery" }),
            Some("/issuer"),
        ),
        (
            "https://idp.example:8443",
            json!({ "source": "discovery" }),
            Some("/issuer"),
        ),
        (
            "https://idp.internal",
            json!({ "source": "discovery" }),
            Some("/issuer"),
        ),
        (
            "https://idp",
            json!({ "source": "discovery" }),
            Some("/issuer"),
        ),
        // Nobody calls it.
        ("https://10.0.0.5", good.clone(), None),
        ("https://kubernetes.default.svc", written.clone(), None),
        ("http://idp.example", good, Some("/issuer")),
        ("http://idp.example", written, Some("/issuer")),
        (
            "https://idp.example",
            pinned("http://idp.example/jwks"),
            Some("/keys/jwks_uri"),
        ),
        (
            "https://idp.example",
            pinned("https://127.0.0.1/jwks"),
            Some("/keys/jwks_uri"),
        ),
    ] {
        let settings = json!({ "issuer": issuer, "audiences": ["app"], "keys": keys });
        let change: ProviderChange = serde_json::from_value(settings.clone()).unwrap();
        let settings = match change.create() {
            Ok(made) => made,
            Err(invalid) => panic!("{settings}: {invalid:?}"),
        };
        let refused = world.cache.allows_settings(&settings).err();
        assert_eq!(
            refused.map(|refused| refused.setting),
            setting,
            "{issuer} {:?}",
            settings.keys
        );
    }
    assert_eq!(world.n(), 0);
}

#[tokio::test]
async fn discovery_is_asked_once_and_its_address_pinned() {
    let description =
        json!({ "issuer": "https://idp.example", "jwks_uri": "https://idp.example/jwks" })
            .to_string();
    let world = world(vec![
        Ok(Fetched {
            body: description.into_bytes(),
            max_age_s: None,
        }),
        answer(&["a"]),
    ]);
    let discover = KeyRequest {
        location: KeyLocation::Discover("https://idp.example".parse().unwrap()),
        ..request(1)
    };
    let keys = world.cache.keys(&discover, Some("a")).await.unwrap();
    assert_eq!(keys.jwks_uri.unwrap().as_str(), "https://idp.example/jwks");
    assert!(world.get("a").await.unwrap().has("a"));
    assert_eq!(world.n(), 2);
}

#[tokio::test]
async fn an_account_has_sixty_fetches_a_minute() {
    let world = world(vec![answer(&["a"])]);
    let many = |n: usize| KeyRequest {
        location: KeyLocation::Pinned(format!("https://idp.example/{n}").parse().unwrap()),
        ..request(1)
    };
    for n in 0..60 {
        assert!(world.cache.keys(&many(n), None).await.is_ok(), "{n}");
    }
    assert_eq!(
        world.cache.keys(&many(60), None).await.unwrap_err(),
        Refusal::KeysUnavailable
    );
    let other = KeyRequest {
        account: "444455556666".parse().unwrap(),
        ..many(61)
    };
    assert!(world.cache.keys(&other, None).await.is_ok());
    world.pass(60);
    assert!(world.cache.keys(&many(60), None).await.is_ok());
}
