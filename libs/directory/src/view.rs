//! A log's state at the end of one commit, immutable and shared.

use std::sync::Arc;

use trilby_account as account;
use trilby_eventlog::Head;
use trilby_model::{AccountId, LogId, OrganizationId, Position, Seq};

/// A log's state where its head is, and the form of it that decides.
///
/// INVARIANT: `state` and `compiled` are of exactly `head.seq`. A view is never changed; the next commit makes the
/// next view. Whoever holds one keeps answering from the same moment.
#[derive(Debug, Clone)]
pub struct View<S, C> {
    /// Where in the log this is.
    pub head: Head,
    /// The fold.
    pub state: S,
    /// What the engine decides by, derived from the fold.
    pub compiled: C,
}

/// An account at one commit.
pub type AccountView = View<account::Account, trilby_engine::Account>;
/// An organization at one commit.
pub type OrganizationView = View<account::organization::Organization, trilby_engine::Organization>;
/// The installation at one commit. No decision reads it, so nothing is compiled.
pub type PlatformView = View<account::platform::Platform, ()>;

impl<S, C> View<S, C> {
    /// The position of this state, as consistency tokens name it.
    #[must_use]
    pub fn position(&self) -> Position {
        self.head.position()
    }

    /// The seq of this state.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.head.seq
    }
}

/// A view of any kind of log.
#[derive(Debug, Clone)]
pub(crate) enum AnyView {
    Account(Arc<AccountView>),
    Organization(Arc<OrganizationView>),
    Platform(Arc<PlatformView>),
}

impl AnyView {
    pub(crate) fn head(&self) -> &Head {
        match self {
            Self::Account(view) => &view.head,
            Self::Organization(view) => &view.head,
            Self::Platform(view) => &view.head,
        }
    }

    pub(crate) fn seq(&self) -> Seq {
        self.head().seq
    }

    pub(crate) fn account(&self) -> Option<&Arc<AccountView>> {
        match self {
            Self::Account(view) => Some(view),
            Self::Organization(_) | Self::Platform(_) => None,
        }
    }

    pub(crate) fn organization(&self) -> Option<&Arc<OrganizationView>> {
        match self {
            Self::Organization(view) => Some(view),
            Self::Account(_) | Self::Platform(_) => None,
        }
    }

    pub(crate) fn platform(&self) -> Option<&Arc<PlatformView>> {
        match self {
            Self::Platform(view) => Some(view),
            Self::Account(_) | Self::Organization(_) => None,
        }
    }
}

pub(crate) const fn account_log(account: AccountId) -> LogId {
    LogId::Account(account)
}

pub(crate) fn organization_log(organization: &OrganizationId) -> LogId {
    LogId::Organization(organization.clone())
}
