//! Trust in identity providers, by what is known of them when the policy is saved.

use trilby_model::ProviderId;
use trilby_model::federation::{ProviderName, ProviderSettings, Sharing};
use trilby_policy::trust::federated::{self, TrustedProvider};
use trilby_policy::{Document, Severity};

use crate::id::Ref;
use crate::rejection::Rejection;
use crate::state::Account;
use crate::text::{GuardText, KnownPrincipals, TrustWarning};

/// Refuses a trust policy that lets in whoever an issuer vouches for, and gives what one should look at twice.
pub(crate) fn check(
    account: &Account,
    document: &Document,
    trust: &GuardText,
    known: &KnownPrincipals,
) -> Result<Vec<TrustWarning>, Rejection> {
    let found = federated::check(document, |text| {
        let id = trust.providers.get(text)?;
        own(account, id).or_else(|| linked(account, id, known))
    });
    let (errors, warnings): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(Rejection::WeakTrustPolicy { findings: errors });
    }
    let warnings = warnings.into_iter().map(|finding| TrustWarning {
        code: finding.code.to_owned(),
        pointer: finding.pointer,
        message: finding.message,
    });
    Ok(warnings.collect())
}

fn own(account: &Account, id: &ProviderId) -> Option<TrustedProvider> {
    let provider = account.provider(&Ref::Id(id.clone()))?;
    let audiences = provider.settings.audiences.len();
    Some(trusted(&provider.name, &provider.settings, audiences))
}

fn linked(account: &Account, id: &ProviderId, known: &KnownPrincipals) -> Option<TrustedProvider> {
    let mut links = account.links().values();
    let link = links.find(|link| link.provider.id == *id)?;
    let settings = known.providers.get(id)?;
    let audiences = match link.settings.audiences.len() {
        0 => settings.audiences.len(),
        narrower => narrower,
    };
    Some(trusted(&link.name, settings, audiences))
}

fn trusted(name: &ProviderName, settings: &ProviderSettings, audiences: usize) -> TrustedProvider {
    let groups = settings.required_claims.iter();
    let groups = groups.map(|group| {
        let claims = group.any_of.iter();
        claims.map(|claim| claim.condition_name()).collect()
    });
    TrustedProvider {
        issuer: settings.issuer.without_scheme().to_owned(),
        name: name.to_string(),
        audiences,
        shared: match settings.sharing {
            Sharing::Shared => true,
            Sharing::Private => false,
        },
        required_claims: groups.collect(),
    }
}
