//! Real keys, a provider that trusts them, and tokens made by rows of data.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use aws_lc_rs::{encoding::AsDer as _, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use trilby_federation::{KeySet, Link, NonceHash, Presented, Provider, VerifiedIdentity};
use trilby_model::Timestamp;

/// The present of every row.
pub const NOW: i64 = 1_795_456_800;

/// A good token with at most one defect.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    pub rule: String,
    /// Merge patch (RFC 7396) over the good header.
    #[serde(default)]
    pub header: Value,
    /// Text before the closing brace of the header.
    #[serde(default)]
    header_more: String,
    /// Merge patch over the good claims.
    #[serde(default)]
    pub claims: Value,
    /// Members that must reach the claims as `null`, or are too odd for a patch: text before the closing brace.
    #[serde(default)]
    claims_more: String,
    /// The whole claims instead.
    #[serde(default)]
    claims_text: Option<String>,
    /// Who signs; `rsa` if absent.
    #[serde(default)]
    sign: Option<String>,
    /// What happens to the finished text.
    #[serde(default)]
    shape: Option<String>,
    /// Merge patch over the provider's settings.
    #[serde(default)]
    provider: Value,
    #[serde(default)]
    disabled: bool,
    /// Settings of a link through which the provider is known.
    #[serde(default)]
    link: Option<Value>,
    /// A nonce that was given out.
    #[serde(default)]
    nonce: Option<String>,
    /// Ids of the published keys; all if absent.
    #[serde(default)]
    keys: Option<Vec<String>>,
    /// The code, or `ok`.
    pub expect: String,
}

/// Keys of an honest issuer, and one that is not its.
pub struct Bench {
    rsa: RsaKeyPair,
    stranger: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed: Ed25519KeyPair,
}

static SHARED: LazyLock<Bench> = LazyLock::new(Bench::new);

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 7396, for objects.
fn patch(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        return;
    };
    for (name, value) in members {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            target[name] = value.clone();
        }
    }
}

/// Modulus and exponent out of the DER of an RSA public key (RFC 8017, A.1.1).
fn rsa_parts(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    fn integer(der: &[u8]) -> (Vec<u8>, &[u8]) {
        assert_eq!(der[0], 2);
        let (len, rest) = length(&der[1..]);
        let (value, rest) = rest.split_at(len);
        let value = value
            .iter()
            .copied()
            .skip_while(|byte| *byte == 0)
            .collect();
        (value, rest)
    }
    fn length(der: &[u8]) -> (usize, &[u8]) {
        if der[0] < 128 {
            return (usize::from(der[0]), &der[1..]);
        }
        let n = usize::from(der[0] & 127);
        let len = der[1..=n]
            .iter()
            .fold(0, |len, byte| len * 256 + usize::from(*byte));
        (len, &der[n + 1..])
    }
    assert_eq!(der[0], 0x30);
    let (n, rest) = integer(length(&der[1..]).1);
    let (e, _) = integer(rest);
    (n, e)
}

impl Bench {
    pub fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            stranger: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            p256: EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            p384: EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
        }
    }

    pub fn shared() -> &'static Self {
        &SHARED
    }

    fn rsa_jwk(&self, kid: &str) -> Value {
        let (n, e) = rsa_parts(self.rsa.public_key().as_ref());
        json!({ "kty": "RSA", "n": encode(&n), "e": encode(&e), "kid": kid })
    }

    /// The key set: `rsa` says it is for RS256, `rsa-any` does not say.
    pub fn key_set(&self, only: Option<&[String]>) -> String {
        let point =
            |bytes: &[u8], size: usize| (encode(&bytes[1..=size]), encode(&bytes[size + 1..]));
        let (x, y) = point(self.p256.public_key().as_ref(), 32);
        let (x384, y384) = point(self.p384.public_key().as_ref(), 48);
        let mut rsa = self.rsa_jwk("rsa");
        rsa["alg"] = json!("RS256");
        let all = [
            rsa,
            self.rsa_jwk("rsa-any"),
            json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "ec", "use": "sig" }),
            json!({ "kty": "EC", "crv": "P-384", "x": x384, "y": y384, "kid": "ec384" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(self.ed.public_key().as_ref()), "kid": "ed" }),
        ];
        let keys: Vec<Value> = all
            .into_iter()
            .filter(|key| only.is_none_or(|only| only.iter().any(|kid| key["kid"] == kid.as_str())))
            .collect();
        json!({ "keys": keys }).to_string()
    }

    pub fn provider(row: &Row) -> Provider {
        let mut settings =
            json!({ "issuer": "https://idp.example", "audiences": ["app", "app-2"] });
        patch(&mut settings, &row.provider);
        let change: trilby_model::federation::ProviderChange =
            serde_json::from_value(settings).unwrap();
        Provider {
            id: "TIDP0123456789ABCDEFG".parse().unwrap(),
            name: "idp".parse().unwrap(),
            settings: change.create().unwrap(),
            enabled: !row.disabled,
            link: row.link.as_ref().map(|link| Link {
                id: "TLNK0123456789ABCDEFG".parse().unwrap(),
                settings: serde_json::from_value(link.clone()).unwrap(),
            }),
        }
    }

    pub fn token(&self, row: &Row) -> String {
        let mut header = json!({ "alg": "RS256", "kid": "rsa", "typ": "JWT" });
        patch(&mut header, &row.header);
        let header = with_more(&header, &row.header_more);
        let mut claims = json!({ "iss": "https://idp.example", "sub": "ana-1", "aud": "app", "iat": NOW - 10, "exp": NOW + 300 });
        patch(&mut claims, &row.claims);
        let claims = row
            .claims_text
            .clone()
            .unwrap_or_else(|| with_more(&claims, &row.claims_more));
        let input = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.as_bytes())
        );
        let signature = self.sign(row.sign.as_deref().unwrap_or("rsa"), input.as_bytes());
        shaped(&input, &signature, row.shape.as_deref())
    }

    fn sign(&self, who: &str, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, how: &'static dyn signature::RsaEncoding| {
            let mut out = vec![0; pair.public_modulus_len()];
            pair.sign(how, &random, input, &mut out).unwrap();
            out
        };
        let mac = |secret: &[u8]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input)
                .as_ref()
                .to_vec()
        };
        match who {
            "rsa" => rsa(&self.rsa, &signature::RSA_PKCS1_SHA256),
            "rsa512" => rsa(&self.rsa, &signature::RSA_PKCS1_SHA512),
            "pss" => rsa(&self.rsa, &signature::RSA_PSS_SHA256),
            "stranger" => rsa(&self.stranger, &signature::RSA_PKCS1_SHA256),
            "ec" => self.p256.sign(&random, input).unwrap().as_ref().to_vec(),
            "ec384" => self.p384.sign(&random, input).unwrap().as_ref().to_vec(),
            "ec_zero" => vec![0; 64],
            "ed" => self.ed.sign(input).as_ref().to_vec(),
            "mac_jwk" => mac(self.rsa_jwk("rsa").to_string().as_bytes()),
            "mac_der" => mac(self.rsa.public_key().as_ref()),
            "mac_pem" => mac(self.pem().as_bytes()),
            "mac_audience" => mac(b"app"),
            "mac_empty" => mac(b""),
            "empty" => Vec::new(),
            "zero" => vec![0; 256],
            other => panic!("{other} signs nothing"),
        }
    }

    fn pem(&self) -> String {
        let der = self.rsa.public_key().as_der().unwrap();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(der.as_ref())
        )
    }

    /// The code of the refusal, or `ok`.
    pub fn judge(&self, row: &Row) -> String {
        self.judge_text(row, &self.token(row))
    }

    pub fn judge_text(&self, row: &Row, token: &str) -> String {
        match self.verify(row, token) {
            Ok(_) => "ok".to_owned(),
            Err(refusal) => refusal.code().to_owned(),
        }
    }

    pub fn verify(
        &self,
        row: &Row,
        token: &str,
    ) -> Result<VerifiedIdentity, trilby_federation::Refusal> {
        let provider = Self::provider(row);
        let presented = Presented::parse(token)?;
        let candidate = presented.for_provider(&provider)?;
        let keys = KeySet::parse(self.key_set(row.keys.as_deref()).as_bytes()).unwrap();
        let nonce = row.nonce.as_deref().map(NonceHash::of);
        candidate.verify(&keys, nonce.as_ref(), Timestamp::from_unix_seconds(NOW))
    }
}

fn with_more(object: &Value, more: &str) -> String {
    let text = object.to_string();
    match more {
        "" => text,
        more => format!("{},{more}}}", text.strip_suffix('}').unwrap()),
    }
}

fn shaped(input: &str, signature: &[u8], shape: Option<&str>) -> String {
    let (header, claims) = input.split_once('.').unwrap();
    let signature = encode(signature);
    match shape {
        None => format!("{input}.{signature}"),
        Some("nothing") => String::new(),
        Some("two_parts") => input.to_owned(),
        Some("four_parts") => format!("{input}.{signature}.{signature}"),
        Some("no_claims") => format!("{header}..{signature}"),
        Some("no_header") => format!(".{claims}.{signature}"),
        Some("padded") => format!("{input}.{signature}=="),
        Some("space") => format!(" {input}.{signature}"),
        Some("newline") => format!("{input}.{signature}\n"),
        Some("standard_alphabet") => format!(
            "{header}.{claims}.{}",
            signature.replace('-', "+").replace('_', "/") + "+/"
        ),
        Some("other_claims") => {
            let altered = json!({ "iss": "https://idp.example", "sub": "root", "aud": "app", "iat": NOW - 10, "exp": NOW + 300 });
            format!(
                "{header}.{}.{signature}",
                encode(altered.to_string().as_bytes())
            )
        }
        Some("half_signature") => format!("{input}.{}", &signature[..128]),
        Some("long") => format!("{input}.{signature}{}", "A".repeat(20_000)),
        Some(other) => panic!("{other} is no shape"),
    }
}
