//! Facts about identity providers, links to those of other accounts, and role maps.

use std::collections::{BTreeMap, BTreeSet};

use trilby_model::federation::{
    JwksUrl, LinkSettings, ProviderName, ProviderSettings, RoleMap, ShareTarget,
};
use trilby_model::{LinkId, ProviderId, RoleId, Seq};

use crate::federation::LinkedProvider;
use crate::id::MapSeat;
use crate::stored::facts;
use crate::value::Reason;

facts! {
    /// An identity provider vouches here from now on; it opens nothing until a trust policy names it.
    ProviderRegistered {
        /// Its unique id.
        provider: ProviderId,
        /// Its name.
        name: ProviderName,
        /// Who it is and how its tokens are checked; the issuer never changes.
        settings: ProviderSettings,
    }

    /// A provider's tokens are checked in another way.
    ProviderChanged {
        /// The provider.
        provider: ProviderId,
        /// The settings it has now.
        settings: ProviderSettings,
    }

    /// Other accounts than before may link a provider.
    ProviderShared {
        /// The provider.
        provider: ProviderId,
        /// All who may link it now.
        shared_with: BTreeSet<ShareTarget>,
        /// Whether somebody may no more: then all that came through the provider ended, in every
        /// account. Which accounts an organization's share reached is in another log, and each
        /// session names the provider; so the provider is what is revoked.
        revoke_sessions: bool,
    }

    /// A provider vouches for nobody for now; what came through it ended.
    ProviderDisabled {
        /// The provider.
        provider: ProviderId,
    }

    /// A provider vouches again; old sessions stay dead.
    ProviderEnabled {
        /// The provider.
        provider: ProviderId,
    }

    /// A provider is gone for good; what came through it ended.
    ProviderRemoved {
        /// The provider.
        provider: ProviderId,
    }

    /// A provider was seen to sign with these keys.
    ProviderKeysObserved {
        /// The provider.
        provider: ProviderId,
        /// Where they were read; pinned if nothing was yet. Absent: not by network.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        jwks_uri: Option<JwksUrl>,
        /// RFC 7638 thumbprint of each.
        thumbprints: BTreeSet<String>,
        /// The key set, as text.
        document: String,
    }

    /// A provider says that its keys are elsewhere than pinned. The pinned place stands until an
    /// administrator confirms the other.
    ProviderKeysUriChanged {
        /// The provider.
        provider: ProviderId,
        /// Where it says they are.
        jwks_uri: JwksUrl,
    }

    /// A provider's keys are read from here on from another place.
    ProviderKeysUriConfirmed {
        /// The provider.
        provider: ProviderId,
        /// The place pinned now.
        jwks_uri: JwksUrl,
    }

    /// What came through a provider ended, all of it or that of one subject.
    ProviderSessionsRevoked {
        /// The provider.
        provider: ProviderId,
        /// Only of this subject; absent: of all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
        /// Only sessions from before this seq; absent: before this event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issued_before_seq: Option<Seq>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    }

    /// The account takes another account's provider at its word, as far as its trust policies say.
    ProviderLinkAccepted {
        /// The link's unique id.
        link: LinkId,
        /// Its name.
        name: ProviderName,
        /// The provider, as its owner had it.
        provider: LinkedProvider,
        /// What is asked of tokens besides what the owner asks.
        settings: LinkSettings,
    }

    /// A link asks other things of tokens.
    ProviderLinkChanged {
        /// The link.
        link: LinkId,
        /// What it asks now.
        settings: LinkSettings,
    }

    /// A link is gone for good; what came through it ended.
    ProviderLinkRemoved {
        /// The link.
        link: LinkId,
    }

    /// What came through a link ended; the link stands.
    ProviderLinkSessionsRevoked {
        /// The link.
        link: LinkId,
    }

    /// Logins through a provider or link come to roles by these rules.
    RoleMapPut {
        /// Whose logins.
        seat: MapSeat,
        /// The rules.
        map: RoleMap,
        /// Unique id of each role by ARN, spelled as in the rules. A role of the same name made
        /// later is another one and is not meant.
        roles: BTreeMap<String, RoleId>,
    }

    /// Logins through a provider or link come to roles by trust policies alone.
    RoleMapDeleted {
        /// Whose logins.
        seat: MapSeat,
    }
}
