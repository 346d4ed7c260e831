//! In what listing and deleting differ between providers and links.

use std::ops::Bound;

use serde::Serialize;
use trilby_account::{Account, Command, MapSeatRef, command};
use utoipa::ToSchema;

use crate::api::oidc_provider_links::view::LinkView;
use crate::api::oidc_providers::view::ProviderView;
use crate::api::role_maps::{Link, MapKind, Provider};

/// What gives logins, as constants of its operations.
pub trait SeatKind: MapKind {
    /// The list.
    const LIST: Names;
    /// Deleting one.
    const DELETE: Names;
    /// More about deleting.
    const DELETE_DESCRIPTION: &'static str;
    /// What a page has.
    const PAGE: &'static str;
    /// Names the list in its cursors.
    const KIND: &'static str;
    /// One of them, as answers show it.
    type View: Serialize + ToSchema + 'static;

    /// Those of an account by the key of their name, from there on.
    fn from(state: &Account, from: Bound<String>) -> impl Iterator<Item = (&String, Self::View)>;
}

/// What an operation is called, and the right it takes.
pub struct Names {
    /// Operation id.
    pub id: &'static str,
    /// Path template.
    pub path: &'static str,
    /// One line about it.
    pub summary: &'static str,
    /// The right.
    pub action: &'static str,
}

impl SeatKind for Provider {
    const LIST: Names = Names {
        id: "list_oidc_providers",
        path: "/v1/accounts/{account}/oidc-providers",
        summary: "List OIDC providers",
        action: "iam:ListOidcProviders",
    };
    const DELETE: Names = Names {
        id: "delete_oidc_provider",
        path: "/v1/accounts/{account}/oidc-providers/{provider}",
        summary: "Remove an OIDC provider",
        action: "iam:DeleteOidcProvider",
    };
    const DELETE_DESCRIPTION: &'static str = "What came through it ends, in every account. Refused while trust policies name it or it \
        has a role map, unless `cascade=true`; then the role map goes too, and the trust policies name nobody.";
    const PAGE: &'static str = "A page of providers, by name";
    const KIND: &'static str = "oidc-providers";
    type View = ProviderView;

    fn from(state: &Account, from: Bound<String>) -> impl Iterator<Item = (&String, Self::View)> {
        let names = state.provider_names().range((from, Bound::Unbounded));
        names.filter_map(|(key, id)| {
            let provider = state.providers().get(id)?;
            Some((key, ProviderView::of(state.id(), provider)))
        })
    }
}

impl SeatKind for Link {
    const LIST: Names = Names {
        id: "list_oidc_provider_links",
        path: "/v1/accounts/{account}/oidc-provider-links",
        summary: "List OIDC provider links",
        action: "iam:ListOidcProviderLinks",
    };
    const DELETE: Names = Names {
        id: "delete_oidc_provider_link",
        path: "/v1/accounts/{account}/oidc-provider-links/{link}",
        summary: "Remove an OIDC provider link",
        action: "iam:DeleteOidcProviderLink",
    };
    const DELETE_DESCRIPTION: &'static str = "What came through it ends. Refused while trust policies name its provider or it has a role \
        map, unless `cascade=true`; then the role map goes too, and the trust policies admit nobody until the provider is \
        linked again.";
    const PAGE: &'static str = "A page of links, by name";
    const KIND: &'static str = "oidc-provider-links";
    type View = LinkView;

    fn from(state: &Account, from: Bound<String>) -> impl Iterator<Item = (&String, Self::View)> {
        let names = state.link_names().range((from, Bound::Unbounded));
        names.filter_map(|(key, id)| {
            let link = state.links().get(id)?;
            Some((key, LinkView::of(state.id(), link)))
        })
    }
}

/// The wish that it goes.
pub fn removal(seat: MapSeatRef, cascade: bool) -> Command {
    match seat {
        MapSeatRef::Provider(provider) => command::RemoveProvider { provider, cascade }.into(),
        MapSeatRef::Link(link) => command::RemoveProviderLink { link, cascade }.into(),
    }
}
