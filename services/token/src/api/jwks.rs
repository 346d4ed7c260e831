//! `GET /iss/{account}/jwks.json`: the public keys of an account.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use serde::Serialize;
use std::sync::Arc;
use trilby_access::{
    Access, Authorized, Empty, Input, Method, NoBody, Operation, Reply, Services, problem,
};
use trilby_directory::AccountView;
use trilby_model::AccountId;
use trilby_service::headers::single;
use trilby_service::problem::Problem;
use trilby_session::PublicKey;
use trilby_session::documents::{JWKS_MAX_AGE_S, etag, jwks};
use trilby_session::key::Jwk;
use utoipa::ToSchema;

use super::path::AccountPath;
use crate::signing;

/// The public keys of an account.
pub struct GetJwks;

/// A JWK set, for the API's document.
#[derive(Serialize, ToSchema)]
pub struct JwkSet {
    /// The keys.
    keys: Vec<JwkMember>,
}

/// A public key (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct JwkMember {
    /// Key type.
    kty: String,
    /// Curve.
    crv: String,
    /// Abscissa.
    x: String,
    /// Ordinate.
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    /// Its id: the RFC 7638 thumbprint.
    kid: String,
    /// Algorithm.
    alg: String,
    /// Always `sig`.
    r#use: String,
}

impl Operation for GetJwks {
    const ID: &'static str = "get_jwks";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/iss/{account}/jwks.json";
    const TAG: &'static str = super::ISSUERS;
    const SUMMARY: &'static str = "Public keys of an account's tokens";
    const ACCESS: Access = Access::Public("public keys are for everyone who checks a token");
    const SUCCESS_DESCRIPTION: &'static str = "The key set";
    const HISTORY: bool = false;

    type Path = AccountPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = JwkSet;

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let view = account(services, input.path.account).await?;
        let mut keys = Vec::new();
        for kid in signing::published(&view.state, services.now()) {
            if let Some(key) = view.state.signing_keys().get(&kid) {
                let jwk: Jwk = serde_json::to_value(&key.jwk)
                    .and_then(serde_json::from_value)
                    .map_err(Problem::internal)?;
                keys.push(PublicKey::from_jwk(&jwk).map_err(Problem::internal)?);
            }
        }
        let text = serde_json::to_string(&jwks(&keys)).map_err(Problem::internal)?;
        public_document("application/jwk-set+json", text, &input.facts.headers)
    }
}

/// An account whose documents are public: every one that exists, in service or not, since tokens die by revocation.
pub(super) async fn account(
    services: &Services,
    id: AccountId,
) -> Result<Arc<AccountView>, Problem> {
    services
        .directory()
        .account(id)
        .await
        .map_err(problem::of_directory)
}

/// A document for everyone, from any web page, cached for a while.
pub(super) fn public_document<Op: Operation>(
    content_type: &'static str,
    text: String,
    headers: &HeaderMap,
) -> Result<Reply<Op>, Problem> {
    let tag = etag(&text);
    let known = single(headers, header::IF_NONE_MATCH.as_str())?.is_some_and(|known| {
        known
            .split(',')
            .map(str::trim)
            .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    });
    let max_age = format!("public, max-age={JWKS_MAX_AGE_S}");
    let reply = Reply::verbatim(content_type, text.into_bytes())
        .header(
            header::CACHE_CONTROL,
            HeaderValue::from_str(&max_age).map_err(Problem::internal)?,
        )
        .header(
            header::ETAG,
            HeaderValue::from_str(&tag).map_err(Problem::internal)?,
        )
        .header(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
    Ok(if known {
        reply.status(StatusCode::NOT_MODIFIED).without_body()
    } else {
        reply
    })
}
