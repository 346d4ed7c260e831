//! `POST /v1/accounts/{account}/users`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::{PrincipalRef, Ref, ThingKind, command};
use trilby_model::{Arn, Path, Tags, UserName};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::view::{Kind, UserView, reply};
use crate::api::{AccountPath, boundaries};
use crate::names::{described, named, placed};
use crate::written::lost;

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Name, unique in the account without case.
    #[schema(value_type = UserName)]
    name: String,
    /// Path, part of the ARN; `/` if none is given.
    #[schema(value_type = Option<Path>)]
    path: Option<String>,
    /// Person or program; a person if not given.
    #[serde(default)]
    #[schema(required = false)]
    kind: Kind,
    /// Free text, at most 1,000 characters.
    description: Option<String>,
    /// Tags.
    tags: Option<Tags>,
    /// ARN of the managed policy that caps it from the beginning, or `system:` and the name of a system policy.
    #[schema(example = "system:ReadOnlyAccess")]
    permissions_boundary: Option<String>,
}

/// Makes a user.
pub struct CreateUser;

impl Operation for CreateUser {
    const ID: &'static str = "create_user";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/users";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create a user";
    const DESCRIPTION: &'static str =
        "A new user may do nothing. With tags, `iam:TagUser` is needed as well.";
    const ACCESS: Access = Access::Action("iam:CreateUser");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The user";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::InvalidState,
        Code::AlreadyExists,
        Code::LimitExceeded,
    ];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<NewUser>;
    type Reply = UserView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let name: UserName = named(&input.body.name, "/name")?;
        let arn = Arn::user(&account, &placed(input.body.path.as_deref())?, &name);
        let target = Target::new(account, arn.clone());
        let target = match &input.body.permissions_boundary {
            Some(boundary) => {
                let state = scope.account.map(|view| &view.state);
                boundaries::getting(target, account, state, boundary)
            }
            None => target,
        };
        Ok(match &input.body.tags {
            Some(tags) if !tags.is_empty() => target.request_tags(tags).also("iam:TagUser", arn),
            Some(_) | None => target,
        })
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let state = &grant.account()?.state;
        let account = state.id();
        let body = &input.body.value;
        let name: UserName = named(&body.name, "/name")?;
        let command = command::CreateUser {
            name: name.clone(),
            path: placed(body.path.as_deref())?,
            kind: body.kind.into(),
            description: described(body.description.as_deref())?,
            tags: body.tags.clone().unwrap_or_default(),
        };
        let mut commands = vec![command.into()];
        if let Some(boundary) = &body.permissions_boundary {
            let cap = command::SetBoundary {
                principal: PrincipalRef::User(Ref::Name(name.clone())),
                policy: boundaries::wanted(state, boundary, "/permissions_boundary")?,
            };
            commands.push(cap.into());
        }
        grant
            .commands(services, &input, commands, move |after, _| {
                let made = after
                    .user(&Ref::Name(name.clone()))
                    .ok_or_else(|| lost(ThingKind::User))?;
                Ok(
                    reply(after, made)
                        .location(format!("/v1/accounts/{account}/users/{}", made.id)),
                )
            })
            .await
    }
}
