use serde_json::json;

use super::*;
use crate::verify::tests::role_claims;

#[test]
fn thumbprints_are_those_of_rfc_8037() {
    // RFC 8037, appendix A.2 and A.3.
    let x = URL_SAFE_NO_PAD
        .decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        .unwrap();
    let key = PublicKey::Ed25519 {
        x: x.try_into().unwrap(),
    };
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn keys_survive_pkcs8_and_sign_what_their_public_half_verifies() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let again = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(again.kid(), key.public().kid());
        let token = again.sign(&role_claims()).unwrap();
        let (input, signature) = token.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(key.public().verifies(input.as_bytes(), &signature));
        assert!(!key.public().verifies(b"other", &signature));
        assert!(!key.public().verifies(input.as_bytes(), b""));
    }
}

#[test]
fn a_private_key_of_another_algorithm_is_refused() {
    let es = SigningKey::generate(Algorithm::Es256)
        .unwrap()
        .to_pkcs8()
        .unwrap();
    assert_eq!(
        SigningKey::from_pkcs8(Algorithm::EdDsa, &es).unwrap_err(),
        KeyError::Private
    );
    let ed = SigningKey::generate(Algorithm::EdDsa)
        .unwrap()
        .to_pkcs8()
        .unwrap();
    assert_eq!(
        SigningKey::from_pkcs8(Algorithm::Es256, &ed).unwrap_err(),
        KeyError::Private
    );
    assert_eq!(
        SigningKey::from_pkcs8(Algorithm::Es256, b"x").unwrap_err(),
        KeyError::Private
    );
}

#[test]
fn a_jwk_is_read_back_only_as_we_write_it() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk = key.public().to_jwk();
    assert_eq!(&PublicKey::from_jwk(&jwk).unwrap(), key.public());
    let value = serde_json::to_value(&jwk).unwrap();
    for (name, to) in [
        ("kid", json!("other")),
        ("kty", json!("OKP")),
        ("kty", json!("oct")),
        ("crv", json!("P-384")),
        ("alg", json!("EdDSA")),
        ("use", json!("enc")),
        ("y", json!("AA")),
        ("x", value["y"].clone()),
    ] {
        let mut other = value.clone();
        other[name] = to.clone();
        let read = serde_json::from_value::<Jwk>(other).unwrap();
        assert_eq!(
            PublicKey::from_jwk(&read),
            Err(KeyError::Jwk),
            "{name} {to}"
        );
    }
    for (name, to) in [
        ("d", json!("AA")),
        ("alg", json!("HS256")),
        ("k", json!("AA")),
    ] {
        let mut other = value.clone();
        other[name] = to;
        assert!(serde_json::from_value::<Jwk>(other).is_err(), "{name}");
    }
}

#[test]
fn claims_we_would_not_take_are_not_signed() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut claims = role_claims();
    claims.aud.clear();
    assert!(matches!(key.sign(&claims), Err(SignError::Claims(_))));
    let mut claims = role_claims();
    let policy = json!({"Statement": "x".repeat(8_000)});
    claims.trilby.pol = policy.as_object().cloned();
    assert!(matches!(key.sign(&claims), Err(SignError::TooLarge { .. })));
}

#[test]
fn a_signed_document_is_no_session_token() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let document = serde_json::to_value(role_claims()).unwrap();
    let jws = key.sign_document(&document).unwrap();
    assert_eq!(
        crate::Presented::parse(&jws).unwrap_err(),
        crate::Refusal::Malformed
    );
}

#[test]
fn debug_shows_neither_key_nor_token() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    assert_eq!(
        format!("{key:?}"),
        format!("SigningKey(ES256, {}, …)", key.kid())
    );
    let token = key.sign(&role_claims()).unwrap();
    assert_eq!(
        format!("{token:?}"),
        format!("Token({} bytes)", token.expose().len())
    );
}
