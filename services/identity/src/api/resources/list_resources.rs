//! `GET /v1/accounts/{account}/applications/{application}/resources`

use std::ops::Bound;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_account::ResourceName;
use trilby_model::ResourceType;
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use utoipa::IntoParams;

use super::view::ResourceView;
use crate::api::applications::path::{ApplicationPath, find, target};

/// Which resources.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListResourcesQuery {
    /// Most items of the page: 1 to 1000, 100 if not given.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Only those of this type.
    #[serde(rename = "type")]
    kind: Option<ResourceType>,
}

/// Lists the resources of an application.
pub struct ListResources;

impl Operation for ListResources {
    const ID: &'static str = "list_resources";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/applications/{application}/resources";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the registered resources of an application";
    const ACCESS: Access = Access::Action("registry:ListResources");
    const KNOWN: Known = Known::ByAction("registry:GetApplication");
    const SUCCESS_DESCRIPTION: &'static str = "A page of resources, by type and id";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = ApplicationPath;
    type Query = ListResourcesQuery;
    type Body = NoBody;
    type Reply = List<ResourceView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        Ok(target(&input.path, scope))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = input.path.account;
        find(&grant.account()?.state, &input.path.application)?;
        let kind = input.query.kind.as_ref();
        let mut filters = vec![("application", input.path.application.as_str())];
        filters.extend(kind.map(|kind| ("type", kind.as_str())));
        let query = ListQuery {
            kind: "resources",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let application = find(&state, &input.path.application)?;
        // There may be a million: a page begins where the one before ended.
        let from = walk
            .after()
            .and_then(name_of)
            .map_or(Bound::Unbounded, Bound::Excluded);
        let resources = application.resources.range((from, Bound::Unbounded));
        let wanted = resources.filter(|(name, _)| kind.is_none_or(|kind| name.kind == *kind));
        let items = wanted.map(|(name, resource)| {
            let key = vec![name.kind.to_string(), name.key.to_string()];
            (key, move || {
                ResourceView::of(account, &application.name, resource)
            })
        });
        walk.page(services, items).map(Reply::new)
    }
}

fn name_of(key: &[String]) -> Option<ResourceName> {
    match key {
        [kind, key] => Some(ResourceName {
            kind: kind.parse().ok()?,
            key: key.parse().ok()?,
        }),
        _ => None,
    }
}
