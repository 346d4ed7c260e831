//! An issuer's own description (OpenID Connect Discovery 1.0): where its keys are.

use std::collections::BTreeSet;

use trilby_model::federation::{IssuerUrl, JwksUrl, SignatureAlgorithm};
use trilby_model::json;

use crate::fetch::{Fetch, FetchError};

/// The largest description, in bytes.
const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// What an issuer says of itself, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// Where its keys are: to be pinned.
    pub jwks_uri: JwksUrl,
    /// Which of our algorithms it says it signs with; `None` if it does not say.
    pub algorithms: Option<BTreeSet<SignatureAlgorithm>>,
}

/// Why a description is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// It cannot be had.
    #[error("the issuer's description cannot be fetched: {0}")]
    Fetch(FetchError),
    /// It is not an object with each member once.
    #[error("the issuer's description is not a JSON object with each member once")]
    Malformed,
    /// It describes another issuer, be it by one byte.
    #[error("the issuer's description names another issuer")]
    OtherIssuer,
    /// It names no address of keys that could be called.
    #[error("the issuer's description names no usable `jwks_uri`")]
    NoKeys,
}

/// Fetches the description of `issuer`. The URL is made from the registered issuer, never from a token.
///
/// Errors: see [`DiscoveryError`].
pub async fn discover(fetch: &dyn Fetch, issuer: &IssuerUrl) -> Result<Discovered, DiscoveryError> {
    let fetched = fetch
        .get(&issuer.discovery_url(), DOCUMENT_BYTES_MAX)
        .await
        .map_err(DiscoveryError::Fetch)?;
    read(&fetched.body, issuer)
}

fn read(body: &[u8], issuer: &IssuerUrl) -> Result<Discovered, DiscoveryError> {
    let node = json::parse_bytes(body).map_err(|_| DiscoveryError::Malformed)?;
    if node.as_object().is_none() {
        return Err(DiscoveryError::Malformed);
    }
    let text = |name: &str| node.get(name)?.as_str();
    if text("issuer") != Some(issuer.as_str()) {
        return Err(DiscoveryError::OtherIssuer);
    }
    let jwks_uri: JwksUrl = text("jwks_uri")
        .and_then(|url| url.parse().ok())
        .ok_or(DiscoveryError::NoKeys)?;
    // An issuer behind TLS whose keys are not would be no better than one without.
    if issuer.is_https() && !jwks_uri.is_https() {
        return Err(DiscoveryError::NoKeys);
    }
    let listed = node
        .get("id_token_signing_alg_values_supported")
        .and_then(json::Node::as_array);
    let algorithms = listed.map(|listed| {
        let known = listed.iter().filter_map(|one| one.as_str()?.parse().ok());
        known.collect()
    });
    Ok(Discovered {
        jwks_uri,
        algorithms,
    })
}

#[cfg(test)]
mod tests;
