//! Identity providers: who vouches, how it is checked, and for whom.

use std::collections::BTreeSet;

use trilby_model::ProviderId;
use trilby_model::federation::{
    Invalid, ProviderChange, ProviderName, ProviderSettings, SHARES_MAX, ShareTarget,
};

use super::deletion::{self, Part};
use super::provider_keys::SeenKeys;
use crate::decide::{Desk, Verdict, is_no_id};
use crate::event::{
    ProviderChanged, ProviderDisabled, ProviderEnabled, ProviderRegistered, ProviderRemoved,
    ProviderShared, RoleMapDeleted,
};
use crate::federation::{changed, complete};
use crate::id::{MapSeat, ProviderRef, Ref};
use crate::quota::{Quota, count};
use crate::rejection::{Blocker, Rejection, ThingKind, within};
use crate::state::{Account, Provider, Role};

/// Makes an identity provider. It admits nobody until a trust policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterProvider {
    /// Its name.
    pub name: ProviderName,
    /// Its settings; what is absent follows from the template and from what is known of the issuer.
    pub settings: ProviderChange,
    /// Its keys, if they were read already.
    pub keys: Option<SeenKeys>,
}

/// Changes a provider's settings; what is not given stays. The issuer never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateProvider {
    /// The provider.
    pub provider: ProviderRef,
    /// What changes.
    pub settings: ProviderChange,
}

/// Lets a provider vouch, or not; then what came through it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetProviderStatus {
    /// The provider.
    pub provider: ProviderRef,
    /// Whether it vouches.
    pub enabled: bool,
}

/// Says who may link a provider. Where somebody may no more, all that came through it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareProvider {
    /// The provider.
    pub provider: ProviderRef,
    /// All who may.
    pub shared_with: BTreeSet<ShareTarget>,
}

/// Removes a provider for good; what came through it ends, in every account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveProvider {
    /// The provider.
    pub provider: ProviderRef,
    /// Whether it goes although trust policies name it, and its role map with it. Such policies
    /// then name nobody, and a provider of the same name made later is not meant.
    pub cascade: bool,
}

impl RegisterProvider {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        is_no_id(self.name.as_str())?;
        if let Some(provider) = desk.account.provider(&Ref::Name(self.name.clone())) {
            desk.require(Some(provider.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::Provider, &self.name));
        }
        within(Quota::Providers, count(desk.account.providers().len()) + 1)?;
        let settings = complete(self.settings.clone())?;
        is_storable(&settings)?;
        let id = ProviderId::generate(desk.entropy);
        let mut events = Vec::new();
        if let Some(keys) = &self.keys {
            events.push(keys.observed(&id)?);
        }
        let fact = ProviderRegistered {
            provider: id,
            name: self.name.clone(),
            settings,
        };
        events.insert(0, fact.into());
        Ok(events)
    }
}

impl UpdateProvider {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let provider = desk.provider(&self.provider)?;
        desk.require(Some(provider.stamp.changed))?;
        let settings = changed(&provider.settings, self.settings.clone())?;
        is_storable(&settings)?;
        if settings == provider.settings {
            return Ok(Vec::new());
        }
        let fact = ProviderChanged {
            provider: provider.id.clone(),
            settings,
        };
        Ok(vec![fact.into()])
    }
}

impl SetProviderStatus {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let provider = desk.provider(&self.provider)?;
        desk.require(Some(provider.stamp.changed))?;
        let id = provider.id.clone();
        Ok(match (provider.enabled, self.enabled) {
            (false, true) => vec![ProviderEnabled { provider: id }.into()],
            (true, false) => vec![ProviderDisabled { provider: id }.into()],
            (true, true) | (false, false) => Vec::new(),
        })
    }
}

impl ShareProvider {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let provider = desk.provider(&self.provider)?;
        desk.require(Some(provider.stamp.changed))?;
        let pointer = "/shared_with";
        if self.shared_with.len() > SHARES_MAX {
            let why = "names more than 100 accounts and organizations";
            return Err(Rejection::InvalidParameter { pointer, why });
        }
        let own = ShareTarget::Account(desk.account.id());
        if self.shared_with.contains(&own) {
            let why = "names the provider's own account, which needs no link";
            return Err(Rejection::InvalidParameter { pointer, why });
        }
        if self.shared_with == provider.shared_with {
            return Ok(Vec::new());
        }
        let fact = ProviderShared {
            provider: provider.id.clone(),
            shared_with: self.shared_with.clone(),
            revoke_sessions: !provider.shared_with.is_subset(&self.shared_with),
        };
        Ok(vec![fact.into()])
    }
}

impl RemoveProvider {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let provider = desk.provider(&self.provider)?;
        desk.require(Some(provider.stamp.changed))?;
        let seat = MapSeat::Provider(provider.id.clone());
        let last = ProviderRemoved {
            provider: provider.id.clone(),
        };
        let trusting: Vec<Blocker> = blockers(desk.account, &provider.id);
        remove(
            ThingKind::Provider,
            &provider.name,
            provider.role_map.as_ref().map(|_| seat),
            trusting,
            self.cascade,
            last.into(),
        )
    }
}

/// Removes a provider or link: a role map goes with it in a cascade, and trust policies do not
/// hold it then, but they stay.
pub(super) fn remove(
    kind: ThingKind,
    name: &ProviderName,
    role_map: Option<MapSeat>,
    trusting: Vec<Blocker>,
    cascade: bool,
    last: crate::event::Event,
) -> Verdict {
    if !cascade && !trusting.is_empty() {
        return Err(Rejection::DeleteConflict {
            kind,
            name: name.to_string(),
            blockers: trusting,
        });
    }
    let parts = role_map.into_iter().map(|seat| Part {
        blocker: Blocker {
            kind: ThingKind::RoleMap,
            id: seat.to_string(),
            name: None,
        },
        removal: RoleMapDeleted { seat }.into(),
    });
    deletion::decide(kind, name, parts, cascade, last)
}

/// The roles whose trust policies name a provider.
pub(super) fn blockers(account: &Account, provider: &ProviderId) -> Vec<Blocker> {
    account
        .roles_naming(provider)
        .take(crate::rejection::BLOCKERS_MAX)
        .map(|role| Blocker {
            kind: ThingKind::Role,
            id: role.id.to_string(),
            name: Some(role.name.to_string()),
        })
        .collect()
}

impl Account {
    /// The roles whose trust policies name a provider: whom a change of it opens, or closes.
    pub fn roles_naming<'a>(
        &'a self,
        provider: &'a ProviderId,
    ) -> impl Iterator<Item = &'a Role> + 'a {
        self.roles()
            .values()
            .filter(move |role| role.trust.providers.values().any(|id| id == provider))
    }
}

impl Provider {
    /// Whether other settings can admit others than these: another audience, other keys, another
    /// sharing or other required claims.
    #[must_use]
    pub fn would_open(&self, settings: &ProviderSettings) -> bool {
        let old = &self.settings;
        old.audiences != settings.audiences
            || old.keys != settings.keys
            || old.allowed_algs != settings.allowed_algs
            || old.sharing != settings.sharing
            || old.required_claims != settings.required_claims
            || old.require_claims != settings.require_claims
    }
}

/// Keys written into settings are foreign JSON; stored events have no fractions and no `null`.
fn is_storable(settings: &ProviderSettings) -> Result<(), Rejection> {
    let stored = serde_json::to_value(settings).unwrap_or_default();
    if stored.is_object() && is_plain(&stored) {
        return Ok(());
    }
    let message = "may hold no `null`, no fraction and no integer beyond 53 bits";
    Err(Invalid::new("/keys", message).into())
}

fn is_plain(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    const INTEGER_MAX: u64 = (1 << 53) - 1;
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => number
            .as_i64()
            .is_some_and(|number| number.unsigned_abs() <= INTEGER_MAX),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => members.values().all(is_plain),
    }
}
