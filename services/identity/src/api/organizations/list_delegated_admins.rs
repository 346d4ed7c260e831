//! `GET /v1/organizations/{organization}/delegated-admins`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::delegation::DelegatedAdminView;
use super::path::{OrganizationPath, target};
use crate::api::PageQuery;

const ACTION: &str = "organizations:ListDelegatedAdministrators";

/// Lists delegated administrators.
pub struct ListDelegatedAdmins;

impl Operation for ListDelegatedAdmins {
    const ID: &'static str = "list_delegated_admins";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/delegated-admins";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the delegated administrators of an organization";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of members by number";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    type Path = OrganizationPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<DelegatedAdminView>;

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
            kind: "delegated-admins",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.organization()?.clone();
        let items = state.delegated_admins().values().map(|admin| {
            (vec![admin.account.to_string()], || {
                DelegatedAdminView::of(admin)
            })
        });
        walk.page(services, items).map(Reply::new)
    }
}
