//! The header of an outside token: read by us, before any library sees it.
//!
//! Libraries look at what they know and pass over the rest. Here what is not expressly harmless is refused: above all
//! members by which a token would bring its own key (`jwk`, `jku`, `x5u`, `x5c`) or its own rules (`crit`, `b64`, `zip`).

use trilby_model::federation::SignatureAlgorithm;
use trilby_model::json;

use crate::encoding;
use crate::refusal::Refusal;

/// Largest header, in bytes after decoding.
const HEADER_BYTES_MAX: usize = 1024;
/// Longest key id, in bytes.
const KID_BYTES_MAX: usize = 256;

/// What a header said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// `None`: an algorithm that no provider may use.
    pub algorithm: Option<SignatureAlgorithm>,
    pub kid: Option<String>,
    pub kind: Kind,
}

/// What `typ` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An ID token, or a token that does not say.
    Plain,
    /// An access token (RFC 9068).
    Access,
}

pub(crate) fn read(part: &str) -> Result<Header, Refusal> {
    let bytes = encoding::decode(part).ok_or(Refusal::malformed("its header is not base64url"))?;
    if bytes.len() > HEADER_BYTES_MAX {
        return Err(Refusal::malformed("its header is too large"));
    }
    let node = json::parse_bytes(&bytes)
        .map_err(|_| Refusal::malformed("its header is not JSON with each member once"))?;
    let members = node
        .as_object()
        .ok_or(Refusal::malformed("its header is not an object"))?;
    let known = |key: &str| matches!(key, "alg" | "kid" | "typ" | "x5t" | "x5t#S256");
    if !members.iter().all(|member| known(&member.key)) {
        return Err(Refusal::malformed(
            "its header has a member that is not allowed",
        ));
    }
    let kid = string(&node, "kid")?;
    if kid.is_some_and(|kid| kid.len() > KID_BYTES_MAX) {
        return Err(Refusal::malformed("its key id is too long"));
    }
    let algorithm =
        string(&node, "alg")?.ok_or(Refusal::malformed("its header names no algorithm"))?;
    Ok(Header {
        algorithm: algorithm.parse().ok(),
        kid: kid.map(str::to_owned),
        kind: kind(string(&node, "typ")?)?,
    })
}

fn kind(typ: Option<&str>) -> Result<Kind, Refusal> {
    match typ {
        None | Some("JWT") => Ok(Kind::Plain),
        Some("at+jwt" | "application/at+jwt") => Ok(Kind::Access),
        Some(_) => Err(Refusal::malformed("its `typ` is not one of a token")),
    }
}

fn string<'a>(node: &'a json::Node, name: &str) -> Result<Option<&'a str>, Refusal> {
    match node.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_str()
            .map(Some)
            .ok_or(Refusal::malformed("a member of its header is not a string")),
    }
}
