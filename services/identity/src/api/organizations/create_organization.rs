//! `POST /v1/organizations`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Method, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::{ThingKind, organization};
use trilby_directory::Events;
use trilby_model::{AccountName, Arn};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::view::OrganizationView;
use crate::names::named;
use crate::written::lost;

/// An organization to be founded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// Its name.
    #[schema(value_type = AccountName)]
    name: String,
}

/// Founds an organization that the caller's account manages.
pub struct CreateOrganization;

impl Operation for CreateOrganization {
    const ID: &'static str = "create_organization";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/organizations";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Found an organization";
    const DESCRIPTION: &'static str = "The caller's account becomes its management account.";
    const ACCESS: Access = Access::Action("organizations:CreateOrganization");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The organization";
    const PROBLEMS: &'static [Code] = &[Code::InvalidName, Code::AlreadyExists, Code::InvalidState];

    type Path = Empty;
    type Query = Empty;
    type Body = Json<NewOrganization>;
    type Reply = OrganizationView;

    fn place(_: &Self::Path) -> Place {
        Place::Caller
    }

    fn target(_: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let account = scope.caller.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let command = organization::CreateOrganization {
            name: named(&input.body.name, "/name")?,
        };
        grant
            .write(services, &input, &[], |states, ctx| {
                let view = states.account(account).ok_or_else(Problem::not_found)?;
                let new = organization::create_organization(&view.state, &command, ctx)
                    .map_err(of_rejection)?;
                let id = new.organization.clone();
                let events = vec![
                    Events::Account(account, new.account_events),
                    Events::Organization(new.organization, new.organization_events),
                ];
                Ok(Change::new(events, move |after| {
                    let made = after
                        .organization(&id)
                        .ok_or_else(|| lost(ThingKind::Organization))?;
                    let stamp = made.stamp().ok_or_else(|| lost(ThingKind::Organization))?;
                    let location = format!("/v1/organizations/{id}");
                    Ok(Reply::new(OrganizationView::of(made)?)
                        .etag(stamp.changed)
                        .location(location))
                }))
            })
            .await
    }
}
