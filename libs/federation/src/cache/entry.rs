//! The keys of one provider at one address, and when to ask again.

use std::ops::RangeInclusive;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trilby_model::federation::JwksUrl;
use trilby_model::{ProviderId, Timestamp};

use super::{FORCED_EVERY_S, Keys};
use crate::encoding;
use crate::key_set::KeySet;
use crate::refusal::Refusal;

/// How long an answer that does not say is fresh.
const FRESH_DEFAULT_S: i64 = 600;
/// Bounds of what an answer may say.
const FRESH_S: RangeInclusive<i64> = 60..=86_400;
/// The longest pause after failures.
const BACKOFF_MAX_S: i64 = 300;

#[derive(Debug, Default)]
pub(super) struct Entry {
    state: Mutex<State>,
    /// Held by the one who fetches.
    pub flight: tokio::sync::Mutex<()>,
    /// A background fetch is under way.
    pub refreshing: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    good: Option<Good>,
    n_failures: u32,
    retry_at: Option<Timestamp>,
    forced_at: Option<Timestamp>,
}

#[derive(Debug)]
struct Good {
    keys: Keys,
    refresh_at: Timestamp,
    fresh_until: Timestamp,
}

/// What to do for a token.
pub(super) enum Look {
    /// Take these keys; and whether to ask for newer ones meanwhile.
    Serve { keys: Keys, refresh: bool },
    /// Ask first.
    Fetch,
    /// There are none, and it is too early to ask again.
    Unavailable,
}

impl Entry {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn look(&self, kid: Option<&str>, now: Timestamp, stale_max_s: u32) -> Look {
        let state = self.state();
        let may_ask = state.retry_at.is_none_or(|at| now >= at);
        let Some(good) = &state.good else {
            return if may_ask {
                Look::Fetch
            } else {
                Look::Unavailable
            };
        };
        if now >= good.fresh_until {
            return match (may_ask, good.usable(now, stale_max_s)) {
                (true, _) => Look::Fetch,
                (false, true) => good.serve(false),
                (false, false) => Look::Unavailable,
            };
        }
        let may_force = state
            .forced_at
            .is_none_or(|at| now.seconds_since(at) >= FORCED_EVERY_S);
        if !good.keys.set.may_serve(kid) && may_force && may_ask {
            return Look::Fetch;
        }
        good.serve(may_ask && now >= good.refresh_at)
    }

    /// Whether somebody is fetching.
    pub fn is_in_flight(&self) -> bool {
        self.flight.try_lock().is_err()
    }

    /// The keys that may serve now, whatever their ids.
    pub fn usable(&self, now: Timestamp, stale_max_s: u32) -> Option<Keys> {
        let state = self.state();
        let good = state
            .good
            .as_ref()
            .filter(|good| good.usable(now, stale_max_s))?;
        Some(good.keys.clone())
    }

    /// Notes that a fetch is made because of an unknown key id, if it is.
    pub fn force(&self, kid: Option<&str>, now: Timestamp) {
        let mut state = self.state();
        let is_forced = state
            .good
            .as_ref()
            .is_some_and(|good| !good.keys.set.may_serve(kid));
        if is_forced {
            state.forced_at = Some(now);
        }
    }

    pub fn arrived(&self, set: KeySet, jwks_uri: JwksUrl, max_age_s: Option<u64>, now: Timestamp) {
        let asked = max_age_s.map(|s| i64::try_from(s).unwrap_or(i64::MAX));
        let fresh_s = asked
            .unwrap_or(FRESH_DEFAULT_S)
            .clamp(*FRESH_S.start(), *FRESH_S.end());
        let mut state = self.state();
        state.good = Some(Good::new(set, jwks_uri, now, fresh_s));
        state.n_failures = 0;
        state.retry_at = None;
    }

    /// Whether keys that were observed then are news. Those that came from here are not, though they were written later.
    pub fn is_behind(&self, document: &str, observed_at: Timestamp) -> bool {
        let state = self.state();
        state.good.as_ref().is_none_or(|good| {
            good.keys.fetched_at < observed_at && good.keys.set.document() != document
        })
    }

    pub fn warm(&self, set: KeySet, jwks_uri: JwksUrl, observed_at: Timestamp) {
        let mut state = self.state();
        let is_newer = state
            .good
            .as_ref()
            .is_none_or(|good| good.keys.fetched_at < observed_at);
        if is_newer {
            state.good = Some(Good::new(set, jwks_uri, observed_at, *FRESH_S.start()));
        }
    }

    /// 1 s after the first failure, twice as long after each further one; spread by half, so that what failed together
    /// does not return together.
    pub fn failed(&self, provider: &ProviderId, now: Timestamp) {
        let mut state = self.state();
        let doubled = 1_i64.checked_shl(state.n_failures).unwrap_or(BACKOFF_MAX_S);
        let pause_s = doubled.clamp(1, BACKOFF_MAX_S);
        state.n_failures = state.n_failures.saturating_add(1).min(30);
        let [spread, ..] = encoding::sha256(&[
            provider.as_str().as_bytes(),
            &state.n_failures.to_be_bytes(),
        ]);
        let micros = pause_s.saturating_mul(500_000).saturating_add(
            pause_s
                .saturating_mul(500_000)
                .saturating_mul(i64::from(spread))
                .div_euclid(255),
        );
        state.retry_at = Some(Timestamp::from_micros(now.micros().saturating_add(micros)));
    }

    /// Keys written into the provider: read once.
    pub fn written(&self, document: &str, now: Timestamp) -> Result<Keys, Refusal> {
        let mut state = self.state();
        if let Some(good) = &state.good {
            return Ok(good.keys.clone());
        }
        let set = KeySet::parse(document.as_bytes()).map_err(|_| Refusal::KeysUnavailable)?;
        let keys = Keys {
            set: Arc::new(set),
            jwks_uri: None,
            fetched_at: now,
        };
        state.good = Some(Good {
            keys: keys.clone(),
            refresh_at: now,
            fresh_until: now,
        });
        Ok(keys)
    }
}

impl Good {
    fn new(set: KeySet, jwks_uri: JwksUrl, fetched_at: Timestamp, fresh_s: i64) -> Self {
        Self {
            keys: Keys {
                set: Arc::new(set),
                jwks_uri: Some(jwks_uri),
                fetched_at,
            },
            refresh_at: fetched_at.plus_seconds(fresh_s.saturating_mul(4).div_euclid(5)),
            fresh_until: fetched_at.plus_seconds(fresh_s),
        }
    }

    fn usable(&self, now: Timestamp, stale_max_s: u32) -> bool {
        let age_s = now.seconds_since(self.keys.fetched_at);
        now < self.fresh_until || age_s <= i64::from(stale_max_s)
    }

    fn serve(&self, refresh: bool) -> Look {
        Look::Serve {
            keys: self.keys.clone(),
            refresh,
        }
    }
}
