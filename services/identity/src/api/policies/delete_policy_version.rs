//! `DELETE /v1/accounts/{account}/policies/{policy}/versions/{version}`

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::command;
use trilby_service::problem::{Code, Problem};

use super::path::{VersionPath, target};

/// Drops a version that is not in force.
pub struct DeletePolicyVersion;

impl Operation for DeletePolicyVersion {
    const ID: &'static str = "delete_policy_version";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/policies/{policy}/versions/{version}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Drop a version of a managed policy that is not in force";
    const ACCESS: Access = Access::Action("iam:DeletePolicyVersion");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is gone; the log still has it";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = VersionPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

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
        let policy = input.path.policy.0.clone();
        let command = command::DeletePolicyVersion {
            policy,
            version: input.path.version.0.0,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}
