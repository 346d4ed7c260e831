use trilby_account::SigningKeyState;
use trilby_account::command::{ActivateSigningKey, PublishSigningKey, RevokeSigningKey};
use trilby_testkit::given::{Given, account};

fn publish(kid: &str) -> PublishSigningKey {
    let members = [
        ("kty", "EC"),
        ("crv", "P-256"),
        ("x", "AAAA"),
        ("y", "AAAA"),
        ("alg", "ES256"),
        ("use", "sig"),
        ("kid", kid),
    ];
    PublishSigningKey {
        kid: kid.to_owned(),
        alg: "ES256".to_owned(),
        jwk: members
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

fn activate(kid: &str) -> ActivateSigningKey {
    ActivateSigningKey {
        kid: kid.to_owned(),
        metadata: None,
    }
}

fn revoke(kid: &str) -> RevokeSigningKey {
    RevokeSigningKey {
        kid: kid.to_owned(),
        reason: None,
    }
}

fn active(given: &Given) -> Option<&str> {
    given
        .state()
        .active_signing_key()
        .map(|key| key.kid.as_str())
}

#[test]
fn the_first_key_signs_at_once_and_the_next_waits() {
    let given = account()
        .with(publish("k1"))
        .with(activate("k1"))
        .with(publish("k2"));
    assert_eq!(active(&given), Some("k1"));
    let refused = given.clone().when(activate("k2"));
    refused.rejected_as("invalid_state");
    let given = given
        .later(1_200)
        .when(activate("k2"))
        .then_types(&["signing_key.retired", "signing_key.activated"]);
    assert_eq!(active(&given), Some("k2"));
    assert!(given.state().signing_keys()["k1"].verifies());
    let given = given.when(activate("k2")).changes_nothing();
    given.when(activate("k1")).rejected_as("invalid_state");
}

#[test]
fn a_published_key_does_not_verify_before_it_signs() {
    let given = account().with(publish("k1"));
    assert!(!given.state().signing_keys()["k1"].verifies());
    assert!(given.state().signing_keys()["k1"].is_published());
}

#[test]
fn a_revoked_key_verifies_nothing_and_its_successor_need_not_wait() {
    let given = account()
        .with(publish("k1"))
        .with(activate("k1"))
        .with(revoke("k1"))
        .with(publish("k2"))
        .with(activate("k2"));
    let old = &given.state().signing_keys()["k1"];
    assert!(!old.verifies() && !old.is_published());
    let given = given.when(revoke("k1")).changes_nothing();
    given.when(publish("k1")).rejected_as("already_exists");
}

#[test]
fn a_key_with_a_private_member_never_reaches_the_log() {
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let mut command = publish("k1");
        command.jwk.insert(private.to_owned(), "AAAA".to_owned());
        account().when(command).rejected_as("invalid_parameter");
    }
}

#[test]
fn a_key_that_contradicts_itself_is_refused() {
    let change: [(&str, &str); 4] = [
        ("kid", "other"),
        ("alg", "RS256"),
        ("kty", "RSA"),
        ("use", "enc"),
    ];
    for (name, value) in change {
        let mut command = publish("k1");
        command.jwk.insert(name.to_owned(), value.to_owned());
        account().when(command).rejected_as("invalid_parameter");
    }
    let mut lacking = publish("k1");
    lacking.jwk.remove("y");
    account().when(lacking).rejected_as("invalid_parameter");
}

#[test]
fn a_retired_key_is_forgotten_once_all_it_signed_has_expired() {
    let given = account()
        .with(publish("k1"))
        .with(activate("k1"))
        .with(publish("k2"))
        .later(1_200)
        .with(activate("k2"))
        .later(43_200)
        .with(publish("k3"));
    let state = given.state().signing_keys()["k1"].state;
    assert!(matches!(state, SigningKeyState::Retiring { .. }));
    let given = given.later(600).with(publish("k4"));
    assert!(!given.state().signing_keys().contains_key("k1"));
}

#[test]
fn keys_that_wait_do_not_pile_up() {
    let mut given = account();
    for n in 0..4 {
        given = given.with(publish(&format!("k{n}")));
    }
    given.when(publish("k4")).rejected_as("limit_exceeded");
}
