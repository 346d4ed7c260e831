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

/// The strongest way in which a statement names the caller. `ids`: who was meant, where names are not just texts.
pub(crate) fn class(
    statement: &Value,
    caller: &Caller,
    bounded: bool,
    ids: Option<&Value>,
    context: &Context,
) -> Option<Class> {
    let who = Who {
        caller,
        ids: ids.filter(|_| !context.is_planted(Fault::NamesAreTexts)),
        context,
    };
    if let Some(not) = statement.get("NotPrincipal") {
        let spared = context.is_planted(Fault::BoundedMayBeExempt);
        let listed = who.is_listed_whole(not);
        context.seen.count_not_principal(listed && !bounded);
        let exempt = (!bounded || spared) && listed;
        return (!exempt).then_some(Class::Direct);
    }
    let principal = statement.get("Principal")?;
    if principal.as_str() == Some("*") {
        return Some(Class::Direct);
    }
    let aws = values(principal, "AWS");
    let everyone = aws.iter().any(|value| value == "*");
    match caller.kind {
        Kind::Service => who.is_service(principal).then_some(Class::Direct),
        Kind::WebIdentity => (who.is_vouched_for(principal) || everyone).then_some(Class::Direct),
        Kind::Anonymous => everyone.then_some(Class::Direct),
        Kind::Root | Kind::User | Kind::RoleSession | Kind::FederatedUser => {
            aws.iter().filter_map(|value| who.class_of(value)).max()
        }
    }
}

fn values(principal: &Value, kind: &str) -> Vec<String> {
    principal.get(kind).map(listed).unwrap_or_default()
}

/// The caller as documents know it.
struct Who<'a> {
    caller: &'a Caller,
    ids: Option<&'a Value>,
    context: &'a Context,
}

impl Who<'_> {
    fn class_of(&self, value: &str) -> Option<Class> {
        if value == "*" || self.is_itself(value) {
            return Some(Class::Direct);
        }
        if self.is_behind(value) {
            let planted = self.context.is_planted(Fault::RoleIsDirect);
            let direct = self.caller.kind == Kind::RoleSession && planted;
            return Some(if direct { Class::Direct } else { Class::Entity });
        }
        let root = self.caller.kind == Kind::Root;
        is_account_of(value, self.caller).then_some(if root {
            Class::Direct
        } else {
            Class::Account
        })
    }

    /// Whether a value names the caller and nobody else.
    fn is_itself(&self, value: &str) -> bool {
        match self.caller.kind {
            Kind::User => self.is_meant(value, &self.caller.name),
            Kind::RoleSession | Kind::FederatedUser => {
                let fits = same(value, &self.caller.name, self.context);
                // The name of a session says nothing of who made it, unless that was noted.
                fits && match (self.ids, self.noted(value)) {
                    (None, _) => true,
                    (Some(_), None) => self.caller.id.is_some(),
                    (Some(_), Some(id)) => self.caller.id.as_ref() == Some(&id),
                }
            }
            Kind::Root | Kind::Service | Kind::WebIdentity | Kind::Anonymous => false,
        }
    }

    /// Whether a value names the role or user behind the caller's session.
    fn is_behind(&self, value: &str) -> bool {
        match self.caller.kind {
            Kind::RoleSession | Kind::FederatedUser => match &self.caller.behind {
                Some(behind) => self.is_meant(value, behind),
                None => self.ids.is_some() && self.is_meant(value, ""),
            },
            Kind::Root | Kind::User | Kind::Service | Kind::WebIdentity | Kind::Anonymous => false,
        }
    }

    /// Whether a value means the user or role of this name: by its unique id, where ids were noted.
    fn is_meant(&self, value: &str, name: &str) -> bool {
        let Some(id) = &self.caller.id else {
            return self.ids.is_none() && same(value, name, self.context);
        };
        if value == id {
            // What is left of a name whose bearer is gone.
            return true;
        }
        match self.ids {
            None => same(value, name, self.context),
            Some(_) => {
                let session =
                    value.contains(":assumed-role/") || value.contains(":federated-user/");
                !session && self.noted(value).as_ref() == Some(id)
            }
        }
    }

    /// Whose id was noted for a name when the document was written.
    fn noted(&self, value: &str) -> Option<String> {
        let ids = self.ids?.as_object()?;
        let found = ids.iter().find(|(name, _)| same(name, value, self.context));
        found.and_then(|(_, id)| id.as_str()).map(str::to_owned)
    }

    fn is_service(&self, principal: &Value) -> bool {
        values(principal, "Service")
            .iter()
            .any(|value| value == "*" || *value == self.caller.name)
    }

    fn is_vouched_for(&self, principal: &Value) -> bool {
        values(principal, "Federated").iter().any(|value| {
            let named = match self.ids {
                None => same(value, &self.caller.name, self.context),
                Some(_) => self.caller.id.is_some() && self.noted(value) == self.caller.id,
            };
            value == "*" || named
        })
    }

    /// Whether every identity the caller acts under is listed.
    fn is_listed_whole(&self, not: &Value) -> bool {
        if not.as_str() == Some("*") {
            return true;
        }
        let aws = values(not, "AWS");
        let everyone = aws.iter().any(|value| value == "*");
        let some = |fits: &dyn Fn(&str) -> bool| everyone || aws.iter().any(|value| fits(value));
        let account = some(&|value| is_account_of(value, self.caller));
        let itself = some(&|value| self.is_itself(value));
        let behind = some(&|value| self.is_behind(value));
        let chain: &[bool] = match self.caller.kind {
            Kind::Root => &[account],
            Kind::User => &[account, itself],
            Kind::RoleSession | Kind::FederatedUser => &[account, itself, behind],
            Kind::Anonymous => &[everyone],
            Kind::Service => &[self.is_service(not)],
            Kind::WebIdentity => &[self.is_vouched_for(not)],
        };
        if self.context.is_planted(Fault::OneOfChainExempts) {
            chain.contains(&true)
        } else {
            !chain.contains(&false)
        }
    }
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
