//! Hostile tokens, each refused at its own step.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::*;
use crate::claims::{Dependency, DependencyKind, Private, SessionKind, VERSION};
use crate::key::SigningKey;

const NOW: i64 = 1_795_456_800;
const PUBLIC_URL: &str = "https://iam.example.com";

pub(crate) fn account(n: u8) -> AccountId {
    match n {
        1 => "111122223333",
        _ => "444455556666",
    }
    .parse()
    .unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

/// A role session of account 1, assumed by a user there.
pub(crate) fn role_claims() -> Claims {
    let dependency = |kind, id: &str, seq| Dependency {
        account: account(1),
        kind,
        id: id.to_owned(),
        seq,
    };
    Claims {
        iss: crate::issuer(PUBLIC_URL, account(1)),
        aud: vec!["trilby".to_owned()],
        sub: "TROL0123456789ABCDEFG:ci-42".to_owned(),
        client_id: "TKEY0123456789ABCDEFG".to_owned(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 3_600,
        auth_time: NOW - 60,
        jti: "TSES0123456789ABCDEFG".parse().unwrap(),
        act: None,
        trilby: Private {
            v: VERSION,
            kind: SessionKind::Role,
            acct: account(1),
            org: None,
            arn: "arn:trilby:sts::111122223333:assumed-role/deploy/ci-42"
                .parse()
                .unwrap(),
            role: Some(
                "arn:trilby:iam::111122223333:role/ops/deploy"
                    .parse()
                    .unwrap(),
            ),
            sn: Some("ci-42".parse().unwrap()),
            tags: trilby_model::Tags::new([("team".parse().unwrap(), "red".parse().unwrap())])
                .unwrap(),
            ttk: Vec::new(),
            si: Some("mary".parse().unwrap()),
            pol: None,
            polh: None,
            parn: Vec::new(),
            mfa: None,
            fed: None,
            depth: 0,
            chain: vec!["arn:trilby:iam::111122223333:user/mary".parse().unwrap()],
            seq: 48,
            inc: 1,
            dep: vec![
                dependency(DependencyKind::Role, "TROL0123456789ABCDEFG", 48),
                dependency(DependencyKind::User, "TUSR0123456789ABCDEFG", 48),
                dependency(DependencyKind::AccessKey, "TKEY0123456789ABCDEFG", 48),
            ],
        },
    }
}

/// A user session of account 1.
pub(crate) fn user_claims() -> Claims {
    let mut claims = role_claims();
    claims.sub = "TUSR0123456789ABCDEFG".to_owned();
    claims.client_id = "console".to_owned();
    claims.auth_time = NOW;
    claims.trilby = Private {
        kind: SessionKind::User,
        arn: "arn:trilby:iam::111122223333:user/mary".parse().unwrap(),
        role: None,
        sn: None,
        tags: trilby_model::Tags::default(),
        si: None,
        chain: Vec::new(),
        dep: claims.trilby.dep.split_off(1),
        ..claims.trilby
    };
    claims
}

struct Keys {
    es: SigningKey,
    ed: SigningKey,
    foreign: SigningKey,
}

impl Keys {
    fn new() -> Self {
        let es = || SigningKey::generate(Algorithm::Es256).unwrap();
        Self {
            es: es(),
            ed: SigningKey::generate(Algorithm::EdDsa).unwrap(),
            foreign: es(),
        }
    }

    /// What the folds of both accounts know.
    fn find(&self, of: AccountId, kid: &str) -> Option<KeyRecord> {
        [
            (account(1), &self.es),
            (account(1), &self.ed),
            (account(2), &self.foreign),
        ]
        .into_iter()
        .find(|(owner, key)| *owner == of && key.kid() == kid)
        .map(|(owner, key)| record(owner, key))
    }

    fn check(&self, token: &str) -> Result<Verified, Refusal> {
        self.check_at(token, NOW)
    }

    fn check_at(&self, token: &str, at: i64) -> Result<Verified, Refusal> {
        let presented = Presented::parse(token)?;
        let key = self.find(presented.account_hint(), presented.kid());
        presented.verify(
            key.as_ref(),
            &Expected::default(),
            Timestamp::from_unix_seconds(at),
        )
    }

    fn good(&self) -> String {
        self.es.sign(&role_claims()).unwrap().expose().to_owned()
    }

    /// Signed correctly, whatever it is.
    fn forge(&self, header: &str, payload: &str) -> String {
        forge_with(&self.es, header, payload)
    }

    fn header(&self) -> Value {
        json!({"typ": "at+jwt", "alg": "ES256", "kid": self.es.kid()})
    }
}

fn record(account: AccountId, key: &SigningKey) -> KeyRecord {
    KeyRecord {
        account,
        issuer: crate::issuer(PUBLIC_URL, account),
        public: key.public().clone(),
        published: true,
    }
}

/// A token with any header and payload, and a signature that verifies.
fn forge_with(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = crate::key::tests_support::sign(key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn payload() -> Value {
    serde_json::to_value(role_claims()).unwrap()
}

fn with(mut value: Value, pointer: &str, to: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[name] = to;
    value
}

#[test]
fn good_tokens_of_both_algorithms_are_taken() {
    let keys = Keys::new();
    for claims in [role_claims(), user_claims()] {
        for key in [&keys.es, &keys.ed] {
            let token = key.sign(&claims).unwrap();
            let verified = keys.check(token.expose()).unwrap();
            assert_eq!(verified.claims(), &claims);
            assert_eq!(verified.kid(), key.kid());
        }
    }
}

#[test]
fn the_forging_helper_itself_makes_good_tokens() {
    let keys = Keys::new();
    let token = keys.forge(&keys.header().to_string(), &payload().to_string());
    assert!(keys.check(&token).is_ok());
}

#[test]
fn no_algorithm_and_symmetric_algorithms_are_refused() {
    let keys = Keys::new();
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!(""),
        json!(null),
        json!("es256"),
        json!("HS256"),
        json!("RS256"),
        json!("ES384"),
        json!(["ES256"]),
    ] {
        let header = with(keys.header(), "/alg", alg.clone()).to_string();
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(&header),
            URL_SAFE_NO_PAD.encode(payload().to_string())
        );
        for signature in ["".to_owned(), URL_SAFE_NO_PAD.encode([0; 64])] {
            let refusal = keys.check(&format!("{input}.{signature}")).unwrap_err();
            assert_eq!(refusal, Refusal::Malformed, "{alg}");
        }
        assert_eq!(
            keys.check(&keys.forge(&header, &payload().to_string()))
                .unwrap_err(),
            Refusal::Malformed,
            "{alg}"
        );
    }
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    let keys = Keys::new();
    let PublicKey::P256 { x, y } = keys.es.public() else {
        unreachable!()
    };
    let jwk = serde_json::to_string(&keys.es.public().to_jwk()).unwrap();
    let point = [&[4_u8][..], x, y].concat();
    for secret in [
        jwk.as_bytes(),
        &point,
        keys.es.kid().as_bytes(),
        b"trilby",
        b"",
    ] {
        for alg in ["HS256", "ES256"] {
            let header = with(keys.header(), "/alg", json!(alg)).to_string();
            let input = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(&header),
                URL_SAFE_NO_PAD.encode(payload().to_string())
            );
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
            let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac));
            assert!(keys.check(&token).is_err());
        }
    }
}

#[test]
fn a_header_with_anything_else_is_refused() {
    let keys = Keys::new();
    for (name, to) in [
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        (
            "jwk",
            serde_json::to_value(keys.es.public().to_jwk()).unwrap(),
        ),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/x")),
        ("x5c", json!([])),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("junk", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!("AT+JWT")),
        ("typ", json!("application/at+jwt")),
        ("typ", json!(["at+jwt"])),
        ("kid", json!(1)),
        ("kid", json!(null)),
    ] {
        let header = with(keys.header(), &format!("/{name}"), to.clone()).to_string();
        let token = keys.forge(&header, &payload().to_string());
        assert_eq!(
            keys.check(&token).unwrap_err(),
            Refusal::Malformed,
            "{name} {to}"
        );
    }
    for missing in ["typ", "alg", "kid"] {
        let mut header = keys.header();
        header.as_object_mut().unwrap().remove(missing);
        let token = keys.forge(&header.to_string(), &payload().to_string());
        assert_eq!(
            keys.check(&token).unwrap_err(),
            Refusal::Malformed,
            "{missing}"
        );
    }
    let kid = keys.es.kid();
    for header in [
        format!(r#"{{"typ":"at+jwt","alg":"none","alg":"ES256","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"ES256","alg":"ES256","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","\u0061lg":"ES256","alg":"ES256","kid":"{kid}"}}"#),
        format!(r#"["at+jwt","ES256","{kid}"]"#),
        format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{kid}"}} x"#),
        format!("\u{feff}{{\"typ\":\"at+jwt\",\"alg\":\"ES256\",\"kid\":\"{kid}\"}}"),
        "{}".to_owned(),
        String::new(),
        format!(
            r#"{{"typ":"at+jwt","alg":"ES256","kid":"{}"}}"#,
            "x".repeat(300)
        ),
    ] {
        let token = keys.forge(&header, &payload().to_string());
        assert_eq!(
            keys.check(&token).unwrap_err(),
            Refusal::Malformed,
            "{header}"
        );
    }
}

#[test]
fn junk_in_the_header_never_helps() {
    // Whatever is added to a header, the answer is a refusal: never another answer.
    let keys = Keys::new();
    let names = [
        "a", "crit", "b64", "p2c", "epk", "apu", "iv", "tag", "sub", "iss", "nonce", "url",
    ];
    for name in names {
        for value in [json!(null), json!(""), json!(0), json!([]), json!({})] {
            let header = with(keys.header(), &format!("/{name}"), value);
            assert!(
                keys.check(&keys.forge(&header.to_string(), &payload().to_string()))
                    .is_err()
            );
        }
    }
}

#[test]
fn claims_with_wrong_types_are_refused_under_a_good_signature() {
    let keys = Keys::new();
    let text = payload().to_string();
    let exp = format!("\"exp\":{}", NOW + 3_600);
    assert!(text.contains(&exp));
    for to in [
        "1e400",
        "1.5",
        "-1",
        "\"1795460400\"",
        "[1795460400]",
        "null",
        "true",
        "{}",
        "1795460400.0",
        "1.7954604e9",
        "99999999999999999999",
        "1099511627777",
        "01795460400",
        "+1795460400",
        "0x6b045c70",
        "NaN",
        "Infinity",
    ] {
        let token = keys.forge(
            &keys.header().to_string(),
            &text.replace(&exp, &format!("\"exp\":{to}")),
        );
        let refusal = keys.check(&token).unwrap_err();
        assert!(
            matches!(refusal, Refusal::Claims | Refusal::Malformed),
            "{to}: {refusal}"
        );
    }
    for (pointer, to) in [
        (
            "/iss",
            json!([
                crate::issuer(PUBLIC_URL, account(1)),
                "https://evil.example"
            ]),
        ),
        ("/aud", json!("trilby")),
        ("/extra", json!(1)),
        ("/trilby/extra", json!(1)),
        ("/cnf", json!({"jkt": "x"})),
    ] {
        let token = keys.forge(
            &keys.header().to_string(),
            &with(payload(), pointer, to).to_string(),
        );
        assert_eq!(
            keys.check(&token).unwrap_err(),
            Refusal::Claims,
            "{pointer}"
        );
    }
    let doubled = text.replacen("{", "{\"iss\":\"https://evil.example\",", 1);
    let token = keys.forge(&keys.header().to_string(), &doubled);
    assert_eq!(keys.check(&token).unwrap_err(), Refusal::Malformed);
    let version = with(payload(), "/trilby/v", json!(2)).to_string();
    let token = keys.forge(&keys.header().to_string(), &version);
    assert_eq!(keys.check(&token).unwrap_err(), Refusal::UnknownVersion);
}

#[test]
fn a_key_of_another_account_signs_nothing_here() {
    let keys = Keys::new();
    // Claims of account 1 under account 2's key: account 1 has no such key.
    let token = keys.foreign.sign(&role_claims()).unwrap();
    assert_eq!(keys.check(token.expose()).unwrap_err(), Refusal::UnknownKey);
    // Even a caller that looks keys up by id alone is told.
    let presented = Presented::parse(token.expose()).unwrap();
    let careless = record(account(2), &keys.foreign);
    let refusal = presented
        .verify(Some(&careless), &Expected::default(), now())
        .unwrap_err();
    assert_eq!(refusal, Refusal::WrongIssuer);
    // Claims that name account 2 as theirs, but account 1 as issuer, and the other way round.
    for (pointer, to) in [
        ("/iss", json!(crate::issuer(PUBLIC_URL, account(2)))),
        ("/iss", json!("https://evil.example/iss/111122223333")),
        (
            "/iss",
            json!(format!("{}/", crate::issuer(PUBLIC_URL, account(1)))),
        ),
    ] {
        let token = keys.forge(
            &keys.header().to_string(),
            &with(payload(), pointer, to).to_string(),
        );
        assert_eq!(keys.check(&token).unwrap_err(), Refusal::WrongIssuer);
    }
}

#[test]
fn a_record_under_another_keys_id_verifies_nothing() {
    let keys = Keys::new();
    let presented = Presented::parse(&keys.good()).unwrap();
    let wrong = record(account(1), &keys.ed);
    let refusal = presented
        .verify(Some(&wrong), &Expected::default(), now())
        .unwrap_err();
    assert_eq!(refusal, Refusal::UnknownKey);
}

#[test]
fn an_unpublished_key_verifies_nothing_also_from_the_cache() {
    let keys = Keys::new();
    let token = keys.good();
    let verified = keys.check(&token).unwrap();
    let mut gone = record(account(1), &keys.es);
    gone.published = false;
    let expected = Expected::default();
    let presented = Presented::parse(&token).unwrap();
    assert_eq!(
        presented.verify(Some(&gone), &expected, now()).unwrap_err(),
        Refusal::UnknownKey
    );
    assert_eq!(
        presented.verify(None, &expected, now()).unwrap_err(),
        Refusal::UnknownKey
    );
    assert_eq!(
        verified.recheck(Some(&gone), &expected, now()),
        Err(Refusal::UnknownKey)
    );
    assert_eq!(
        verified.recheck(None, &expected, now()),
        Err(Refusal::UnknownKey)
    );
}

#[test]
fn an_algorithm_other_than_the_keys_is_refused() {
    let keys = Keys::new();
    let header = with(keys.header(), "/alg", json!("EdDSA")).to_string();
    let token = keys.forge(&header, &payload().to_string());
    assert_eq!(keys.check(&token).unwrap_err(), Refusal::WrongAlgorithm);
}

#[test]
fn every_flipped_bit_every_prefix_and_every_extension_is_refused() {
    let keys = Keys::new();
    let token = keys.good();
    for at in 0..token.len() {
        assert!(keys.check(&token[..at]).is_err());
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] ^= 1 << (at % 7);
        if let Ok(flipped) = String::from_utf8(bytes) {
            assert!(keys.check(&flipped).is_err(), "byte {at}");
        }
    }
    for suffix in [".", "=", "A", " ", "\n", ".AA"] {
        assert_eq!(
            keys.check(&format!("{token}{suffix}")).unwrap_err(),
            match suffix {
                "A" => keys.check(&format!("{token}A")).unwrap_err(),
                _ => Refusal::Malformed,
            }
        );
    }
    for prefix in [" ", ".", "Bearer "] {
        assert_eq!(
            keys.check(&format!("{prefix}{token}")).unwrap_err(),
            Refusal::Malformed
        );
    }
    assert_eq!(
        keys.check(&"a".repeat(PRESENTED_BYTES_MAX + 1))
            .unwrap_err(),
        Refusal::Malformed
    );
    assert_eq!(keys.check("").unwrap_err(), Refusal::Malformed);
    assert_eq!(keys.check("..").unwrap_err(), Refusal::Malformed);
}

#[test]
fn base64_has_one_form() {
    let keys = Keys::new();
    let token = keys.good();
    // The last digit of a 64-byte signature holds four unused bits.
    let (head, last) = token.split_at(token.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    for stray in 1..16 {
        let other = alphabet.as_bytes()[(at & !15) | ((at + stray) & 15)];
        assert_eq!(
            keys.check(&format!("{head}{}", char::from(other)))
                .unwrap_err(),
            Refusal::Malformed
        );
    }
    for (from, to) in [('-', '+'), ('_', '/')] {
        let other = token.replace(from, &to.to_string());
        assert!(other == token || keys.check(&other).is_err());
    }
}

#[test]
fn a_zero_or_swapped_signature_is_refused() {
    let keys = Keys::new();
    let token = keys.good();
    let (input, _) = token.rsplit_once('.').unwrap();
    for signature in [
        vec![0; 64],
        vec![0xff; 64],
        vec![0; 63],
        vec![0; 65],
        vec![0x30; 70],
    ] {
        let forged = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(keys.check(&forged).unwrap_err(), Refusal::BadSignature);
    }
    let other = keys.es.sign(&user_claims()).unwrap();
    let (_, signature) = other.expose().rsplit_once('.').unwrap();
    assert_eq!(
        keys.check(&format!("{input}.{signature}")).unwrap_err(),
        Refusal::BadSignature
    );
}

#[test]
fn time_counts_with_five_seconds_of_skew() {
    let keys = Keys::new();
    let token = keys.good();
    for (at, expected) in [
        (NOW - 6, Some(Refusal::NotYetValid)),
        (NOW - 5, None),
        (NOW + 3_600, None),
        (NOW + 3_604, None),
        (NOW + 3_605, Some(Refusal::Expired)),
        (i64::MAX / 2_000_000, Some(Refusal::Expired)),
        (0, Some(Refusal::NotYetValid)),
    ] {
        assert_eq!(keys.check_at(&token, at).err(), expected, "{at}");
    }
}

#[test]
fn a_token_for_others_is_refused() {
    let keys = Keys::new();
    let mut claims = role_claims();
    for (aud, taken) in [
        (vec!["trilby:other"], false),
        (vec!["Trilby"], false),
        (vec!["trilby "], false),
        (vec!["https://api.example.com"], false),
        (vec!["https://api.example.com", "trilby"], true),
    ] {
        claims.aud = aud.into_iter().map(str::to_owned).collect();
        let token = keys.es.sign(&claims).unwrap();
        let expected = (!taken).then_some(Refusal::WrongAudience);
        assert_eq!(keys.check(token.expose()).err(), expected);
    }
}

/// A federated session of account 1.
fn federated_claims() -> Claims {
    let mut claims = user_claims();
    claims.sub = "TIDP0123456789ABCDEFG:c2hvcnQgZGlnZXN0IG9mIGl0".to_owned();
    claims.client_id = "TIDP0123456789ABCDEFG".to_owned();
    claims.aud = vec![crate::FEDERATED_AUDIENCE.to_owned()];
    claims.trilby.kind = SessionKind::Federated;
    claims.trilby.arn = format!(
        "arn:trilby:sts::111122223333:federated-session/{}",
        claims.sub
    )
    .parse()
    .unwrap();
    claims.trilby.fed = Some(claims::Federation {
        prov: "arn:trilby:iam::111122223333:oidc-provider/login"
            .parse()
            .unwrap(),
        iss: "https://login.example.com".to_owned(),
        sub: "ana".to_owned(),
        aud: "app".to_owned(),
        c: serde_json::Map::new(),
    });
    claims
}

#[test]
fn a_federated_session_is_for_the_token_service_alone() {
    let keys = Keys::new();
    let claims = federated_claims();
    let token = keys.es.sign(&claims).unwrap();
    assert_eq!(
        keys.check(token.expose()).err(),
        Some(Refusal::WrongAudience)
    );
    let presented = Presented::parse(token.expose()).unwrap();
    let key = keys.find(presented.account_hint(), presented.kid());
    let expected = Expected {
        audience: crate::FEDERATED_AUDIENCE,
        skew_s: 5,
    };
    let now = Timestamp::from_unix_seconds(NOW);
    assert!(presented.verify(key.as_ref(), &expected, now).is_ok());
    // Neither may one be for others as well, nor another session for the token service alone.
    for aud in [vec!["trilby:sts", "trilby"], vec!["trilby"], vec!["x"]] {
        let mut wider = claims.clone();
        wider.aud = aud.into_iter().map(str::to_owned).collect();
        assert!(keys.es.sign(&wider).is_err());
    }
    let mut role = role_claims();
    role.aud = vec!["trilby".to_owned(), "trilby:sts".to_owned()];
    assert!(keys.es.sign(&role).is_err());
    let mut nobody = claims;
    nobody.trilby.fed = None;
    assert!(keys.es.sign(&nobody).is_err());
}

#[test]
fn debug_of_what_is_presented_and_verified_shows_no_token() {
    let keys = Keys::new();
    let token = keys.good();
    let presented = Presented::parse(&token).unwrap();
    assert_eq!(
        format!("{presented:?}"),
        format!("Presented(key {}, …)", keys.es.kid())
    );
    let verified = keys.check(&token).unwrap();
    assert!(!format!("{verified:?}").contains("mary"));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No text but a token signed here is ever taken, and none makes the verifier panic.
        #[test]
        fn arbitrary_text_is_refused(text in "\\PC{0,300}") {
            prop_assert!(Presented::parse(&text).is_err());
        }

        #[test]
        fn arbitrary_payloads_under_a_good_signature_are_refused(text in "\\PC{0,200}") {
            let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
            let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": key.kid()}).to_string();
            prop_assert!(Presented::parse(&forge_with(&key, &header, &text)).is_err());
        }
    }
}
