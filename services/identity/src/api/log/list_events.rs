//! `GET /v1/accounts/{account}/log`

use serde::{Deserialize, Serialize};
use trilby_access::problem::of_directory;
use trilby_access::{
    Access, Authorized, Input, Method, NoBody, Operation, Place, Reply, Scope, Services, Target,
};
use trilby_model::{Arn, ConsistencyToken, LogId, Seq};
use trilby_service::cursor;
use trilby_service::problem::Problem;
use utoipa::{IntoParams, ToSchema};

use super::view::EventView;
use crate::api::AccountPath;

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only events with a higher seq; all if not given.
    #[serde(default)]
    #[param(required = false, minimum = 0)]
    after: u64,
    /// Most events of the page: 1 to 1000, 100 if not given.
    limit: Option<usize>,
}

/// A page of a log. A log only grows, so `after` is all that a reader must remember.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = LogPage)]
pub struct LogPageView {
    /// The events in their order.
    pub items: Vec<EventView>,
    /// `after` of the next page; `null` if this one reached the end.
    pub next_after: Option<u64>,
    /// Where the log stood.
    #[schema(value_type = String)]
    pub seq: ConsistencyToken,
}

/// Reads the log.
pub struct ListEvents;

impl Operation for ListEvents {
    const ID: &'static str = "list_events";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/log";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Read an account's log";
    const DESCRIPTION: &'static str =
        "Every change of the account, oldest first, with who made it and the hashes of the chain.";
    const ACCESS: Access = Access::Action(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of events";
    // The log is the past already.
    const HISTORY: bool = false;

    type Path = AccountPath;
    type Query = LogQuery;
    type Body = NoBody;
    type Reply = LogPageView;

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
        let limit = cursor::limit(input.query.limit)?;
        let view = grant.account()?;
        let log = LogId::Account(view.state.id());
        let head = view.head.seq;
        let mut items = Vec::new();
        let mut after = Seq::new(input.query.after);
        // Whole commits come at a time, which may be less than a page.
        while items.len() < limit && after < head {
            let wanted = limit.saturating_sub(items.len());
            let commits = services
                .log()
                .read(&log, after, wanted)
                .await
                .map_err(|error| of_directory(error.into()))?;
            let Some(last) = commits.last().map(|commit| commit.last) else {
                break;
            };
            let events = commits.iter().flat_map(|commit| &commit.events);
            // A page may have ended inside a commit; and what came after the state that was authorized waits.
            for event in events
                .filter(|event| event.seq > after && event.seq <= head)
                .take(wanted)
            {
                items.push(EventView::of(event)?);
            }
            after = last;
        }
        let reached = items.last().map(|event| event.seq);
        let next_after = reached.filter(|seq| *seq < head.get());
        let seq = grant
            .token()
            .ok_or_else(|| Problem::internal("a log without a state"))?;
        Ok(Reply::new(LogPageView {
            items,
            next_after,
            seq,
        }))
    }
}
