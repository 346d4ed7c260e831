//! `GET /v1/organizations/{organization}/invitations`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::invitation::InvitationView;
use super::path::{OrganizationPath, target};
use crate::api::PageQuery;

const ACTION: &str = "organizations:ListInvitations";

/// Lists open invitations.
pub struct ListInvitations;

impl Operation for ListInvitations {
    const ID: &'static str = "list_invitations";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/invitations";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the open invitations of an organization";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of invitations, oldest first";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    type Path = OrganizationPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<InvitationView>;

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
            kind: "invitations",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.organization()?.clone();
        let id = state.id();
        let open = state
            .invitations()
            .values()
            .filter(|open| grant.now() < open.expires_at);
        let items = open.map(|open| {
            // Padded, so that text sorts as numbers do.
            (vec![format!("{:010}", open.number)], || {
                InvitationView::of(id, open)
            })
        });
        walk.page(services, items).map(Reply::new)
    }
}
