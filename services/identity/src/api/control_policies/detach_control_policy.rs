//! `DELETE /v1/organizations/{organization}/targets/{target}/control-policies/{control_policy}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization;
use trilby_service::problem::{Code, Problem};

use super::path::{ControlAttachmentPath, attachment_target};
use crate::api::organizations::write;

const ACTION: &str = "organizations:DetachPolicy";

/// Takes a control policy off a node.
pub struct DetachControlPolicy;

impl Operation for DetachControlPolicy {
    const ID: &'static str = "detach_control_policy";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str =
        "/v1/organizations/{organization}/targets/{target}/control-policies/{control_policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Detach a control policy from the root, a unit or an account";
    const DESCRIPTION: &'static str = "`If-Match` takes the ETag of the unit or account. The last service control policy of a node stays: attach another one first.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::super::organizations::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is detached; the ETag is the node's";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];
    type Path = ControlAttachmentPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        attachment_target(&input.path, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let node = input.path.target.0.clone();
        let command = organization::DetachControlPolicy {
            target: node.clone(),
            policy: input.path.control_policy.0.clone(),
        };
        write::command(
            &grant,
            services,
            &input,
            &id,
            command.into(),
            move |after| {
                let (_, stamp) = after.target(&node).ok_or_else(Problem::not_found)?;
                Ok(Reply::new(NoContent).etag(stamp.changed))
            },
        )
        .await
    }
}
