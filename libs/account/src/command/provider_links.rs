//! Links: an account takes another account's provider at its word.

use trilby_model::LinkId;
use trilby_model::federation::{LinkChange, LinkSettings, ProviderName};

use super::providers::{blockers, remove};
use crate::decide::{Desk, Verdict, is_no_id};
use crate::event::{ProviderLinkAccepted, ProviderLinkChanged, ProviderLinkRemoved};
use crate::federation::OfferedProvider;
use crate::id::{LinkRef, MapSeat, Ref};
use crate::quota::{Quota, count};
use crate::rejection::{Rejection, ThingKind, within};

/// Links a provider that its owner offers.
///
/// Only the account itself can: no event of the owner's log makes a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptProviderLink {
    /// The link's name.
    pub name: ProviderName,
    /// The provider.
    pub provider: OfferedProvider,
    /// What is asked of tokens besides what the owner asks.
    pub settings: LinkSettings,
}

/// Changes what a link asks; what is not given stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateProviderLink {
    /// The link.
    pub link: LinkRef,
    /// What changes.
    pub settings: LinkChange,
}

/// Removes a link for good; what came through it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveProviderLink {
    /// The link.
    pub link: LinkRef,
    /// Whether it goes although trust policies name its provider, and its role map with it.
    pub cascade: bool,
}

impl AcceptProviderLink {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        is_no_id(self.name.as_str())?;
        if let Some(link) = desk.account.link(&Ref::Name(self.name.clone())) {
            desk.require(Some(link.stamp.changed))?;
            return Err(Rejection::exists(ThingKind::ProviderLink, &self.name));
        }
        let provider = self.provider.provider();
        // Two links to one provider would be two role maps for one login.
        if let Some(link) = desk.account.link_to(provider.owner, &provider.id) {
            return Err(Rejection::exists(ThingKind::ProviderLink, &link.name));
        }
        within(Quota::ProviderLinks, count(desk.account.links().len()) + 1)?;
        let fact = ProviderLinkAccepted {
            link: LinkId::generate(desk.entropy),
            name: self.name.clone(),
            provider: provider.clone(),
            settings: self.settings.clone(),
        };
        Ok(vec![fact.into()])
    }
}

impl UpdateProviderLink {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let link = desk.link(&self.link)?;
        desk.require(Some(link.stamp.changed))?;
        let settings = link.settings.changed_by(self.settings.clone())?;
        if settings == link.settings {
            return Ok(Vec::new());
        }
        let fact = ProviderLinkChanged {
            link: link.id.clone(),
            settings,
        };
        Ok(vec![fact.into()])
    }
}

impl RemoveProviderLink {
    pub(super) fn decide(&self, desk: &mut Desk<'_>) -> Verdict {
        let link = desk.link(&self.link)?;
        desk.require(Some(link.stamp.changed))?;
        let seat = MapSeat::Link(link.id.clone());
        let last = ProviderLinkRemoved {
            link: link.id.clone(),
        };
        remove(
            ThingKind::ProviderLink,
            &link.name,
            link.role_map.as_ref().map(|_| seat),
            blockers(desk.account, &link.provider.id),
            self.cascade,
            last.into(),
        )
    }
}
