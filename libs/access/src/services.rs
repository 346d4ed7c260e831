//! What every operation works with: the directory, the log, time, randomness, settings, sessions.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use trilby_directory::{Directory, StoreSecrets};
use trilby_eventlog::{EventLog, Feed};
use trilby_model::{AccountId, Entropy, Timestamp};
use trilby_service::Settings;
use trilby_service::clock::{Clock, EntropySource};
use trilby_service::cursor::CursorKey;
use trilby_service::idempotency::InFlight;
use trilby_service::problem::Problem;
use trilby_session::TokenCache;

use crate::revocations::Revocations;

/// The parts of a process that its operations share. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    inner: Arc<Inner>,
}

struct Inner {
    directory: Directory,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn EntropySource>,
    settings: Arc<Settings>,
    public_url: String,
    cursor_key: CursorKey,
    revocations: Arc<Revocations>,
    tokens: TokenCache,
    in_flight: InFlight,
    extensions: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

/// What [`Services`] are made of. The binary's wiring fills it in.
pub struct Parts {
    /// The store.
    pub log: Arc<dyn EventLog>,
    /// The news of it.
    pub feed: Arc<dyn Feed>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn EntropySource>,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Where clients reach us; never from a request (R24). Without a slash at its end.
    pub public_url: String,
    /// Sub-keys of the store key.
    pub secrets: StoreSecrets,
    /// Seals cursors.
    pub cursor_key: CursorKey,
    /// The directory's bounds.
    pub directory: trilby_directory::Options,
}

impl Services {
    /// Starts the directory and puts the parts together. When this returns, every revocation the store knows is in
    /// force.
    ///
    /// Errors: the store cannot be read.
    pub async fn start(parts: Parts) -> Result<Self, trilby_directory::Error> {
        let revocations = Arc::new(Revocations::new(Arc::clone(&parts.clock)));
        let sink: Arc<dyn trilby_directory::RevocationSink> =
            Arc::<Revocations>::clone(&revocations);
        let clock = Arc::clone(&parts.clock);
        let options = trilby_directory::Options {
            clock: trilby_directory::NodeClock::new(move || clock.now()),
            ..parts.directory
        };
        let directory = Directory::start(
            parts.log,
            &*parts.feed,
            parts.secrets,
            sink,
            parts.clock.now(),
            options,
        )
        .await?;
        Ok(Self {
            inner: Arc::new(Inner {
                directory,
                clock: parts.clock,
                entropy: parts.entropy,
                settings: parts.settings,
                public_url: parts.public_url,
                cursor_key: parts.cursor_key,
                revocations,
                tokens: TokenCache::default(),
                in_flight: InFlight::default(),
                extensions: HashMap::new(),
            }),
        })
    }

    /// The same with one more part, found again by its type: what only one service needs (keys that sign, hashers).
    ///
    /// Call before the first clone is made; a later one would miss it, and is given back unchanged.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, part: T) -> Self {
        match Arc::get_mut(&mut self.inner) {
            Some(inner) => {
                inner.extensions.insert(TypeId::of::<T>(), Arc::new(part));
            }
            None => tracing::error!(
                part = std::any::type_name::<T>(),
                "a part was added after services were shared"
            ),
        }
        self
    }

    /// A part that was added by [`Services::with`].
    ///
    /// Errors: `internal_error` if the wiring forgot it.
    pub fn part<T: Any + Send + Sync>(&self) -> Result<&T, Problem> {
        self.inner
            .extensions
            .get(&TypeId::of::<T>())
            .and_then(|part| part.downcast_ref())
            .ok_or_else(|| {
                Problem::internal(format!("part {} is missing", std::any::type_name::<T>()))
            })
    }

    /// The account that the installation belongs to; none before it is bootstrapped.
    ///
    /// Errors: the store cannot be read.
    pub async fn operator_account(&self) -> Result<Option<AccountId>, Problem> {
        match self.directory().platform().await {
            Ok(view) => Ok(view.state.operator_account()),
            Err(trilby_directory::Error::UnknownLog { .. }) => Ok(None),
            Err(error) => Err(crate::problem::of_directory(error)),
        }
    }

    /// Live state per log.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    /// The store, for what is not state.
    #[must_use]
    pub fn log(&self) -> &Arc<dyn EventLog> {
        self.inner.directory.log()
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Fresh randomness for one command.
    #[must_use]
    pub fn entropy(&self) -> Entropy {
        self.inner.entropy.entropy()
    }

    /// Randomness.
    #[must_use]
    pub fn entropy_source(&self) -> &dyn EntropySource {
        &*self.inner.entropy
    }

    /// Settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Where clients reach us, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.inner.public_url
    }

    /// Seals cursors.
    #[must_use]
    pub fn cursor_key(&self) -> &CursorKey {
        &self.inner.cursor_key
    }

    /// What ends sessions.
    #[must_use]
    pub fn revocations(&self) -> &Arc<Revocations> {
        &self.inner.revocations
    }

    pub(crate) fn tokens(&self) -> &TokenCache {
        &self.inner.tokens
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.inner.in_flight
    }
}
