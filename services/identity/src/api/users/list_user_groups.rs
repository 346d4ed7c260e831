//! `GET /v1/accounts/{account}/users/{user}/groups`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::{UserPath, find, target};
use crate::api::PageQuery;
use crate::api::groups::GroupView;

/// Lists the groups a user is in.
pub struct ListUserGroups;

impl Operation for ListUserGroups {
    const ID: &'static str = "list_user_groups";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/groups";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the groups a user is in";
    const ACCESS: Access = Access::Action("iam:ListGroupsForUser");
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of groups, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = UserPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<GroupView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.user, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = input.path.account;
        let user = find(&grant.account()?.state, &input.path.user)?
            .id
            .to_string();
        let query = ListQuery {
            kind: "user_groups",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("user", &user)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let user = find(&state, &input.path.user)?;
        let mut groups: Vec<_> = user
            .groups
            .iter()
            .filter_map(|id| state.groups().get(id))
            .collect();
        groups.sort_by_key(|group| (group.name.key(), group.id.clone()));
        let items = groups.into_iter().map(|group| {
            let sort = vec![group.name.key(), group.id.to_string()];
            (sort, move || GroupView::of(account, group))
        });
        Ok(Reply::new(walk.page(services, items)?))
    }
}
