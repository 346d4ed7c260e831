//! `PUT` and `DELETE /v1/organizations/{organization}/targets/{target}/control-policies/{control_policy}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::organization::{self, Command, ControlPolicyName, TargetRef};
use trilby_service::problem::{Code, Problem};

use super::path::{ControlAttachmentPath, attachment_target};
use crate::api::organizations::{READ, write};

/// Attaches a control policy to a node.
pub type AttachControlPolicy = ChangeAttachment<Attaching>;
/// Takes a control policy off a node.
pub type DetachControlPolicy = ChangeAttachment<Detaching>;

/// Changes whether a control policy is attached to a node.
pub struct ChangeAttachment<C>(PhantomData<fn() -> C>);

/// In what the two ways differ.
pub trait AttachmentChange: 'static {
    /// Operation id.
    const ID: &'static str;
    /// HTTP method.
    const METHOD: Method;
    /// One line about it.
    const SUMMARY: &'static str;
    /// More about it.
    const DESCRIPTION: &'static str;
    /// The right, on the node and on the policy.
    const ACTION: &'static str;
    /// What success means.
    const SUCCESS_DESCRIPTION: &'static str;
    /// What only this way can meet with.
    const PROBLEMS: &'static [Code];

    /// The wish.
    fn command(target: TargetRef, policy: ControlPolicyName) -> Command;
}

/// It is attached afterwards.
pub struct Attaching;

/// It is not attached afterwards.
pub struct Detaching;

impl AttachmentChange for Attaching {
    const ID: &'static str = "attach_control_policy";
    const METHOD: Method = Method::Put;
    const SUMMARY: &'static str = "Attach a control policy to the root, a unit or an account";
    const DESCRIPTION: &'static str = "It caps every account below at once, root users included; never the management account. `If-Match` takes the ETag of the unit or account, `If-None-Match: *` says that it is not attached yet. The right is needed on the node and on the policy.";
    const ACTION: &'static str = "organizations:AttachPolicy";
    const SUCCESS_DESCRIPTION: &'static str = "It is attached; the ETag is the node's";
    const PROBLEMS: &'static [Code] = &[Code::LimitExceeded];

    fn command(target: TargetRef, policy: ControlPolicyName) -> Command {
        organization::AttachControlPolicy { target, policy }.into()
    }
}

impl AttachmentChange for Detaching {
    const ID: &'static str = "detach_control_policy";
    const METHOD: Method = Method::Delete;
    const SUMMARY: &'static str = "Detach a control policy from the root, a unit or an account";
    const DESCRIPTION: &'static str = "`If-Match` takes the ETag of the unit or account. The last service control policy of a node stays: attach another one first.";
    const ACTION: &'static str = "organizations:DetachPolicy";
    const SUCCESS_DESCRIPTION: &'static str = "It is detached; the ETag is the node's";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    fn command(target: TargetRef, policy: ControlPolicyName) -> Command {
        organization::DetachControlPolicy { target, policy }.into()
    }
}

impl<C: AttachmentChange> Operation for ChangeAttachment<C> {
    const ID: &'static str = C::ID;
    const METHOD: Method = C::METHOD;
    const PATH: &'static str =
        "/v1/organizations/{organization}/targets/{target}/control-policies/{control_policy}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = C::SUMMARY;
    const DESCRIPTION: &'static str = C::DESCRIPTION;
    const ACCESS: Access = Access::Action(C::ACTION);
    const KNOWN: Known = Known::ByAction(READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = C::SUCCESS_DESCRIPTION;
    const PROBLEMS: &'static [Code] = C::PROBLEMS;

    type Path = ControlAttachmentPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        attachment_target(&input.path, C::ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let node = input.path.target.0.clone();
        let command = C::command(node.clone(), input.path.control_policy.0.clone());
        let reply = move |after: &organization::Organization| {
            let (_, stamp) = after.target(&node).ok_or_else(Problem::not_found)?;
            Ok(Reply::new(NoContent).etag(stamp.changed))
        };
        write::command(&grant, services, &input, &id, command, reply).await
    }
}
