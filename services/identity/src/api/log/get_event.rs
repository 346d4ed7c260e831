//! `GET /v1/accounts/{account}/log/{seq}`

use serde::Deserialize;
use trilby_access::problem::of_directory;
use trilby_access::{
    Access, Authorized, Empty, Input, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::{AccountId, Arn, LogId, Seq};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use super::view::EventView;

/// One event of a log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct EventPath {
    /// The account.
    account: AccountId,
    /// Seq of the event, from 1.
    #[param(minimum = 1)]
    seq: u64,
}

/// Reads one event.
pub struct GetEvent;

impl Operation for GetEvent {
    const ID: &'static str = "get_event";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/log/{seq}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get one event of an account's log";
    const DESCRIPTION: &'static str =
        "With the exact text that was hashed, so that the chain can be checked.";
    const ACCESS: Access = Access::Action(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The event";
    // The log is the past already.
    const HISTORY: bool = false;

    type Path = EventPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = EventView;

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
        let view = grant.account()?;
        let wanted = Seq::new(input.path.seq);
        let before = input
            .path
            .seq
            .checked_sub(1)
            .map(Seq::new)
            .ok_or_else(Problem::not_found)?;
        if wanted > view.head.seq {
            return Err(Problem::not_found());
        }
        let log = LogId::Account(view.state.id());
        let commits = services
            .log()
            .read(&log, before, 1)
            .await
            .map_err(|error| of_directory(error.into()))?;
        let event = commits
            .iter()
            .flat_map(|commit| &commit.events)
            .find(|event| event.seq == wanted);
        EventView::whole(event.ok_or_else(Problem::not_found)?).map(Reply::new)
    }
}
