//! How a resource policy names a caller.

use serde_json::Value;

use crate::caller::{Caller, Kind};
use crate::condition::listed;
use crate::context::Context;
use crate::fault::Fault;
use crate::pattern::same;

/// From the account to the caller itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Account,
    Entity,
    Direct,
}

/// The strongest way in which a statement names the caller.
pub(crate) fn class(
    statement: &Value,
    caller: &Caller,
    bounded: bool,
    context: &Context,
) -> Option<Class> {
    if let Some(not) = statement.get("NotPrincipal") {
        let spared = context.is_planted(Fault::BoundedMayBeExempt);
        let exempt = (!bounded || spared) && is_exempt(not, caller, context);
        return (!exempt).then_some(Class::Direct);
    }
    let principal = statement.get("Principal")?;
    if principal.as_str() == Some("*") {
        return Some(Class::Direct);
    }
    match caller.kind {
        Kind::Service => values(principal, "Service")
            .contains(&caller.name)
            .then_some(Class::Direct),
        Kind::WebIdentity => {
            let named = values(principal, "Federated")
                .iter()
                .any(|value| same(value, &caller.name, context));
            let everyone = values(principal, "AWS").iter().any(|value| value == "*");
            (named || everyone).then_some(Class::Direct)
        }
        Kind::Anonymous => values(principal, "AWS")
            .iter()
            .any(|value| value == "*")
            .then_some(Class::Direct),
        Kind::Root | Kind::User | Kind::RoleSession | Kind::FederatedUser => {
            values(principal, "AWS")
                .iter()
                .filter_map(|value| of_value(value, caller, context))
                .max()
        }
    }
}

fn values(principal: &Value, kind: &str) -> Vec<String> {
    principal.get(kind).map(listed).unwrap_or_default()
}

fn of_value(value: &str, caller: &Caller, context: &Context) -> Option<Class> {
    if value == "*" || same(value, &caller.name, context) && caller.kind != Kind::Root {
        return Some(Class::Direct);
    }
    if caller
        .behind
        .as_ref()
        .is_some_and(|behind| same(value, behind, context))
    {
        let direct = caller.kind == Kind::RoleSession && context.is_planted(Fault::RoleIsDirect);
        return Some(if direct { Class::Direct } else { Class::Entity });
    }
    is_account_of(value, caller).then_some(if caller.kind == Kind::Root {
        Class::Direct
    } else {
        Class::Account
    })
}

fn is_account_of(value: &str, caller: &Caller) -> bool {
    let Some(account) = &caller.account else {
        return false;
    };
    value == account
        || value.strip_prefix("arn:").is_some_and(|rest| {
            rest.split_once(':')
                .is_some_and(|(_, rest)| rest == format!("iam::{account}:root"))
        })
}

/// Whether every identity the caller acts under is listed.
fn is_exempt(not: &Value, caller: &Caller, context: &Context) -> bool {
    if not.as_str() == Some("*") {
        return true;
    }
    let aws = values(not, "AWS");
    let everyone = aws.iter().any(|value| value == "*");
    let account = everyone || aws.iter().any(|value| is_account_of(value, caller));
    let itself = everyone || aws.iter().any(|value| same(value, &caller.name, context));
    let behind = everyone
        || caller
            .behind
            .as_ref()
            .is_some_and(|behind| aws.iter().any(|value| same(value, behind, context)));
    let chain: &[bool] = match caller.kind {
        Kind::Root => &[account],
        Kind::User => &[account, itself],
        Kind::RoleSession | Kind::FederatedUser => &[account, itself, behind],
        Kind::Anonymous => &[everyone],
        Kind::Service => &[values(not, "Service").contains(&caller.name)],
        Kind::WebIdentity => &[values(not, "Federated")
            .iter()
            .any(|value| same(value, &caller.name, context))],
    };
    if context.is_planted(Fault::OneOfChainExempts) {
        chain.contains(&true)
    } else {
        !chain.contains(&false)
    }
}
