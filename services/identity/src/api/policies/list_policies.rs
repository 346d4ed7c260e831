//! `GET /v1/accounts/{account}/policies`

use std::collections::BTreeMap;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target, Walk,
};
use trilby_account::system_policies;
use trilby_model::{Arn, Timestamp};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use utoipa::IntoParams;

use super::view::{PolicyScope, PolicyView};
use crate::api::AccountPath;
use crate::filters::{Filters, borrowed};

/// Policies of the system have no date: for filters they are older than everything.
const SYSTEM_BIRTH: Timestamp = Timestamp::from_unix_seconds(0);

/// Which policies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPoliciesQuery {
    /// Most items of the page: 1 to 1000, 100 if not given.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// `customer` (the account's own, if not given) or `system`.
    scope: Option<PolicyScope>,
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
    /// Only those made before this time; policies of the system are older than everything.
    created_before: Option<Timestamp>,
}

/// Lists policies.
pub struct ListPolicies;

impl Operation for ListPolicies {
    const ID: &'static str = "list_policies";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/policies";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List managed policies";
    const ACCESS: Access = Access::Action("iam:ListPolicies");
    const SUCCESS_DESCRIPTION: &'static str = "A page of policies, by name, without documents";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = AccountPath;
    type Query = ListPoliciesQuery;
    type Body = NoBody;
    type Reply = List<PolicyView>;

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
        let scope = query.scope.unwrap_or_default();
        let mut pairs = query.filters().pairs();
        pairs.push(("scope".to_owned(), scope.as_str().to_owned()));
        let filters = borrowed(&pairs);
        let walk = grant
            .list(
                services,
                ListQuery {
                    kind: "policies",
                    limit: query.limit,
                    cursor: query.cursor.as_deref(),
                    filters: &filters,
                },
            )
            .await?;
        let page = match scope {
            PolicyScope::Customer => customer(walk, query, &input, services)?,
            PolicyScope::System => system(walk, query, services)?,
        };
        Ok(Reply::new(page))
    }
}

fn customer(
    walk: Walk,
    query: &ListPoliciesQuery,
    input: &Input<ListPolicies>,
    services: &Services,
) -> Result<List<PolicyView>, Problem> {
    let account = input.path.account;
    let state = walk.account()?.clone();
    let names = state.policy_names().iter();
    let policies = names.filter_map(|(key, id)| Some((key, state.policies().get(id)?)));
    let wanted = policies.filter(|(key, policy)| {
        query
            .filters()
            .take(key, &policy.path, &policy.tags, policy.stamp.created_at)
    });
    let items = wanted.map(|(key, policy)| {
        let sort = vec![key.clone(), policy.id.to_string()];
        (sort, move || PolicyView::of(account, policy))
    });
    walk.page(services, items)
}

fn system(
    walk: Walk,
    query: &ListPoliciesQuery,
    services: &Services,
) -> Result<List<PolicyView>, Problem> {
    let mut found = Vec::new();
    for policy in system_policies::ALL {
        let view = PolicyView::of_system(policy)?;
        if query
            .filters()
            .take(&view.name.key(), &view.path, &view.tags, SYSTEM_BIRTH)
        {
            found.push((vec![view.name.key(), view.id.clone()], view));
        }
    }
    found.sort_by(|one, two| one.0.cmp(&two.0));
    walk.page(
        services,
        found.into_iter().map(|(key, view)| (key, move || view)),
    )
}

impl ListPoliciesQuery {
    fn filters(&self) -> Filters<'_> {
        Filters {
            name_prefix: self.name_prefix.as_deref(),
            path_prefix: self.path_prefix.as_deref(),
            tags: &self.tag,
            created_after: self.created_after,
            created_before: self.created_before,
        }
    }
}
