//! `PUT /v1/accounts/{account}/settings/{password-policy|security|tokens|decisions}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Json, Method, Operation, Place, Precondition, Reply, Scope,
    Services, Target,
};
use trilby_account::command;
use trilby_model::Arn;
use trilby_service::problem::{Code, Problem};

use super::section::Section;
use crate::api::AccountPath;

/// Replaces a group of settings.
pub struct PutSettings<S>(PhantomData<fn() -> S>);

impl<S: Section> Operation for PutSettings<S> {
    const ID: &'static str = {
        let [_, id] = S::IDS;
        id
    };
    const METHOD: Method = Method::Put;
    const PATH: &'static str = S::PATH;
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = {
        let [_, summary] = S::SUMMARIES;
        summary
    };
    const DESCRIPTION: &'static str = "Members that are left out are set to their defaults.";
    const ACCESS: Access = Access::Action("iam:UpdateAccountSettings");
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The settings as they are now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<S::View>;
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
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = command::ChangeSettings {
            section: S::section(&input.body.value),
        };
        grant
            .command(services, &input, command.into(), |after, _| {
                Ok(Reply::new(S::of(after.settings())).etag(after.settings_changed()))
            })
            .await
    }
}
