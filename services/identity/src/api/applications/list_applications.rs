//! `GET /v1/accounts/{account}/applications`

use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_model::Arn;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::view::ApplicationView;
use crate::api::{AccountPath, PageQuery};

/// Lists applications.
pub struct ListApplications;

impl Operation for ListApplications {
    const ID: &'static str = "list_applications";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/applications";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List applications";
    const ACCESS: Access = Access::Action("registry:ListApplications");
    const SUCCESS_DESCRIPTION: &'static str = "A page of applications, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<ApplicationView>;

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
        let account = input.path.account;
        let query = ListQuery {
            kind: "applications",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let items = state.applications().iter().map(|(name, application)| {
            (vec![name.to_string()], move || {
                ApplicationView::of(account, application)
            })
        });
        walk.page(services, items).map(Reply::new)
    }
}
