//! `GET /v1/organizations/{organization}/control-policies/{control_policy}/versions/{version}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{ControlPolicyVersionPath, find, target};
use crate::api::policies::view::PolicyVersionView;

/// Reads one version of a control policy.
pub struct GetControlPolicyVersion;

impl Operation for GetControlPolicyVersion {
    const ID: &'static str = "get_control_policy_version";
    const METHOD: Method = Method::Get;
    const PATH: &'static str =
        "/v1/organizations/{organization}/control-policies/{control_policy}/versions/{version}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get one version of a control policy";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The version with its document";
    type Path = ControlPolicyVersionPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = PolicyVersionView;

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
        let _ = services;
        let policy = find(&grant.organization()?.state, &input.path.control_policy)?;
        let number = input.path.version.0.0;
        let version = policy
            .versions
            .get(&number)
            .ok_or_else(Problem::not_found)?;
        let view = PolicyVersionView::shown(policy.default_version == number, number, version)?;
        Ok(Reply::new(view).etag(version.stamp.changed))
    }
}
