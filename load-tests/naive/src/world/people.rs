//! Who asks, as their account knows them.

use serde_json::Value;

use crate::caller::{Caller, Kind, owner};
use crate::combine::Standing;
use crate::context::Context;
use crate::fault::Fault;
use crate::seats::items;

use super::called;

/// The caller as the request tells it.
pub(super) fn caller(request: &Value) -> Caller {
    let principal = request.get("principal").unwrap_or(&Value::Null);
    let text = |key: &str| {
        principal
            .get(key)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let kind = match principal.get("kind").and_then(Value::as_str) {
        Some("root") => Kind::Root,
        Some("user") => Kind::User,
        Some("role_session") => Kind::RoleSession,
        Some("federated_user") => Kind::FederatedUser,
        Some("service") => Kind::Service,
        Some("web_identity") => Kind::WebIdentity,
        _ => Kind::Anonymous,
    };
    let account = text("account");
    Caller {
        kind,
        name: match kind {
            Kind::Root => format!(
                "arn:trilby:iam::{}:root",
                account.as_deref().unwrap_or_default()
            ),
            Kind::User
            | Kind::RoleSession
            | Kind::FederatedUser
            | Kind::Service
            | Kind::WebIdentity
            | Kind::Anonymous => text("arn").or_else(|| text("name")).unwrap_or_default(),
        },
        behind: match kind {
            Kind::RoleSession => text("role"),
            Kind::FederatedUser => text("user"),
            Kind::Root | Kind::User | Kind::Service | Kind::WebIdentity | Kind::Anonymous => None,
        },
        owner: owner(request, account.as_deref()),
        account,
        id: text("id"),
    }
}

/// The user or role that asks, or is behind the session that does.
pub(super) struct Known<'a> {
    pub(super) entry: Option<&'a Value>,
    pub(super) standing: Standing,
}

impl<'a> Known<'a> {
    /// Looks the caller up and brings what the request says of it up to date. A unique id decides alone; only without
    /// one does the name.
    pub(super) fn find(
        caller: &mut Caller,
        request: &Value,
        home: Option<&'a Value>,
        context: &Context,
    ) -> Self {
        let (list, named) = match caller.kind {
            Kind::User => ("users", Some(caller.name.clone())),
            Kind::RoleSession => ("roles", caller.behind.clone()),
            Kind::FederatedUser => ("users", caller.behind.clone()),
            Kind::Root => {
                let standing = home.map_or(Standing::Unknown, |_| Standing::Active);
                return Self {
                    entry: None,
                    standing,
                };
            }
            Kind::Service | Kind::WebIdentity | Kind::Anonymous => {
                return Self {
                    entry: None,
                    standing: Standing::Active,
                };
            }
        };
        let told = request.pointer("/principal/id").and_then(Value::as_str);
        let entry = match told {
            Some(id) => with_id(home, list, id),
            None => named.and_then(|name| called(home, list, &name, context)),
        };
        let text = |key: &str| entry?.get(key)?.as_str().map(str::to_owned);
        caller.id = text("id");
        match caller.kind {
            Kind::User => caller.name = text("arn").unwrap_or_else(|| caller.name.clone()),
            Kind::RoleSession => caller.behind = text("arn").or_else(|| caller.behind.clone()),
            _ => caller.behind = text("arn"),
        }
        let disabled = entry.and_then(|entry| entry.get("disabled")?.as_bool());
        let standing = match (entry, disabled) {
            (None, _) => Standing::Unknown,
            (Some(_), Some(true)) => Standing::Disabled,
            (Some(_), _) => Standing::Active,
        };
        Self { entry, standing }
    }

    /// A list of its own.
    pub(super) fn list(&self, key: &str) -> Option<Vec<&'a Value>> {
        self.entry?
            .get(key)
            .filter(|list| !list.is_null())
            .map(items)
    }

    /// Its own policies, and those of its groups.
    pub(super) fn policies(&self, home: Option<&'a Value>, fault: Option<Fault>) -> Vec<&'a Value> {
        let mut policies = self.list("policies").unwrap_or_default();
        if fault == Some(Fault::GroupsLendNothing) {
            return policies;
        }
        for group in self.list("groups").unwrap_or_default() {
            let group = group.as_str().and_then(|id| with_id(home, "groups", id));
            policies.extend(
                group
                    .and_then(|group| group.get("policies"))
                    .into_iter()
                    .flat_map(items),
            );
        }
        policies
    }
}

/// The entry of an account's list that has this id.
fn with_id<'a>(account: Option<&'a Value>, list: &str, id: &str) -> Option<&'a Value> {
    let entries = account?.get(list).map(items)?;
    entries
        .into_iter()
        .find(|entry| entry.get("id").and_then(Value::as_str) == Some(id))
}
