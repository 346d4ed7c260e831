//! `PUT /v1/accounts/{account}/roles/{role}/trust-policy`

use serde::Deserialize;
use trilby_access::problem::of_rejection_in;
use trilby_access::{
    Access, Authorized, Change, Input, Json, Known, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::{Quota, RoleRef, command};
use trilby_policy::Kind;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::create_role::judged;
use super::path::{RolePath, find, target, waived};
use super::view::RoleView;
use crate::api::ValidateQuery;
use crate::api::resources::principals;
use crate::documents::examine;

/// Who may assume a role from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustPolicyInput {
    /// The document.
    #[schema(value_type = Object)]
    #[expect(
        dead_code,
        reason = "read from the body's text, where its places are known"
    )]
    document: serde_json::Value,
    /// Whether the role's older sessions end, and what came of them; not if absent.
    #[serde(default)]
    revoke_sessions: bool,
    /// Why it may trust accounts outside the organization without an external id; kept on record.
    external_id_waiver: Option<String>,
}

/// Replaces a role's trust policy.
pub struct PutTrustPolicy;

impl Operation for PutTrustPolicy {
    const ID: &'static str = "put_role_trust_policy";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/accounts/{account}/roles/{role}/trust-policy";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Replace the trust policy of a role";
    const DESCRIPTION: &'static str = "`If-Match` is the role's `trust_policy_etag`. Sessions that the role has stay alive \
        unless `revoke_sessions` is set. With `validate_only=true` nothing is written; the answer is a \
        `PolicyValidation`.";
    const ACCESS: Access = Access::Action("iam:UpdateAssumeRolePolicy");
    const KNOWN: Known = Known::ByAction(super::READ);
    const PRECONDITION: Precondition = Precondition::Required;
    const SUCCESS_DESCRIPTION: &'static str =
        "The role as it is now; the `ETag` is the trust policy's";
    const PROBLEMS: &'static [Code] = &[
        Code::MalformedPolicy,
        Code::WeakTrustPolicy,
        Code::ExternalIdRequired,
        Code::InvalidPrincipal,
        Code::InvalidState,
        Code::LimitExceeded,
    ];

    type Path = RolePath;
    type Query = ValidateQuery;
    type Body = Json<TrustPolicyInput>;
    type Reply = RoleView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(input.path.account, &input.path.role, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = grant.account_id()?;
        let role = RoleRef::Id(find(&grant.account()?.state, &input.path.role)?.id.clone());
        let examined = examine(&input.body.source, Kind::Trust, Quota::TrustPolicyBytes);
        if input.query.validate_only {
            let waiver = waived(input.body.external_id_waiver.as_deref())?;
            let state = &grant.account()?.state;
            let judged = judged(services, state, &examined, waiver.as_ref()).await?;
            return examined.judged(judged, &input.body.source).validation();
        }
        let given = examined.given()?;
        let command = command::ReplaceTrustPolicy {
            role: role.clone(),
            known: principals::known(services, id, &given.document).await?,
            trust: given.document,
            revoke_sessions: input.body.revoke_sessions,
            external_id_waiver: waived(input.body.external_id_waiver.as_deref())?,
        };
        let warnings = given.warnings;
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let events = account
                    .decide(command.clone().into(), ctx)
                    .map_err(|rejection| of_rejection_in(rejection, "/document"))?;
                let (role, warnings) = (role.clone(), warnings.clone());
                Ok(Change::of_account(id, events, move |after| {
                    let role = find(after, &role)?;
                    let view = RoleView::whole(after, role)?.warned(warnings);
                    Ok(Reply::new(view).etag(role.trust_changed))
                }))
            })
            .await
    }
}
