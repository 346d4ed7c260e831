//! The caller as the engine knows it, and the condition keys that every request has.

use std::sync::Arc;

use trilby_account::{Account, Ref, system_policies};
use trilby_engine::{
    CompiledPolicy, LayerKind, Principal, Resolution, RoleSession, RootUser, SessionFacts,
    UserPrincipal,
};
use trilby_model::{AccountId, Arn};
use trilby_policy::{Context, ContextValue, Document, Grammar, Kind};
use trilby_service::caller::{Caller, CallerKind};

use crate::input::Facts;

/// A session names a policy that cannot be evaluated: it is gone, or the token's own policy does not parse. Such a
/// session may do nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("session policy `{policy}` cannot be evaluated")]
pub struct BrokenSessionPolicy {
    /// ARN of the policy, or `inline`.
    pub policy: String,
}

/// The caller as a principal. `state` is the fold of the caller's account.
///
/// Errors: the session has a policy that cannot be evaluated.
pub fn principal(caller: &Caller, state: &Account) -> Result<Principal, BrokenSessionPolicy> {
    let session = SessionFacts {
        issued_at: Some(caller.issued_at),
        mfa_at: caller.mfa.map(|mfa| mfa.at),
        source_identity: caller.source_identity.clone(),
        federated_provider: caller
            .federation
            .as_ref()
            .map(|federation| federation.provider.to_string()),
        chain_depth: matches!(caller.kind, CallerKind::Role { .. })
            .then(|| u32::from(caller.depth)),
    };
    Ok(match &caller.kind {
        CallerKind::Root => Principal::Root(RootUser {
            account: caller.account,
            session,
        }),
        CallerKind::User { id, name, .. } => Principal::User(UserPrincipal {
            arn: caller.principal_arn.clone(),
            id: Some(id.clone()),
            account: caller.account,
            name: name.to_string(),
            tags: caller.tags.clone(),
            session,
        }),
        CallerKind::Role {
            id, session_name, ..
        } => Principal::RoleSession(RoleSession {
            session_arn: caller.arn.clone(),
            role_arn: caller.principal_arn.clone(),
            role_id: Some(id.clone()),
            account: caller.account,
            session_name: session_name.to_string(),
            tags: caller.tags.clone(),
            session_policies: session_policies(caller, state)?,
            session,
        }),
    })
}

/// The policies that cap a session: `None` if it has none, which is not the same as an empty set.
fn session_policies(
    caller: &Caller,
    state: &Account,
) -> Result<Option<Vec<Arc<CompiledPolicy>>>, BrokenSessionPolicy> {
    if caller.session_policy.is_none() && caller.session_policy_arns.is_empty() {
        return Ok(None);
    }
    let mut policies = Vec::new();
    if let Some(inline) = &caller.session_policy {
        policies.push(compiled("inline", &inline.to_string())?);
    }
    for arn in &caller.session_policy_arns {
        let broken = || BrokenSessionPolicy {
            policy: arn.to_string(),
        };
        let text = managed_text(arn, caller.account, state).ok_or_else(broken)?;
        policies.push(compiled(&arn.to_string(), &text)?);
    }
    Ok(Some(policies))
}

fn compiled(name: &str, text: &str) -> Result<Arc<CompiledPolicy>, BrokenSessionPolicy> {
    let broken = |_| BrokenSessionPolicy {
        policy: name.to_owned(),
    };
    let document = Document::parse(text, Kind::Session, &Grammar::stored()).map_err(broken)?;
    Ok(CompiledPolicy::new(name, LayerKind::Session, document, &Resolution::ByName).shared())
}

/// The default version of a managed policy, as it is now.
fn managed_text(arn: &Arn, account: AccountId, state: &Account) -> Option<String> {
    let (_, name) = arn.resource().rsplit_once('/')?;
    let wanted = arn.in_own_partition();
    if arn.account() == "system" {
        let policy = system_policies::find(&name.parse().ok()?, Kind::Identity)?;
        return policy.text(policy.newest_version()).map(str::to_owned);
    }
    let policy = state.policy(&Ref::Name(name.parse().ok()?))?;
    let same = Arn::policy(&account, &policy.path, &policy.name) == wanted;
    let version = policy.in_force().filter(|_| same)?;
    Some(version.text.document.to_string())
}

/// The keys of the network and the moment (policy-language.md 8.2).
pub(crate) fn request_keys(facts: &Facts) -> Context {
    let mut context = Context::new();
    let mut scalar = |key: &str, value: String| context.insert(key, ContextValue::Scalar(value));
    scalar("aws:SecureTransport", facts.secure.to_string());
    if let Some(address) = facts.address {
        scalar("aws:SourceIp", address.to_canonical().to_string());
    }
    if let Some(agent) = &facts.user_agent {
        scalar("aws:UserAgent", agent.clone());
    }
    if let Some(referer) = &facts.referer {
        scalar("aws:Referer", referer.clone());
    }
    context
}
