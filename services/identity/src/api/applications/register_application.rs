//! `POST /v1/accounts/{account}/applications`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::command;
use trilby_model::{ApplicationName, Arn, Tags};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::find;
use super::view::ApplicationView;
use crate::api::AccountPath;
use crate::names::{described, named};

/// An application to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApplication {
    /// The prefix of its actions and ARNs.
    #[schema(value_type = ApplicationName)]
    name: String,
    /// Free text, at most 1,000 characters.
    description: Option<String>,
    /// Tags.
    tags: Option<Tags>,
}

/// Makes an application.
pub struct RegisterApplication;

impl Operation for RegisterApplication {
    const ID: &'static str = "register_application";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/applications";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Register an application";
    const ACCESS: Access = Access::Action("registry:RegisterApplication");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The application";
    const PROBLEMS: &'static [Code] =
        &[Code::InvalidName, Code::AlreadyExists, Code::LimitExceeded];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<NewApplication>;
    type Reply = ApplicationView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let name: ApplicationName = named(&input.body.name, "/name")?;
        let target = Target::new(account, Arn::application(&account, &name));
        Ok(match &input.body.tags {
            Some(tags) if !tags.is_empty() => target.request_tags(tags),
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
        let name: ApplicationName = named(&body.name, "/name")?;
        let command = command::RegisterApplication {
            name: name.clone(),
            description: described(body.description.as_deref())?,
            tags: body.tags.clone().unwrap_or_default(),
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let made = find(after, &name)?;
                let location = format!("/v1/accounts/{account}/applications/{name}");
                Ok(Reply::new(ApplicationView::of(account, made))
                    .etag(made.stamp.changed)
                    .location(location))
            })
            .await
    }
}
