//! The operations on OIDC providers, links to those of other accounts, and role maps.

use trilby_access::Registry;

use crate::api::role_maps::{self, MapKind};
use crate::api::{oidc_provider_links, oidc_providers};

/// Adds them.
pub fn register(registry: &mut Registry) {
    registry
        .add::<oidc_providers::CreateOidcProvider>()
        .add::<oidc_providers::ListOidcProviders>()
        .add::<oidc_providers::GetOidcProvider>()
        .add::<oidc_providers::UpdateOidcProvider>()
        .add::<oidc_providers::DeleteOidcProvider>()
        .add::<oidc_providers::ShareOidcProvider>()
        .add::<oidc_providers::DisableOidcProvider>()
        .add::<oidc_providers::EnableOidcProvider>()
        .add::<oidc_providers::RefreshOidcProvider>()
        .add::<oidc_providers::ConfirmOidcProviderKeysUri>()
        .add::<oidc_provider_links::CreateOidcProviderLink>()
        .add::<oidc_provider_links::ListOidcProviderLinks>()
        .add::<oidc_provider_links::GetOidcProviderLink>()
        .add::<oidc_provider_links::UpdateOidcProviderLink>()
        .add::<oidc_provider_links::DeleteOidcProviderLink>();
    mapped::<role_maps::Provider>(registry);
    mapped::<role_maps::Link>(registry);
}

fn mapped<K: MapKind>(registry: &mut Registry) {
    registry
        .add::<role_maps::GetRoleMap<K>>()
        .add::<role_maps::PutRoleMap<K>>()
        .add::<role_maps::DeleteRoleMap<K>>();
}
