//! `PUT /v1/accounts/{account}/{users|groups|roles}/{x}/attached-policies/{policy}`

use std::marker::PhantomData;

use trilby_access::{
    Access, Authorized, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Precondition, Reply, Scope, Services, Target,
};
use trilby_account::{ThingKind, command};
use trilby_service::problem::{Code, Problem};

use super::kind::{HolderKind, find, target};
use super::managed::{attachment, managed};
use super::path::{HolderItemPath, Managed};
use crate::written::lost;

/// Attaches a managed policy.
pub struct AttachPolicy<K>(PhantomData<fn() -> K>);

impl<K: HolderKind> Operation for AttachPolicy<K> {
    const ID: &'static str = K::ATTACH.id;
    const METHOD: Method = Method::Put;
    const PATH: &'static str = K::ATTACH.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::ATTACH.summary;
    const ACCESS: Access = Access::Action(K::ATTACH.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const DESCRIPTION: &'static str = "Attaching what is attached changes nothing; of a policy of the system the newest version is then attached.";
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "It is attached";
    const PROBLEMS: &'static [Code] = &[Code::LimitExceeded];

    type Path = HolderItemPath<K, Managed>;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let path = &input.path;
        let policy = managed(
            &path.item,
            path.account,
            scope.account.map(|view| &view.state),
        )?;
        Ok(target(path.account, &path.holder, scope)?.key("iam:PolicyARN", policy.arn.to_string()))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let policy = managed(&input.path.item, account.id(), Some(account))?.wanted()?;
        let holder = input.path.holder.clone();
        let command = command::AttachPolicy {
            holder: holder.clone(),
            policy: policy.clone(),
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let found = find(after, &holder);
                let attached = found.and_then(|found| attachment(after, found.grants, &policy));
                let attached = attached.ok_or_else(|| lost(ThingKind::AttachedPolicy))?;
                Ok(Reply::new(NoContent).etag(attached.since))
            })
            .await
    }
}
