//! `GET /v1/accounts/{account}/policies/{policy}/versions`

use trilby_access::{
    Access, Authorized, Input, Known, ListQuery, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::cursor::List;
use trilby_service::problem::{Code, Problem};

use super::path::{PolicyPath, find, target};
use super::view::PolicyVersionView;
use crate::api::PageQuery;

/// Lists the live versions of a policy.
pub struct ListPolicyVersions;

impl Operation for ListPolicyVersions {
    const ID: &'static str = "list_policy_versions";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}/versions";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "List the versions of a managed policy";
    const ACCESS: Access = Access::Action("iam:ListPolicyVersions");
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "A page of versions, oldest first, without documents";
    const PROBLEMS: &'static [Code] = &[Code::InvalidCursor];

    type Path = PolicyPath;
    type Query = PageQuery;
    type Body = NoBody;
    type Reply = List<PolicyVersionView>;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.policy, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = find(&grant.account()?.state, &input.path.policy)?
            .id
            .to_string();
        let query = ListQuery {
            kind: "policy-versions",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("policy", &id)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let policy = find(&state, &input.path.policy)?;
        let items = policy.versions.iter().map(|(number, version)| {
            // Padded, so that text sorts as numbers do.
            (vec![format!("{number:010}")], || {
                PolicyVersionView::of(policy, *number, version)
            })
        });
        walk.page(services, items).map(Reply::new)
    }
}
