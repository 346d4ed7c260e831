//! The path of an alias, and what an action on one is asked of.

use serde::Deserialize;
use trilby_access::{Scope, Target};
use trilby_account::{Account, PrincipalId, Ref, SubjectKey};
use trilby_model::{AccountId, Arn, Tags};
use utoipa::IntoParams;

/// A subject as enforcement points name it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AliasPath {
    /// The account.
    pub account: AccountId,
    /// Type of the subject.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id of the subject; slashes percent-encoded.
    pub id: String,
}

impl AliasPath {
    /// The subject. `None`: no subject is called so.
    pub fn subject(&self) -> Option<SubjectKey> {
        SubjectKey::new(&self.kind, &self.id).ok()
    }
}

/// A user or role as the engine knows it.
pub fn principal<'a>(account: &'a Account, id: &PrincipalId) -> Option<(Arn, &'a Tags)> {
    match id {
        PrincipalId::User(id) => {
            let user = account.user(&Ref::Id(id.clone()))?;
            Some((Arn::user(&account.id(), &user.path, &user.name), &user.tags))
        }
        PrincipalId::Role(id) => {
            let role = account.role(&Ref::Id(id.clone()))?;
            Some((Arn::role(&account.id(), &role.path, &role.name), &role.tags))
        }
    }
}

/// The user or role that the alias means now; the account if it means nobody.
pub fn target(path: &AliasPath, scope: &Scope<'_>) -> Target {
    let meant = scope.account.and_then(|view| {
        let alias = view.state.subject_alias(&path.subject()?)?;
        principal(&view.state, &alias.principal)
    });
    match meant {
        Some((arn, tags)) => Target::new(path.account, arn).resource_tags(tags),
        None => Target::new(path.account, Arn::account_of(&path.account)),
    }
}

/// A user or role by unique id or ARN. `None`: nobody of this account.
pub fn principal_id(account: &Account, text: &str) -> Option<PrincipalId> {
    let by_id = text
        .parse()
        .ok()
        .filter(|id| principal(account, id).is_some());
    by_id.or_else(|| account.principal_id(&text.parse().ok()?))
}
