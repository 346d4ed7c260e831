//! The line of an account's signing keys: which state each is in, and what is due next.
//!
//! `pending` (published, unused, so that every reader of the key set has it before it signs) →
//! `active` → `retiring` (published until the last token it signed is gone, then out of the key set
//! without a further event); and `revoked`, at once and from any state. The states change by events
//! of the account's log; this module only says which change is due.

use serde::{Deserialize, Serialize};
use trilby_model::Timestamp;

/// State of a signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published, not used yet.
    Pending,
    /// Signs.
    Active,
    /// Signs no more; what it signed is still taken.
    Retiring,
    /// Gone at once; its tokens are dead.
    Revoked,
}

/// What the fold of an account knows of one of its keys, as far as rotation goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTimes {
    /// Thumbprint.
    pub kid: String,
    /// State now.
    pub state: KeyState,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
}

impl KeyTimes {
    /// Whether the key stands in the key set, and tokens under it are taken.
    pub fn is_published(&self, now: Timestamp) -> bool {
        match self.state {
            KeyState::Pending | KeyState::Active => true,
            KeyState::Retiring => self
                .retired_at
                .is_none_or(|retired| is_believed_since(retired, now)),
            KeyState::Revoked => false,
        }
    }
}

/// Whether what a key signed that retired then may still be in use.
#[must_use]
pub fn is_believed_since(retired: Timestamp, now: Timestamp) -> bool {
    now.seconds_since(retired) < RETIRING_S
}

/// The times of rotation, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    pending_s: i64,
    active_s: i64,
}

/// Twice the time a key set may be cached: below that, readers would meet an unknown key.
pub const PENDING_MIN_S: i64 = 1_200;
/// Longest session and ten minutes.
const RETIRING_S: i64 = 43_200 + 600;

impl Rotation {
    /// A key is pending for a day and active for ninety.
    pub const DEFAULT: Self = Self {
        pending_s: 86_400,
        active_s: 90 * 86_400,
    };

    /// `None` if a key would be pending for less than [`PENDING_MIN_S`], or active for less time
    /// than its successor is pending.
    pub fn new(pending_s: i64, active_s: i64) -> Option<Self> {
        (pending_s >= PENDING_MIN_S && active_s >= pending_s).then_some(Self {
            pending_s,
            active_s,
        })
    }
}

/// What is due for a line of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a key and publish it.
    Publish,
    /// Let this pending key sign; the active one, if any, retires with it.
    Activate {
        /// Which.
        kid: String,
    },
}

/// The next step that is due at `now`, if any. Asked again after each step until there is none.
///
/// Without an active key there is no waiting: the first key of a line, and the first after a
/// revocation, signs at once.
pub fn due(keys: &[KeyTimes], rotation: Rotation, now: Timestamp) -> Option<Step> {
    let of_state = |state| keys.iter().filter(move |key| key.state == state);
    let age_s = |since: Timestamp| now.seconds_since(since);
    let oldest_pending = of_state(KeyState::Pending).min_by_key(|key| key.published_at);

    let Some(active) = of_state(KeyState::Active).max_by_key(|key| key.activated_at) else {
        return Some(match oldest_pending {
            Some(key) => Step::Activate {
                kid: key.kid.clone(),
            },
            None => Step::Publish,
        });
    };
    let signing_s = age_s(active.activated_at.unwrap_or(active.published_at));
    match oldest_pending {
        Some(key) if age_s(key.published_at) >= rotation.pending_s => Some(Step::Activate {
            kid: key.kid.clone(),
        }),
        Some(_) => None,
        // The successor is published early enough to take over on the day.
        None if signing_s >= rotation.active_s.saturating_sub(rotation.pending_s) => {
            Some(Step::Publish)
        }
        None => None,
    }
}

#[cfg(test)]
mod tests;
