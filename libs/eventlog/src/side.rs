//! Side tables: what events only name. Secrets, personal data, tickets and counters live here and
//! not in the log, so that they can be erased while the chain stands.
//!
//! A row that belongs to an event is written in the event's commit; throttles, nonces and tickets
//! have no event and are written by [`EventLog::side_write`](crate::EventLog::side_write).
//! No fold reads any of this.

use std::fmt;

use sha2::{Digest, Sha256};
use trilby_model::{Hash, LogId, Timestamp};

/// Bytes that may be a secret or personal: printed as their number only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SideBody(pub Vec<u8>);

impl fmt::Debug for SideBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SideBody({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for SideBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// A verifier of something secret: password hash, MAC of a key's secret, digest of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The log of whom it belongs to.
    pub log: LogId,
    /// Unique id of the user, key or ticket.
    pub subject: String,
    /// What sort; numbered by `libs/credential`'s callers.
    pub kind: u16,
    /// The event names it; the highest is in force.
    pub generation: u32,
    /// The verifier.
    pub body: SideBody,
    /// After this it opens nothing.
    pub expires_at: Option<Timestamp>,
}

/// A key under the installation's or the account's key: data key, signing key, TOTP seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// The log of whom it belongs to.
    pub log: LogId,
    /// What sort.
    pub kind: u16,
    /// Its id (`kid`, device id).
    pub id: String,
    /// Which key encryption key it needs.
    pub kek_id: String,
    /// The ciphertext.
    pub body: SideBody,
}

/// Personal data that an event names by (subject, field, generation) and binds by [`Personal::digest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Personal {
    /// The log of whom it is about.
    pub log: LogId,
    /// Unique id of whom it is about.
    pub subject: String,
    /// Which datum.
    pub field: u16,
    /// The event names it; the highest is in force.
    pub generation: u32,
    /// Keeps a short datum from being guessed from its digest.
    pub salt: [u8; 16],
    /// The datum.
    pub body: SideBody,
}

impl Personal {
    /// SHA-256 of salt and body: what the event holds.
    pub fn digest(&self) -> Hash {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(self.salt)
            .chain_update(&self.body.0)
            .finalize()
            .into();
        Hash(digest)
    }
}

/// A mark that something was used: a replay key, a nonce, a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTime {
    /// The log it belongs to.
    pub log: LogId,
    /// What sort.
    pub purpose: u16,
    /// Digest of it.
    pub key_hash: [u8; 32],
    /// After this the mark may be forgotten.
    pub expires_at: Timestamp,
}

/// A number shared by all nodes: failures, the last TOTP step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// Its value.
    pub value: i64,
    /// After this it counts from 0 again.
    pub until: Option<Timestamp>,
}

/// A write to a side table.
///
/// Those marked *conditional* refuse the whole commit (or call) if their condition does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideWrite {
    /// Adds a credential. *Conditional*: this generation must not exist.
    CredentialInsert(Credential),
    /// Puts a credential in the place of the same generation (a re-hash). If that is gone meanwhile nothing is written.
    CredentialReplace(Credential),
    /// Removes one generation. *Conditional*: it must exist. This is how a ticket is used once.
    CredentialTake {
        /// The log.
        log: LogId,
        /// Whose.
        subject: String,
        /// What sort.
        kind: u16,
        /// Which.
        generation: u32,
    },
    /// Removes every generation of one kind, or of all kinds.
    CredentialDelete {
        /// The log.
        log: LogId,
        /// Whose.
        subject: String,
        /// What sort; `None` means all.
        kind: Option<u16>,
    },
    /// Adds a sealed key. *Conditional*: its id must not exist.
    SealedKeyInsert(SealedKey),
    /// Puts a sealed key in the place of the one with its id (a re-wrap).
    SealedKeyReplace(SealedKey),
    /// Removes a sealed key.
    SealedKeyDelete {
        /// The log.
        log: LogId,
        /// What sort.
        kind: u16,
        /// Which.
        id: String,
    },
    /// Adds personal data. *Conditional*: this generation must not exist.
    PersonalInsert(Personal),
    /// Removes every generation of one field, or of all fields.
    PersonalDelete {
        /// The log.
        log: LogId,
        /// About whom.
        subject: String,
        /// Which datum; `None` means all.
        field: Option<u16>,
    },
    /// Marks something as used. *Conditional*: it must not be marked yet, expired or not.
    OneTimeInsert(OneTime),
    /// Adds to a counter, in one step. A counter whose `until` is not after `now` starts at 0.
    CounterAdd {
        /// The log.
        log: LogId,
        /// Whose.
        subject: String,
        /// What sort.
        kind: u16,
        /// What to add.
        delta: i64,
        /// The caller's clock.
        now: Timestamp,
        /// When it starts anew. `None` keeps what a running counter has, and gives a fresh one no end.
        until: Option<Timestamp>,
    },
    /// Raises a counter. *Conditional*: the value must be greater than the stored one, if any.
    CounterRaise {
        /// The log.
        log: LogId,
        /// Whose.
        subject: String,
        /// What sort.
        kind: u16,
        /// Its new value.
        value: i64,
        /// When it may be forgotten.
        until: Option<Timestamp>,
    },
    /// Removes a counter.
    CounterClear {
        /// The log.
        log: LogId,
        /// Whose.
        subject: String,
        /// What sort.
        kind: u16,
    },
}

impl SideWrite {
    /// The log whose row it is.
    pub fn log(&self) -> &LogId {
        match self {
            Self::CredentialInsert(row) | Self::CredentialReplace(row) => &row.log,
            Self::SealedKeyInsert(row) | Self::SealedKeyReplace(row) => &row.log,
            Self::PersonalInsert(row) => &row.log,
            Self::OneTimeInsert(row) => &row.log,
            Self::CredentialTake { log, .. }
            | Self::CredentialDelete { log, .. }
            | Self::SealedKeyDelete { log, .. }
            | Self::PersonalDelete { log, .. }
            | Self::CounterAdd { log, .. }
            | Self::CounterRaise { log, .. }
            | Self::CounterClear { log, .. } => log,
        }
    }
}

/// What a side write gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideOutcome {
    /// It is done.
    Done,
    /// The counter as it stands now.
    Counter(Counter),
}

impl Counter {
    /// A counter after an addition, given what was stored.
    pub fn added(
        stored: Option<Self>,
        delta: i64,
        now: Timestamp,
        until: Option<Timestamp>,
    ) -> Self {
        let running = stored.filter(|counter| counter.until.is_none_or(|end| end > now));
        Self {
            value: running
                .map_or(0, |counter| counter.value)
                .saturating_add(delta),
            until: until.or(running.and_then(|counter| counter.until)),
        }
    }
}
