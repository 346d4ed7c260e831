//! The issuer as its clients see it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use trilby_issuer::{Algorithm, Fetches, Issuer};

const NOW: i64 = 1_795_456_800;

fn issuer() -> Issuer {
    Issuer::start(Arc::new(|| NOW)).unwrap()
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into()
}

fn json_at(url: &str) -> Value {
    let text = agent()
        .get(url)
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn part(token: &str, n: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD
        .decode(token.split('.').nth(n).unwrap())
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn published(issuer: &Issuer) -> Vec<String> {
    let keys = json_at(&format!("{}/jwks.json", issuer.url()));
    keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn its_description_names_itself_and_its_keys() {
    let issuer = issuer();
    let document = json_at(&format!(
        "{}/.well-known/openid-configuration",
        issuer.url()
    ));
    assert_eq!(document["issuer"], issuer.url());
    let keys = json_at(document["jwks_uri"].as_str().unwrap());
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    assert_eq!(
        issuer.fetches(),
        Fetches {
            discovery: 1,
            keys: 1
        }
    );
}

#[test]
fn rotation_publishes_new_keys_beside_the_old() {
    let issuer = issuer();
    let before = published(&issuer);
    issuer.rotate().unwrap();
    let both = published(&issuer);
    assert_eq!(both.len(), 4);
    assert!(before.iter().all(|kid| both.contains(kid)));
    let token = issuer
        .token(Algorithm::Es256, &issuer.claims("ana", "app"))
        .unwrap();
    assert!(!before.contains(&part(&token, 0)["kid"].as_str().unwrap().to_owned()));
    issuer.withdraw_old_keys();
    assert!(published(&issuer).iter().all(|kid| !before.contains(kid)));
}

#[test]
fn the_keys_say_how_long_they_may_be_kept() {
    let issuer = issuer();
    let url = format!("{}/jwks.json", issuer.url());
    issuer.set_cache_control(Some("max-age=60"));
    let response = agent().get(&url).call().unwrap();
    assert_eq!(response.headers()["cache-control"], "max-age=60");
    issuer.set_down(true);
    assert_eq!(agent().get(&url).call().unwrap().status().as_u16(), 503);
}

#[test]
fn a_login_comes_back_with_a_token_for_the_client() {
    let issuer = issuer();
    issuer.add_client("app");
    issuer.add_user(
        "ana",
        "subject-1",
        Map::from_iter([("email".to_owned(), json!("ana@acme.example"))]),
    );
    let ask = |client: &str, back: &str| {
        let url = format!(
            "{}/authorize?response_type=id_token&scope=openid&client_id={client}&redirect_uri={back}&nonce=n&state=s&login_hint=ana",
            issuer.url()
        );
        agent().get(&url).call().unwrap()
    };
    let response = ask("app", "http://127.0.0.1/back");
    assert_eq!(response.status().as_u16(), 302);
    let location = response.headers()["location"].to_str().unwrap();
    let token = location
        .split_once("#id_token=")
        .unwrap()
        .1
        .split('&')
        .next()
        .unwrap();
    let claims = part(token, 1);
    assert_eq!(claims["sub"], "subject-1");
    assert_eq!(claims["aud"], "app");
    assert_eq!(claims["nonce"], "n");
    assert_eq!(claims["email"], "ana@acme.example");
    assert_eq!(claims["exp"], NOW + 300);
    assert_eq!(ask("other", "http://127.0.0.1/back").status().as_u16(), 400);
    assert_eq!(
        ask("app", "https://evil.example/back").status().as_u16(),
        400
    );
}

#[test]
fn dishonest_tokens_are_what_they_pretend_not_to_be() {
    let issuer = issuer();
    let claims = issuer.claims("ana", "app");
    let unsigned = issuer.unsigned(&claims, "");
    assert_eq!(part(&unsigned, 0)["alg"], "none");
    assert!(unsigned.ends_with('.'));
    assert_eq!(part(&issuer.mac_signed(&claims), 0)["alg"], "HS256");
    let forged = issuer.forged(Algorithm::Rs256, &claims).unwrap();
    let honest = issuer.token(Algorithm::Rs256, &claims).unwrap();
    assert_eq!(part(&forged, 0), part(&honest, 0));
    assert_ne!(forged, honest);
}
