//! `POST /operator/v1/accounts/{account}/resume`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::command;
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};

use super::super::AccountPath;
use super::super::accounts::AccountView;

/// Takes an account back into service.
pub struct ResumeAccount;

impl Operation for ResumeAccount {
    const ID: &'static str = "resume_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/operator/v1/accounts/{account}/resume";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Take an account back into service";
    const DESCRIPTION: &'static str =
        "Sessions that its suspension ended stay dead. A closed account stays closed.";
    const ACCESS: Access = Access::Action("operator:ResumeAccount");
    const KNOWN: Known = super::KNOWN;
    const SUCCESS_DESCRIPTION: &'static str = "The account as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = AccountPath;
    type Query = Empty;
    type Body = NoBody;
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
        let command = command::ResumeAccount {};
        super::command(&grant, services, &input, command.into()).await
    }
}
