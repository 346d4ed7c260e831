//! `POST /v1/accounts/{account}/policies`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Json, Method, Operation, Place, Reply, Scope, Services, Target,
};
use trilby_account::{Quota, Ref, ThingKind, command};
use trilby_model::{Arn, Path, PolicyName, Tags};
use trilby_policy::Kind;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::view::PolicyView;
use crate::api::{AccountPath, ValidateQuery};
use crate::documents::examine;
use crate::names::{described, named, root_path};
use crate::written::lost;

/// A policy to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPolicy {
    /// Name, unique in the account without case.
    #[schema(value_type = PolicyName)]
    name: String,
    /// Path, part of the ARN; `/` if none is given.
    path: Option<Path>,
    /// Free text, at most 1,000 characters.
    description: Option<String>,
    /// Tags.
    tags: Option<Tags>,
    /// The document of version 1.
    #[schema(value_type = Object)]
    #[expect(
        dead_code,
        reason = "read from the body's text, where its places are known"
    )]
    document: serde_json::Value,
}

/// Makes a policy.
pub struct CreatePolicy;

impl Operation for CreatePolicy {
    const ID: &'static str = "create_policy";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/policies";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create a managed policy";
    const DESCRIPTION: &'static str = "With `validate_only=true` nothing is written; the answer is 200 with a `PolicyValidation`.";
    const ACCESS: Access = Access::Action("iam:CreatePolicy");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The policy with its version 1";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::MalformedPolicy,
        Code::AlreadyExists,
        Code::LimitExceeded,
    ];

    type Path = AccountPath;
    type Query = ValidateQuery;
    type Body = Json<NewPolicy>;
    type Reply = PolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let name: PolicyName = named(&input.body.name, "/name")?;
        let path = input.body.path.clone().map_or_else(root_path, Ok)?;
        let arn = Arn::policy(&account, &path, &name);
        let target = Target::new(account, arn.clone());
        Ok(match &input.body.tags {
            Some(tags) if !tags.is_empty() => target.request_tags(tags).also("iam:TagPolicy", arn),
            Some(_) | None => target,
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let body = &input.body.source;
        let examined = examine(body, Kind::Identity, Quota::PolicyBytes)
            .in_account(&grant.account()?.state, body);
        if input.query.validate_only {
            return examined.validation();
        }
        let given = examined.given()?;
        let account = grant.account_id()?;
        let body = &input.body.value;
        let name: PolicyName = named(&body.name, "/name")?;
        let command = command::CreatePolicy {
            name: name.clone(),
            path: body.path.clone().map_or_else(root_path, Ok)?,
            description: described(body.description.as_deref())?,
            tags: body.tags.clone().unwrap_or_default(),
            document: given.document,
        };
        let warnings = given.warnings;
        grant
            .command(services, &input, command.into(), move |after, _| {
                let made = after
                    .policy(&Ref::Name(name.clone()))
                    .ok_or_else(|| lost(ThingKind::Policy))?;
                let view = PolicyView::whole(account, made)?.warned(warnings.clone());
                let location = format!("/v1/accounts/{account}/policies/{}", made.id);
                Ok(Reply::new(view).etag(made.stamp.changed).location(location))
            })
            .await
    }
}
