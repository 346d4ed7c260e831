//! Revocations: which control events end which sessions, by order and not by clock.
//!
//! A session carries, for itself and each thing it rests on, the seq at which that was checked. It
//! is dead if a matching row has a higher `before`. Rows are an index of the events, kept for the
//! longest life of a session.

use sha2::{Digest, Sha256};
use trilby_model::{LogId, Seq, Timestamp};

/// What a revocation names. Each has one letter, which sessions carry in their tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RevocationKind {
    /// `r`: sessions of a role.
    Role,
    /// `l`: what came through a provider link.
    Link,
    /// `p`: what came through an identity provider.
    Provider,
    /// `u`: sessions of a user.
    User,
    /// `k`: sessions of an access key.
    AccessKey,
    /// `s`: one session and those chained from it.
    Session,
    /// `a`: everything issued in or from an account.
    Account,
    /// `i`: one outside subject of a provider, by value.
    ProviderSubject,
    /// `v`: a source identity, by value.
    SourceIdentity,
    /// `n`: a role and a session name, by value.
    SessionName,
}

impl RevocationKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Role,
        Self::Link,
        Self::Provider,
        Self::User,
        Self::AccessKey,
        Self::Session,
        Self::Account,
        Self::ProviderSubject,
        Self::SourceIdentity,
        Self::SessionName,
    ];

    /// Its letter, an ASCII byte: how tokens, hashes and tables spell it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Role => b'r',
            Self::Link => b'l',
            Self::Provider => b'p',
            Self::User => b'u',
            Self::AccessKey => b'k',
            Self::Session => b's',
            Self::Account => b'a',
            Self::ProviderSubject => b'i',
            Self::SourceIdentity => b'v',
            Self::SessionName => b'n',
        }
    }

    /// Its letter.
    pub fn letter(self) -> char {
        char::from(self.code())
    }

    /// The kind with that letter's byte.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind with that letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        u8::try_from(letter).ok().and_then(Self::from_code)
    }
}

/// What a row is looked up by: first 16 bytes of SHA-256 over the kind's letter and each part with
/// its length before it. Parts are unique ids or, for the kinds matched by value, the values.
pub fn id_hash<P: AsRef<[u8]>>(kind: RevocationKind, parts: &[P]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update([kind.code()]);
    for part in parts {
        let part = part.as_ref();
        hasher.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hasher.update(part);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(digest) {
        *to = from;
    }
    short
}

/// A revocation that an event of a commit makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevocation {
    /// The log of that event, which must be in the commit.
    pub log: LogId,
    /// Which of that log's events in the commit, from 0.
    pub event: usize,
    /// What is named.
    pub kind: RevocationKind,
    /// [`id_hash`] of it.
    pub id_hash: [u8; 16],
    /// Sessions checked at a lower seq die. `None`: all checked before the event.
    pub before: Option<Seq>,
}

/// A stored revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The log of its event.
    pub log: LogId,
    /// What is named.
    pub kind: RevocationKind,
    /// [`id_hash`] of it.
    pub id_hash: [u8; 16],
    /// Its event.
    pub seq: Seq,
    /// Sessions checked at a lower seq are dead.
    pub before: Seq,
    /// Time of its commit.
    pub at: Timestamp,
}

/// How far somebody has read the revocations, in counts of the store's own that no clock moves. They mean nothing to another
/// store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RevocationMark {
    /// All that was begun before this had ended.
    pub begun: u64,
    /// The newest revocation that there was. It tells apart what was read from what came later under a lower count.
    pub newest: u64,
}

/// What was asked for of the revocations, and how far that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationNews {
    /// From here on next time.
    pub mark: RevocationMark,
    /// The revocations.
    pub revocations: Vec<Revocation>,
}

/// Something a caller's session rests on, and the seq of `log` at which it was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The log whose revocations can end it.
    pub log: LogId,
    /// What it is.
    pub kind: RevocationKind,
    /// [`id_hash`] of it.
    pub id_hash: [u8; 16],
    /// The seq at which it was checked; 0 if never.
    pub seq: Seq,
}

impl Dependency {
    /// Whether this revocation ends it.
    pub fn is_ended_by(&self, revocation: &Revocation) -> bool {
        self.kind == revocation.kind
            && self.id_hash == revocation.id_hash
            && self.log == revocation.log
            && self.seq < revocation.before
    }
}
