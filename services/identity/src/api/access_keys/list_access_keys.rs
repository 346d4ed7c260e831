//! `GET /v1/accounts/{account}/users/{user}/access-keys`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::view::AccessKeyView;
use crate::api::PageQuery;
use crate::api::users::{UserPath, find, target};

/// Lists the access keys of a user.
pub struct ListAccessKeys;

impl Operation for ListAccessKeys {
    const ID: &'static str = "list_access_keys";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}/access-keys";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the access keys of a user";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of keys, by id, without secrets";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = UserPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<AccessKeyView>;

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
        let user = find(&grant.account()?.state, &input.path.user)?
            .id
            .to_string();
        let query = ListQuery {
            kind: "access_keys",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("user", &user)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let user = find(&state, &input.path.user)?;
        let keys = user
            .access_keys
            .iter()
            .filter_map(|id| state.access_key(id));
        let items = keys.map(|key| (vec![key.id.to_string()], move || AccessKeyView::of(key)));
        Ok(Reply::new(walk.page(services, items)?))
    }
}
