//! From what a person names to an account: its number, its alias, a key of it.

use trilby_access::{Services, problem};
use trilby_account::ClaimKind;
use trilby_eventlog::{ClaimKey, ClaimScope, claim};
use trilby_model::{AccessKeyId, AccountAlias, AccountId};
use trilby_service::problem::Problem;

use crate::TokenParts;

/// The account that a number or an alias names. Whether a numbered account exists is not asked.
///
/// Errors: faults only.
pub(crate) async fn account(services: &Services, text: &str) -> Result<Option<AccountId>, Problem> {
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    match text.parse::<AccountAlias>() {
        Ok(alias) => owner(services, ClaimKind::AccountAlias, alias.as_str()).await,
        Err(_) => Ok(None),
    }
}

/// The account that an access key belongs to.
///
/// Errors: faults only.
pub(crate) async fn of_access_key(
    services: &Services,
    id: &AccessKeyId,
) -> Result<Option<AccountId>, Problem> {
    owner(services, ClaimKind::AccessKey, id.as_str()).await
}

async fn owner(
    services: &Services,
    kind: ClaimKind,
    value: &str,
) -> Result<Option<AccountId>, Problem> {
    let parts = services.part::<TokenParts>()?;
    let key = ClaimKey {
        scope: ClaimScope::Store,
        kind: kind.number(),
        mac: claim::mac(parts.claim_key.expose(), value),
    };
    let owner = services
        .log()
        .claim(&key)
        .await
        .map_err(|error| problem::of_directory(error.into()))?;
    Ok(owner.and_then(|owner| owner.log.account()))
}
