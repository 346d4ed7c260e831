//! `POST /v1/accounts/{account}/suspend`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::{Description, DescriptionError, command};
use trilby_model::Arn;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::get_account::reply;
use super::view::AccountView;
use crate::api::AccountPath;

/// Why an account goes out of service.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// Free text, at most 1,000 characters.
    reason: Option<String>,
}

/// Takes the account out of service.
pub struct SuspendAccount;

impl Operation for SuspendAccount {
    const ID: &'static str = "suspend_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/suspend";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Take an account out of service";
    const DESCRIPTION: &'static str = "All its sessions end, the caller's too, and nobody of the account gets another one: \
        the operator takes it back into service.";
    const ACCESS: Access = Access::Action("iam:SuspendAccount");
    const SUCCESS_DESCRIPTION: &'static str = "The account as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<Suspension>;
    type Reply = AccountView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let reason = input.body.reason.as_deref();
        let reason: Option<Description> = reason
            .map(str::parse)
            .transpose()
            .map_err(|error: DescriptionError| Problem::invalid("/reason", error.to_string()))?;
        let command = command::SuspendAccount { reason };
        grant
            .command(services, &input, command.into(), |after, _| reply(after))
            .await
    }
}
