//! The operations of the service, one file each.

mod answer;
mod assume_role;
mod caller_identity;
mod client;
mod discovery;
mod introspect;
mod jwks;
mod password;
mod path;
mod revocations;
mod revoke;
mod sessions;
mod token;

use trilby_access::Registry;
use trilby_model::json;

use crate::issue::Given;

/// Tags of the API's document.
const TOKENS: &str = "Tokens";
const SESSIONS: &str = "Sessions";
const ISSUERS: &str = "Issuers";

/// The member `policy` of a body. `null` is no policy.
fn inline_policy(source: &json::Node) -> Option<Given<'_>> {
    let node = source.get("policy")?;
    (!node.to_serde().is_null()).then_some(Given::Node(node))
}

/// All operations of the service.
#[must_use]
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .add::<token::CreateToken>()
        .add::<assume_role::AssumeRole>()
        .add::<caller_identity::GetCallerIdentity>()
        .add::<introspect::IntrospectToken>()
        .add::<revoke::RevokeToken>()
        .add::<password::ChangePassword>()
        .add::<revocations::CreateRevocation>()
        .add::<sessions::ListSessions>()
        .add::<sessions::GetSession>()
        .add::<jwks::GetJwks>()
        .add::<discovery::GetOpenidConfiguration>()
        .add::<discovery::GetOauthAuthorizationServer>();
    registry
}
