//! `POST /v1/accounts/{account}/external-ids`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::{Event, ThingKind, command};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::path::{find, target};
use super::view::ExternalIdView;
use crate::api::AccountPath;
use crate::names::described;
use crate::written::lost;

/// What an external id is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExternalId {
    /// Free text, at most 1,000 characters.
    description: Option<String>,
}

/// Issues an external id.
pub struct CreateExternalId;

impl Operation for CreateExternalId {
    const ID: &'static str = "create_external_id";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/external-ids";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Issue an external id";
    const DESCRIPTION: &'static str = "The value is ours: 160 random bits, so that no customer of a service can choose the one of \
        another. It may be put into trust policies of this account, and into those of other accounts that trust this one.";
    const ACCESS: Access = Access::Action("iam:CreateExternalId");
    const SUCCESS: u16 = 201;
    const SUCCESS_DESCRIPTION: &'static str = "The external id";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState, Code::LimitExceeded];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<NewExternalId>;
    type Reply = ExternalIdView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let command = command::IssueExternalId {
            description: described(input.body.description.as_deref())?,
        };
        grant
            .command(services, &input, command.into(), move |after, events| {
                let id = events.iter().find_map(|event| match event {
                    Event::ExternalIdIssued(fact) => Some(&fact.external_id),
                    _ => None,
                });
                let id = id.ok_or_else(|| lost(ThingKind::ExternalId))?;
                let made = find(after, id)?;
                Ok(Reply::new(ExternalIdView::of(made))
                    .etag(made.stamp.changed)
                    .location(format!("/v1/accounts/{account}/external-ids/{id}")))
            })
            .await
    }
}
