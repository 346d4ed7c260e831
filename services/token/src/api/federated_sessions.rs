//! `POST /v1/federated-sessions`: an outside identity, proven once, to list and put on roles by.

use serde::{Deserialize, Serialize};
use trilby_access::{
    Access, Authorized, Browsers, Empty, Facts, Idempotency, Input, Json, Method, Operation, Reply,
    Services,
};
use trilby_model::{AccountId, Arn, ConsistencyToken, SessionId, Timestamp};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::answer::SessionCredentials;
use crate::TokenParts;
use crate::federation::Named;
use crate::issue::{Asked, Issued, Want, count, issue_session};
use crate::proof::web_identity::{self, Outside};
use crate::throttle::Network;

/// Gives a federated session for an outside issuer's token.
pub struct CreateFederatedSession;

/// By what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FederatedSessionRequest {
    /// The ARN of the provider.
    provider: Named,
    /// The issuer's token.
    #[schema(value_type = String, format = Password)]
    web_identity_token: Secret<String>,
    /// The nonce of ours that went with the login.
    nonce: Option<String>,
    /// How long the session should last, in seconds; absent: a quarter of an hour.
    #[schema(minimum = 300, maximum = 3_600)]
    duration_seconds: Option<i64>,
}

/// A federated session.
#[derive(Serialize, ToSchema)]
pub struct FederatedSessionAnswer {
    /// The token: for listing and putting on roles, and for nothing else.
    credentials: SessionCredentials,
    /// The session's ARN.
    arn: Arn,
    /// Unique id of the outside identity: the same for the same subject of the same issuer.
    principal_id: String,
    /// The session.
    session_id: SessionId,
    /// Whom the issuer vouched for.
    subject: String,
    /// The provider.
    provider: Arn,
    /// The audience that the outside token named.
    audience: String,
    /// The states it stands on.
    seq: Option<ConsistencyToken>,
}

impl FederatedSessionAnswer {
    fn of(issued: &Issued) -> Result<Self, Problem> {
        let claims = &issued.claims;
        let fed = claims.trilby.fed.as_ref();
        let fed = fed.ok_or_else(|| Problem::internal("a federated session names nobody"))?;
        Ok(Self {
            credentials: SessionCredentials {
                session_token: issued.token.expose().to_owned(),
                expires_at: Timestamp::from_unix_seconds(claims.exp),
            },
            arn: claims.trilby.arn.clone(),
            principal_id: claims.sub.clone(),
            session_id: claims.jti.clone(),
            subject: fed.sub.clone(),
            provider: fed.prov.clone(),
            audience: fed.aud.clone(),
            seq: issued.seq.clone(),
        })
    }
}

impl Operation for CreateFederatedSession {
    const ID: &'static str = "create_federated_session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/federated-sessions";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Log in by an outside identity";
    const DESCRIPTION: &'static str = "Gives a session that may list the roles which admit the outside identity, in all \
        accounts, and put them on. It has no other right and no decision point takes it.";
    const ACCESS: Access = Access::Public("the outside token is the proof");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The federated session";
    const PROBLEMS: &'static [Code] = &[
        Code::MalformedToken,
        Code::UnknownIssuer,
        Code::ProviderDisabled,
        Code::UnsupportedTokenAlg,
        Code::KeyNotFound,
        Code::BadSignature,
        Code::WrongAudience,
        Code::TokenExpired,
        Code::TokenNotYetValid,
        Code::TokenTooOld,
        Code::ClaimMissing,
        Code::ClaimMismatch,
        Code::NonceMismatch,
        Code::TokenReplayed,
        Code::IssuerKeysUnavailable,
        Code::DurationExceedsLimit,
        Code::PackedPolicyTooLarge,
        Code::AccessDenied,
        Code::RateLimited,
        Code::Busy,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = Empty;
    type Query = Empty;
    type Body = Json<FederatedSessionRequest>;
    type Reply = FederatedSessionAnswer;

    fn page_account(input: &Input<Self>) -> Option<AccountId> {
        input.body.provider.account()
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let body = input.body.value;
        let issued = issue(
            services,
            &input.facts,
            body.provider,
            body.web_identity_token,
            body.nonce,
            body.duration_seconds,
        )
        .await;
        count(&issued);
        let issued = issued?;
        let reply = Reply::new(FederatedSessionAnswer::of(&issued)?).no_store();
        Ok(match issued.seq {
            Some(seq) => reply.at(seq),
            None => reply,
        })
    }
}

async fn issue(
    services: &Services,
    facts: &Facts,
    provider: Named,
    token: Secret<String>,
    nonce: Option<String>,
    duration_s: Option<i64>,
) -> Result<Issued, Problem> {
    let parts = services.part::<TokenParts>()?;
    parts
        .throttles
        .stranger(Network::of(facts.address), facts.now)?;
    let proof = prove(services, facts, provider, token, nonce).await?;
    let asked = Asked {
        want: Want::Federated,
        duration_s,
        audience: None,
    };
    issue_session(services, proof, asked, facts).await
}

/// Proves an outside identity in the account that owns its provider.
///
/// Errors: `invalid_parameter` for a provider that is not named by its own ARN; those of verification.
pub(super) async fn prove(
    services: &Services,
    facts: &Facts,
    provider: Named,
    token: Secret<String>,
    nonce: Option<String>,
) -> Result<crate::proof::Proof, Problem> {
    let Named::Provider { owner, .. } = provider else {
        return Err(Problem::new(
            Code::InvalidParameter,
            "a federated session is its provider's: name that by its own ARN",
        ));
    };
    let outside = Outside {
        token,
        nonce,
        provider: Some(provider),
        account: owner,
        role: None,
    };
    web_identity::verify(services, facts, &outside).await
}
