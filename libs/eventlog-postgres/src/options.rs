//! How to open a store, and why it was not opened.

use std::time::Duration;

use trilby_eventlog::READER_LEVEL;

/// How old a connection gets: after a failover none keeps a process with a server that is no longer the primary, and
/// load finds new servers.
const LIFETIME: Duration = Duration::from_secs(600);

/// As what a process uses the store: a database role, which can do what that service needs and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Appends; passwords, keys' verifiers and personal data. No key that signs.
    Identity,
    /// Appends; verifiers, sealed keys, marks and counters; session records.
    Token,
    /// Reads the log; keeps snapshots. No secret, no claim, no append.
    Decision,
    /// Announces commits, writes decision records, clears away what is over (so does `Token`).
    Relay,
    /// Writes activity records and nothing else: a decision node's second store, where no relay does it.
    Sink,
    /// Owns the tables: migrates, copies, erases, fences; and everything the others may, for a process that is all of
    /// them at once.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Identity,
        Self::Token,
        Self::Decision,
        Self::Relay,
        Self::Sink,
        Self::Admin,
    ];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "trilby_identity",
            Self::Token => "trilby_token",
            Self::Decision => "trilby_decision",
            Self::Relay => "trilby_relay",
            Self::Sink => "trilby_sink",
            Self::Admin => "trilby_admin",
        }
    }

    /// Whether it may keep snapshots: each its own, which no other reads.
    pub(crate) const fn keeps_snapshots(self) -> bool {
        match self {
            Self::Identity | Self::Token | Self::Decision | Self::Admin => true,
            Self::Relay | Self::Sink => false,
        }
    }

    /// Whether it may make the table of an hour of activity.
    pub(crate) const fn makes_hours(self) -> bool {
        match self {
            Self::Token | Self::Relay | Self::Admin => true,
            Self::Identity | Self::Decision | Self::Sink => false,
        }
    }

    /// Whether it may make a log's head.
    pub(crate) const fn makes_logs(self) -> bool {
        match self {
            Self::Identity | Self::Token | Self::Admin => true,
            Self::Decision | Self::Relay | Self::Sink => false,
        }
    }
}

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// `postgres://user:password@host:port/database`; several hosts and libpq's other settings may be given;
    /// `sslmode` (`disable`, `require`, `verify-full`) and `sslrootcert` among them.
    pub url: String,
    /// What this process does.
    pub role: Role,
    /// Fingerprint of the store key; another store's is refused. `None` opens whatever there is, for tools that need no
    /// key.
    pub store_key_fingerprint: Option<[u8; 32]>,
    /// What this program's folds can read; a store that needs more is refused.
    pub reader_level: u32,
    /// Opens for reading, at one moment, beside processes that may be writing.
    pub read_only: bool,
    /// Opens a store that was written in another cluster, or before a promotion. Only to look at it or to fence it.
    pub any_timeline: bool,
    /// This process is the only one: it announces its commits itself and forgets them. Needs [`Role::Admin`].
    pub relay: bool,
    /// Connections for reading.
    pub read_connections: usize,
    /// Connections for appending, which is how many groups of commits are under way at once.
    pub write_connections: usize,
    /// How old a connection gets.
    pub connection_lifetime: Duration,
}

impl Options {
    /// The usual options.
    #[must_use]
    pub fn new(url: impl Into<String>, role: Role) -> Self {
        Self {
            url: url.into(),
            role,
            store_key_fingerprint: None,
            reader_level: READER_LEVEL,
            read_only: false,
            any_timeline: false,
            relay: false,
            read_connections: 8,
            write_connections: 2,
            connection_lifetime: LIFETIME,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL holds a password.
        f.debug_struct("Options")
            .field("role", &self.role)
            .field("read_only", &self.read_only)
            .field("relay", &self.relay)
            .finish_non_exhaustive()
    }
}

/// Why a store was not opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one. What is wrong with it is not told: it holds a password.
    #[error("the database URL is not one")]
    Url,
    /// The URL asks for something this build cannot do.
    #[error("the database URL asks for {what}, which is not supported")]
    Unsupported {
        /// What.
        what: &'static str,
    },
    /// The certificates that sign the server's cannot be used.
    #[error("the certificates for TLS to the database cannot be used: {0}")]
    Certificates(String),
    /// Postgres did not answer, or says that it starts, stops or is full: another attempt may find it.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// Postgres answered, and another attempt would end the same: the login, the database, TLS, the role.
    #[error("the database refuses: {0}")]
    Refused(String),
    /// Postgres wants a password.
    #[error("the database wants a password and none was given")]
    NoPassword,
    /// The server is too old.
    #[error("the database is Postgres {found}; version {needed} or later is needed")]
    ServerVersion {
        /// What it is.
        found: i32,
        /// What is needed.
        needed: i32,
    },
    /// There is no store in the database.
    #[error("there is no store in the database: run the migration first")]
    Missing,
    /// The migration was not run with this release.
    #[error("the store has schema {found}, this release needs {known}: run the migration")]
    OlderSchema {
        /// Its schema.
        found: i32,
        /// The one this program works with.
        known: i32,
    },
    /// A newer release has written events that this one cannot read.
    #[error(
        "the store needs readers of level {found}, this release has {known}: use the newer release"
    )]
    NewerReaders {
        /// What it needs.
        found: u32,
        /// What this program has.
        known: u32,
    },
    /// It was made with another store key.
    #[error("the store was made with another store key")]
    StoreKey,
    /// A new store needs a store key.
    #[error("a new store needs a store key")]
    NoStoreKey,
    /// The database was restored, copied or promoted since: commits that someone has seen may be missing.
    #[error(
        "the store was written on another timeline of the database ({was}, now {is}): after a restore or a failover, fence it (`trilby admin fence`)"
    )]
    Timeline {
        /// System id and timeline that the store names.
        was: String,
        /// Those of this server.
        is: String,
    },
    /// Options that do not go together.
    #[error("{0}")]
    Options(&'static str),
    /// Its schema could not be brought up to date.
    #[error("the store's schema could not be brought up to date")]
    Migration(#[source] Box<refinery::Error>),
    /// Somebody uses a table that has to be changed for as long as that was tried.
    #[error(
        "a table of the store is in use by a long transaction, an export perhaps: nothing was changed; migrate when it has ended"
    )]
    InUse,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Entropy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] trilby_eventlog::Error),
}
