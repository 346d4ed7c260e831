//! An issuer that is down while the program starts: what the log says of its keys serves.

use serde_json::json;
use trilby_issuer::{Algorithm, Issuer};
use trilby_testkit::http::Answer;

use crate::acme::Acme;
use crate::repeats::providers::issuer;
use crate::third_party_shop::{letting_in, register};

const CLIENT: &str = "shop-web";

fn login(acme: &Acme, token: &str) -> Answer {
    let provider = format!("arn:trilby:iam::{}:oidc-provider/shop-login", acme.prod.id);
    let body = json!({"provider": provider, "web_identity_token": token});
    acme.stranger().post("/v1/federated-sessions", &body)
}

fn token(issuer: &Issuer, who: &str) -> String {
    let claims = issuer.claims(who, CLIENT);
    issuer.token(Algorithm::Es256, &claims).unwrap()
}

#[test]
fn keys_in_the_log_serve_after_a_kill_while_the_issuer_is_down() {
    let issuer = issuer();
    let mut acme = Acme::found(letting_in(issuer.url()));
    register(&acme, issuer.url(), &[CLIENT]).expect(201);
    login(&acme, &token(&issuer, "ana")).expect(201);
    issuer.set_down(true);
    acme.trilby.kill();
    acme.trilby.restart();
    login(&acme, &token(&issuer, "ben")).expect(201);
    let claims = issuer.claims("eve", CLIENT);
    let forged = issuer.forged(Algorithm::Es256, &claims).unwrap();
    login(&acme, &forged).expect_problem(400, "bad_signature");
}

#[test]
fn an_issuer_that_could_never_be_called_is_not_registered() {
    let acme = Acme::found(letting_in("http://127.0.0.1:1"));
    let issuer = issuer();
    for url in [
        issuer.url(),
        "http://login.example",
        "https://10.0.0.5",
        "https://login.internal",
    ] {
        let refused = register(&acme, url, &[CLIENT]);
        let refused = refused.expect_problem(400, "invalid_parameter");
        assert_eq!(
            refused.text("/errors/0/pointer"),
            "/settings/issuer",
            "{url}"
        );
    }
    assert_eq!(issuer.fetches().discovery, 0);
}
