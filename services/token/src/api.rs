//! The operations of the service, one file each.

mod answer;
mod assumable_roles;
mod assume_role;
mod assume_role_with_web_identity;
mod caller_identity;
mod client;
mod discovery;
mod federated_sessions;
mod introspect;
mod jwks;
mod nonces;
mod password;
mod path;
mod revocations;
mod revoke;
mod sessions;
mod simulate_web_identity;
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
        .add::<assumable_roles::ListAssumableRoles>()
        .add::<assume_role_with_web_identity::AssumeRoleWithWebIdentity>()
        .add::<federated_sessions::CreateFederatedSession>()
        .add::<nonces::CreateNonce>()
        .add::<caller_identity::GetCallerIdentity>()
        .add::<introspect::IntrospectToken>()
        .add::<revoke::RevokeToken>()
        .add::<password::ChangePassword>()
        .add::<revocations::CreateRevocation>()
        .add::<sessions::ListSessions>()
        .add::<sessions::GetSession>()
        .add::<simulate_web_identity::SimulateWebIdentity>()
        .add::<jwks::GetJwks>()
        .add::<discovery::GetOpenidConfiguration>()
        .add::<discovery::GetOauthAuthorizationServer>();
    registry
}
