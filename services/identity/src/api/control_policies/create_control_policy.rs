//! `POST /v1/organizations/{organization}/control-policies`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Json, Known, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::{Quota, Ref, organization};
use trilby_model::PolicyName;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{find, of_type};
use super::view::{ControlKindView, ControlPolicyView};
use crate::api::ValidateQuery;
use crate::api::organizations::path::{OrganizationPath, target};
use crate::api::organizations::write;
use crate::documents::examine;
use crate::names::{described, named};

const ACTION: &str = "organizations:CreatePolicy";

/// A control policy to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewControlPolicy {
    /// What it caps.
    kind: ControlKindView,
    /// Name, unique in the organization without case.
    #[schema(value_type = PolicyName)]
    name: String,
    /// Free text, at most 1,000 characters.
    description: Option<String>,
    /// The document of version 1.
    #[schema(value_type = Object)]
    #[expect(
        dead_code,
        reason = "read from the body's text, where its places are known"
    )]
    document: serde_json::Value,
}

/// Makes a control policy.
pub struct CreateControlPolicy;

impl Operation for CreateControlPolicy {
    const ID: &'static str = "create_control_policy";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/organizations/{organization}/control-policies";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create a control policy";
    const DESCRIPTION: &'static str = "It caps nothing before it is attached. With `validate_only=true` nothing is written; the answer is 200 with a `PolicyValidation`.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::super::organizations::READ);
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The policy with its version 1";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::MalformedPolicy,
        Code::AlreadyExists,
        Code::LimitExceeded,
    ];
    type Path = OrganizationPath;
    type Query = ValidateQuery;
    type Body = Json<NewControlPolicy>;
    type Reply = ControlPolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let target = target(&input.path.organization, ACTION, scope)?;
        Ok(of_type(target, input.body.kind.kind()))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let kind = input.body.kind.kind();
        let examined = examine(
            &input.body.source,
            kind.grammar(),
            Quota::ControlPolicyBytes,
        );
        if input.query.validate_only {
            return examined.validation();
        }
        let given = examined.given()?;
        let id = input.path.organization.clone();
        let name: PolicyName = named(&input.body.name, "/name")?;
        let command = organization::CreateControlPolicy {
            kind,
            name: name.clone(),
            description: described(input.body.description.as_deref())?,
            document: given.document,
        };
        let warnings = given.warnings;
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| {
                let made = find(after, &Ref::Name(name.clone()))?;
                let view = ControlPolicyView::whole(after, made)?.warned(warnings.clone());
                let location = format!(
                    "/v1/organizations/{}/control-policies/{}",
                    after.id(),
                    made.id
                );
                Ok(Reply::new(view).etag(made.stamp.changed).location(location))
            },
        )
        .await
    }
}
