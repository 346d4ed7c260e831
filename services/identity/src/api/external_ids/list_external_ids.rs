//! `GET /v1/accounts/{account}/external-ids`

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::target;
use super::view::ExternalIdView;
use crate::api::{AccountPath, PageQuery};

/// Lists external ids.
pub struct ListExternalIds;

impl Operation for ListExternalIds {
    const ID: &'static str = "list_external_ids";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/external-ids";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List external ids";
    const ACCESS: Access = Access::Action("iam:ListExternalIds");
    const SUCCESS_DESCRIPTION: &'static str = "A page of external ids, by value";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<ExternalIdView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(input.path.account))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let query = ListQuery {
            kind: "external-ids",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let items = state.external_ids().values().map(|issued| {
            let sort = vec![issued.id.to_string()];
            (sort, move || ExternalIdView::of(issued))
        });
        Ok(Reply::new(walk.page(services, items)?))
    }
}
