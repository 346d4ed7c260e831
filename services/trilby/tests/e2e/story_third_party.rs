//! The story of a customer who logs in elsewhere, told with an issuer that is not ours: the one whose address is in
//! `TRILBY_TEST_ISSUER`.
//!
//! `cargo xtask test` starts npm `oidc-provider` for these.

use serde_json::json;

use crate::acme::Acme;
use crate::story_ana::ANA;
use crate::third_party_shop::{CLIENTS, Login, Shop, customer, letting_in, register};

#[test]
#[ignore = "needs services"]
fn a_third_partys_customer_wears_a_role_in_each_account_until_she_is_revoked() {
    let shop = Shop::open(&["app-rs256", "app-es256"]);
    for (algorithm, client) in CLIENTS {
        let login = shop.log_in(algorithm);
        let known = shop.known_by(&login).expect(201);
        assert_eq!(known.text("/subject"), ANA);
        assert_eq!(known.text("/audience"), client);
        assert_eq!(known.text("/provider"), shop.provider);

        let ana = shop.bearer(&known);
        let listed = ana.get("/v1/assumable-roles").expect(200);
        let mut roles: Vec<_> = listed.json["roles"].as_array().unwrap().iter().collect();
        roles.sort_by_key(|role| role["role_arn"].to_string());
        let roles: Vec<_> = roles.iter().map(|role| &role["role_arn"]).collect();
        let mut due = shop.accounts().map(customer);
        due.sort();
        assert_eq!(roles, due.each_ref(), "{algorithm}");

        for account in shop.accounts() {
            let hat = json!({"role_arn": customer(account), "role_session_name": "ana"});
            let worn = ana.post("/v1/assume-role", &hat).expect(200);
            shop.assert_serves_until_revoked(account, &worn);
        }
    }
}

#[test]
#[ignore = "needs services"]
fn a_third_partys_login_opens_a_role_without_a_session_between() {
    let shop = Shop::open(&["app-rs256", "app-es256"]);
    for (algorithm, _) in CLIENTS {
        for account in shop.accounts() {
            let login = shop.log_in(algorithm);
            let worn = shop.worn_by(account, &login).expect(200);
            shop.assert_serves_until_revoked(account, &worn);
            let again = shop.worn_by(account, &login);
            again.expect_problem(400, "token_replayed");
        }
    }
}

#[test]
#[ignore = "needs services"]
fn a_third_partys_login_is_good_once_and_for_its_nonce() {
    let shop = Shop::open(&["app-rs256", "app-es256"]);
    for (algorithm, _) in CLIENTS {
        let login = shop.log_in(algorithm);
        let other = Login {
            nonce: shop.nonce(),
            token: login.token.clone(),
        };
        let slipped = shop.known_by(&other);
        slipped.expect_problem(400, "nonce_mismatch");
        shop.known_by(&login).expect(201);
        let again = shop.known_by(&login);
        again.expect_problem(400, "token_replayed");
    }
}

#[test]
#[ignore = "needs services"]
fn a_third_partys_login_at_another_application_is_refused_in_both_accounts() {
    let shop = Shop::open(&["app-rs256"]);
    let elsewhere = shop.log_in("ES256");
    let refused = shop.known_by(&elsewhere);
    refused.expect_problem(400, "wrong_audience");
    for account in shop.accounts() {
        let refused = shop.worn_by(account, &elsewhere);
        refused.expect_problem(400, "wrong_audience");
    }
    shop.known_by(&shop.log_in("RS256")).expect(201);
}

#[test]
#[ignore = "needs services"]
fn a_third_party_that_the_operator_does_not_name_is_not_registered() {
    // Named: another port of the same host.
    let acme = Acme::found(letting_in("http://127.0.0.1:1"));
    register(&acme, &["app-rs256"]).expect_problem(503, "issuer_keys_unavailable");
    let listed = acme
        .prod_admin()
        .get(&format!("/v1/accounts/{}/oidc-providers", acme.prod.id));
    assert_eq!(listed.expect(200).json["items"], json!([]));
}
