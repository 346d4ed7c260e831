//! `GET /v1/accounts/{account}/groups/{group}/members`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::{GroupPath, find, target};
use super::view::MemberView;
use crate::api::PageQuery;

/// Lists the users in a group.
pub struct ListGroupMembers;

impl Operation for ListGroupMembers {
    const ID: &'static str = "list_group_members";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/groups/{group}/members";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the users in a group";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of members, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = GroupPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<MemberView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.group, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = input.path.account;
        let group = find(&grant.account()?.state, &input.path.group)?
            .id
            .to_string();
        let query = ListQuery {
            kind: "group_members",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("group", &group)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let group = find(&state, &input.path.group)?;
        let members = group.members.iter();
        let mut members: Vec<_> = members
            .filter_map(|(id, since)| Some((state.users().get(id)?, *since)))
            .collect();
        members.sort_by_key(|(user, _)| (user.name.key(), user.id.clone()));
        let items = members.into_iter().map(|(user, since)| {
            let sort = vec![user.name.key(), user.id.to_string()];
            (sort, move || MemberView::of(account, user, since))
        });
        Ok(Reply::new(walk.page(services, items)?))
    }
}
