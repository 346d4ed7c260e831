//! One public key of an issuer.

use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use trilby_model::federation::SignatureAlgorithm;
use trilby_model::json::{Node, Value};

use crate::encoding;

/// RSA moduli outside of this are too weak, or a way to make us work.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Every exponent in use fits into four bytes; larger ones only cost time.
const RSA_EXPONENT_BYTES_MAX: usize = 4;
const RSA_EXPONENT_MIN: u64 = 1 << 16;
const KID_BYTES_MAX: usize = 256;

/// Members that make a key secret (RFC 7518). A key published with one is no key any more.
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key that may verify signatures.
pub(crate) struct Key {
    pub kid: Option<String>,
    /// The only algorithm it is for, if it says so.
    only: Option<SignatureAlgorithm>,
    material: Material,
    /// RFC 7638, base64url.
    pub thumbprint: String,
}

enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(ParsedPublicKey),
    P384(ParsedPublicKey),
    Ed25519(ParsedPublicKey),
}

impl Key {
    /// Reads one JSON Web Key (RFC 7517). `None`: of an unknown type, not for signatures, secret, weak or broken.
    pub fn read(node: &Node) -> Option<Self> {
        node.as_object()?;
        if SECRET_MEMBERS
            .iter()
            .any(|member| node.get(member).is_some())
            || !is_for_verifying(node)
        {
            return None;
        }
        let kid = match node.get("kid") {
            None => None,
            Some(kid) => Some(
                kid.as_str()
                    .filter(|kid| kid.len() <= KID_BYTES_MAX)?
                    .to_owned(),
            ),
        };
        let only = match node.get("alg") {
            None => None,
            Some(algorithm) => Some(algorithm.as_str()?.parse().ok()?),
        };
        let (material, thumbprint) = material(node)?;
        let key = Self {
            kid,
            only,
            material,
            thumbprint,
        };
        // An `alg` that its own type cannot do makes a key useless.
        SignatureAlgorithm::ALL
            .iter()
            .any(|algorithm| key.fits(*algorithm))
            .then_some(key)
    }

    /// Whether the key is for this algorithm: by its type, its curve and what it says itself.
    pub fn fits(&self, algorithm: SignatureAlgorithm) -> bool {
        let by_type = match &self.material {
            Material::Rsa { .. } => rsa(algorithm).is_some(),
            Material::P256(_) => algorithm == SignatureAlgorithm::Es256,
            Material::P384(_) => algorithm == SignatureAlgorithm::Es384,
            Material::Ed25519(_) => algorithm == SignatureAlgorithm::EdDsa,
        };
        by_type && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether `signature` over `message` verifies under `algorithm`.
    pub fn verifies(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        match &self.material {
            Material::Rsa { n, e } => rsa(algorithm).is_some_and(|parameters| {
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .is_ok()
            }),
            Material::P256(key) | Material::P384(key) | Material::Ed25519(key) => {
                key.verify_sig(message, signature).is_ok()
            }
        }
    }
}

/// What RSA does under an algorithm; `None` for those of other key types.
fn rsa(algorithm: SignatureAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        SignatureAlgorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        SignatureAlgorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        SignatureAlgorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        SignatureAlgorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        SignatureAlgorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        SignatureAlgorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        SignatureAlgorithm::Es256 | SignatureAlgorithm::Es384 | SignatureAlgorithm::EdDsa => None,
    }
}

fn is_for_verifying(node: &Node) -> bool {
    let by_use = node
        .get("use")
        .is_none_or(|usage| usage.as_str() == Some("sig"));
    let by_ops = match node.get("key_ops").map(|ops| &ops.value) {
        None => true,
        Some(Value::Array(ops)) => ops.iter().any(|op| op.as_str() == Some("verify")),
        Some(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_),
        ) => false,
    };
    by_use && by_ops
}

fn material(node: &Node) -> Option<(Material, String)> {
    let text = |name: &str| node.get(name)?.as_str();
    match (text("kty")?, text("crv")) {
        ("RSA", _) => rsa_key(text("n")?, text("e")?),
        ("EC", Some("P-256")) => {
            let key = point(
                &signature::ECDSA_P256_SHA256_FIXED,
                32,
                text("x")?,
                text("y")?,
            )?;
            Some((
                Material::P256(key),
                ec_thumbprint("P-256", text("x")?, text("y")?),
            ))
        }
        ("EC", Some("P-384")) => {
            let key = point(
                &signature::ECDSA_P384_SHA384_FIXED,
                48,
                text("x")?,
                text("y")?,
            )?;
            Some((
                Material::P384(key),
                ec_thumbprint("P-384", text("x")?, text("y")?),
            ))
        }
        ("OKP", Some("Ed25519")) => {
            let x = encoding::decode(text("x")?).filter(|x| x.len() == 32)?;
            let key = ParsedPublicKey::new(&signature::ED25519, x).ok()?;
            let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text("x")?);
            Some((Material::Ed25519(key), thumbprint(&canonical)))
        }
        (_, _) => None,
    }
}

fn rsa_key(n: &str, e: &str) -> Option<(Material, String)> {
    let (n, e) = (
        without_zeros(&encoding::decode(n)?),
        without_zeros(&encoding::decode(e)?),
    );
    let top_bits = 8_usize.checked_sub(usize::try_from(n.first()?.leading_zeros()).ok()?)?;
    let bits = n
        .len()
        .checked_sub(1)?
        .checked_mul(8)?
        .checked_add(top_bits)?;
    let exponent = e
        .iter()
        .fold(0_u64, |sum, byte| sum.wrapping_shl(8) | u64::from(*byte));
    let exponent_fits =
        e.len() <= RSA_EXPONENT_BYTES_MAX && exponent > RSA_EXPONENT_MIN && exponent % 2 == 1;
    if !RSA_BITS.contains(&bits) || !exponent_fits {
        return None;
    }
    // Whether the library takes it is better known now than at the first login.
    RsaPublicKeyComponents { n: &n, e: &e }
        .to_parsed_public_key(&signature::RSA_PKCS1_2048_8192_SHA256)
        .ok()?;
    let canonical = format!(
        r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
        encoding::encode(&e),
        encoding::encode(&n)
    );
    let thumbprint = thumbprint(&canonical);
    Some((Material::Rsa { n, e }, thumbprint))
}

fn without_zeros(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect()
}

/// A point on its curve, which parsing makes sure of.
fn point(
    algorithm: &'static dyn VerificationAlgorithm,
    size: usize,
    x: &str,
    y: &str,
) -> Option<ParsedPublicKey> {
    let (x, y) = (encoding::decode(x)?, encoding::decode(y)?);
    if x.len() != size || y.len() != size {
        return None;
    }
    let uncompressed = [&[4], x.as_slice(), y.as_slice()].concat();
    ParsedPublicKey::new(algorithm, uncompressed).ok()
}

fn ec_thumbprint(curve: &str, x: &str, y: &str) -> String {
    thumbprint(&format!(
        r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#
    ))
}

fn thumbprint(canonical: &str) -> String {
    encoding::encode(&encoding::sha256(&[canonical.as_bytes()]))
}
