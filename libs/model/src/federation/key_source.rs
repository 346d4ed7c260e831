//! Where a provider's keys come from.

use serde_json::{Map, Value};

use super::Invalid;
use super::url::JwksUrl;

/// The largest key set written into a provider, in bytes of its JSON.
pub const STATIC_JWKS_MAX_BYTES: usize = 64 * 1024;
/// The most keys of any key set.
pub const JWKS_KEYS_MAX: usize = 100;

/// Members of a JSON Web Key that are secret (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Where a provider's keys come from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "source", rename_all = "snake_case", deny_unknown_fields)]
pub enum KeySource {
    /// The issuer's discovery document names the address, which is then pinned.
    Discovery {
        /// Whether a later document may move the address; otherwise an administrator confirms it.
        #[serde(default)]
        follow_jwks_uri: bool,
    },
    /// Always this address; no discovery document is asked.
    JwksUri {
        /// The address.
        jwks_uri: JwksUrl,
    },
    /// These keys and no others, for an issuer that cannot be reached.
    Static {
        /// The keys.
        jwks: StaticJwks,
    },
}

/// A key set (RFC 7517) written into a provider: public keys only.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct StaticJwks(Map<String, Value>);

impl StaticJwks {
    /// The document as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

impl TryFrom<Map<String, Value>> for StaticJwks {
    type Error = Invalid;

    fn try_from(document: Map<String, Value>) -> Result<Self, Invalid> {
        if Value::Object(document.clone()).to_string().len() > STATIC_JWKS_MAX_BYTES {
            return Err(Invalid::new("", "has more than 64 KiB"));
        }
        let keys = match document.get("keys") {
            Some(Value::Array(keys)) if (1..=JWKS_KEYS_MAX).contains(&keys.len()) => keys,
            Some(_) | None => {
                return Err(Invalid::new("/keys", "must be an array of 1 to 100 keys"));
            }
        };
        for (index, key) in keys.iter().enumerate() {
            let pointer = || format!("/keys/{index}");
            let Some(key) = key.as_object() else {
                return Err(Invalid::new(pointer(), "must be an object"));
            };
            // A symmetric or private key here would be one that somebody else could sign with.
            if key.get("kty").and_then(Value::as_str) == Some("oct")
                || SECRET_MEMBERS
                    .iter()
                    .any(|member| key.contains_key(*member))
            {
                return Err(Invalid::new(
                    pointer(),
                    "must be a public key, without secret members",
                ));
            }
        }
        Ok(Self(document))
    }
}

impl From<StaticJwks> for Map<String, Value> {
    fn from(jwks: StaticJwks) -> Self {
        jwks.0
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for StaticJwks {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .title(Some("StaticJwks"))
            .description(Some(
                "a JSON Web Key Set (RFC 7517) of public keys, at most 64 KiB",
            ))
            .additional_properties(Some(utoipa::openapi::schema::AdditionalProperties::<
                utoipa::openapi::schema::Schema,
            >::FreeForm(true)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for StaticJwks {}
