//! `POST /operator/v1/accounts/{account}/suspend`

use trilby_access::{
    Access, Authorized, Empty, Input, Json, Known, Method, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};

use super::super::AccountPath;
use super::super::accounts::{AccountView, Suspension, not_the_operators};

/// Takes an account out of service.
pub struct SuspendAnyAccount;

impl Operation for SuspendAnyAccount {
    const ID: &'static str = "suspend_any_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/operator/v1/accounts/{account}/suspend";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Take any account out of service";
    const DESCRIPTION: &'static str = "All its sessions end, and nobody of the account gets another one until it is \
        taken back into service.";
    const ACCESS: Access = Access::Action("operator:SuspendAccount");
    const KNOWN: Known = super::KNOWN;
    const SUCCESS_DESCRIPTION: &'static str = "The account as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<Suspension>;
    type Reply = AccountView;

    fn place(_: &Self::Path) -> Place {
        super::PLACE
    }

    fn receipt_log(path: &Self::Path) -> Option<LogId> {
        Some(LogId::Account(path.account))
    }

    fn target(_: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        super::target(scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        not_the_operators(services, input.path.account).await?;
        let command = input.body.command()?;
        super::command(&grant, services, &input, command.into()).await
    }
}
