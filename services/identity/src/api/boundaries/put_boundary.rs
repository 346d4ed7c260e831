//! `PUT /v1/accounts/{account}/{users|roles}/{x}/permissions-boundary`

use std::marker::PhantomData;

use serde::Deserialize;
use trilby_access::{
    Access, Authorized, Input, Json, Known, Method, Operation, Place, Precondition, Reply, Scope,
    Services, Target,
};
use trilby_account::{ThingKind, command};
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::given::{getting, wanted};
use super::kind::{BoundedKind, principal};
use super::view::{BoundaryView, shown};
use crate::api::KnowingQuery;
use crate::api::holders::path::HolderPath;
use crate::api::holders::{find, target};
use crate::written::lost;

/// The policy that is to cap a user or role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PermissionsBoundaryInput {
    /// ARN of a managed policy of the account or of the system, or `system:` and the name of a system policy.
    #[schema(example = "system:ReadOnlyAccess")]
    policy_arn: String,
}

/// Sets the permissions boundary of a user or role.
pub struct PutBoundary<K>(PhantomData<fn() -> K>);

impl<K: BoundedKind> Operation for PutBoundary<K> {
    const ID: &'static str = K::PUT_BOUNDARY.id;
    const METHOD: Method = Method::Put;
    const PATH: &'static str = K::PUT_BOUNDARY.path;
    const TAG: &'static str = K::TAG;
    const SUMMARY: &'static str = K::PUT_BOUNDARY.summary;
    const DESCRIPTION: &'static str = "A boundary gives nothing: only what both it and a policy allow is allowed. The condition \
        key `iam:PermissionsBoundary` is the boundary that is being set.";
    const ACCESS: Access = Access::Action(K::PUT_BOUNDARY.action);
    const KNOWN: Known = Known::ByAction(K::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The boundary as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = HolderPath<K>;
    type Query = KnowingQuery;
    type Body = Json<PermissionsBoundaryInput>;
    type Reply = BoundaryView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let path = &input.path;
        let state = scope.account.map(|view| &view.state);
        let target = target(path.account, &path.holder, scope)?;
        Ok(getting(target, path.account, state, &input.body.policy_arn))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = &grant.account()?.state;
        let holder = input.path.holder.clone();
        let found = find(account, &holder).ok_or_else(Problem::not_found)?;
        let created = found.boundary.is_none();
        let command = command::SetBoundary {
            principal: principal(&holder).ok_or_else(Problem::not_found)?,
            policy: wanted(account, &input.body.policy_arn, "/policy_arn")?,
        };
        grant
            .command(services, &input, command.into(), move |after, _| {
                let found = find(after, &holder);
                let boundary = found.and_then(|found| found.boundary);
                let (view, boundary) = shown(after, boundary)
                    .zip(boundary)
                    .ok_or_else(|| lost(ThingKind::PermissionsBoundary))?;
                Ok(Reply::new(view).etag(boundary.since).created(created))
            })
            .await
    }
}
