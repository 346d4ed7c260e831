//! `GET /v1/accounts/{account}/users`

use std::collections::BTreeMap;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target,
};
use trilby_account::Account;
use trilby_model::{Arn, Timestamp};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use utoipa::IntoParams;

use super::view::{Kind, Standing, UserView};
use crate::api::AccountPath;
use crate::filters::{Filters, borrowed};

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListUsersQuery {
    /// Most items of the page: 1 to 1000, 100 if not given.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Only those whose name begins so; case does not count.
    name_prefix: Option<String>,
    /// Only those whose path begins so.
    path_prefix: Option<String>,
    /// Only those with these tags: `tag.team=blue`, repeatable.
    #[serde(default)]
    #[param(value_type = Option<BTreeMap<String, String>>)]
    tag: BTreeMap<String, String>,
    /// Only those made after this time.
    created_after: Option<Timestamp>,
    /// Only those made before this time.
    created_before: Option<Timestamp>,
    /// Only those of this status.
    status: Option<Standing>,
    /// Only those of this kind.
    kind: Option<Kind>,
}

impl ListUsersQuery {
    fn filters(&self) -> Filters<'_> {
        Filters {
            name_prefix: self.name_prefix.as_deref(),
            path_prefix: self.path_prefix.as_deref(),
            tags: &self.tag,
            created_after: self.created_after,
            created_before: self.created_before,
        }
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = self.filters().pairs();
        let status = self
            .status
            .map(|status| ("status".to_owned(), status.as_str().to_owned()));
        let kind = self
            .kind
            .map(|kind| ("kind".to_owned(), kind.as_str().to_owned()));
        pairs.extend(status.into_iter().chain(kind));
        pairs
    }
}

/// Lists users.
pub struct ListUsers;

impl Operation for ListUsers {
    const ID: &'static str = "list_users";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/users";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List users";
    const ACCESS: Access = Access::Action("iam:ListUsers");
    const SUCCESS_DESCRIPTION: &'static str = "A page of users, by name";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = ListUsersQuery;
    type Body = NoBody;
    type Reply = List<UserView>;

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
        let pairs = query.pairs();
        let filters = borrowed(&pairs);
        let asked = ListQuery {
            kind: "users",
            limit: query.limit,
            cursor: query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, asked).await?;
        let state = walk.account()?.clone();
        let account: &Account = &state;
        let users = state
            .user_names()
            .iter()
            .filter_map(|(key, id)| Some((key, state.users().get(id)?)));
        let wanted = users.filter(|(key, user)| {
            query
                .filters()
                .take(key, &user.path, &user.tags, user.stamp.created_at)
                && query
                    .status
                    .is_none_or(|status| status == user.status.into())
                && query.kind.is_none_or(|kind| kind == user.kind.into())
        });
        let items = wanted.map(|(key, user)| {
            let sort = vec![key.clone(), user.id.to_string()];
            (sort, move || UserView::of(account, user))
        });
        Ok(Reply::new(walk.page(services, items)?))
    }
}
