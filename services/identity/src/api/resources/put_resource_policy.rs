//! `PUT /v1/accounts/{account}/applications/{application}/resources/{type}/{id}/policy`

use trilby_access::{
    Access, Authorized, Input, Json, Known, Method, Operation, Place, Precondition, Reply, Scope,
    Services, Target,
};
use trilby_account::{Quota, ThingKind, command};
use trilby_policy::Kind;
use trilby_service::problem::{Code, Problem};

use super::path::{ResourcePath, find, target};
use super::principals;
use super::view::ResourcePolicyView;
use crate::api::ValidateQuery;
use crate::documents::{PolicyInput, examine, shown};
use crate::written::lost;

/// Writes a resource's policy.
pub struct PutResourcePolicy;

impl Operation for PutResourcePolicy {
    const ID: &'static str = "put_resource_policy";
    const METHOD: Method = Method::Put;
    const PATH: &'static str =
        "/v1/accounts/{account}/applications/{application}/resources/{type}/{id}/policy";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Create or replace the policy on a resource";
    const DESCRIPTION: &'static str = "Users and roles that it names are those that bear the name now, for as long as they \
        exist. Root may always replace a policy of its own account, even one that denies it everything. With \
        `validate_only=true` nothing is written; the answer is a `PolicyValidation`.";
    const ACCESS: Access = Access::Action("registry:PutResourcePolicy");
    const ROOT_REPAIRS: bool = true;
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const CREATES: bool = true;
    const SUCCESS_DESCRIPTION: &'static str = "The policy as it is now";
    const PROBLEMS: &'static [Code] = &[
        Code::InvalidName,
        Code::MalformedPolicy,
        Code::InvalidPrincipal,
        Code::LimitExceeded,
    ];

    type Path = ResourcePath;
    type Query = ValidateQuery;
    type Body = Json<PolicyInput>;
    type Reply = ResourcePolicyView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let state = &grant.account()?.state;
        find(state, &input.path)?;
        let arn = input.path.arn()?;
        let examined = examine(
            &input.body.source,
            Kind::Resource,
            Quota::ResourcePolicyBytes,
        )
        .about(&arn, &input.body.source)
        .in_account(state, &input.body.source);
        if input.query.validate_only {
            let judged = match examined.document() {
                None => Ok(Vec::new()),
                Some(document) => {
                    let known = principals::known(services, state.id(), document).await?;
                    let judged = state.examine_resource_policy(document, &known);
                    judged.map(|()| Vec::new())
                }
            };
            return examined.judged(judged, &input.body.source).validation();
        }
        let given = examined.given()?;
        let account = grant.account_id()?;
        let (application, resource) = (input.path.application.clone(), input.path.name()?);
        let command = command::PutResourcePolicy {
            application: application.clone(),
            resource: resource.clone(),
            known: principals::known(services, account, &given.document).await?,
            document: given.document,
        };
        let warnings = given.warnings;
        grant
            .command(services, &input, command.into(), move |after, events| {
                let resource = after.resource(&application, &resource);
                let policy = resource.and_then(|resource| resource.policy.as_ref());
                let policy = policy.ok_or_else(|| lost(ThingKind::ResourcePolicy))?;
                let created = !events.is_empty() && policy.stamp.created == policy.stamp.changed;
                let view = ResourcePolicyView::of(arn.clone(), policy, shown(&policy.text.policy)?);
                Ok(Reply::new(view.warned(warnings.clone()))
                    .etag(policy.stamp.changed)
                    .created(created))
            })
            .await
    }
}
