//! `POST /v1/accounts/{account}/suspend`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::{DescriptionError, command};
use trilby_model::{AccountId, Arn};
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

impl Suspension {
    /// The wish that it says.
    ///
    /// Errors: `invalid_parameter`.
    pub fn command(&self) -> Result<command::SuspendAccount, Problem> {
        let reason = self.reason.as_deref().map(str::parse).transpose();
        let reason = reason
            .map_err(|error: DescriptionError| Problem::invalid("/reason", error.to_string()))?;
        Ok(command::SuspendAccount { reason })
    }
}

/// Refuses the operator account: nobody could take it back into service.
///
/// Errors: `invalid_state`.
pub async fn not_the_operators(services: &Services, account: AccountId) -> Result<(), Problem> {
    match services.operator_account().await? {
        Some(operator) if operator == account => Err(Problem::new(
            Code::InvalidState,
            "the account operates the installation and stays in service",
        )),
        Some(_) | None => Ok(()),
    }
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
        not_the_operators(services, input.path.account).await?;
        let command = input.body.command()?;
        grant
            .command(services, &input, command.into(), |after, _| reply(after))
            .await
    }
}
