//! The policy that a body names as a boundary, and the condition key that says which one a principal has or gets.

use trilby_access::Target;
use trilby_account::{Account, Attachment, ManagedPolicyRef, PolicyRef, system_policies};
use trilby_model::{AccountId, Arn};
use trilby_policy::Kind;
use trilby_service::problem::Problem;

use crate::api::SYSTEM_PREFIX;
use crate::api::holders::managed::managed;

/// The condition key of the boundary that the target of a request has or gets.
const KEY: &str = "iam:PermissionsBoundary";

/// The ARN of the policy behind a boundary. `None`: the account lacks it, which the fold rules out.
pub fn boundary_arn(account: &Account, boundary: &Attachment) -> Option<Arn> {
    match &boundary.policy {
        PolicyRef::Customer(id) => {
            let policy = account.policies().get(id)?;
            Some(Arn::policy(&account.id(), &policy.path, &policy.name))
        }
        PolicyRef::System { name, .. } => Some(Arn::system_policy(name)),
    }
}

/// The target with the boundary that it has.
pub fn bounded(target: Target, account: &Account, boundary: Option<&Attachment>) -> Target {
    match boundary.and_then(|boundary| boundary_arn(account, boundary)) {
        Some(arn) => target.key(KEY, arn.to_string()),
        None => target,
    }
}

/// The target with the boundary that it gets by this request, in the place of one that it has. What names no policy is no value of the key either, and is refused after authorization.
pub fn getting(target: Target, account: AccountId, state: Option<&Account>, text: &str) -> Target {
    match by_arn(account, state, text) {
        Some((_, arn)) => target.key(KEY, arn.to_string()),
        None => target,
    }
}

/// The managed policy that a body names, for a command.
///
/// Errors: `invalid_parameter` if it is none of this account or of the system.
pub fn wanted(account: &Account, text: &str, pointer: &str) -> Result<ManagedPolicyRef, Problem> {
    let (policy, _) = by_arn(account.id(), Some(account), text).ok_or_else(|| {
        let form =
            "must be the ARN of a managed policy, or `system:` and the name of a system policy";
        Problem::invalid(pointer, form)
    })?;
    policy
        .filter(|policy| exists(account, policy))
        .ok_or_else(|| {
            let none = "names no managed policy of this account or of the system";
            Problem::invalid(pointer, none)
        })
}

fn exists(account: &Account, policy: &ManagedPolicyRef) -> bool {
    match policy {
        ManagedPolicyRef::Customer(policy) => account.policy(policy).is_some(),
        ManagedPolicyRef::System(name) => system_policies::find(name, Kind::Identity).is_some(),
    }
}

fn by_arn(
    account: AccountId,
    state: Option<&Account>,
    text: &str,
) -> Option<(Option<ManagedPolicyRef>, Arn)> {
    if !text.starts_with("arn:") && !text.starts_with(SYSTEM_PREFIX) {
        return None;
    }
    let found = managed(text, account, state).ok()?;
    let arn = found.arn.clone();
    Some((found.wanted().ok(), arn))
}
