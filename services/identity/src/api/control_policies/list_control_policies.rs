//! `GET /v1/organizations/{organization}/control-policies`

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};
use utoipa::IntoParams;

use super::view::{ControlKindView, ControlPolicyView};
use crate::api::organizations::path::{OrganizationPath, target};
use crate::filters::borrowed;

const ACTION: &str = "organizations:ListPolicies";

/// Which control policies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ControlPoliciesQuery {
    /// Most items of the page: 1 to 1000, 100 if not given.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Only those that cap this.
    kind: Option<ControlKindView>,
}

/// Lists control policies.
pub struct ListControlPolicies;

impl Operation for ListControlPolicies {
    const ID: &'static str = "list_control_policies";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/control-policies";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the control policies of an organization";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::super::organizations::READ);
    const SUCCESS_DESCRIPTION: &'static str =
        "A page of control policies, by name, without documents";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    type Path = OrganizationPath;
    type Query = ControlPoliciesQuery;
    type Body = NoBody;
    type Reply = List<ControlPolicyView>;

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
        let kind = input.query.kind.map(ControlKindView::kind);
        let filters = kind
            .iter()
            .map(|kind| ("kind".to_owned(), kind.as_str().to_owned()));
        let filters: Vec<(String, String)> = filters.collect();
        let filters = borrowed(&filters);
        let query = ListQuery {
            kind: "control-policies",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &filters,
        };
        let walk = grant.list(services, query).await?;
        let state = walk.organization()?.clone();
        let mut found = Vec::new();
        for policy in state.control_policies().values() {
            if kind.is_none_or(|kind| policy.kind == kind) {
                let sort = vec![policy.name.key(), policy.id.to_string()];
                found.push((sort, ControlPolicyView::of(&state, policy)?));
            }
        }
        found.sort_by(|one, two| one.0.cmp(&two.0));
        let items = found.into_iter().map(|(sort, view)| (sort, move || view));
        walk.page(services, items).map(Reply::new)
    }
}
