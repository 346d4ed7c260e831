//! `GET /v1/accounts/{account}/summary`

use trilby_access::{
    Access, Authorized, Empty, Input, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::Arn;
use trilby_service::problem::Problem;

use super::view::SummaryView;
use crate::api::AccountPath;

/// Reads quotas and their use.
pub struct GetAccountSummary;

impl Operation for GetAccountSummary {
    const ID: &'static str = "get_account_summary";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/summary";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get an account's quotas and their use";
    const ACCESS: Access = Access::Action("iam:GetAccountSummary");
    const SUCCESS_DESCRIPTION: &'static str = "Quotas and their use";

    type Path = AccountPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = SummaryView;

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
        let account = &grant.account()?.state;
        Ok(Reply::new(SummaryView {
            account: account.id(),
            quotas: account.quota_use().into_iter().map(Into::into).collect(),
        }))
    }
}
