//! What a verified token proves, and what may be read of it.

use serde_json::{Value, json};
use trilby_federation::{ConditionValue, VerifiedIdentity, role_map};
use trilby_model::RoleId;

use crate::tokens::{Bench, NOW, Row};

fn verified(claims: Value, provider: Value) -> VerifiedIdentity {
    let row =
        json!({ "name": "", "rule": "", "claims": claims, "provider": provider, "expect": "ok" });
    let row: Row = serde_json::from_value(row).unwrap();
    let bench = Bench::shared();
    bench.verify(&row, &bench.token(&row)).unwrap()
}

fn conditions(claims: Value, provider: Value) -> Vec<(String, ConditionValue)> {
    verified(claims, provider).condition_keys()
}

fn value<'a>(keys: &'a [(String, ConditionValue)], key: &str) -> Option<&'a ConditionValue> {
    keys.iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

fn scalar(text: &str) -> Option<ConditionValue> {
    Some(ConditionValue::Scalar(text.to_owned()))
}

#[test]
fn who_somebody_is_follows_from_issuer_and_subject_alone() {
    let ana = verified(json!({}), json!({}));
    assert_eq!(
        (ana.issuer(), ana.subject(), ana.audience()),
        ("https://idp.example", "ana-1", "app")
    );
    let again = verified(
        json!({ "email": "x@acme.example", "email_verified": true, "tid": "t" }),
        json!({}),
    );
    assert_eq!(ana.session_subject(), again.session_subject());
    assert!(ana.session_subject().starts_with("TIDP0123456789ABCDEFG:"));
    assert_eq!(ana.session_subject().len(), 21 + 1 + 22);
    let bob = verified(json!({ "sub": "ana-2" }), json!({}));
    assert_ne!(ana.session_subject(), bob.session_subject());
    let elsewhere = verified(
        json!({ "iss": "https://idp.examplea", "sub": "na-1" }),
        json!({ "issuer": "https://idp.examplea" }),
    );
    assert_ne!(ana.session_subject(), elsewhere.session_subject());
    assert_eq!(ana.expires_at().unix_seconds(), NOW + 300);
}

#[test]
fn conditions_read_standard_and_exposed_claims_under_both_names() {
    let keys = conditions(
        json!({ "hd": "acme.example", "groups": ["a", "b"], "realm": { "roles": ["r"] }, "n": 5, "secret": "s", "obj": {} }),
        json!({ "exposed_claims": ["groups", "/realm/roles", "n", "obj"] }),
    );
    assert_eq!(value(&keys, "idp.example:sub").cloned(), scalar("ana-1"));
    assert_eq!(value(&keys, "oidc/idp:sub").cloned(), scalar("ana-1"));
    assert_eq!(value(&keys, "oidc/idp:hd").cloned(), scalar("acme.example"));
    assert_eq!(value(&keys, "oidc/idp:n").cloned(), scalar("5"));
    assert_eq!(
        value(&keys, "oidc/idp:groups"),
        Some(&ConditionValue::List(vec!["a".to_owned(), "b".to_owned()]))
    );
    assert_eq!(
        value(&keys, "idp.example:realm/roles"),
        Some(&ConditionValue::List(vec!["r".to_owned()]))
    );
    for hidden in [
        "oidc/idp:secret",
        "oidc/idp:obj",
        "oidc/idp:iat",
        "oidc/idp:nonce",
        "oidc/idp:realm",
    ] {
        assert_eq!(value(&keys, hidden), None, "{hidden}");
    }
}

#[test]
fn an_e_mail_address_is_only_there_if_the_issuer_verified_it() {
    let email = |verified: Value| {
        let keys = conditions(
            json!({ "email": "ana@acme.example", "email_verified": verified }),
            json!({ "exposed_claims": ["email"] }),
        );
        (
            value(&keys, "oidc/idp:email").cloned(),
            value(&keys, "oidc/idp:email_verified").cloned(),
        )
    };
    assert_eq!(
        email(json!(true)),
        (scalar("ana@acme.example"), scalar("true"))
    );
    assert_eq!(email(json!(false)), (None, scalar("false")));
    assert_eq!(email(json!("true")), (None, None));
    assert_eq!(email(json!(1)), (None, None));
    assert_eq!(email(Value::Null), (None, None));
}

#[test]
fn the_authorized_party_is_the_audience_of_conditions() {
    let with = conditions(
        json!({ "aud": ["app", "other"], "azp": "app-2" }),
        json!({}),
    );
    assert_eq!(value(&with, "oidc/idp:aud").cloned(), scalar("app-2"));
    assert_eq!(
        value(&with, "oidc/idp:oaud"),
        Some(&ConditionValue::List(vec![
            "app".to_owned(),
            "other".to_owned()
        ]))
    );
    let without = conditions(json!({}), json!({}));
    assert_eq!(value(&without, "oidc/idp:aud").cloned(), scalar("app"));
    assert_eq!(value(&without, "oidc/idp:oaud").cloned(), scalar("app"));
}

#[test]
fn a_token_opens_each_role_once() {
    let role = |n: u8| {
        format!("TROL0123456789ABCDEF{n}")
            .parse::<RoleId>()
            .unwrap()
    };
    let ana = verified(json!({}), json!({}));
    let (first, until) = ana.replay_key(Some(&role(1))).unwrap();
    assert_eq!(
        first,
        verified(json!({}), json!({}))
            .replay_key(Some(&role(1)))
            .unwrap()
            .0
    );
    assert_eq!(until.unix_seconds(), NOW + 300 + 30);
    assert_ne!(first, ana.replay_key(Some(&role(2))).unwrap().0);
    assert_ne!(first, ana.replay_key(None).unwrap().0);
    assert_ne!(
        first,
        verified(json!({ "sub": "bob" }), json!({}))
            .replay_key(Some(&role(1)))
            .unwrap()
            .0
    );
    let once = verified(json!({}), json!({ "replay_scope": "token" }));
    assert_eq!(once.replay_key(Some(&role(1))), once.replay_key(None));
    assert!(
        verified(json!({}), json!({ "replay": "until_exp" }))
            .replay_key(None)
            .is_none()
    );
}

#[test]
fn a_nonce_is_used_up_only_if_it_was_asked_for() {
    assert_eq!(verified(json!({ "nonce": "n" }), json!({})).nonce(), None);
}

#[test]
fn a_role_map_reads_verified_claims() {
    let map = |claim: &str| {
        let map = json!({ "rules": [{
            "id": "r", "priority": 1, "roles": ["arn:trilby:iam::111122223333:role/A"],
            "when": [{ "claim": claim, "op": "ends_with", "value": "@acme.example" }],
        }] });
        serde_json::from_value(map).unwrap()
    };
    let n_roles = |verified_by_issuer: bool| {
        let ana = verified(
            json!({ "email": "ana@acme.example", "email_verified": verified_by_issuer }),
            json!({}),
        );
        role_map::evaluate(&map("email"), &ana)
            .unwrap()
            .roles()
            .len()
    };
    assert_eq!((n_roles(true), n_roles(false)), (1, 0));
    let ana = verified(json!({ "secret": "x@acme.example" }), json!({}));
    assert!(role_map::evaluate(&map("secret"), &ana).is_err());
}

#[test]
fn nothing_printed_of_an_identity_tells_who_it_is() {
    let ana = verified(
        json!({ "email": "ana@acme.example", "email_verified": true }),
        json!({}),
    );
    let shown = format!("{ana:?}");
    assert!(!shown.contains("ana"), "{shown}");
}
