//! Identity providers, links and role maps.

use trilby_model::{LinkId, ProviderId};

use super::Moment;
use crate::event::{
    ProviderChanged, ProviderKeysObserved, ProviderKeysUriChanged, ProviderKeysUriConfirmed,
    ProviderLinkAccepted, ProviderLinkChanged, ProviderRegistered, ProviderShared, RoleMapPut,
};
use crate::id::MapSeat;
use crate::stamp::Stamp;
use crate::state::{Account, MappedRoles, ObservedKeys, Provider, ProviderKeys, ProviderLink};

impl Account {
    pub(super) fn provider_registered(&mut self, fact: &ProviderRegistered, moment: Moment) {
        let provider = Provider {
            id: fact.provider.clone(),
            name: fact.name.clone(),
            settings: fact.settings.clone(),
            shared_with: Default::default(),
            enabled: true,
            keys: ProviderKeys::default(),
            role_map: None,
            settings_changed: moment.seq,
            stamp: Stamp::new(moment),
        };
        self.provider_names
            .insert(fact.name.key(), fact.provider.clone());
        self.providers.insert(fact.provider.clone(), provider);
    }

    pub(super) fn provider_changed(&mut self, fact: &ProviderChanged, moment: Moment) {
        self.change_provider(&fact.provider, moment, |provider| {
            // What was seen at one place says nothing about another.
            if provider.settings.keys != fact.settings.keys {
                provider.keys = ProviderKeys::default();
            }
            provider.settings = fact.settings.clone();
            provider.settings_changed = moment.seq;
        });
    }

    pub(super) fn provider_shared(&mut self, fact: &ProviderShared, moment: Moment) {
        self.change_provider(&fact.provider, moment, |provider| {
            provider.shared_with = fact.shared_with.clone();
        });
    }

    pub(super) fn provider_stands(&mut self, id: &ProviderId, enabled: bool, moment: Moment) {
        self.change_provider(id, moment, |provider| provider.enabled = enabled);
    }

    pub(super) fn provider_removed(&mut self, id: &ProviderId) {
        if let Some(name) = self.providers.get(id).map(|provider| provider.name.key()) {
            self.provider_names.remove(&name);
            self.providers.remove(id);
        }
    }

    /// Not a change of the provider: its `ETag` stays, or no administrator could write while keys rotate.
    pub(super) fn provider_keys_observed(&mut self, fact: &ProviderKeysObserved, moment: Moment) {
        if let Some(provider) = self.providers.get_mut(&fact.provider) {
            provider.keys.observed = Some(ObservedKeys {
                thumbprints: fact.thumbprints.clone(),
                document: fact.document.clone(),
                since: moment.seq,
                at: moment.at,
            });
            if provider.keys.pinned.is_none() {
                provider.keys.pinned.clone_from(&fact.jwks_uri);
            }
        }
    }

    pub(super) fn provider_keys_uri_changed(
        &mut self,
        fact: &ProviderKeysUriChanged,
        moment: Moment,
    ) {
        self.change_provider(&fact.provider, moment, |provider| {
            provider.keys.in_review = Some(fact.jwks_uri.clone());
        });
    }

    pub(super) fn provider_keys_uri_confirmed(
        &mut self,
        fact: &ProviderKeysUriConfirmed,
        moment: Moment,
    ) {
        self.change_provider(&fact.provider, moment, |provider| {
            provider.keys = ProviderKeys {
                pinned: Some(fact.jwks_uri.clone()),
                ..ProviderKeys::default()
            };
        });
    }

    fn change_provider(
        &mut self,
        id: &ProviderId,
        moment: Moment,
        change: impl FnOnce(&mut Provider),
    ) {
        if let Some(provider) = self.providers.get_mut(id) {
            change(provider);
            provider.stamp.touch(moment);
        }
    }

    pub(super) fn link_accepted(&mut self, fact: &ProviderLinkAccepted, moment: Moment) {
        let link = ProviderLink {
            id: fact.link.clone(),
            name: fact.name.clone(),
            provider: fact.provider.clone(),
            settings: fact.settings.clone(),
            role_map: None,
            stamp: Stamp::new(moment),
        };
        self.link_names.insert(fact.name.key(), fact.link.clone());
        self.links.insert(fact.link.clone(), link);
    }

    pub(super) fn link_changed(&mut self, fact: &ProviderLinkChanged, moment: Moment) {
        if let Some(link) = self.links.get_mut(&fact.link) {
            link.settings = fact.settings.clone();
            link.stamp.touch(moment);
        }
    }

    pub(super) fn link_removed(&mut self, id: &LinkId) {
        if let Some(name) = self.links.get(id).map(|link| link.name.key()) {
            self.link_names.remove(&name);
            self.links.remove(id);
        }
    }

    pub(super) fn role_map_put(&mut self, fact: &RoleMapPut, moment: Moment) {
        if let Some(seat) = self.role_map_seat(&fact.seat) {
            let stamp = match seat {
                Some(old) => {
                    let mut stamp = old.stamp;
                    stamp.touch(moment);
                    stamp
                }
                None => Stamp::new(moment),
            };
            *seat = Some(MappedRoles {
                map: fact.map.clone(),
                roles: fact.roles.clone(),
                stamp,
            });
        }
    }

    pub(super) fn role_map_deleted(&mut self, seat: &MapSeat) {
        if let Some(seat) = self.role_map_seat(seat) {
            *seat = None;
        }
    }

    fn role_map_seat(&mut self, seat: &MapSeat) -> Option<&mut Option<MappedRoles>> {
        match seat {
            MapSeat::Provider(id) => self
                .providers
                .get_mut(id)
                .map(|provider| &mut provider.role_map),
            MapSeat::Link(id) => self.links.get_mut(id).map(|link| &mut link.role_map),
        }
    }
}
