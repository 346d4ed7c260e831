//! The public documents of an account's issuer: key set and discovery.

use std::fmt::Write;

use aws_lc_rs::digest;
use serde::Serialize;
use trilby_model::AccountId;

use crate::issuer;
use crate::key::{Algorithm, Jwk, PublicKey};

/// Seconds a key set may be cached.
pub const JWKS_MAX_AGE_S: u32 = 600;

/// A JWK set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The published keys, by key id.
    pub keys: Vec<Jwk>,
}

/// The key set of the given published keys, in an order of its own.
pub fn jwks<'a>(published: impl IntoIterator<Item = &'a PublicKey>) -> Jwks {
    let mut keys: Vec<Jwk> = published.into_iter().map(PublicKey::to_jwk).collect();
    keys.sort_by(|a, b| a.kid.cmp(&b.kid));
    keys.dedup();
    Jwks { keys }
}

/// Strong entity tag of a document's text.
pub fn etag(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut tag = String::from("\"");
    for byte in hash.as_ref().iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Discovery (OpenID Connect Discovery 1.0 and RFC 8414: one document under two addresses).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discovery {
    /// Equal to `iss` of the account's tokens.
    pub issuer: String,
    /// The key set.
    pub jwks_uri: String,
    /// Where tokens are given.
    pub token_endpoint: String,
    /// RFC 7662.
    pub introspection_endpoint: String,
    /// RFC 7009.
    pub revocation_endpoint: String,
    /// Grants of the token endpoint.
    pub grant_types_supported: Vec<&'static str>,
    /// How a client authenticates there.
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// Algorithms of the tokens.
    pub id_token_signing_alg_values_supported: Vec<Algorithm>,
    /// Always `public`.
    pub subject_types_supported: Vec<&'static str>,
    /// None: there is no authorization endpoint.
    pub response_types_supported: Vec<&'static str>,
}

/// The discovery document of `account`. `grants` are those the token service has.
pub fn discovery(public_url: &str, account: AccountId, grants: &[&'static str]) -> Discovery {
    let base = public_url.trim_end_matches('/');
    let issuer = issuer(public_url, account);
    Discovery {
        jwks_uri: format!("{issuer}/jwks.json"),
        issuer,
        token_endpoint: format!("{base}/v1/token"),
        introspection_endpoint: format!("{base}/v1/introspect"),
        revocation_endpoint: format!("{base}/v1/revoke"),
        grant_types_supported: grants.to_vec(),
        token_endpoint_auth_methods_supported: vec!["client_secret_basic", "client_secret_post"],
        id_token_signing_alg_values_supported: vec![Algorithm::Es256, Algorithm::EdDsa],
        subject_types_supported: vec!["public"],
        response_types_supported: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    #[test]
    fn a_key_set_holds_public_members_only_and_does_not_depend_on_order() {
        let a = SigningKey::generate(Algorithm::Es256).unwrap();
        let b = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let set = jwks([a.public(), b.public()]);
        assert_eq!(set, jwks([b.public(), a.public(), b.public()]));
        let value = serde_json::to_value(&set).unwrap();
        for key in value["keys"].as_array().unwrap() {
            for (name, _) in key.as_object().unwrap() {
                assert!(["kty", "crv", "x", "y", "kid", "alg", "use"].contains(&name.as_str()));
            }
            assert_eq!(key["use"], "sig");
        }
    }

    #[test]
    fn discovery_is_built_from_the_public_url_alone() {
        let account = "111122223333".parse().unwrap();
        let document = discovery("https://iam.example.com/", account, &["client_credentials"]);
        assert_eq!(document.issuer, "https://iam.example.com/iss/111122223333");
        assert_eq!(
            document.jwks_uri,
            "https://iam.example.com/iss/111122223333/jwks.json"
        );
        assert_eq!(document.token_endpoint, "https://iam.example.com/v1/token");
        let value = serde_json::to_value(&document).unwrap();
        assert!(value.get("authorization_endpoint").is_none());
        assert_eq!(value["response_types_supported"], serde_json::json!([]));
    }

    #[test]
    fn entity_tags_are_strong_and_follow_the_text() {
        assert_eq!(etag("a"), etag("a"));
        assert_ne!(etag("a"), etag("b"));
        assert!(etag("a").starts_with('"') && etag("a").ends_with('"'));
    }
}
