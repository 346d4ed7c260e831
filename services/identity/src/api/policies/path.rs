//! Paths of policies, and what an action on one is asked of.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, CustomerPolicyRef, Policy, Ref};
use trilby_model::{AccountId, Arn, PolicyName};
use trilby_service::problem::Problem;
use utoipa::IntoParams;

use crate::names::root_path;
use crate::segment::Segment;

/// A policy of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct PolicyPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the policy.
    #[param(value_type = String)]
    pub policy: Segment<CustomerPolicyRef>,
}

/// A version of a policy.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct VersionPath {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the policy.
    #[param(value_type = String)]
    pub policy: Segment<CustomerPolicyRef>,
    /// The version: `v1`, `v2`, …
    #[param(value_type = String, example = "v1")]
    pub version: Segment<VersionNumber>,
}

/// A version of a policy as it is written: `v12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionNumber(pub u32);

/// Not a version.
#[derive(Debug, thiserror::Error)]
#[error("a version is `v` and a number from 1")]
pub struct NotAVersion;

impl FromStr for VersionNumber {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let digits = text
            .strip_prefix('v')
            .filter(|digits| !digits.starts_with(['0', '+']));
        digits
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or(NotAVersion)
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// The policy as it is, or as it would be called if it were there.
pub fn target(
    account: AccountId,
    policy: &CustomerPolicyRef,
    scope: &Scope<'_>,
) -> Result<Target, Problem> {
    let found = scope.account.and_then(|view| view.state.policy(policy));
    match found {
        Some(found) => {
            let arn = Arn::policy(&account, &found.path, &found.name);
            Ok(Target::new(account, arn).resource_tags(&found.tags))
        }
        None => Ok(Target::new(account, unknown_arn(account, policy)?)),
    }
}

/// The ARN of a policy that does not exist, under the name it was asked by.
pub fn unknown_arn(account: AccountId, policy: &CustomerPolicyRef) -> Result<Arn, Problem> {
    let name: PolicyName = match policy {
        Ref::Name(name) => name.clone(),
        Ref::Id(id) => id.as_str().parse().map_err(|_| Problem::not_found())?,
    };
    Ok(Arn::policy(&account, &root_path()?, &name))
}

/// The policy of the path.
///
/// Errors: `not_found`.
pub fn find<'a>(account: &'a Account, policy: &CustomerPolicyRef) -> Result<&'a Policy, Problem> {
    account.policy(policy).ok_or_else(Problem::not_found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_spelling() {
        assert_eq!("v7".parse::<VersionNumber>().unwrap(), VersionNumber(7));
        for text in ["7", "v0", "v07", "v+7", "v", "v-1", "v99999999999"] {
            assert!(text.parse::<VersionNumber>().is_err(), "{text}");
        }
    }
}
