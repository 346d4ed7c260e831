//! `PUT /v1/accounts/{account}/applications/{application}/resources/{type}/{id}`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Known, Method, Operation, Place, Precondition,
    Reply, Scope, Services, Target,
};
use trilby_account::{Account, Event, PrincipalId, ThingKind, command};
use trilby_model::{Arn, Tags};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{ResourcePath, target};
use super::view::ResourceView;
use crate::names::described;
use crate::written::lost;

/// What is said about a resource. What is left out is removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceAttributes {
    /// Free text, at most 1,000 characters.
    description: Option<String>,
    /// The user or role of the account that owns it, by unique id or ARN; for conditions.
    owner: Option<String>,
    /// Tags.
    tags: Option<Tags>,
}

/// Registers a resource, or replaces what is said about it.
pub struct PutResource;

impl Operation for PutResource {
    const ID: &'static str = "put_resource";
    const METHOD: Method = Method::Put;
    const PATH: &'static str =
        "/v1/accounts/{account}/applications/{application}/resources/{type}/{id}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Register a resource, or replace what is said about it";
    const ACCESS: Access = Access::Action("registry:RegisterResource");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The resource as it is now";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::InvalidPrincipal,
        Code::LimitExceeded,
    ];

    type Path = ResourcePath;
    type Query = Empty;
    type Body = Json<ResourceAttributes>;
    type Reply = ResourceView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let target = target(&input.path, scope)?;
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
        let id = grant.account_id()?;
        let application = input.path.application.clone();
        let name = input.path.name()?;
        let body = &input.body.value;
        let description = described(body.description.as_deref())?;
        let tags = body.tags.clone().unwrap_or_default();
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = states.account(id).ok_or_else(Problem::not_found)?;
                let command = command::PutResource {
                    application: application.clone(),
                    resource: name.clone(),
                    description: description.clone(),
                    owner: body
                        .owner
                        .as_deref()
                        .map(|text| owner(&account.state, text))
                        .transpose()?,
                    tags: tags.clone(),
                };
                let events = account
                    .state
                    .decide(command.into(), ctx)
                    .map_err(of_rejection)?;
                let created = events
                    .iter()
                    .any(|event| matches!(event, Event::ResourceRegistered(_)));
                let (application, name) = (application.clone(), name.clone());
                Ok(Change::of_account(id, events, move |after| {
                    let resource = after
                        .resource(&application, &name)
                        .ok_or_else(|| lost(ThingKind::Resource))?;
                    let view = ResourceView::of(id, &application, resource);
                    Ok(Reply::new(view)
                        .etag(resource.stamp.changed)
                        .created(created))
                }))
            })
            .await
    }
}

/// The owner by unique id or ARN.
fn owner(account: &Account, text: &str) -> Result<PrincipalId, Problem> {
    let by_arn = || {
        text.parse::<Arn>()
            .ok()
            .and_then(|arn| account.principal_id(&arn))
    };
    text.parse().ok().or_else(by_arn).ok_or_else(|| {
        Problem::new(
            Code::InvalidPrincipal,
            "`owner` is no user or role of this account",
        )
        .with("principals", vec![text.to_owned()])
    })
}
