//! `POST /v1/introspect` (RFC 7662): what a token says, to who may know.

use serde::Serialize;
use trilby_access::authenticate::{Rejected, authenticate_at};
use trilby_access::{
    Access, Authorized, Empty, Form, FromForm, Idempotency, Input, Method, Operation, Reply,
    Services,
};
use trilby_model::{AccountId, Arn, Tags};
use trilby_service::Secret;
use trilby_service::params::Params;
use trilby_service::problem::{Code, ErrorForm, Problem};
use trilby_session::Claims;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::client::Client;
use crate::proof::access_key;

/// What a token says.
pub struct IntrospectToken;

/// A token in question, and who asks. The form of revocation is the same.
pub struct TokenInQuestion {
    pub(super) token: Secret<String>,
    pub(super) client: Option<access_key::Presented>,
}

impl FromForm for TokenInQuestion {
    fn from_form(params: &mut Params) -> Result<Self, Problem> {
        let token = Secret::new(params.require("token")?);
        // There is one type of token; a hint may help to find it and never changes the answer (RFC 7009, section 2.1).
        params.take("token_type_hint")?;
        let client = match (params.take("client_id")?, params.take("client_secret")?) {
            (Some(id), Some(secret)) => Some(access_key::Presented::new(id, secret)),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(Problem::new(
                    Code::MissingParameter,
                    "`client_id` and `client_secret` go together",
                ));
            }
        };
        Ok(Self { token, client })
    }
}

/// The form, for the API's document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described, never read")]
struct Described {
    /// The token.
    #[schema(format = Password)]
    token: String,
    /// `access_token`, the only type there is.
    token_type_hint: Option<String>,
    /// The caller's access key, unless it is sent by HTTP Basic or the caller has a session.
    client_id: Option<String>,
    /// Its secret.
    #[schema(format = Password)]
    client_secret: Option<String>,
}

impl PartialSchema for TokenInQuestion {
    fn schema() -> RefOr<Schema> {
        Described::schema()
    }
}

impl ToSchema for TokenInQuestion {
    fn name() -> std::borrow::Cow<'static, str> {
        "TokenInQuestion".into()
    }
}

/// What is known of a token. All but `active` is absent for a token that is not good, or not the caller's business.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Introspection {
    /// Whether the token is good now.
    active: bool,
    /// Issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aud: Vec<String>,
    /// Unique id of the principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// What proved the origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// Always `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// When it ends, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// Before this it is not good.
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// What is ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    trilby: Option<IntrospectedSession>,
}

/// The session of an introspected token.
#[derive(Debug, Serialize, ToSchema)]
pub struct IntrospectedSession {
    /// `root`, `user`, `key` or `role`.
    kind: &'static str,
    /// Its account.
    account: AccountId,
    /// Its principal.
    arn: Arn,
    /// Session tags.
    #[serde(skip_serializing_if = "Tags::is_empty")]
    tags: Tags,
    /// Who is behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
    /// The principals before it, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    chain: Vec<Arn>,
}

impl Operation for IntrospectToken {
    const ID: &'static str = "introspect_token";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/introspect";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "What a token says";
    const DESCRIPTION: &'static str = "For callers of the token's own account; everyone else, and every token that is not \
        good, gets `{\"active\":false}`.";
    const ACCESS: Access =
        Access::Public("authenticates the caller itself, by session or by access key");
    const SUCCESS_DESCRIPTION: &'static str = "What is known of the token";
    const PROBLEMS: &'static [Code] = &[
        Code::Unauthenticated,
        Code::InvalidCredentials,
        Code::RateLimited,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const ERRORS: ErrorForm = ErrorForm::OAuth;

    type Path = Empty;
    type Query = Empty;
    type Body = Form<TokenInQuestion>;
    type Reply = Introspection;

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let TokenInQuestion { token, client } = input.body.value;
        let client = Client::of(services, &input.facts, client).await?;
        let found = match authenticate_at(services, token.expose(), &input.facts.freshness).await {
            Ok(session) => Some(session),
            Err(Rejected::Token(_)) => None,
            Err(Rejected::Fault(problem)) => return Err(problem),
        };
        let own = found.filter(|session| session.caller.account == client.account());
        let answer = own
            .map(|session| describe(session.verified.claims()))
            .unwrap_or_default();
        Ok(Reply::new(answer).no_store())
    }
}

fn describe(claims: &Claims) -> Introspection {
    let private = &claims.trilby;
    Introspection {
        active: true,
        iss: Some(claims.iss.clone()),
        aud: claims.aud.clone(),
        sub: Some(claims.sub.clone()),
        client_id: Some(claims.client_id.clone()),
        token_type: Some("Bearer"),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        nbf: Some(claims.nbf),
        jti: Some(claims.jti.to_string()),
        trilby: Some(IntrospectedSession {
            kind: private.kind.as_str(),
            account: private.acct,
            arn: private.arn.clone(),
            tags: private.tags.clone(),
            source_identity: private.si.as_ref().map(ToString::to_string),
            chain: private.chain.clone(),
        }),
    }
}
