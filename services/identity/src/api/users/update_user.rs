//! `PATCH /v1/accounts/{account}/users/{user}`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::{Command, Ref, UserRef, command};
use trilby_model::{Arn, Path, UserName};
use trilby_service::body::Patch;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{UserPath, find, target};
use super::view::{Standing, UserView, reply};
use crate::api::KnowingQuery;
use crate::names::{described, named, placed};

/// What may be changed about a user, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// Name. Policies keep naming the user by its unique id; ARNs in your own systems change.
    #[serde(default)]
    #[schema(value_type = Option<UserName>)]
    name: Patch<String>,
    /// Path, part of the ARN.
    #[serde(default)]
    #[schema(value_type = Option<Path>)]
    path: Patch<String>,
    /// Free text; `null` removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// Whether it may act; `disabled` ends its sessions.
    #[serde(default)]
    #[schema(value_type = Option<Standing>)]
    status: Patch<Standing>,
}

/// Changes a user.
pub struct UpdateUser;

impl Operation for UpdateUser {
    const ID: &'static str = "update_user";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change a user";
    const DESCRIPTION: &'static str = "Another name or path needs the right on the user under its new ARN as well as under the old one.";
    const ACCESS: Access = Access::Action("iam:UpdateUser");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The user as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidName, Code::InvalidState, Code::AlreadyExists];

    type Path = UserPath;
    type Query = KnowingQuery;
    type Body = Json<UserPatch>;
    type Reply = UserView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let target = target(account, &input.path.user, scope)?;
        let moved = Moved::of(&input.body)?;
        let user = scope
            .account
            .and_then(|view| view.state.user(&input.path.user));
        let Some(user) = user.filter(|_| moved.is_any()) else {
            return Ok(target);
        };
        let name = moved.name.as_ref().unwrap_or(&user.name);
        let path = moved.path.as_ref().unwrap_or(&user.path);
        Ok(target.also("iam:UpdateUser", Arn::user(&account, path, name)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        // By id: another request may pass the name to another user before this is decided.
        let user: UserRef = Ref::Id(find(&grant.account()?.state, &input.path.user)?.id.clone());
        let commands = commands(&input.body, &user)?;
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let mut events = Vec::new();
                for command in &commands {
                    events.extend(account.decide(command.clone(), ctx).map_err(of_rejection)?);
                }
                let user = user.clone();
                Ok(Change::of_account(id, events, move |after| {
                    Ok(reply(after, find(after, &user)?))
                }))
            })
            .await
    }
}

/// What of the user's ARN changes.
struct Moved {
    name: Option<UserName>,
    path: Option<Path>,
}

impl Moved {
    fn of(body: &UserPatch) -> Result<Self, Problem> {
        let name = match &body.name {
            Patch::Keep => None,
            Patch::Clear => return Err(Problem::invalid("/name", "a user has a name")),
            Patch::Set(name) => Some(named(name, "/name")?),
        };
        let path = match &body.path {
            Patch::Keep => None,
            Patch::Clear => {
                return Err(Problem::invalid(
                    "/path",
                    "a user has a path; `/` is the shortest",
                ));
            }
            Patch::Set(path) => Some(placed(Some(path))?),
        };
        Ok(Self { name, path })
    }

    fn is_any(&self) -> bool {
        self.name.is_some() || self.path.is_some()
    }
}

fn commands(body: &UserPatch, user: &UserRef) -> Result<Vec<Command>, Problem> {
    let Moved { name, path } = Moved::of(body)?;
    let description = match &body.description {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(text) => Some(described(Some(text))?),
    };
    let mut commands: Vec<Command> = vec![
        command::UpdateUser {
            user: user.clone(),
            name,
            path,
            description,
        }
        .into(),
    ];
    match body.status {
        Patch::Keep => {}
        Patch::Clear => {
            return Err(Problem::invalid(
                "/status",
                "must be `active` or `disabled`",
            ));
        }
        Patch::Set(status) => {
            commands.push(
                command::SetUserStatus {
                    user: user.clone(),
                    status: status.into(),
                }
                .into(),
            );
        }
    }
    Ok(commands)
}
