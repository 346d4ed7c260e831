//! `GET /v1/organizations/{organization}/{delegated-admins|invitations|quarantine}`: lists that are read whole, without filters.

use std::marker::PhantomData;

use serde::Serialize;
use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::organization::Organization;
use trilby_model::Timestamp;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::delegation::DelegatedAdminView;
use super::invitation::InvitationView;
use super::path::{OrganizationPath, target};
use super::quarantine::QuarantineView;
use crate::api::PageQuery;

/// Lists parts of an organization.
pub struct ListParts<P>(PhantomData<fn() -> P>);

/// What is listed.
pub trait Part: 'static {
    /// Operation id.
    const ID: &'static str;
    /// Path template.
    const PATH: &'static str;
    /// One line about the list.
    const SUMMARY: &'static str;
    /// The right.
    const ACTION: &'static str;
    /// What a page has, in which order.
    const SUCCESS_DESCRIPTION: &'static str;
    /// Names the list in its cursors.
    const KIND: &'static str;
    /// One of them, as answers show it.
    type View: Serialize + ToSchema + 'static;

    /// All of them by the key they are sorted by.
    fn all(state: &Organization, now: Timestamp)
    -> impl Iterator<Item = (Vec<String>, Self::View)>;
}

/// Delegated administrators.
pub struct DelegatedAdmins;

/// Open invitations.
pub struct Invitations;

/// Quarantines that stand.
pub struct Quarantines;

impl Part for DelegatedAdmins {
    const ID: &'static str = "list_delegated_admins";
    const PATH: &'static str = "/v1/organizations/{organization}/delegated-admins";
    const SUMMARY: &'static str = "List the delegated administrators of an organization";
    const ACTION: &'static str = "organizations:ListDelegatedAdministrators";
    const SUCCESS_DESCRIPTION: &'static str = "A page of members by number";
    const KIND: &'static str = "delegated-admins";
    type View = DelegatedAdminView;

    fn all(state: &Organization, _: Timestamp) -> impl Iterator<Item = (Vec<String>, Self::View)> {
        let admins = state.delegated_admins().values();
        admins.map(|admin| {
            let key = vec![admin.account.to_string()];
            (key, DelegatedAdminView::of(admin))
        })
    }
}

impl Part for Invitations {
    const ID: &'static str = "list_invitations";
    const PATH: &'static str = "/v1/organizations/{organization}/invitations";
    const SUMMARY: &'static str = "List the open invitations of an organization";
    const ACTION: &'static str = "organizations:ListInvitations";
    const SUCCESS_DESCRIPTION: &'static str = "A page of invitations, oldest first";
    const KIND: &'static str = "invitations";
    type View = InvitationView;

    fn all(
        state: &Organization,
        now: Timestamp,
    ) -> impl Iterator<Item = (Vec<String>, Self::View)> {
        let open = state.invitations().values();
        let open = open.filter(move |open| now < open.expires_at);
        open.map(|open| {
            // Padded, so that text sorts as numbers do.
            let key = vec![format!("{:010}", open.number)];
            (key, InvitationView::of(state.id(), open))
        })
    }
}

impl Part for Quarantines {
    const ID: &'static str = "list_quarantines";
    const PATH: &'static str = "/v1/organizations/{organization}/quarantine";
    const SUMMARY: &'static str = "List who is in quarantine";
    const ACTION: &'static str = "organizations:ListQuarantine";
    const SUCCESS_DESCRIPTION: &'static str = "A page of quarantines that stand";
    const KIND: &'static str = "quarantines";
    type View = QuarantineView;

    fn all(state: &Organization, _: Timestamp) -> impl Iterator<Item = (Vec<String>, Self::View)> {
        let standing = state.quarantines().iter();
        standing.map(|(key, quarantine)| (vec![key.clone()], QuarantineView::of(quarantine)))
    }
}

impl<P: Part> Operation for ListParts<P> {
    const ID: &'static str = P::ID;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = P::PATH;
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = P::SUMMARY;
    const ACCESS: Access = Access::Action(P::ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = P::SUCCESS_DESCRIPTION;
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = OrganizationPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<P::View>;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path.organization, P::ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let query = ListQuery {
            kind: P::KIND,
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.organization()?.clone();
        let items = P::all(&state, grant.now()).map(|(key, view)| (key, move || view));
        walk.page(services, items).map(Reply::new)
    }
}
