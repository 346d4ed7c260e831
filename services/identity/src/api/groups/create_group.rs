//! `POST /v1/accounts/{account}/groups`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::{Ref, ThingKind, command};
use trilby_model::{Arn, GroupName, Path, Tags};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::view::{GroupView, reply};
use crate::api::AccountPath;
use crate::names::{described, named, placed};
use crate::written::lost;

/// A group to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// Name, unique in the account without case.
    #[schema(value_type = GroupName)]
    name: String,
    /// Path, part of the ARN; `/` if none is given.
    #[schema(value_type = Option<Path>)]
    path: Option<String>,
    /// Free text, at most 1,000 characters.
    description: Option<String>,
    /// Tags.
    tags: Option<Tags>,
}

/// Makes a group.
pub struct CreateGroup;

impl Operation for CreateGroup {
    const ID: &'static str = "create_group";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/groups";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create a group";
    const DESCRIPTION: &'static str = "With tags, `iam:TagGroup` is needed as well.";
    const ACCESS: Access = Access::Action("iam:CreateGroup");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The group";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::InvalidState,
        Code::AlreadyExists,
        Code::LimitExceeded,
    ];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<NewGroup>;
    type Reply = GroupView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let name: GroupName = named(&input.body.name, "/name")?;
        let arn = Arn::group(&account, &placed(input.body.path.as_deref())?, &name);
        let target = Target::new(account, arn.clone());
        Ok(match &input.body.tags {
            Some(tags) if !tags.is_empty() => target.request_tags(tags).also("iam:TagGroup", arn),
            Some(_) | None => target,
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let body = &input.body.value;
        let name: GroupName = named(&body.name, "/name")?;
        let command = command::CreateGroup {
            name: name.clone(),
            path: placed(body.path.as_deref())?,
            description: described(body.description.as_deref())?,
            tags: body.tags.clone().unwrap_or_default(),
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let made = after
                    .group(&Ref::Name(name.clone()))
                    .ok_or_else(|| lost(ThingKind::Group))?;
                Ok(reply(account, made)
                    .location(format!("/v1/accounts/{account}/groups/{}", made.id)))
            })
            .await
    }
}
