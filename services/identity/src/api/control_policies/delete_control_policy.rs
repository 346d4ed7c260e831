//! `DELETE /v1/organizations/{organization}/control-policies/{control_policy}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::problem::{Code, Problem};

use super::path::{ControlPolicyPath, target};
use crate::api::organizations::write;

const ACTION: &str = "organizations:DeletePolicy";

/// Deletes a control policy.
pub struct DeleteControlPolicy;

impl Operation for DeleteControlPolicy {
    const ID: &'static str = "delete_control_policy";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/organizations/{organization}/control-policies/{control_policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Delete a control policy";
    const DESCRIPTION: &'static str = "Refused while it is attached.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone";
    const PROBLEMS: &'static [Code] = &[Code::DeleteConflict];
    type Path = ControlPolicyPath;
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
            ACTION,
            scope,
        )
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let command = organization::DeleteControlPolicy {
            policy: input.path.control_policy.0.clone(),
        };
        write::command(&grant, services, &input, &id, command.into(), |_| {
            Ok(Reply::new(NoContent))
        })
        .await
    }
}
