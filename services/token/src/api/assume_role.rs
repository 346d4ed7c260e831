//! `POST /v1/assume-role`: puts on a role.

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Idempotency, Input, Json, Method, Operation, Place, Reply, Services,
};
use trilby_model::{Arn, ExternalId, RoleSessionName, SourceIdentity, TagKey};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::answer::AssumedRoleAnswer;
use crate::issue::{Asked, RoleRequest, SessionPolicies, SessionTags, Want, count, issue_session};
use crate::proof::session;
use crate::session_tags::TagObject;

/// Puts on a role.
pub struct AssumeRole;

/// Which role, and how.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssumeRoleRequest {
    /// The role.
    role_arn: Arn,
    /// What to call the session; part of its ARN.
    role_session_name: RoleSessionName,
    /// How long it should last, in seconds; absent: an hour, or less if the role or the chain allows no more.
    #[schema(minimum = 900, maximum = 43_200)]
    duration_seconds: Option<i64>,
    /// What the role's owner gave a third party to say.
    external_id: Option<ExternalId>,
    /// Who is behind the session, for good.
    source_identity: Option<SourceIdentity>,
    /// A policy that caps the session: an object, or the text of one.
    #[serde(default, rename = "policy")]
    #[schema(value_type = Option<Object>)]
    _policy: serde::de::IgnoredAny,
    /// Managed policies of the role's account or of the system that cap the session.
    #[serde(default)]
    #[schema(max_items = 10)]
    policy_arns: Vec<Arn>,
    /// Tags of the session.
    #[serde(default)]
    #[schema(value_type = Option<trilby_model::Tags>)]
    tags: TagObject,
    /// Keys of those tags that go on to the sessions that put on roles from this one.
    #[serde(default)]
    transitive_tag_keys: Vec<TagKey>,
    /// Whom the token is for, if not our own APIs: one of the role's `allowed_audiences`.
    audience: Option<String>,
}

impl Operation for AssumeRole {
    const ID: &'static str = "assume_role";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/assume-role";
    const TAG: &'static str = super::TOKENS;
    const SUMMARY: &'static str = "Put on a role";
    const DESCRIPTION: &'static str = "The role's trust policy must admit the caller; in another account, or where trust \
        names the whole account, the caller's own policies must allow `sts:AssumeRole` as well. A role that does not \
        exist is refused like one that does not admit the caller.";
    const ACCESS: Access =
        Access::Authenticated("the trust policy of the role decides, in the handler");
    const FEDERATED: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The role session";
    const PROBLEMS: &'static [Code] = &[
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

    type Path = Empty;
    type Query = Empty;
    type Body = Json<AssumeRoleRequest>;
    type Reply = AssumedRoleAnswer;

    fn place(_: &Empty) -> Place {
        Place::Caller
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let proof = session::bearer(&grant)?;
        let body = input.body.value;
        let inline = super::inline_policy(&input.body.source);
        let role = RoleRequest {
            policies: SessionPolicies::new(inline, body.policy_arns, body.role_arn.account())?,
            tags: SessionTags::new(body.tags.0, body.transitive_tag_keys)?,
            role_arn: body.role_arn,
            session_name: body.role_session_name,
            external_id: body.external_id,
            source_identity: body.source_identity,
        };
        let asked = Asked {
            want: Want::Role(Box::new(role)),
            duration_s: body.duration_seconds,
            audience: body.audience,
        };
        let issued = issue_session(services, proof, asked, &input.facts).await;
        count(&issued);
        let issued = issued?;
        let reply = Reply::new(AssumedRoleAnswer::of(&issued)?).no_store();
        Ok(match issued.seq {
            Some(seq) => reply.at(seq),
            None => reply,
        })
    }
}
