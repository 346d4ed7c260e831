//! Tokens of a third party's that are not what they seem, each refused for what it is at each door.

use serde_json::{Value, json};

use crate::third_party_issuer::{By, CLIENTS, claims, unsigned};
use crate::third_party_shop::{Login, Shop};

/// Longer ago than a token of the issuer's lives.
const LONG_S: i64 = 3_700;

/// Made of an honest login: what it is refused with, and the token.
pub fn hostile(shop: &Shop, algorithm: &str, honest: &str) -> Vec<(&'static str, String)> {
    let claims = claims(honest);
    let issuer = &shop.issuer;
    let but = |changes: Value, by: By| {
        let mut changed = claims.clone();
        changed.extend(changes.as_object().unwrap().clone());
        issuer.sign(&changed, algorithm, by)
    };
    let at = |name: &str, s: i64| json!(claims[name].as_i64().unwrap() + s);
    let ago = json!({"iat": at("iat", -LONG_S), "exp": at("exp", -LONG_S)});
    let ahead = json!({"iat": at("iat", LONG_S), "exp": at("exp", LONG_S)});
    let audience = claims["aud"].as_str().unwrap();
    let with_another = json!({"aud": [audience, "another-app"]});
    vec![
        (
            "wrong_audience",
            but(json!({"aud": "another-app"}), By::Present),
        ),
        ("wrong_audience", but(with_another, By::Present)),
        ("token_expired", but(ago, By::Present)),
        ("token_not_yet_valid", but(ahead, By::Present)),
        (
            "claim_mismatch",
            but(json!({"exp": "tomorrow"}), By::Present),
        ),
        ("bad_signature", but(json!({}), By::Stranger)),
        ("unsupported_token_alg", unsigned(honest, "none", "bm9uZQ")),
        ("unsupported_token_alg", unsigned(honest, "HS256", "bm9uZQ")),
        ("malformed_token", unsigned(honest, "none", "")),
    ]
}

/// Nobody gets in by them to prove who they are.
#[track_caller]
pub fn assert_refused(shop: &Shop, algorithm: &str) {
    let honest = shop.log_in(algorithm);
    for (code, token) in hostile(shop, algorithm, &honest.token) {
        let nonce = honest.nonce.clone();
        shop.known_by(&Login { nonce, token })
            .expect_problem(400, code);
    }
    // Nothing that was tried with its claims has used it up.
    shop.known_by(&honest).expect(201);
}

#[test]
#[ignore = "needs services"]
fn each_hostile_token_is_refused_with_its_code_at_the_role_of_each_account() {
    let shop = Shop::open_to_all();
    for (algorithm, _) in CLIENTS {
        let honest = shop.log_in(algorithm);
        for (code, token) in hostile(&shop, algorithm, &honest.token) {
            let nonce = honest.nonce.clone();
            let login = Login { nonce, token };
            for account in shop.accounts() {
                let refused = shop.worn_by(account, &login);
                refused.expect_problem(400, code);
            }
        }
        let [prod, _] = shop.accounts();
        shop.worn_by(prod, &honest).expect(200);
    }
}
