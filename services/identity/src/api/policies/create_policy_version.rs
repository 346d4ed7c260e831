//! `POST /v1/accounts/{account}/policies/{policy}/versions`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Json, Known, Method, Operation, Place, Precondition, Reply, Scope,
    Services, Target,
};
use trilby_account::{Quota, ThingKind, command};
use trilby_policy::Kind;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{PolicyPath, VersionNumber, find, target};
use super::view::PolicyVersionView;
use crate::api::ValidateQuery;
use crate::documents::examine;
use crate::written::lost;

/// A version to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPolicyVersion {
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

/// Adds a version to a policy.
pub struct CreatePolicyVersion;

impl Operation for CreatePolicyVersion {
    const ID: &'static str = "create_policy_version";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}/versions";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Add a version to a managed policy";
    const DESCRIPTION: &'static str = "With `set_as_default` the right `iam:SetDefaultPolicyVersion` is needed as well. With \
        `validate_only=true` nothing is written; the answer is 200 with a `PolicyValidation`.";
    const ACCESS: Access = Access::Action("iam:CreatePolicyVersion");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The version";
    const PROBLEMS: &'static [Code] = &[Code::MalformedPolicy, Code::LimitExceeded];

    type Path = PolicyPath;
    type Query = ValidateQuery;
    type Body = Json<NewPolicyVersion>;
    type Reply = PolicyVersionView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let target = target(input.path.account, &input.path.policy, scope)?;
        Ok(match input.body.set_as_default {
            true => {
                let arn = target.resource.clone();
                target.also("iam:SetDefaultPolicyVersion", arn)
            }
            false => target,
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        find(&grant.account()?.state, &input.path.policy)?;
        let body = &input.body.source;
        let examined = examine(body, Kind::Identity, Quota::PolicyBytes)
            .in_account(&grant.account()?.state, body);
        if input.query.validate_only {
            return examined.validation();
        }
        let given = examined.given()?;
        let account = grant.account_id()?;
        let wanted = input.path.policy.0.clone();
        let command = command::CreatePolicyVersion {
            policy: wanted.clone(),
            document: given.document,
            set_as_default: input.body.set_as_default,
        };
        let warnings = given.warnings;
        grant
            .command(services, &input, command.into(), move |after, _| {
                let policy = find(after, &wanted)?;
                let number = policy.last_version;
                let made = policy
                    .versions
                    .get(&number)
                    .ok_or_else(|| lost(ThingKind::PolicyVersion))?;
                let view = PolicyVersionView::whole(policy, number, made)?.warned(warnings.clone());
                let version = VersionNumber(number);
                let location = format!(
                    "/v1/accounts/{account}/policies/{}/versions/{version}",
                    policy.id
                );
                Ok(Reply::new(view).etag(made.stamp.changed).location(location))
            })
            .await
    }
}
