//! `POST /v1/token`: the OAuth token endpoint.

mod form;

use trilby_access::{
    Access, Authorized, Empty, Facts, Form, Idempotency, Input, Method, Operation, Reply, Services,
};
use trilby_service::headers::single;
use trilby_service::problem::{Code, ErrorForm, Problem};

use super::answer::TokenAnswer;
use crate::TokenParts;
use crate::issue::{Asked, Issued, Want, count, issue_session};
use crate::proof::{access_key, login, session};
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
        user; `urn:trilby:grant-type:console-login` one of a person with a password; token exchange puts on a role.";
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
            super::password::require_no_change(services, &proof).await?;
            (proof, Want::Own)
        }
        Grant::TokenExchange {
            subject_token,
            role,
        } => {
            refuse_authorization(facts)?;
            (
                session::subject_token(services, subject_token.expose()).await?,
                Want::Role(role),
            )
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
