//! `GET /v1/organizations/{organization}/quarantine`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::{OrganizationPath, target};
use super::quarantine::QuarantineView;
use crate::api::PageQuery;

const ACTION: &str = "organizations:ListQuarantine";

/// Lists quarantines.
pub struct ListQuarantines;

impl Operation for ListQuarantines {
    const ID: &'static str = "list_quarantines";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/quarantine";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List who is in quarantine";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of quarantines that stand";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    type Path = OrganizationPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<QuarantineView>;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path.organization, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let query = ListQuery {
            kind: "quarantines",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.organization()?.clone();
        let items = state
            .quarantines()
            .iter()
            .map(|(key, quarantine)| (vec![key.clone()], || QuarantineView::of(quarantine)));
        walk.page(services, items).map(Reply::new)
    }
}
