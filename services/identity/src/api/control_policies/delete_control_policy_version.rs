//! `DELETE /v1/organizations/{organization}/control-policies/{control_policy}/versions/{version}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::problem::{Code, Problem};

use super::path::{ControlPolicyVersionPath, target};
use crate::api::organizations::write;

/// Drops a version that is not in force.
pub struct DeleteControlPolicyVersion;

impl Operation for DeleteControlPolicyVersion {
    const ID: &'static str = "delete_control_policy_version";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str =
        "/v1/organizations/{organization}/control-policies/{control_policy}/versions/{version}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Drop a version of a control policy that is not in force";
    const ACCESS: Access = Access::Action(super::UPDATE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone; the log still has it";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];
    type Path = ControlPolicyVersionPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(
            &input.path.organization,
            &input.path.control_policy,
            super::UPDATE,
            scope,
        )
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let command = organization::DeleteControlPolicyVersion {
            policy: input.path.control_policy.0.clone(),
            version: input.path.version.0.0,
        };
        write::command(&grant, services, &input, &id, command.into(), |_| {
            Ok(Reply::new(NoContent))
        })
        .await
    }
}
