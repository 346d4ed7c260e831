//! A third party's keys: changed, withdrawn, out of reach; and what a shop's customers notice of it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::acme::once;
use crate::story_ana::{assert_customers_rights, session};
use crate::third_party_issuer::{By, CLIENTS, claims};
use crate::third_party_shop::{Login, Shop};

/// Longest that a provider's keys stay away after the issuer is back.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
#[ignore = "needs services"]
fn a_login_by_a_new_key_is_taken_and_one_by_a_withdrawn_key_is_not() {
    for (algorithm, _) in CLIENTS {
        let mut shop = Shop::open_to_all();
        shop.known_by(&shop.log_in(algorithm)).expect(201);
        let old = shop.log_in(algorithm);
        let unread = shop.issuer.fetches().keys;
        shop.issuer.rotate();
        shop.issuer.withdraw();
        shop.known_by(&shop.log_in(algorithm)).expect(201);
        let read = shop.issuer.fetches().keys;
        assert_eq!(
            read,
            unread + 1,
            "the new key's name is what makes Trilby read"
        );
        assert_withdrawn(&shop, algorithm, &old);

        // Once more, at once: nobody makes Trilby ask an issuer again and again.
        shop.issuer.rotate();
        shop.issuer.withdraw();
        let early = shop.log_in(algorithm);
        for _ in 0..5 {
            shop.known_by(&early).expect_problem(400, "key_not_found");
        }
        assert_eq!(shop.issuer.fetches().keys, read);
        // An administrator may, and what was refused for its key was not used up.
        shop.refresh().expect(200);
        shop.known_by(&early).expect(201);
        assert_eq!(shop.issuer.fetches().keys, read + 1);

        shop.restart();
        assert_withdrawn(&shop, algorithm, &old);
        shop.known_by(&shop.log_in(algorithm)).expect(201);
        shop.known_by(&early).expect_problem(400, "token_replayed");
    }
}

/// Neither the old login counts, nor a fresh one by whoever has the old key.
#[track_caller]
fn assert_withdrawn(shop: &Shop, algorithm: &str, old: &Login) {
    let nonce = shop.nonce();
    let mut claims = claims(&shop.log_in(algorithm).token);
    claims.insert("nonce".to_owned(), json!(nonce));
    let token = shop.issuer.sign(&claims, algorithm, By::Retired);
    for login in [old, &Login { nonce, token }] {
        shop.known_by(login).expect_problem(400, "key_not_found");
        for account in shop.accounts() {
            let refused = shop.worn_by(account, login);
            refused.expect_problem(400, "key_not_found");
        }
    }
}

#[test]
#[ignore = "needs services"]
fn while_an_issuer_publishes_old_and_new_keys_logins_by_both_are_taken() {
    let shop = Shop::open_to_all();
    for (algorithm, _) in CLIENTS {
        let old = shop.log_in(algorithm);
        shop.issuer.rotate();
        let new = shop.log_in(algorithm);
        shop.refresh().expect(200);
        for login in [new, old] {
            shop.known_by(&login).expect(201);
        }
    }
}

#[test]
#[ignore = "needs services"]
fn while_an_issuer_is_down_known_keys_serve_and_sessions_stand_also_after_a_kill() {
    let mut shop = Shop::open_to_all();
    let [prod, _] = shop.accounts().map(str::to_owned);
    let worn = shop.worn_by(&prod, &shop.log_in("RS256")).expect(200);
    let logins = ["RS256", "ES256", "RS256", "ES256"].map(|algorithm| shop.log_in(algorithm));
    let [first, second, third, fourth] = &logins;
    shop.issuer.rotate();
    let by_new_key = shop.log_in("RS256");
    shop.issuer.close();

    let ana = session(worn.text("/credentials/session_token"));
    shop.known_by(first).expect(201);
    shop.worn_by(&prod, second).expect(200);
    assert_customers_rights(shop.asking(&prod), &prod, &ana);
    shop.restart();
    assert_customers_rights(shop.asking(&prod), &prod, &ana);
    shop.known_by(third).expect(201);
    shop.worn_by(&prod, fourth).expect(200);
    shop.known_by(first).expect_problem(400, "token_replayed");

    // A key that nobody here has seen, and nobody can look for now.
    shop.known_by(&by_new_key)
        .expect_problem(400, "key_not_found");
    shop.refresh()
        .expect_problem(503, "issuer_keys_unavailable");
    shop.issuer.reopen();
    shop.refresh().expect(200);
    shop.known_by(&by_new_key).expect(201);
}

#[test]
#[ignore = "needs services"]
fn an_issuer_whose_keys_were_never_read_lets_nobody_in_until_it_answers() {
    let shop = Shop::open_to_all();
    let login = shop.log_in("ES256");
    shop.issuer.close();
    let at = format!("/v1/accounts/{}/oidc-providers", shop.acme.prod.id);
    let keys = json!({"source": "jwks_uri", "jwks_uri": format!("{}/jwks", shop.issuer.url())});
    let settings = json!({"issuer": shop.issuer.url(), "audiences": ["app-es256"], "keys": keys});
    once(&shop.acme.prod_admin(), "POST", &at)
        .json(&json!({"name": "unread", "settings": settings}))
        .send()
        .expect(201);
    let enter = || {
        let provider = shop.provider.replace("/shop-login", "/unread");
        let asked =
            json!({"provider": provider, "web_identity_token": login.token, "nonce": login.nonce});
        shop.acme.stranger().post("/v1/federated-sessions", &asked)
    };
    let refused = enter().expect_problem(503, "issuer_keys_unavailable");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    shop.issuer.reopen();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = enter();
        if answer.status == 201 {
            break;
        }
        answer.expect_problem(503, "issuer_keys_unavailable");
        assert!(Instant::now() < deadline, "the keys stay away");
        std::thread::sleep(Duration::from_millis(100));
    }
}
