//! `GET /v1/organizations/{organization}/units`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::{ChildrenQuery, OrganizationPath, target};
use super::view::{UnitKind, UnitView};
use crate::filters::borrowed;

const ACTION: &str = "organizations:ListUnits";

/// Lists the nodes of the tree.
pub struct ListUnits;

impl Operation for ListUnits {
    const ID: &'static str = "list_units";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/units";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List root and units of an organization's tree";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of nodes: the root, then the units by id";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = OrganizationPath;
    type Query = ChildrenQuery;
    type Body = NoBody;
    type Reply = List<UnitView>;

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
        let filters = input.query.filters();
        let filters = borrowed(&filters);
        let query = ListQuery {
            kind: "units",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, query).await?;
        let units = UnitView::all(walk.organization()?)?.into_iter();
        let parent = input.query.parent_id.as_ref().map(ToString::to_string);
        let units = units.filter(|unit| parent.is_none() || unit.parent_id == parent);
        let items = units.map(|unit| {
            let rank = match unit.kind {
                UnitKind::Root => "0",
                UnitKind::Unit => "1",
            };
            (vec![rank.to_owned(), unit.id.clone()], move || unit)
        });
        walk.page(services, items).map(Reply::new)
    }
}
