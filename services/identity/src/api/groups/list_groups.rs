//! `GET /v1/accounts/{account}/groups`

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::Arn;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::view::GroupView;
use crate::api::AccountPath;
use crate::filters::{NamedQuery, borrowed};

/// Lists groups.
pub struct ListGroups;

impl Operation for ListGroups {
    const ID: &'static str = "list_groups";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/groups";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List groups";
    const ACCESS: Access = Access::Action("iam:ListGroups");
    const SUCCESS_DESCRIPTION: &'static str = "A page of groups, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = NamedQuery;
    type Body = NoBody;
    type Reply = List<GroupView>;

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
            kind: "groups",
            limit: query.limit,
            cursor: query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, asked).await?;
        let account = input.path.account;
        let state = walk.account()?.clone();
        let groups = state
            .group_names()
            .iter()
            .filter_map(|(key, id)| Some((key, state.groups().get(id)?)));
        let wanted = groups.filter(|(key, group)| {
            query
                .filters()
                .take(key, &group.path, &group.tags, group.stamp.created_at)
        });
        let items = wanted.map(|(key, group)| {
            let sort = vec![key.clone(), group.id.to_string()];
            (sort, move || GroupView::of(account, group))
        });
        Ok(Reply::new(walk.page(services, items)?))
    }
}
