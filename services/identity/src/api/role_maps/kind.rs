//! The two kinds of things that have a role map, and in what their operations differ.

use trilby_access::{Scope, Target};
use trilby_account::{Account, MapSeatRef, MappedRoles};
use trilby_model::AccountId;

use crate::api::{oidc_provider_links, oidc_providers};

/// What has a role map, as constants of its operations.
pub trait MapKind: Sized + 'static {
    /// The path's parameter.
    const PARAMETER: &'static str;
    /// What the parameter is, for the API's document.
    const DESCRIPTION: &'static str;
    /// Group of operations in the API's document.
    const TAG: &'static str;
    /// The right that tells whether such a thing may be known of.
    const READ: &'static str;
    /// Path template.
    const PATH: &'static str;
    /// Operation id of reading, writing and deleting.
    const IDS: [&'static str; 3];

    /// Whose logins, by name or unique id. `None`: nothing can be called so.
    fn parse(text: &str) -> Option<MapSeatRef>;
}

/// A provider of the account.
#[derive(Debug)]
pub struct Provider;

/// A link of the account.
#[derive(Debug)]
pub struct Link;

impl MapKind for Provider {
    const PARAMETER: &'static str = "provider";
    const DESCRIPTION: &'static str =
        "Name or unique id of the provider; slashes of a name percent-encoded.";
    const TAG: &'static str = "OIDC providers";
    const READ: &'static str = "iam:GetOidcProvider";
    const PATH: &'static str = "/v1/accounts/{account}/oidc-providers/{provider}/role-map";
    const IDS: [&'static str; 3] = [
        "get_oidc_provider_role_map",
        "put_oidc_provider_role_map",
        "delete_oidc_provider_role_map",
    ];

    fn parse(text: &str) -> Option<MapSeatRef> {
        text.parse().ok().map(MapSeatRef::Provider)
    }
}

impl MapKind for Link {
    const PARAMETER: &'static str = "link";
    const DESCRIPTION: &'static str =
        "Name or unique id of the link; slashes of a name percent-encoded.";
    const TAG: &'static str = "OIDC provider links";
    const READ: &'static str = "iam:GetOidcProviderLink";
    const PATH: &'static str = "/v1/accounts/{account}/oidc-provider-links/{link}/role-map";
    const IDS: [&'static str; 3] = [
        "get_oidc_provider_link_role_map",
        "put_oidc_provider_link_role_map",
        "delete_oidc_provider_link_role_map",
    ];

    fn parse(text: &str) -> Option<MapSeatRef> {
        text.parse().ok().map(MapSeatRef::Link)
    }
}

/// The provider or link that the map is about.
pub fn target(account: AccountId, seat: &MapSeatRef, scope: &Scope<'_>) -> Target {
    match seat {
        MapSeatRef::Provider(provider) => oidc_providers::path::target(account, provider, scope),
        MapSeatRef::Link(link) => oidc_provider_links::path::target(account, link, scope),
    }
}

/// The map, if there is one.
pub fn find<'a>(account: &'a Account, seat: &MapSeatRef) -> Option<&'a MappedRoles> {
    match seat {
        MapSeatRef::Provider(provider) => account.provider(provider)?.role_map.as_ref(),
        MapSeatRef::Link(link) => account.link(link)?.role_map.as_ref(),
    }
}
