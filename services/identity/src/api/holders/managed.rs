//! The managed policy that a path's last segment names.

use trilby_account::{
    Account, Attachment, Grants, ManagedPolicyRef, PolicyRef, Ref, system_policies,
};
use trilby_model::{AccountId, Arn, PolicyName};
use trilby_policy::Kind;
use trilby_service::problem::Problem;

use crate::api::SYSTEM_PREFIX;
use crate::api::policies::path::unknown_arn;

/// A managed policy, and its ARN as conditions on `iam:PolicyARN` see it.
#[derive(Debug)]
pub struct ManagedPolicy {
    /// For the command. `None`: it was named by an ARN that is nobody's here.
    policy: Option<ManagedPolicyRef>,
    /// Its ARN; one that does not exist has the one it would have.
    pub arn: Arn,
}

impl ManagedPolicy {
    /// The policy, for a command.
    ///
    /// Errors: `not_found` if its ARN is nobody's here.
    pub fn wanted(self) -> Result<ManagedPolicyRef, Problem> {
        self.policy.ok_or_else(Problem::not_found)
    }
}

/// Reads the segment: unique id, name, `system:` and a name, or an ARN.
///
/// `state` is the account's fold, if there is such an account. An ARN of another account, or with another path than
/// the policy of that name has, names nothing.
///
/// Errors: `not_found` for what can be no policy's name.
pub fn managed(
    text: &str,
    account: AccountId,
    state: Option<&Account>,
) -> Result<ManagedPolicy, Problem> {
    if let Some(name) = text.strip_prefix(SYSTEM_PREFIX) {
        return system(name);
    }
    if text.starts_with("arn:") {
        let arn: Arn = text.parse().map_err(|_| Problem::not_found())?;
        return Ok(by_arn(arn, account, state));
    }
    let policy = text.parse().map_err(|_| Problem::not_found())?;
    let arn = match state.and_then(|state| state.policy(&policy)) {
        Some(found) => Arn::policy(&account, &found.path, &found.name),
        None => unknown_arn(account, &policy)?,
    };
    Ok(ManagedPolicy {
        policy: Some(ManagedPolicyRef::Customer(policy)),
        arn,
    })
}

fn system(name: &str) -> Result<ManagedPolicy, Problem> {
    let asked: PolicyName = name.parse().map_err(|_| Problem::not_found())?;
    // Conditions compare ARNs with case: the policy's own spelling counts, not the caller's.
    let name = match system_policies::find(&asked, Kind::Identity) {
        Some(found) => found.name().parse().map_err(|_| Problem::not_found())?,
        None => asked,
    };
    Ok(ManagedPolicy {
        arn: Arn::system_policy(&name),
        policy: Some(ManagedPolicyRef::System(name)),
    })
}

fn by_arn(arn: Arn, account: AccountId, state: Option<&Account>) -> ManagedPolicy {
    let name: Option<PolicyName> = arn
        .resource()
        .rsplit('/')
        .next()
        .and_then(|name| name.parse().ok());
    let Some(name) = name else {
        return ManagedPolicy { policy: None, arn };
    };
    if let Ok(found) = system(name.as_str())
        && found.arn.same_thing(&arn)
    {
        return found;
    }
    let found = state.and_then(|state| state.policy(&Ref::Name(name)));
    let own = found.map(|found| (Arn::policy(&account, &found.path, &found.name), &found.id));
    match own.filter(|(own, _)| own.same_thing(&arn)) {
        // By id: before the command is decided the name may pass to a policy with another path.
        Some((own, id)) => {
            let policy = ManagedPolicyRef::Customer(Ref::Id(id.clone()));
            ManagedPolicy {
                policy: Some(policy),
                arn: own,
            }
        }
        None => ManagedPolicy { policy: None, arn },
    }
}

/// The attachment of a policy, if there is one.
pub fn attachment<'a>(
    account: &Account,
    grants: &'a Grants,
    policy: &ManagedPolicyRef,
) -> Option<&'a Attachment> {
    let attached = match policy {
        ManagedPolicyRef::Customer(policy) => {
            PolicyRef::Customer(account.policy(policy)?.id.clone())
        }
        // Whichever version.
        ManagedPolicyRef::System(name) => PolicyRef::System {
            name: name.clone(),
            version: 0,
        },
    };
    grants.attachment(&attached)
}
