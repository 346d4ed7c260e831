//! `POST /v1/assume-role-with-web-identity`: puts on a role by an outside issuer's token.

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Browsers, Empty, Idempotency, Input, Json, Method, Operation, Reply,
    Services,
};
use trilby_model::{AccountId, Arn, RoleSessionName};
use trilby_service::Secret;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::answer::AssumedRoleAnswer;
use crate::TokenParts;
use crate::federation::Named;
use crate::issue::{Asked, Issued, OutsideRequest, SessionPolicies, Want, count, issue_session};
use crate::proof::web_identity::{self, Outside};
use crate::throttle::Network;

/// Puts on a role by an outside issuer's token.
pub struct AssumeRoleWithWebIdentity;

/// Which role, how, and by what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssumeRoleWithWebIdentityRequest {
    /// The role; absent: the one that the account's role map gives. Then `provider` is an ARN, which names the account.
    role_arn: Option<Arn>,
    /// What to call the session; absent: the claim that the provider's settings name.
    role_session_name: Option<RoleSessionName>,
    /// The issuer's token.
    #[schema(value_type = String, format = Password)]
    web_identity_token: Secret<String>,
    /// The nonce of ours that went with the login.
    nonce: Option<String>,
    /// Which provider is meant, if the account has several of the token's issuer.
    provider: Option<Named>,
    /// How long the session should last, in seconds; absent: an hour, or less if the role allows no more.
    #[schema(minimum = 900, maximum = 43_200)]
    duration_seconds: Option<i64>,
    /// A policy that caps the session: an object, or the text of one.
    #[serde(default, rename = "policy")]
    #[schema(value_type = Option<Object>)]
    _policy: serde::de::IgnoredAny,
    /// Managed policies of the role's account or of the system that cap the session.
    #[serde(default)]
    #[schema(max_items = 10)]
    policy_arns: Vec<Arn>,
    /// Whom the token is for, if not our own APIs: one of the role's `allowed_audiences`.
    audience: Option<String>,
}

impl Operation for AssumeRoleWithWebIdentity {
    const ID: &'static str = "assume_role_with_web_identity";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/assume-role-with-web-identity";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Put on a role by an outside identity";
    const DESCRIPTION: &'static str = "The token's issuer must be registered or linked in the role's account, and the \
        role's trust policy must admit whom it vouches for. What is wrong with the token is told in full; a role that \
        does not exist is refused like one that does not admit the caller.";
    const ACCESS: Access = Access::Public("the outside token is the proof");
    const SUCCESS_DESCRIPTION: &'static str = "The role session";
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
        Code::MissingParameter,
        Code::AccessDenied,
        Code::NoRoleMapped,
        Code::AmbiguousRole,
        Code::RoleChoiceRequired,
        Code::InvalidTarget,
        Code::DurationExceedsLimit,
        Code::PackedPolicyTooLarge,
        Code::MalformedPolicy,
        Code::RateLimited,
        Code::Busy,
    ];
    const IDEMPOTENCY: Idempotency = Idempotency::None;
    const BROWSERS: Browsers = Browsers::OfAccount;

    type Path = Empty;
    type Query = Empty;
    type Body = Json<AssumeRoleWithWebIdentityRequest>;
    type Reply = AssumedRoleAnswer;

    fn page_account(input: &Input<Self>) -> Option<AccountId> {
        let body = &input.body;
        account(body.role_arn.as_ref(), body.provider.as_ref()).ok()
    }

    async fn handle(
        _: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let issued = issue(services, input).await;
        count(&issued);
        let issued = issued?;
        let reply = Reply::new(AssumedRoleAnswer::of(&issued)?).no_store();
        Ok(match issued.seq {
            Some(seq) => reply.at(seq),
            None => reply,
        })
    }
}

async fn issue(
    services: &Services,
    input: Input<AssumeRoleWithWebIdentity>,
) -> Result<Issued, Problem> {
    let facts = &input.facts;
    let parts = services.part::<TokenParts>()?;
    parts
        .throttles
        .stranger(Network::of(facts.address), facts.now)?;
    let body = input.body.value;
    let account = account(body.role_arn.as_ref(), body.provider.as_ref())?;
    let inline = super::inline_policy(&input.body.source);
    let policies = SessionPolicies::new(inline, body.policy_arns, &account.to_string())?;
    let outside = Outside {
        token: body.web_identity_token,
        nonce: body.nonce,
        provider: body.provider,
        account,
        role: body.role_arn.clone(),
    };
    let proof = web_identity::verify(services, facts, &outside).await?;
    let asked = Asked {
        want: Want::Outside(Box::new(OutsideRequest {
            role_arn: body.role_arn,
            session_name: body.role_session_name,
            policies,
        })),
        duration_s: body.duration_seconds,
        audience: body.audience,
    };
    issue_session(services, proof, asked, facts).await
}

/// The account in which the provider must count: the role's, else the one that the provider's name speaks of.
fn account(role: Option<&Arn>, provider: Option<&Named>) -> Result<AccountId, Problem> {
    match (role, provider.and_then(Named::account)) {
        (Some(role), _) => role
            .account_id()
            .ok_or_else(|| Problem::new(Code::InvalidParameter, "the role's ARN names no account")),
        (None, Some(account)) => Ok(account),
        (None, None) => Err(Problem::new(
            Code::MissingParameter,
            "name a role, or a provider by its ARN",
        )),
    }
}
