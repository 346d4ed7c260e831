//! The discovery document of an account's issuer, under both of its addresses.

use serde::Serialize;
use trilby_access::{Access, Authorized, Empty, Input, Method, NoBody, Operation, Reply, Services};
use trilby_service::problem::Problem;
use trilby_session::documents::discovery;
use utoipa::ToSchema;

use super::jwks::{account, public_document};
use super::path::AccountPath;
use super::token::GRANT_TYPES;

/// OpenID Connect Discovery 1.0.
pub struct GetOpenidConfiguration;
/// RFC 8414: the same document.
pub struct GetOauthAuthorizationServer;

/// What an issuer says of itself, for the API's document.
#[derive(Serialize, ToSchema)]
pub struct IssuerMetadata {
    /// Equal to `iss` of the account's tokens.
    issuer: String,
    /// Its public keys.
    jwks_uri: String,
    /// Where tokens are given.
    token_endpoint: String,
    /// RFC 7662.
    introspection_endpoint: String,
    /// RFC 7009.
    revocation_endpoint: String,
    /// Grants of the token endpoint.
    grant_types_supported: Vec<String>,
    /// How a client authenticates there.
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Algorithms of the tokens.
    id_token_signing_alg_values_supported: Vec<String>,
    /// Always `public`.
    subject_types_supported: Vec<String>,
    /// Always empty: there is no authorization endpoint.
    response_types_supported: Vec<String>,
}

macro_rules! discovery_operation {
    ($operation:ident, $id:literal, $path:literal, $summary:literal) => {
        impl Operation for $operation {
            const ID: &'static str = $id;
            const METHOD: Method = Method::Get;
            const PATH: &'static str = $path;
            const TAG: &'static str = super::ISSUERS;
            const SUMMARY: &'static str = $summary;
            const ACCESS: Access =
                Access::Public("a public document, made of the configured address alone");
            const SUCCESS_DESCRIPTION: &'static str = "The document";
            const HISTORY: bool = false;

            type Path = AccountPath;
            type Query = Empty;
            type Body = NoBody;
            type Reply = IssuerMetadata;

            async fn handle(
                _: Authorized<Self>,
                input: Input<Self>,
                services: &Services,
            ) -> Result<Reply<Self>, Problem> {
                let view = account(services, input.path.account).await?;
                let document = discovery(services.public_url(), view.state.id(), &GRANT_TYPES);
                let text = serde_json::to_string(&document).map_err(Problem::internal)?;
                public_document("application/json", text, &input.facts.headers)
            }
        }
    };
}

discovery_operation!(
    GetOpenidConfiguration,
    "get_openid_configuration",
    "/iss/{account}/.well-known/openid-configuration",
    "Discovery of an account's issuer"
);
discovery_operation!(
    GetOauthAuthorizationServer,
    "get_oauth_authorization_server",
    "/.well-known/oauth-authorization-server/iss/{account}",
    "Discovery of an account's issuer, in the form of RFC 8414"
);
