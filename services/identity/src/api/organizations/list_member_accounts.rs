//! `GET /v1/organizations/{organization}/accounts`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::{ChildrenQuery, OrganizationPath, target};
use super::view::MemberView;
use crate::filters::borrowed;

const ACTION: &str = "organizations:ListAccounts";

/// Lists the members of an organization.
pub struct ListMemberAccounts;

impl Operation for ListMemberAccounts {
    const ID: &'static str = "list_member_accounts";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/accounts";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the accounts of an organization";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str =
        "A page of members by name, the management account among them";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = OrganizationPath;
    type Query = ChildrenQuery;
    type Body = NoBody;
    type Reply = List<MemberView>;

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
            kind: "member-accounts",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, query).await?;
        let organization = walk.organization()?.clone();
        let management = organization
            .management_account()
            .ok_or_else(Problem::not_found)?;
        let id = organization.id();
        let mut members: Vec<_> = organization
            .members()
            .values()
            .filter(|member| {
                let parent = input.query.parent_id.as_ref();
                parent.is_none_or(|parent| member.parent == *parent)
            })
            .map(|member| (vec![member.name.key(), member.account.to_string()], member))
            .collect();
        members.sort_by(|one, two| one.0.cmp(&two.0));
        let items = members
            .into_iter()
            .map(|(key, member)| (key, move || MemberView::of(management, id, member)));
        walk.page(services, items).map(Reply::new)
    }
}
