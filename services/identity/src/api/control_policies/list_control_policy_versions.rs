//! `GET /v1/organizations/{organization}/control-policies/{control_policy}/versions`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::{ControlPolicyPath, find, target};
use crate::api::PageQuery;
use crate::api::policies::view::PolicyVersionView;

/// Lists the live versions of a control policy.
pub struct ListControlPolicyVersions;

impl Operation for ListControlPolicyVersions {
    const ID: &'static str = "list_control_policy_versions";
    const METHOD: Method = Method::Get;
    const PATH: &'static str =
        "/v1/organizations/{organization}/control-policies/{control_policy}/versions";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the versions of a control policy";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of versions, oldest first, without documents";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];
    type Path = ControlPolicyPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<PolicyVersionView>;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(
            &input.path.organization,
            &input.path.control_policy,
            super::READ,
            scope,
        )
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let policy = find(&grant.organization()?.state, &input.path.control_policy)?;
        let id = policy.id.to_string();
        let query = ListQuery {
            kind: "control-policy-versions",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("policy", &id)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.organization()?.clone();
        let policy = find(&state, &input.path.control_policy)?;
        let items = policy.versions.iter().map(|(number, version)| {
            // Padded, so that text sorts as numbers do.
            (vec![format!("{number:010}")], || {
                PolicyVersionView::named(policy.default_version == *number, *number, version)
            })
        });
        walk.page(services, items).map(Reply::new)
    }
}
