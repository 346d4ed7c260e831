//! The operations on OIDC providers, links to those of other accounts, and role maps.

use trilby_access::Registry;

use crate::api::seats::{self, SeatKind};
use crate::api::{oidc_provider_links, oidc_providers, role_maps};

/// Adds them.
pub fn register(registry: &mut Registry) {
    registry
        .add::<oidc_providers::CreateOidcProvider>()
        .add::<oidc_providers::GetOidcProvider>()
        .add::<oidc_providers::UpdateOidcProvider>()
        .add::<oidc_providers::ShareOidcProvider>()
        .add::<oidc_providers::DisableOidcProvider>()
        .add::<oidc_providers::EnableOidcProvider>()
        .add::<oidc_providers::RefreshOidcProvider>()
        .add::<oidc_providers::ConfirmOidcProviderKeysUri>()
        .add::<oidc_provider_links::CreateOidcProviderLink>()
        .add::<oidc_provider_links::GetOidcProviderLink>()
        .add::<oidc_provider_links::UpdateOidcProviderLink>();
    of_each::<role_maps::Provider>(registry);
    of_each::<role_maps::Link>(registry);
}

fn of_each<K: SeatKind>(registry: &mut Registry) {
    registry
        .add::<seats::ListSeats<K>>()
        .add::<seats::DeleteSeat<K>>()
        .add::<role_maps::GetRoleMap<K>>()
        .add::<role_maps::PutRoleMap<K>>()
        .add::<role_maps::DeleteRoleMap<K>>();
}
