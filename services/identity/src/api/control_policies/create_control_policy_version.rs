//! `POST /v1/organizations/{organization}/control-policies/{control_policy}/versions`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Json, Known, Method, Operation, Place, Precondition, Reply, Scope,
    Services, Target,
};
use trilby_account::{Quota, ThingKind, organization};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{ControlPolicyPath, find, target};
use crate::api::ValidateQuery;
use crate::api::organizations::write;
use crate::api::policies::path::VersionNumber;
use crate::api::policies::view::PolicyVersionView;
use crate::documents::examine;
use crate::written::lost;

/// A version to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewControlPolicyVersion {
    /// Its document.
    #[schema(value_type = Object)]
    #[expect(
        dead_code,
        reason = "read from the body's text, where its places are known"
    )]
    document: serde_json::Value,
    /// Whether it comes into force at once; not if absent.
    #[serde(default)]
    set_as_default: bool,
}

/// Adds a version to a control policy.
pub struct CreateControlPolicyVersion;

impl Operation for CreateControlPolicyVersion {
    const ID: &'static str = "create_control_policy_version";
    const METHOD: Method = Method::Post;
    const PATH: &'static str =
        "/v1/organizations/{organization}/control-policies/{control_policy}/versions";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Add a version to a control policy";
    const DESCRIPTION: &'static str = "With `set_as_default` it is in force at once, wherever the policy is attached; then `If-Match` is needed, as everywhere a document comes into force. With `validate_only=true` nothing is written; the answer is 200 with a `PolicyValidation`.";
    const ACCESS: Access = Access::Action(super::UPDATE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The version";
    const PROBLEMS: &'static [Code] = &[Code::MalformedPolicy, Code::LimitExceeded];
    type Path = ControlPolicyPath;
    type Query = ValidateQuery;
    type Body = Json<NewControlPolicyVersion>;
    type Reply = PolicyVersionView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(
            &input.path.organization,
            &input.path.control_policy,
            super::UPDATE,
            scope,
        )
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let wanted = input.path.control_policy.0.clone();
        let kind = find(&grant.organization()?.state, &wanted)?.kind;
        let examined = examine(
            &input.body.source,
            kind.grammar(),
            Quota::ControlPolicyBytes,
        );
        if input.query.validate_only {
            return examined.validation();
        }
        let given = examined.given()?;
        let command = organization::CreateControlPolicyVersion {
            policy: wanted.clone(),
            document: given.document,
            set_as_default: input.body.set_as_default,
        };
        let warnings = given.warnings;
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| {
                let policy = find(after, &wanted)?;
                let number = policy.last_version;
                let made = policy.versions.get(&number);
                let made = made.ok_or_else(|| lost(ThingKind::PolicyVersion))?;
                let in_force = policy.default_version == number;
                let view =
                    PolicyVersionView::shown(in_force, number, made)?.warned(warnings.clone());
                let location = format!(
                    "/v1/organizations/{}/control-policies/{}/versions/{}",
                    after.id(),
                    policy.id,
                    VersionNumber(number)
                );
                Ok(Reply::new(view).etag(made.stamp.changed).location(location))
            },
        )
        .await
    }
}
