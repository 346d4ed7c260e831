//! Paths of control policies and their attachments, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::organization::{
    ControlKind, ControlPolicy, ControlPolicyName, Organization, OwnPolicyRef, TargetRef,
};
use trilby_account::{Ref, system_policies};
use trilby_model::{AccountId, Arn, OrganizationId};
use trilby_policy::Kind;
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::api::organizations::path::{management, node_arn, owner};
use crate::api::policies::path::VersionNumber;
use crate::segment::Segment;

/// Condition key of what a control policy caps, with the values that AWS has.
const POLICY_TYPE: &str = "organizations:PolicyType";

/// A control policy.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ControlPolicyPath {
    /// The organization.
    pub organization: OrganizationId,
    /// Name or id of the control policy.
    #[param(value_type = String, example = "p-4k7m2xq9")]
    pub control_policy: Segment<OwnPolicyRef>,
}

/// A version of a control policy.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ControlPolicyVersionPath {
    /// The organization.
    pub organization: OrganizationId,
    /// Name or id of the control policy.
    #[param(value_type = String, example = "p-4k7m2xq9")]
    pub control_policy: Segment<OwnPolicyRef>,
    /// The version: `v1`, `v2`, …
    #[param(value_type = String, example = "v1")]
    pub version: Segment<VersionNumber>,
}

/// A control policy on a node.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ControlAttachmentPath {
    /// The organization.
    pub organization: OrganizationId,
    /// Id of the root, of a unit or of a member account.
    #[param(value_type = String, example = "ou-7dk20aqz")]
    pub target: Segment<TargetRef>,
    /// Name or id of the control policy; of a policy of the system `system:` and its name.
    #[param(value_type = String, example = "p-4k7m2xq9")]
    pub control_policy: Segment<ControlPolicyName>,
}

/// The policy as it is, or as it would be called if it were there.
///
/// Errors: as [`owner`].
pub fn target(
    organization: &OrganizationId,
    policy: &OwnPolicyRef,
    action: &str,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let management = management(scope)?;
    let found = own(scope, policy);
    let arn = arn(&management, organization, policy, found)?;
    let target = Target::new(owner(scope, action)?, arn);
    Ok(match found {
        Some(found) => target.key(POLICY_TYPE, policy_type(found.kind)),
        None => target,
    })
}

/// A node, and the policy that is put on it or taken off it: both must be allowed.
///
/// Errors: as [`owner`].
pub fn attachment_target(
    path: &ControlAttachmentPath,
    action: &'static str,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let management = management(scope)?;
    let node = match &*path.target {
        TargetRef::Node(node) => node_arn(&management, &path.organization, node),
        TargetRef::Account(account) => Arn::member(&management, &path.organization, account),
    };
    let target = Target::new(owner(scope, action)?, node);
    match &*path.control_policy {
        ControlPolicyName::Own(policy) => {
            let found = own(scope, policy);
            let arn = arn(&management, &path.organization, policy, found)?;
            let target = target.also(action, arn);
            Ok(match found {
                Some(found) => target.key(POLICY_TYPE, policy_type(found.kind)),
                None => target,
            })
        }
        ControlPolicyName::System(name) => {
            let known = system_policies::find(name, Kind::Scp);
            Ok(match known {
                Some(_) => target.key(POLICY_TYPE, policy_type(ControlKind::Scp)),
                None => target,
            })
        }
    }
}

/// What a control policy caps, as conditions have it.
#[must_use]
pub const fn policy_type(kind: ControlKind) -> &'static str {
    match kind {
        ControlKind::Scp => "SERVICE_CONTROL_POLICY",
        ControlKind::Rcp => "RESOURCE_CONTROL_POLICY",
    }
}

/// With what a new policy is to cap.
#[must_use]
pub fn of_type(target: Target, kind: ControlKind) -> Target {
    target.key(POLICY_TYPE, policy_type(kind))
}

/// The policy of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(
    organization: &'a Organization,
    policy: &OwnPolicyRef,
) -> Result<&'a ControlPolicy, Problem> {
    organization
        .control_policy(policy)
        .ok_or_else(Problem::not_found)
}

fn own<'a>(scope: &Scope<'a>, policy: &OwnPolicyRef) -> Option<&'a ControlPolicy> {
    scope.organization?.state.control_policy(policy)
}

fn arn(
    management: &AccountId,
    organization: &OrganizationId,
    policy: &OwnPolicyRef,
    found: Option<&ControlPolicy>,
) -> Result<Arn, Problem> {
    match (found, policy) {
        (Some(found), _) => Ok(Arn::control_policy(management, organization, &found.id)),
        (None, Ref::Id(id)) => Ok(Arn::control_policy(management, organization, id)),
        (None, Ref::Name(name)) => {
            let arn = Arn::organization(management, organization);
            let text = arn.to_string();
            let (before, _) = text.rsplit_once(':').ok_or_else(Problem::not_found)?;
            let text = format!("{before}:control-policy/{organization}/{name}");
            text.parse().map_err(|_| Problem::not_found())
        }
    }
}
