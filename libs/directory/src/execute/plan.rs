//! What a command's own code is given, and what it gives back.

use std::collections::BTreeMap;
use std::sync::Arc;

use trilby_account as account;
use trilby_eventlog::SideWrite;
use trilby_model::{AccountId, LogId, OrganizationId, Position, Seq, Timestamp};

use crate::view::{
    AccountView, AnyView, OrganizationView, PlatformView, account_log, organization_log,
};
use crate::work::{Folded, Work};

/// The states a command is decided on.
#[derive(Debug)]
pub struct States {
    views: BTreeMap<LogId, AnyView>,
    at: Timestamp,
}

impl States {
    pub(super) fn new(views: BTreeMap<LogId, AnyView>, now: Timestamp) -> Self {
        // As the log does: the time of a commit is never before that of an earlier one in its logs.
        let at = views
            .values()
            .map(|view| view.head().at)
            .fold(now, Ord::max);
        Self { views, at }
    }

    /// An account, if it exists and was asked for.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Arc<AccountView>> {
        self.views.get(&account_log(id)).and_then(AnyView::account)
    }

    /// An organization, if it exists and was asked for.
    #[must_use]
    pub fn organization(&self, id: &OrganizationId) -> Option<&Arc<OrganizationView>> {
        self.views
            .get(&organization_log(id))
            .and_then(AnyView::organization)
    }

    /// The installation, if it has begun and was asked for.
    #[must_use]
    pub fn platform(&self) -> Option<&Arc<PlatformView>> {
        self.views.get(&LogId::Platform).and_then(AnyView::platform)
    }

    /// The time to decide with: the present, but not before any of these states.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at
    }

    /// Where a log stands; zero if it has not begun. The first event of a plan for it gets the next seq.
    #[must_use]
    pub fn seq(&self, log: &LogId) -> Seq {
        self.views.get(log).map_or(Seq::ZERO, AnyView::seq)
    }

    pub(super) fn views(&self) -> &BTreeMap<LogId, AnyView> {
        &self.views
    }

    pub(super) fn positions(&self) -> Vec<Position> {
        self.views
            .values()
            .map(|view| view.head().position())
            .collect()
    }
}

/// Events for one log.
#[derive(Debug, Clone)]
pub enum Events {
    /// For an account's log.
    Account(AccountId, Vec<account::Event>),
    /// For an organization's log.
    Organization(OrganizationId, Vec<account::organization::Event>),
    /// For the installation's log.
    Platform(Vec<account::platform::Event>),
}

impl Events {
    /// The log they go to.
    #[must_use]
    pub fn log(&self) -> LogId {
        match self {
            Self::Account(id, _) => account_log(*id),
            Self::Organization(id, _) => organization_log(id),
            Self::Platform(_) => LogId::Platform,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Account(_, events) => events.is_empty(),
            Self::Organization(_, events) => events.is_empty(),
            Self::Platform(events) => events.is_empty(),
        }
    }
}

type MakeAnswer<T, E> = Box<dyn FnOnce(&After) -> Result<Answer<T>, E> + Send>;

/// What a command decided.
pub struct Plan<T, E> {
    /// Events, at most once per log. Without any the command changes nothing.
    pub events: Vec<Events>,
    /// Logs that must not have moved although nothing is written to them.
    pub guards: Vec<LogId>,
    /// Rows of side tables, written in the same transaction.
    pub side: Vec<SideWrite>,
    pub(super) answer: MakeAnswer<T, E>,
}

impl<T, E> Plan<T, E> {
    /// A plan of these events. `answer` is made from the states after them, before they are written, so that the
    /// receipt can hold it; it may still refuse.
    pub fn new(
        events: Vec<Events>,
        answer: impl FnOnce(&After) -> Result<Answer<T>, E> + Send + 'static,
    ) -> Self {
        Self {
            events,
            guards: Vec::new(),
            side: Vec::new(),
            answer: Box::new(answer),
        }
    }

    /// The same with rows of side tables.
    #[must_use]
    pub fn with_side(mut self, side: Vec<SideWrite>) -> Self {
        self.side.extend(side);
        self
    }

    /// The same, refused if one of these logs moves before it is written.
    #[must_use]
    pub fn guarded_by(mut self, logs: Vec<LogId>) -> Self {
        self.guards.extend(logs);
        self
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.iter().all(Events::is_empty)
    }

    pub(super) fn answer(self, after: &After) -> Result<Answer<T>, E> {
        (self.answer)(after)
    }
}

/// What a command answers, and what of it may be kept.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// HTTP status of it.
    pub status: u16,
    /// The body without secrets, as the receipt keeps it. `None`: none.
    pub stored: Option<Vec<u8>>,
}

/// The states as they are after a plan's events.
pub struct After {
    folded: BTreeMap<LogId, Folded>,
}

impl After {
    pub(super) fn of(works: &BTreeMap<LogId, Work>, states: &States) -> Self {
        let mut after = Self::unchanged(states);
        for (log, work) in works {
            after.folded.insert(log.clone(), work.folded().clone());
        }
        after
    }

    pub(super) fn unchanged(states: &States) -> Self {
        let folded = states
            .views()
            .iter()
            .map(|(log, view)| (log.clone(), Folded::of(view)))
            .collect();
        Self { folded }
    }

    /// An account as it will be.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&account::Account> {
        match self.folded.get(&account_log(id)) {
            Some(Folded::Account(state)) => Some(state),
            Some(Folded::Organization(_) | Folded::Platform(_)) | None => None,
        }
    }

    /// An organization as it will be.
    #[must_use]
    pub fn organization(
        &self,
        id: &OrganizationId,
    ) -> Option<&account::organization::Organization> {
        match self.folded.get(&organization_log(id)) {
            Some(Folded::Organization(state)) => Some(state),
            Some(Folded::Account(_) | Folded::Platform(_)) | None => None,
        }
    }

    /// The installation as it will be.
    #[must_use]
    pub fn platform(&self) -> Option<&account::platform::Platform> {
        match self.folded.get(&LogId::Platform) {
            Some(Folded::Platform(state)) => Some(state),
            Some(Folded::Account(_) | Folded::Organization(_)) | None => None,
        }
    }
}
