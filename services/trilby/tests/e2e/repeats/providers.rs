//! The life of a provider, of a link to another account's, and of the role maps of both.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use trilby_issuer::Issuer;

use super::stage::Stage;
use super::step::Condition::{Absent, ParentUnchanged, Unchanged};
use super::step::{Step, step};
use crate::acme::{Acme, once};

/// Where people log in: a real issuer on loopback.
pub fn issuer() -> Issuer {
    let now = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap()
    };
    Issuer::start(Arc::new(now)).unwrap()
}

/// From their making to their end.
pub fn live(stage: &mut Stage, issuer: &Issuer) {
    for (name, value) in [
        ("provider", "login"),
        ("link", "shop"),
        ("role", "Customer"),
        ("prod", &stage.acme.prod.id.clone()),
        ("issuer", issuer.url()),
        ("shared_arn", &shared(&stage.acme, issuer)),
    ] {
        stage.know(name, value);
    }
    let settings = json!({"issuer": "{issuer}", "audiences": ["app"]});
    let body = json!({"name": "login", "settings": settings});
    stage.does(&step("create_oidc_provider", &[], body));
    stage.does_all(provider());
    keys_move(stage, issuer);
    stage.does_all(link());
    stage.does_all(end());
}

/// A provider, and the role that its logins may wear.
fn provider() -> Vec<Step> {
    vec![
        step(
            "update_oidc_provider",
            &[],
            json!({"settings": {"clock_skew_seconds": 5}}),
        )
        .when(Unchanged),
        step("disable_oidc_provider", &[], Value::Null),
        step("enable_oidc_provider", &[], Value::Null),
        step(
            "share_oidc_provider",
            &[],
            json!({"shared_with": ["{prod}"]}),
        )
        .when(ParentUnchanged),
        step(
            "create_role",
            &[],
            json!({"name": "Customer", "trust_policy": trust()}),
        ),
        step(
            "put_oidc_provider_role_map",
            &[],
            json!({"role_map": {"rules": [{
                "id": "eng", "priority": 10, "roles": ["arn:trilby:iam::{account}:role/Customer"],
                "when": [{"claim": "groups", "op": "contains", "value": "eng"}],
            }]}}),
        )
        .when(Absent),
    ]
}

/// The issuer publishes other keys, then keeps them elsewhere, which an administrator confirms.
fn keys_move(stage: &mut Stage, issuer: &Issuer) {
    issuer.rotate().unwrap();
    stage.does(&step("refresh_oidc_provider", &[], Value::Null));
    issuer.set_jwks_path("/moved.json");
    let waiting = stage.does(&step("refresh_oidc_provider", &[], Value::Null));
    let moved = waiting.text("/key_status/needs_review").to_owned();
    assert_eq!(moved, format!("{}/moved.json", issuer.url()));
    stage.know("moved", &moved);
    let confirmed = step(
        "confirm_oidc_provider_keys_uri",
        &[],
        json!({"jwks_uri": "{moved}"}),
    );
    let confirmed = stage.does(&confirmed);
    assert_eq!(confirmed.text("/key_status/jwks_uri"), moved);
}

/// A link to the provider that acme-prod shares.
fn link() -> Vec<Step> {
    vec![
        step(
            "create_oidc_provider_link",
            &[],
            json!({"provider_arn": "{shared_arn}", "name": "shop"}),
        ),
        step(
            "update_oidc_provider_link",
            &[],
            json!({"settings": {"audiences": ["app"]}}),
        )
        .when(Unchanged),
        step(
            "put_oidc_provider_link_role_map",
            &[],
            json!({"role_map": {"rules": []}}),
        )
        .when(Absent),
    ]
}

/// All of that goes again.
fn end() -> Vec<Step> {
    vec![
        step("delete_oidc_provider_link_role_map", &[], Value::Null).when(Unchanged),
        step("delete_oidc_provider_link", &[], Value::Null).when(Unchanged),
        step("delete_oidc_provider_role_map", &[], Value::Null).when(Unchanged),
        step("delete_role", &[], Value::Null),
        step("delete_oidc_provider", &[], Value::Null).when(Unchanged),
    ]
}

/// A provider of acme-prod that acme-dev may link.
fn shared(acme: &Acme, issuer: &Issuer) -> String {
    let admin = acme.prod_admin();
    let base = format!("/v1/accounts/{}/oidc-providers", acme.prod.id);
    let settings = json!({"issuer": issuer.url(), "audiences": ["app"]});
    let body = json!({"name": "shared", "settings": settings});
    let made = once(&admin, "POST", &base).json(&body).send().expect(201);
    once(&admin, "PUT", &format!("{base}/shared/sharing"))
        .header("if-match", made.etag())
        .json(&json!({"shared_with": [acme.dev.id]}))
        .send()
        .expect(200);
    made.text("/arn").to_owned()
}

/// Trust in Ana, logged in for the application.
fn trust() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:trilby:iam::{account}:oidc-provider/login"},
        "Condition": {"StringEquals": {"oidc/login:aud": "app", "oidc/login:sub": "ana"}},
    }]})
}
