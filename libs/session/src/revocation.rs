//! What ends sessions, compared by order in a log and never by clock.
//!
//! A session carries the position its issuer stood at, in its own account's log and in the log of
//! everything it rests on. A revocation is an event of one of those logs. A session is dead if
//! something it rests on was revoked at a later position than the issuer had seen: an issuer that
//! lags mints sessions that are dead at birth, never sessions that escape.

use std::collections::HashMap;

use aws_lc_rs::digest;
use trilby_model::{AccountId, LogId, Seq, Timestamp};

use crate::claims::{Claims, DependencyKind, SessionKind};

/// Seconds a revocation is kept: the longest session and ten minutes. No session older than that
/// is left to be killed.
pub const KEPT_S: i64 = 12 * 3600 + 600;

/// What a revocation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationKind {
    /// By unique id: role, link, provider, user, access key, session, account.
    Id(DependencyKind),
    /// By value: provider id and subject.
    ProviderSubject,
    /// By value: source identity.
    SourceIdentity,
    /// By value: role id and session name.
    SessionName,
}

impl RevocationKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Id(DependencyKind::Role),
        Self::Id(DependencyKind::Link),
        Self::Id(DependencyKind::Provider),
        Self::Id(DependencyKind::User),
        Self::Id(DependencyKind::AccessKey),
        Self::Id(DependencyKind::Session),
        Self::Id(DependencyKind::Account),
        Self::ProviderSubject,
        Self::SourceIdentity,
        Self::SessionName,
    ];

    /// Its letter, in tokens, rows and hashes.
    pub fn letter(self) -> char {
        match self {
            Self::Id(DependencyKind::Role) => 'r',
            Self::Id(DependencyKind::Link) => 'l',
            Self::Id(DependencyKind::Provider) => 'p',
            Self::Id(DependencyKind::User) => 'u',
            Self::Id(DependencyKind::AccessKey) => 'k',
            Self::Id(DependencyKind::Session) => 's',
            Self::Id(DependencyKind::Account) => 'a',
            Self::ProviderSubject => 'i',
            Self::SourceIdentity => 'v',
            Self::SessionName => 'n',
        }
    }

    /// Whether it names a value, of which there are as many as somebody thinks of; not a thing that there is.
    pub fn is_by_value(self) -> bool {
        match self {
            Self::Id(_) => false,
            Self::ProviderSubject | Self::SourceIdentity | Self::SessionName => true,
        }
    }

    /// The kind of that letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.letter() == letter)
    }

    /// The letter as the number that rows store.
    pub fn code(self) -> u8 {
        u8::try_from(self.letter()).unwrap_or(0)
    }

    /// The kind of a stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::from_letter(char::from(code))
    }
}

/// First 16 bytes of SHA-256 over the kind's letter and each part with its length: what rows and
/// feeds name a thing by.
pub fn id_hash<P: AsRef<str>>(kind: RevocationKind, parts: &[P]) -> [u8; 16] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[kind.code()]);
    for part in parts {
        let bytes = part.as_ref().as_bytes();
        // Parts are ids and names of at most a few hundred bytes.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        context.update(&length.to_be_bytes());
        context.update(bytes);
    }
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// One thing a session rests on, as revocations name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// What it is.
    pub kind: RevocationKind,
    /// Its hash.
    pub id_hash: [u8; 16],
    /// The account in whose log its revocation would stand.
    pub account: AccountId,
    /// Position of that log that the issuer had seen.
    pub seq: u64,
}

/// All that a session rests on: itself, its principal and account, its dependencies, its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestsOn {
    rests: Vec<Rest>,
    /// For each account: the lowest position the session knows of it.
    positions: Vec<(AccountId, u64)>,
}

impl RestsOn {
    /// What the session of these claims rests on.
    pub fn of(claims: &Claims) -> Self {
        let private = &claims.trilby;
        let account = private.acct;
        let mut all = Self {
            rests: Vec::with_capacity(16),
            positions: vec![(account, private.seq)],
        };

        let own = [
            (DependencyKind::Session, Some(claims.jti.to_string())),
            (DependencyKind::Account, Some(account.to_string())),
            match private.kind {
                SessionKind::Role => (
                    DependencyKind::Role,
                    Some(claims.principal_unique_id().to_owned()),
                ),
                SessionKind::User | SessionKind::Key => (
                    DependencyKind::User,
                    Some(claims.principal_unique_id().to_owned()),
                ),
                SessionKind::Federated => (
                    DependencyKind::Provider,
                    Some(claims.principal_unique_id().to_owned()),
                ),
                // Revocations name root as a user whose id is the account's.
                SessionKind::Root => (DependencyKind::User, Some(account.to_string())),
            },
        ];
        for (kind, id) in own {
            if let Some(id) = id {
                all.add(
                    RevocationKind::Id(kind),
                    &[id.as_str()],
                    account,
                    private.seq,
                );
            }
        }
        for dependency in &private.dep {
            let kind = RevocationKind::Id(dependency.kind);
            all.add(
                kind,
                &[dependency.id.as_str()],
                dependency.account,
                dependency.seq,
            );
            match all
                .positions
                .iter_mut()
                .find(|(known, _)| *known == dependency.account)
            {
                Some((_, seq)) => *seq = (*seq).min(dependency.seq),
                None => all.positions.push((dependency.account, dependency.seq)),
            }
        }
        if let Some(federation) = &private.fed {
            for provider in private
                .dep
                .iter()
                .filter(|d| d.kind == DependencyKind::Provider)
            {
                let parts = [provider.id.as_str(), federation.sub.as_str()];
                all.add(
                    RevocationKind::ProviderSubject,
                    &parts,
                    provider.account,
                    provider.seq,
                );
            }
        }
        if let (SessionKind::Role, Some(name)) = (private.kind, &private.sn) {
            let parts = [claims.principal_unique_id(), name.as_str()];
            all.add(RevocationKind::SessionName, &parts, account, private.seq);
        }
        if let Some(source_identity) = &private.si {
            // A value is nobody's property: only accounts that the session rests on may end it by
            // value, or one tenant could end another's sessions by guessing a name.
            for (account, seq) in all.positions.clone() {
                all.add(
                    RevocationKind::SourceIdentity,
                    &[source_identity.as_str()],
                    account,
                    seq,
                );
            }
        }
        all
    }

    fn add(&mut self, kind: RevocationKind, parts: &[&str], account: AccountId, seq: u64) {
        let id_hash = id_hash(kind, parts);
        let same = self
            .rests
            .iter_mut()
            .find(|rest| rest.kind == kind && rest.id_hash == id_hash && rest.account == account);
        match same {
            Some(rest) => rest.seq = rest.seq.min(seq),
            None => self.rests.push(Rest {
                kind,
                id_hash,
                account,
                seq,
            }),
        }
    }

    /// One entry for each thing and account; for the re-check inside an append.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Rest> {
        self.rests.iter()
    }

    /// The accounts the session knows a position of, its own first.
    pub fn positions(&self) -> &[(AccountId, u64)] {
        &self.positions
    }

    fn position_of(&self, log: &LogId) -> u64 {
        self.positions
            .iter()
            .find(|(account, _)| LogId::Account(*account) == *log)
            .map_or(0, |(_, seq)| *seq)
    }
}

/// A revocation, as an event's row says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// What it names.
    pub kind: RevocationKind,
    /// Hash of what it names.
    pub id_hash: [u8; 16],
    /// The log of the event.
    pub log: LogId,
    /// Sessions that saw less than this die.
    pub before_seq: Seq,
    /// When the event was written.
    pub at: Timestamp,
}

/// What killed a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// The kind that matched.
    pub kind: RevocationKind,
    /// The log of the revocation.
    pub log: LogId,
    /// Its position.
    pub before_seq: Seq,
}

#[derive(Debug, Clone)]
struct Row {
    log: LogId,
    before_seq: u64,
    at: Timestamp,
}

/// The revocations of the last twelve hours and ten minutes, of all accounts.
#[derive(Debug, Clone, Default)]
pub struct RevocationTable {
    rows: HashMap<(RevocationKind, [u8; 16]), Vec<Row>>,
    /// Of those that name a value, how many each log has.
    by_value: HashMap<LogId, usize>,
}

impl RevocationTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a revocation in. Order and repetition do not matter: for one thing and log the
    /// highest position stands. Whether it was one that is not known.
    pub fn insert(&mut self, revocation: &Revocation) -> bool {
        let rows = self
            .rows
            .entry((revocation.kind, revocation.id_hash))
            .or_default();
        let before_seq = revocation.before_seq.get();
        match rows.iter_mut().find(|row| row.log == revocation.log) {
            Some(row) => {
                row.before_seq = row.before_seq.max(before_seq);
                row.at = row.at.max(revocation.at);
                false
            }
            None => {
                rows.push(Row {
                    log: revocation.log.clone(),
                    before_seq,
                    at: revocation.at,
                });
                note_by_value(&mut self.by_value, revocation.kind, &revocation.log);
                true
            }
        }
    }

    /// Forgets what is too old to matter.
    pub fn purge(&mut self, now: Timestamp) {
        let oldest = now.unix_seconds().saturating_sub(KEPT_S);
        let by_value = &mut self.by_value;
        by_value.clear();
        self.rows.retain(|(kind, _), rows| {
            rows.retain(|row| row.at.unix_seconds() >= oldest);
            for row in &*rows {
                note_by_value(by_value, *kind, &row.log);
            }
            !rows.is_empty()
        });
    }

    /// How many rows of a log name a value.
    pub fn n_by_value(&self, log: &LogId) -> usize {
        self.by_value.get(log).copied().unwrap_or_default()
    }

    /// The revocation that killed the session, if one did.
    pub fn is_dead(&self, session: &RestsOn) -> Option<Dead> {
        session.rests.iter().find_map(|rest| {
            let rows = self.rows.get(&(rest.kind, rest.id_hash))?;
            rows.iter()
                .find(|row| {
                    if row.log == LogId::Account(rest.account) {
                        return rest.seq < row.before_seq;
                    }
                    match rest.kind {
                        // An id is one thing wherever it is revoked; a log of which the session
                        // knows nothing counts as never seen.
                        RevocationKind::Id(_)
                        | RevocationKind::ProviderSubject
                        | RevocationKind::SessionName => {
                            session.position_of(&row.log) < row.before_seq
                        }
                        RevocationKind::SourceIdentity => false,
                    }
                })
                .map(|row| Dead {
                    kind: rest.kind,
                    log: row.log.clone(),
                    before_seq: Seq::new(row.before_seq),
                })
        })
    }

    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }

    /// Whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Counts a row that names a value.
fn note_by_value(by_value: &mut HashMap<LogId, usize>, kind: RevocationKind, log: &LogId) {
    if kind.is_by_value() {
        let n = by_value.entry(log.clone()).or_default();
        *n = n.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
