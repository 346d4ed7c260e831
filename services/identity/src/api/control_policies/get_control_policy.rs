//! `GET /v1/organizations/{organization}/control-policies/{control_policy}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, Operation, Place, Reply, Scope,
    Services, Target,
};
use trilby_service::problem::Problem;

use super::path::{ControlPolicyPath, find, target};
use super::view::{ControlPolicyView, reply};

/// Reads a control policy.
pub struct GetControlPolicy;

impl Operation for GetControlPolicy {
    const ID: &'static str = "get_control_policy";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/organizations/{organization}/control-policies/{control_policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Get a control policy";
    const ACCESS: Access = Access::Action(super::READ);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS_DESCRIPTION: &'static str = "The policy with the document in force";
    type Path = ControlPolicyPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = ControlPolicyView;

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
        let state = &grant.organization()?.state;
        reply(state, find(state, &input.path.control_policy)?)
    }
}
