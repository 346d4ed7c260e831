//! Principals in resource policies: looked up when a policy is saved, and shown by id when they are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use trilby_access::Services;
use trilby_access::problem::of_directory;
use trilby_account::{Account, AccountStatus, GuardText, KnownPrincipals};
use trilby_directory::{AccountView, Error};
use trilby_model::{AccountId, Arn};
use trilby_policy::{AwsPrincipal, Document};
use trilby_service::problem::{Code, Problem};

use crate::documents;

/// Most other accounts that one document may name: each is looked up.
const FOREIGN_ACCOUNTS_MAX: usize = 100;

/// What is known of the principals of other accounts that a document names.
///
/// Errors: `limit_exceeded` if they are of too many accounts; those of the directory.
pub async fn known(
    services: &Services,
    own: AccountId,
    document: &Document,
) -> Result<KnownPrincipals, Problem> {
    let mut by_account: BTreeMap<AccountId, Vec<&Arn>> = BTreeMap::new();
    for principal in document.aws_principals() {
        let (account, arn) = match principal {
            AwsPrincipal::Account(account) => (Some(*account), None),
            AwsPrincipal::User(arn) | AwsPrincipal::Role(arn) | AwsPrincipal::RoleSession(arn) => {
                (arn.account_id(), Some(arn))
            }
            AwsPrincipal::Everyone
            | AwsPrincipal::FederatedUser(_)
            | AwsPrincipal::Unresolved(_) => (None, None),
        };
        if let Some(account) = account.filter(|account| *account != own) {
            by_account.entry(account).or_default().extend(arn);
        }
    }
    for arn in document.federated_principals() {
        let owner = arn.parse().ok().and_then(|arn: Arn| arn.account_id());
        if let Some(owner) = owner.filter(|owner| *owner != own) {
            by_account.entry(owner).or_default();
        }
    }
    if by_account.len() > FOREIGN_ACCOUNTS_MAX {
        let detail = format!(
            "a policy may name principals of at most {FOREIGN_ACCOUNTS_MAX} other accounts"
        );
        return Err(Problem::new(Code::LimitExceeded, detail)
            .with("quota", "accounts_per_policy")
            .with("limit", FOREIGN_ACCOUNTS_MAX)
            .with("used", by_account.len()));
    }
    let asked = KnownPrincipals::external_ids_of(document);
    let mut known = KnownPrincipals::default();
    for (id, arns) in by_account {
        let Some(account) = account(services, id).await? else {
            continue;
        };
        known.accounts.insert(id);
        if let Some(membership) = account.state.organization() {
            let organization = membership.organization.clone();
            known.organizations.insert(id, organization);
        }
        let named = account.state.providers().values();
        let named = named.filter(|provider| {
            let arn = provider.arn(id);
            let texts = document.federated_principals();
            let mut arns = texts.filter_map(|text| text.parse::<Arn>().ok());
            arns.any(|named| named.same_thing(&arn))
        });
        known
            .providers
            .extend(named.map(|provider| (provider.id.clone(), provider.settings.clone())));
        let issued = account.state.external_ids();
        let issued = asked.iter().filter(|value| issued.contains_key(*value));
        known.external_ids.insert(id, issued.cloned().collect());
        let found = arns
            .into_iter()
            .filter_map(|arn| Some((arn.to_string(), account.state.principal_id(arn)?)));
        known.ids.extend(found);
    }
    Ok(known)
}

/// A policy's document with the unique ids of those of its principals and identity providers that are gone in the place
/// of their ARNs: who saves it again must not let in whoever bears the name now.
///
/// Errors: those of the directory, and faults of ours.
pub async fn shown(services: &Services, own: &Account, text: &GuardText) -> Result<Value, Problem> {
    let mut gone: BTreeMap<&str, String> = BTreeMap::new();
    let mut others: BTreeMap<AccountId, Option<Arc<AccountView>>> = BTreeMap::new();
    for (name, id) in &text.principals {
        let arn: Option<Arn> = name.parse().ok();
        let lives = match arn.as_ref().and_then(|arn| Some((arn, arn.account_id()?))) {
            None => false,
            Some((arn, account)) if account == own.id() => {
                own.principal_id(arn).as_ref() == Some(id)
            }
            Some((arn, foreign)) => {
                if let std::collections::btree_map::Entry::Vacant(slot) = others.entry(foreign) {
                    slot.insert(account(services, foreign).await?);
                }
                let view = others.get(&foreign).and_then(Option::as_ref);
                view.and_then(|view| view.state.principal_id(arn)).as_ref() == Some(id)
            }
        };
        if !lives {
            gone.insert(name, id.to_string());
        }
    }
    for (name, id) in &text.providers {
        if own.provider_id(name).as_ref() != Some(id) {
            gone.insert(name, id.to_string());
        }
    }
    let mut document = documents::shown(&text.policy)?;
    replace(&mut document, &gone);
    Ok(document)
}

/// An account that exists, whatever its status.
async fn account(services: &Services, id: AccountId) -> Result<Option<Arc<AccountView>>, Problem> {
    match services.directory().account(id).await {
        Ok(view) => Ok(Some(view).filter(|view| view.state.status() != AccountStatus::Absent)),
        Err(Error::UnknownLog { .. }) => Ok(None),
        Err(error) => Err(of_directory(error)),
    }
}

fn replace(document: &mut Value, gone: &BTreeMap<&str, String>) {
    let statements = document.get_mut("Statement").and_then(Value::as_array_mut);
    for statement in statements.into_iter().flatten() {
        for (element, kind) in [
            ("Principal", "AWS"),
            ("Principal", "Federated"),
            ("NotPrincipal", "AWS"),
            ("NotPrincipal", "Federated"),
        ] {
            let named = statement
                .get_mut(element)
                .and_then(|principal| principal.get_mut(kind));
            let Some(Value::Array(named)) = named else {
                continue;
            };
            let mut seen = BTreeSet::new();
            named.retain_mut(|principal| {
                if let Some(id) = principal.as_str().and_then(|text| gone.get(text)) {
                    *principal = Value::String(id.clone());
                }
                seen.insert(principal.to_string())
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trilby_account::PrincipalId;

    use super::*;

    #[test]
    fn who_is_gone_stands_there_by_id() {
        let id: PrincipalId = "TUSR00000000000000001".parse().unwrap();
        let name = "arn:trilby:iam::111122223333:user/mary";
        let mut document = json!({"Statement": [
            {"Principal": {"AWS": [name, "arn:trilby:iam::111122223333:user/bob"]}},
            {"NotPrincipal": {"AWS": [name]}},
            {"Principal": "*"},
        ]});
        replace(&mut document, &BTreeMap::from([(name, id.to_string())]));
        assert_eq!(
            document,
            json!({"Statement": [
                {"Principal": {"AWS": [id.to_string(), "arn:trilby:iam::111122223333:user/bob"]}},
                {"NotPrincipal": {"AWS": [id.to_string()]}},
                {"Principal": "*"},
            ]})
        );
    }
}
