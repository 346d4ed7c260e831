use serde_json::{Value, json};

use super::*;

const EC: (&str, &str) = (
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
);

fn ec(extra: &Value) -> Value {
    let mut key = json!({ "kty": "EC", "crv": "P-256", "x": EC.0, "y": EC.1 });
    for (name, value) in extra.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn set(keys: &[Value]) -> Result<KeySet, KeySetError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

/// An RSA key of so many bits that is none, but looks like one.
fn rsa(bits: usize, e: &str) -> Value {
    let n = vec![0xff_u8; bits / 8];

    json!({ "kty": "RSA", "n": crate::encoding::encode(&n), "e": e, "kid": "r" })
}

#[test]
fn a_key_that_does_not_fit_is_passed_over() {
    for bad in [
        ec(&json!({ "use": "enc" })),
        ec(&json!({ "key_ops": ["sign"] })),
        ec(&json!({ "key_ops": "verify" })),
        ec(&json!({ "alg": "HS256" })),
        ec(&json!({ "alg": "RS256" })),
        ec(&json!({ "alg": "ES384" })),
        ec(&json!({ "d": "AQ" })),
        ec(&json!({ "k": "AQ" })),
        ec(&json!({ "kid": 7 })),
        ec(&json!({ "kid": "k".repeat(257) })),
        ec(&json!({ "kty": "oct" })),
        ec(&json!({ "crv": "P-521" })),
        ec(&json!({ "crv": "P-384" })),
        ec(&json!({ "x": EC.1 })),
        ec(&json!({ "y": "AQ" })),
        json!({ "kty": "OKP", "crv": "X25519", "x": EC.0 }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "AQ" }),
        rsa(1024, "AQAB"),
        rsa(16384, "AQAB"),
        rsa(2048, "Aw"),
        rsa(2048, "AQAA"),
        rsa(2048, "AQAAAAE"),
        json!("key"),
    ] {
        assert_eq!(
            set(std::slice::from_ref(&bad)).unwrap_err(),
            KeySetError::NoneUsable,
            "{bad}"
        );
    }
    for good in [
        ec(&json!({})),
        ec(&json!({ "use": "sig", "alg": "ES256", "key_ops": ["verify"], "unknown": 1 })),
        rsa(2048, "AQAB"),
        rsa(8192, "AQAB"),
    ] {
        assert!(set(std::slice::from_ref(&good)).is_ok(), "{good}");
    }
}

#[test]
fn of_keys_that_share_an_id_none_counts() {
    let twice = [ec(&json!({ "kid": "a" })), ec(&json!({ "kid": "a" }))];
    assert_eq!(set(&twice).unwrap_err(), KeySetError::NoneUsable);
    let one_unusable = [
        ec(&json!({ "kid": "a" })),
        ec(&json!({ "kid": "a", "use": "enc" })),
    ];
    assert_eq!(set(&one_unusable).unwrap_err(), KeySetError::NoneUsable);
}

#[test]
fn a_document_is_strict_and_bounded() {
    for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert_eq!(
            KeySet::parse(bad.as_bytes()).unwrap_err(),
            KeySetError::Malformed,
            "{bad}"
        );
    }
    assert_eq!(set(&[]).unwrap_err(), KeySetError::NoneUsable);
    let many: Vec<Value> = (0..101)
        .map(|n| ec(&json!({ "kid": n.to_string() })))
        .collect();
    assert_eq!(set(&many).unwrap_err(), KeySetError::TooMany);
    let large = vec![b' '; JWKS_BYTES_MAX + 1];
    assert_eq!(KeySet::parse(&large).unwrap_err(), KeySetError::TooLarge);
}

#[test]
fn without_an_id_the_key_must_be_the_only_one_that_fits() {
    let one = set(&[ec(&json!({ "kid": "a" })), rsa(2048, "AQAB")]).unwrap();
    assert!(one.select(None, SignatureAlgorithm::Es256).is_ok());
    assert!(one.select(None, SignatureAlgorithm::Es384).is_err());
    let two = set(&[ec(&json!({ "kid": "a" })), ec(&json!({ "kid": "b" }))]).unwrap();
    assert!(two.select(None, SignatureAlgorithm::Es256).is_err());
    assert!(two.select(Some("b"), SignatureAlgorithm::Es256).is_ok());
    assert!(two.select(Some("b"), SignatureAlgorithm::Rs256).is_err());
    assert!(two.select(Some("c"), SignatureAlgorithm::Es256).is_err());
    let unnamed = set(&[ec(&json!({}))]).unwrap();
    assert!(unnamed.select(None, SignatureAlgorithm::Es256).is_ok());
    assert!(
        unnamed
            .select(Some("a"), SignatureAlgorithm::Es256)
            .is_err()
    );
}

#[test]
fn a_thumbprint_is_that_of_rfc_7638() {
    // The example of RFC 7638, section 3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let key = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    assert_eq!(
        set(&[key]).unwrap().thumbprints(),
        ["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]
    );
}
