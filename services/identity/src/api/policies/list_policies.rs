//! `GET /v1/accounts/{account}/policies`

use std::collections::BTreeMap;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, ListQuery, Method, NoBody, Operation, Place, Reply, Scope, Services,
    Target, Walk,
};
use trilby_account::{Policy, system_policies};
use trilby_model::{Arn, Tags};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use utoipa::IntoParams;

use super::view::{PolicyScope, PolicyView};
use crate::api::AccountPath;

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
        let mut filters = vec![("scope", scope.as_str())];
        filters.extend(
            query
                .name_prefix
                .as_deref()
                .map(|prefix| ("name_prefix", prefix)),
        );
        filters.extend(
            query
                .path_prefix
                .as_deref()
                .map(|prefix| ("path_prefix", prefix)),
        );
        let tags: Vec<(String, &str)> = query
            .tag
            .iter()
            .map(|(key, value)| (format!("tag.{key}"), value.as_str()))
            .collect();
        filters.extend(tags.iter().map(|(name, value)| (name.as_str(), *value)));
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
    let wanted = policies.filter(|(_, policy)| query.takes(policy));
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
        if query.takes_parts(&view.name.key(), view.path.as_str(), &view.tags) {
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
    fn takes(&self, policy: &Policy) -> bool {
        self.takes_parts(&policy.name.key(), policy.path.as_str(), &policy.tags)
    }

    fn takes_parts(&self, name: &str, path: &str, tags: &Tags) -> bool {
        let named = self
            .name_prefix
            .as_ref()
            .is_none_or(|prefix| name.starts_with(&prefix.to_lowercase()));
        let placed = self
            .path_prefix
            .as_ref()
            .is_none_or(|prefix| path.starts_with(prefix.as_str()));
        let has = |key: &str, value: &str| tags.get(key).is_some_and(|tag| tag.as_str() == value);
        named && placed && self.tag.iter().all(|(key, value)| has(key, value))
    }
}
