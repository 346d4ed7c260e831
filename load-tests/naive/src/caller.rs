//! Who asks, and whose the thing is that they ask about.

use serde_json::Value;

use crate::pattern::name;

/// Kinds of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Root,
    User,
    RoleSession,
    FederatedUser,
    Service,
    WebIdentity,
    Anonymous,
}

/// A caller and the owner of what it wants.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) kind: Kind,
    /// ARN, or a service's name; empty for nobody.
    pub(crate) name: String,
    /// The role behind a session, the user behind a session it named.
    pub(crate) behind: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) owner: Option<String>,
    /// Unique id of the user, of the role behind a session, of the user behind one, of the provider that vouches; only
    /// in a world, where there is such a one.
    pub(crate) id: Option<String>,
}

impl Caller {
    pub(crate) fn of(request: &Value) -> Self {
        let principal = request.get("principal").unwrap_or(&Value::Null);
        let text = |key: &str| request.get(key).and_then(Value::as_str).map(str::to_owned);
        let (kind, named) = match principal {
            Value::String(arn) => (kind_of(arn), arn.clone()),
            other => match other.get("service").and_then(Value::as_str) {
                Some(service) => (Kind::Service, service.to_owned()),
                None => (Kind::Anonymous, String::new()),
            },
        };
        let parts = name(&named);
        let account = match kind {
            Kind::Root | Kind::User | Kind::RoleSession | Kind::FederatedUser => parts
                .as_ref()
                .map(|[_, _, _, _, account, _]| account.clone()),
            Kind::Service | Kind::WebIdentity | Kind::Anonymous => None,
        };
        let behind = match kind {
            Kind::RoleSession => text("role").or_else(|| {
                let [_, partition, _, _, account, resource] = parts?;
                let role = resource.split('/').nth(1)?.to_owned();
                Some(format!("arn:{partition}:iam::{account}:role/{role}"))
            }),
            Kind::FederatedUser => text("user"),
            Kind::Root | Kind::User | Kind::Service | Kind::WebIdentity | Kind::Anonymous => None,
        };
        Self {
            kind,
            name: named,
            behind,
            owner: owner(request, account.as_deref()),
            account,
            id: None,
        }
    }

    /// Users, and sessions of roles and users: those to whom policies can be attached.
    pub(crate) fn has_identity(&self) -> bool {
        match self.kind {
            Kind::User | Kind::RoleSession | Kind::FederatedUser => true,
            Kind::Root | Kind::Service | Kind::WebIdentity | Kind::Anonymous => false,
        }
    }

    pub(crate) fn is_at_home(&self) -> bool {
        self.account.is_some() && self.account == self.owner
    }
}

/// Whose the thing is that a request asks about: as told, else as its name says, else the caller's.
pub(crate) fn owner(request: &Value, caller: Option<&str>) -> Option<String> {
    let text = |key: &str| request.get(key).and_then(Value::as_str);
    let of_resource = text("resource")
        .and_then(name)
        .map(|[_, _, _, _, account, _]| account)
        .filter(|account| !account.is_empty());
    text("resource_account")
        .map(str::to_owned)
        .or(match of_resource {
            Some(account) => is_account(&account).then_some(account),
            None => caller.map(str::to_owned),
        })
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn kind_of(arn: &str) -> Kind {
    let Some([_, _, service, _, _, resource]) = name(arn) else {
        return Kind::Anonymous;
    };
    let head = resource.split('/').next().unwrap_or_default();
    match (service.as_str(), head) {
        ("iam", "root") => Kind::Root,
        ("iam", "user") => Kind::User,
        ("sts", "assumed-role") => Kind::RoleSession,
        ("sts", "federated-user") => Kind::FederatedUser,
        ("iam", "oidc-provider") => Kind::WebIdentity,
        _ => Kind::Anonymous,
    }
}
