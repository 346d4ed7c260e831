//! `GET /v1/accounts/{account}/roles`

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::Account;
use trilby_model::Arn;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::view::RoleView;
use crate::api::AccountPath;
use crate::filters::{NamedQuery, borrowed};

/// Lists roles.
pub struct ListRoles;

impl Operation for ListRoles {
    const ID: &'static str = "list_roles";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/roles";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List roles";
    const ACCESS: Access = Access::Action("iam:ListRoles");
    const SUCCESS_DESCRIPTION: &'static str = "A page of roles, by name, without trust policies";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = NamedQuery;
    type Body = NoBody;
    type Reply = List<RoleView>;

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
        let query = &input.query;
        let pairs = query.filters().pairs();
        let filters = borrowed(&pairs);
        let asked = ListQuery {
            kind: "roles",
            limit: query.limit,
            cursor: query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, asked).await?;
        let state = walk.account()?.clone();
        let account: &Account = &state;
        let roles = state
            .role_names()
            .iter()
            .filter_map(|(key, id)| Some((key, state.roles().get(id)?)));
        let wanted = roles.filter(|(key, role)| {
            query
                .filters()
                .take(key, &role.path, &role.tags, role.stamp.created_at)
        });
        let items = wanted.map(|(key, role)| {
            let sort = vec![key.clone(), role.id.to_string()];
            (sort, move || RoleView::of(account, role))
        });
        Ok(Reply::new(walk.page(services, items)?))
    }
}
