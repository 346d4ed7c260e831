//! `POST /v1/token`: the OAuth token endpoint.

mod form;

use trilby_access::{
    Access, Authorized, Empty, Facts, Form, Idempotency, Input, Method, Operation, Reply, Services,
};
use trilby_model::Arn;
use trilby_service::Secret;
use trilby_service::headers::single;
use trilby_service::problem::{Code, ErrorForm, Problem};

use super::answer::TokenAnswer;
use super::federated_sessions;
use crate::TokenParts;
use crate::federation::Named;
use crate::issue::{Asked, Issued, OutsideRequest, Want, count, issue_session};
use crate::proof::web_identity::{self, Outside};
use crate::proof::{Proof, access_key, login, session};
use crate::throttle::Network;
pub use form::GRANT_TYPES;
use form::{Grant, TokenRequest};

/// Gives a session for a proof.
pub struct CreateToken;

impl Operation for CreateToken {
    const ID: &'static str = "create_token";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/token";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Get a session token";
    const DESCRIPTION: &'static str = "OAuth token endpoint. `client_credentials` gives a session of an access key's \
        user; `urn:trilby:grant-type:console-login` one of a person with a password; token exchange puts on a role, by a session or by an outside issuer's \
        token, or gives a federated session for the latter.";
    const ACCESS: Access = Access::Public("the grant itself is the proof");
    const SUCCESS_DESCRIPTION: &'static str = "The session";
    const PROBLEMS: &'static [Code] = &[
        Code::DuplicateParameter,
        Code::MissingParameter,
        Code::UnsupportedGrantType,
        Code::InvalidCredentials,
        Code::InvalidSession,
        Code::PasswordChangeRequired,
        Code::AccountSuspended,
        Code::AccessDenied,
        Code::InvalidTarget,
        Code::DurationExceedsLimit,
        Code::ChainExpired,
        Code::ChainTooDeep,
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
        Code::PackedPolicyTooLarge,
        Code::MalformedPolicy,
        Code::TooManyTags,
        Code::TransitiveTagConflict,
        Code::SourceIdentityImmutable,
        Code::RateLimited,
        Code::Busy,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const ERRORS: ErrorForm = ErrorForm::OAuth;

    type Path = Empty;
    type Query = Empty;
    type Body = Form<TokenRequest>;
    type Reply = TokenAnswer;

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let issued = issue(services, input.body.value, &input.facts).await;
        count(&issued);
        let issued = issued?;
        let reply = Reply::new(TokenAnswer::from(&issued)).no_store();
        Ok(match issued.seq {
            Some(seq) => reply.at(seq),
            None => reply,
        })
    }
}

/// Proof and session.
async fn issue(
    services: &Services,
    request: TokenRequest,
    facts: &Facts,
) -> Result<Issued, Problem> {
    let parts = services.part::<TokenParts>()?;
    parts
        .throttles
        .stranger(Network::of(facts.address), facts.now)?;
    let TokenRequest {
        grant,
        duration_s,
        audience,
    } = request;
    let (proof, want) = match grant {
        Grant::ClientCredentials(in_body) => {
            let presented = match (access_key::Presented::basic(facts)?, in_body) {
                (Some(_), Some(_)) => {
                    return Err(surplus("the client is named in the header and in the body"));
                }
                (Some(presented), None) | (None, Some(presented)) => presented,
                (None, None) => {
                    return Err(Problem::new(
                        Code::MissingParameter,
                        "`client_id` and `client_secret` are missing",
                    ));
                }
            };
            (
                access_key::verify(services, facts, &presented).await?,
                Want::Own,
            )
        }
        Grant::ConsoleLogin(login) => {
            refuse_authorization(facts)?;
            let proof = login::verify(services, facts, &login).await?;
            super::password::require_no_change(services, &proof, facts).await?;
            (proof, Want::Own)
        }
        Grant::TokenExchange {
            subject_token,
            role,
        } => {
            refuse_authorization(facts)?;
            (
                session::subject_token(services, facts, subject_token.expose()).await?,
                Want::Role(role),
            )
        }
        Grant::WebIdentity {
            subject_token,
            nonce,
            provider,
            role,
        } => {
            refuse_authorization(facts)?;
            outside(services, facts, subject_token, nonce, provider, role).await?
        }
    };
    issue_session(
        services,
        proof,
        Asked {
            want,
            duration_s,
            audience,
        },
        facts,
    )
    .await
}

/// An outside identity, for a role or for itself.
async fn outside(
    services: &Services,
    facts: &Facts,
    token: Secret<String>,
    nonce: Option<String>,
    provider: Option<Named>,
    role: Option<Box<OutsideRequest>>,
) -> Result<(Proof, Want), Problem> {
    let Some(role) = role else {
        let provider = provider.ok_or_else(|| {
            Problem::new(
                Code::MissingParameter,
                "parameter `trilby:provider` is missing",
            )
        })?;
        let proof = federated_sessions::prove(services, facts, provider, token, nonce).await?;
        return Ok((proof, Want::Federated));
    };
    let account = role.role_arn.as_ref().and_then(Arn::account_id);
    let outside = Outside {
        token,
        nonce,
        provider,
        account: account.ok_or_else(|| {
            Problem::new(Code::InvalidParameter, "the role's ARN names no account")
        })?,
        role: role.role_arn.clone(),
    };
    let proof = web_identity::verify(services, facts, &outside).await?;
    Ok((proof, Want::Outside(role)))
}

/// A header that would be ignored is refused like a parameter that would be.
fn refuse_authorization(facts: &Facts) -> Result<(), Problem> {
    match single(&facts.headers, "authorization")? {
        None => Ok(()),
        Some(_) => Err(surplus("this grant takes no `Authorization` header")),
    }
}

fn surplus(what: &'static str) -> Problem {
    Problem::new(Code::InvalidParameter, what)
}
