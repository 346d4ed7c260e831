//! `POST /v1/nonces`: a nonce to bind a login at an outside issuer to whoever began it.

use serde::{Deserialize, Serialize};
use trilby_access::{
    Access, Authorized, Browsers, Empty, Idempotency, Input, Method, NoBody, Operation, Reply,
    Services,
};
use trilby_model::AccountId;
use trilby_service::problem::{Code, Problem};
use utoipa::{IntoParams, ToSchema};

use crate::TokenParts;
use crate::federation::nonce;
use crate::throttle::Network;

/// Gives a nonce.
pub struct CreateNonce;

/// Whose page asks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NonceQuery {
    /// For a page in a browser: the account that has its origin in the setting `security.allowed_origins`.
    account: Option<AccountId>,
}

/// A nonce.
#[derive(Serialize, ToSchema)]
pub struct NonceAnswer {
    /// The nonce: for the issuer with the login, and for us with the token that comes of it.
    nonce: String,
    /// Seconds until it is too old.
    expires_in: i64,
}

impl Operation for CreateNonce {
    const ID: &'static str = "create_nonce";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/nonces";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Get a nonce for a login";
    const DESCRIPTION: &'static str =
        "Send it to the issuer with the login and here with the token. It is good for one token.";
    const ACCESS: Access = Access::Public("a nonce is good for nothing by itself");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The nonce";
    const PROBLEMS: &'static [Code] = &[Code::RateLimited];
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = Empty;
    type Query = NonceQuery;
    type Body = NoBody;
    type Reply = NonceAnswer;

    fn page_account(input: &Input<Self>) -> Option<AccountId> {
        input.query.account
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let (parts, facts) = (services.part::<TokenParts>()?, &input.facts);
        parts
            .throttles
            .stranger(Network::of(facts.address), facts.now)?;
        let nonce = nonce::give(&parts.claim_key, &mut services.entropy(), facts.now);
        let answer = NonceAnswer {
            nonce,
            expires_in: nonce::NONCE_TTL_S,
        };
        Ok(Reply::new(answer).no_store())
    }
}
