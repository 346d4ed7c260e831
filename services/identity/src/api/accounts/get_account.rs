//! `GET /v1/accounts/{account}`

use trilby_access::{
    Access, Authorized, Empty, Input, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::Account;
use trilby_model::Arn;
use trilby_service::problem::Problem;

use super::view::AccountView;
use crate::api::AccountPath;

/// Reads the account.
pub struct GetAccount;

impl Operation for GetAccount {
    const ID: &'static str = "get_account";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an account";
    const ACCESS: Access = Access::Action("iam:GetAccount");
    const SUCCESS_DESCRIPTION: &'static str = "The account";

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
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        reply(&grant.account()?.state)
    }
}

/// The account with its `ETag`.
pub fn reply<Op: Operation<Reply = AccountView>>(account: &Account) -> Result<Reply<Op>, Problem> {
    let reply = Reply::new(AccountView::of(account)?);
    Ok(match account.stamp() {
        Some(stamp) => reply.etag(stamp.changed),
        None => reply,
    })
}
