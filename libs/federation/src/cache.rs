//! Providers' keys: kept, fetched rarely, bounded in age.
//!
//! - Fresh for the answer's `max-age`, clamped; refreshed in the background after four fifths of it.
//! - An unknown key id forces at most one fetch for a provider in [`FORCED_EVERY_S`]; whoever comes meanwhile waits for that
//!   one, or takes what is there. So tokens with random key ids make nobody our amplifier's target.
//! - A key that a good answer does not have any more is gone at once. If no good answer comes, the old keys serve up to the
//!   provider's bound, and then none do.
//! - An entry belongs to one provider and one address. Nothing is shared between providers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use trilby_model::federation::{IssuerUrl, JwksUrl, KeySource, StaticJwks};
use trilby_model::{AccountId, ProviderId, Timestamp};

use crate::discovery;
use crate::encoding;
use crate::fetch::Fetch;
use crate::key_set::{JWKS_BYTES_MAX, KeySet};
use crate::provider::Provider;
use crate::refusal::Refusal;

mod budget;
mod entry;
mod visit;

use budget::Budget;
use entry::{Entry, Look};
pub use visit::{Uncallable, VisitError, Visited};

/// How often an unknown key id may force a fetch, in seconds.
pub const FORCED_EVERY_S: i64 = 30;
/// How long anybody waits for a fetch, his own or another's.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Providers whose keys are kept at once.
const ENTRIES_MAX: u64 = 10_000;

/// Where the present comes from.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The keys of all providers that were asked for.
pub struct KeyCache {
    fetch: Arc<dyn Fetch>,
    now: Now,
    entries: moka::sync::Cache<EntryKey, Arc<Entry>>,
    budget: Budget,
}

/// Whose keys, and where they are.
#[derive(Debug, Clone)]
pub struct KeyRequest {
    /// Whose fetches are counted: the account that owns the provider.
    pub account: AccountId,
    /// The provider.
    pub provider: ProviderId,
    /// Where its keys are.
    pub location: KeyLocation,
    /// How long keys serve after the last good answer, in seconds.
    pub stale_max_s: u32,
}

/// Where a provider's keys are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeyLocation {
    /// At this address.
    Pinned(JwksUrl),
    /// Where the issuer's description says; what it said is in [`Keys::jwks_uri`], to be pinned.
    Discover(IssuerUrl),
    /// In the provider's settings.
    Static(String),
}

/// A provider's keys and where they came from.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The keys.
    pub set: Arc<KeySet>,
    /// The address they came from; `None` if they were written into the provider.
    pub jwks_uri: Option<JwksUrl>,
    /// When they came.
    pub fetched_at: Timestamp,
}

/// Provider and address: two fields, so that no two pairs can be spelled alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum EntryKey {
    At(ProviderId, KeyLocation),
    Written(ProviderId, [u8; 32]),
}

impl KeyRequest {
    /// For `provider`, owned by `account`; `pinned` is the address that discovery gave earlier.
    #[must_use]
    pub fn of(account: AccountId, provider: &Provider, pinned: Option<JwksUrl>) -> Self {
        let settings = &provider.settings;
        let location = match (&settings.keys, pinned) {
            (KeySource::Static { jwks }, _) => KeyLocation::Static(StaticJwks::to_json(jwks)),
            (KeySource::JwksUri { jwks_uri }, _) => KeyLocation::Pinned(jwks_uri.clone()),
            (KeySource::Discovery { .. }, Some(pinned)) => KeyLocation::Pinned(pinned),
            (KeySource::Discovery { .. }, None) => KeyLocation::Discover(settings.issuer.clone()),
        };
        Self {
            account,
            provider: provider.id.clone(),
            location,
            stale_max_s: settings.stale_max_seconds,
        }
    }

    fn entry_key(&self) -> EntryKey {
        match &self.location {
            KeyLocation::Static(document) => {
                let hash = encoding::sha256(&[document.as_bytes()]);
                EntryKey::Written(self.provider.clone(), hash)
            }
            KeyLocation::Pinned(_) | KeyLocation::Discover(_) => {
                EntryKey::At(self.provider.clone(), self.location.clone())
            }
        }
    }
}

impl KeyCache {
    /// An empty cache.
    #[must_use]
    pub fn new(fetch: Arc<dyn Fetch>, now: Now) -> Arc<Self> {
        Arc::new(Self {
            fetch,
            now,
            entries: moka::sync::Cache::new(ENTRIES_MAX),
            budget: Budget::default(),
        })
    }

    /// Keys as somebody observed them: what a process that has just started begins with, and what one that runs takes in
    /// if it is newer than what it has.
    ///
    /// They count as fetched at `observed_at`, and as fresh for the shortest time that an issuer may ask: its answer is not
    /// known any more. After that the issuer is asked first, and if it does not answer they serve up to the provider's bound.
    /// A document without a usable key changes nothing.
    pub fn warm(
        &self,
        provider: &ProviderId,
        jwks_uri: &JwksUrl,
        document: &str,
        observed_at: Timestamp,
    ) {
        let location = KeyLocation::Pinned(jwks_uri.clone());
        let entry = self.entry(EntryKey::At(provider.clone(), location));
        if entry.is_behind(document, observed_at)
            && let Ok(set) = KeySet::parse(document.as_bytes())
        {
            entry.warm(set, jwks_uri.clone(), observed_at);
        }
    }

    /// The provider's keys, for a token with this key id.
    ///
    /// That the id is among them is not promised: who verifies the token says what is wrong with it.
    ///
    /// Errors: [`Refusal::KeysUnavailable`].
    pub async fn keys(
        self: &Arc<Self>,
        request: &KeyRequest,
        kid: Option<&str>,
    ) -> Result<Keys, Refusal> {
        let entry = self.entry(request.entry_key());
        if let KeyLocation::Static(document) = &request.location {
            return entry.written(document, (self.now)());
        }
        match entry.look(kid, (self.now)(), request.stale_max_s) {
            // The key may be in the answer that is just being fetched.
            Look::Serve { keys, .. } if !keys.set.may_serve(kid) && entry.is_in_flight() => {
                self.fetch_once(&entry, request, kid).await
            }
            Look::Serve { keys, refresh } => {
                if refresh {
                    self.refresh_behind(&entry, request);
                }
                Ok(keys)
            }
            Look::Unavailable => Err(Refusal::KeysUnavailable),
            Look::Fetch => self.fetch_once(&entry, request, kid).await,
        }
    }

    fn entry(&self, key: EntryKey) -> Arc<Entry> {
        self.entries.get_with(key, Arc::default)
    }

    /// Fetches, or waits for somebody else who does.
    async fn fetch_once(
        &self,
        entry: &Arc<Entry>,
        request: &KeyRequest,
        kid: Option<&str>,
    ) -> Result<Keys, Refusal> {
        let stale_max_s = request.stale_max_s;
        if let Ok(_flight) = tokio::time::timeout(WAIT_MAX, entry.flight.lock()).await {
            // Whoever had the flight before may have brought what is wanted.
            if let Look::Fetch = entry.look(kid, (self.now)(), stale_max_s) {
                entry.force(kid, (self.now)());
                self.fetch(entry, request).await;
            }
        }
        entry
            .usable((self.now)(), stale_max_s)
            .ok_or(Refusal::KeysUnavailable)
    }

    /// Fetches while callers are served what is there. One at a time.
    fn refresh_behind(self: &Arc<Self>, entry: &Arc<Entry>, request: &KeyRequest) {
        if entry.refreshing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (cache, entry, request) = (Arc::clone(self), Arc::clone(entry), request.clone());
        tokio::spawn(async move {
            let _done = Lowered(&entry.refreshing);
            let _flight = entry.flight.lock().await;
            cache.fetch(&entry, &request).await;
        });
    }

    async fn fetch(&self, entry: &Arc<Entry>, request: &KeyRequest) {
        let fetched = match self.budget.take(request.account, (self.now)()) {
            false => None,
            true => tokio::time::timeout(WAIT_MAX, self.fetch_set(request))
                .await
                .ok()
                .flatten(),
        };
        let now = (self.now)();
        let Some((set, jwks_uri, max_age_s)) = fetched else {
            entry.failed(&request.provider, now);
            tracing::warn!(provider.id = %request.provider, "the keys of an identity provider could not be fetched");
            return;
        };
        entry.arrived(set, jwks_uri.clone(), max_age_s, now);
        // What was discovered is asked for by its address from now on.
        let location = KeyLocation::Pinned(jwks_uri);
        self.entries.insert(
            EntryKey::At(request.provider.clone(), location),
            Arc::clone(entry),
        );
    }

    async fn fetch_set(&self, request: &KeyRequest) -> Option<(KeySet, JwksUrl, Option<u64>)> {
        let jwks_uri = match &request.location {
            KeyLocation::Pinned(jwks_uri) => jwks_uri.clone(),
            KeyLocation::Discover(issuer) => {
                let discovered = discovery::discover(self.fetch.as_ref(), issuer).await;
                discovered.ok()?.jwks_uri
            }
            KeyLocation::Static(_) => return None,
        };
        let fetched = self
            .fetch
            .get(jwks_uri.as_str(), JWKS_BYTES_MAX)
            .await
            .ok()?;
        let set = KeySet::parse(&fetched.body).ok()?;
        Some((set, jwks_uri, fetched.max_age_s))
    }
}

/// A flag that is lowered when this goes, also by a panic.
struct Lowered<'a>(&'a AtomicBool);

impl Drop for Lowered<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl std::fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyCache({} entries)", self.entries.entry_count())
    }
}
