//! `GET /v1/accounts/{account}/settings/{password-policy|security|tokens|decisions}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::Arn;
use trilby_service::problem::Problem;

use super::section::Section;
use crate::api::AccountPath;

/// Reads a group of settings.
pub struct GetSettings<S>(PhantomData<fn() -> S>);

impl<S: Section> Operation for GetSettings<S> {
    const ID: &'static str = {
        let [id, _] = S::IDS;
        id
    };
    const METHOD: Method = Method::Get;
    const PATH: &'static str = S::PATH;
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = {
        let [summary, _] = S::SUMMARIES;
        summary
    };
    const ACCESS: Access = Access::Action(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The settings";

    type Path = AccountPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = S::View;

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
        let state = &grant.account()?.state;
        Ok(Reply::new(S::of(state.settings())).etag(state.settings_changed()))
    }
}
