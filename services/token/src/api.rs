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

/// Tags of the API's document.
const TOKENS: &str = "Tokens";
const SESSIONS: &str = "Sessions";
const ISSUERS: &str = "Issuers";

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
