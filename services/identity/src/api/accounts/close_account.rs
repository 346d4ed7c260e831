//! `POST /v1/accounts/{account}/close`

use trilby_access::{
    Access, Authorized, Empty, Input, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::command;
use trilby_model::Arn;
use trilby_service::problem::{Code, Problem};

use super::get_account::reply;
use super::view::AccountView;
use crate::api::AccountPath;

/// Takes the account out of service for good.
pub struct CloseAccount;

impl Operation for CloseAccount {
    const ID: &'static str = "close_account";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/close";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Close an account for good";
    const DESCRIPTION: &'static str = "Root only. All sessions end; nothing is written to the account any more, and its log \
        stays. A member leaves its organization first.";
    const ACCESS: Access = Access::Action("iam:CloseAccount");
    const SUCCESS_DESCRIPTION: &'static str = "The account as it is for good";
    const PROBLEMS: &'static [Code] = &[Code::RootOnly, Code::InvalidState];

    type Path = AccountPath;
    type Query = Empty;
    type Body = NoBody;
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
        let command = command::CloseAccount {};
        grant
            .command(services, &input, command.into(), |after, _| reply(after))
            .await
    }
}
