//! The log in Postgres 15 or later: what `trilby identity`, `token`, `decision` and `relay` stand on.
//!
//! # Opening
//!
//! ```no_run
//! # async fn example(url: &str, fingerprint: [u8; 32]) -> Result<(), trilby_eventlog_postgres::OpenError> {
//! use trilby_eventlog_postgres::{Options, Postgres, Role, migrate};
//!
//! // Once per release, as a login that may make roles (or as `trilby_admin`, if the roles are there).
//! migrate(url, Some(fingerprint)).await?;
//!
//! // In each process, as a login that is, or is a member of, the role.
//! let mut options = Options::new(url, Role::Identity);
//! options.store_key_fingerprint = Some(fingerprint);
//! let store = Postgres::open(&options).await?;
//! # Ok(()) }
//! ```
//!
//! [`migrate`] makes the database roles `trilby_identity`, `trilby_token`, `trilby_decision`, `trilby_relay`,
//! `trilby_sink` and `trilby_admin` without a login, the tables, and the store's identity. A deployment gives each
//! service a login: `create role … login password … in role trilby_token`. [`Postgres::open`] takes on the role, so that a
//! login of several roles has the rights of one. Each [`Role`] says what it may do; what it may not do is answered with
//! `Error::Invalid`.
//!
//! * One process that does everything: [`Role::Admin`] with [`Options::relay`].
//! * Receipts, revocations, marks, counters and activity are cleared away by [`Role::Token`], [`Role::Relay`] or `Admin`: the
//!   database says what is over, and `purge` as another role is refused. Commits that were not announced go with them after
//!   a minute, as long as no relay has ever worked on the store.
//! * `snapshot_put` and `snapshot_prune` do nothing in a role that keeps no snapshots.
//! * After a restore or a failover to another timeline, opening is refused until [`Archive::fence`] was called on a store
//!   opened with [`Options::any_timeline`] as [`Role::Admin`].
//!
//! [`Archive::fence`]: trilby_eventlog::Archive::fence
//!
//! # How it works
//!
//! A commit goes through four places. *Append* seals it on the heads that this process knows, or reads what it needs at
//! one moment. The *writer* puts waiting commits into groups. A *lane* writes a group: one transaction, one round trip,
//! one flush. The *statement* decides, under the locks of the heads, commit by commit, what holds.
//!
//! Invariants:
//! * what the database says decides; what this process remembers only saves questions;
//! * a lost connection is never guessed about: the commit is looked up in the log by its hash;
//! * a transaction names the logs it works on, and row-level security hides all others;
//! * a connection whose server stops or takes no writes is thrown away, never reused.
//!
//! It knows no event type and no other backend.

mod activity;
mod append;
mod archive;
mod connect;
mod export;
mod failure;
mod fencing;
mod group;
mod import;
mod installation;
mod job;
mod keeping;
mod known;
mod lane;
mod nodes;
mod open;
mod options;
mod pace;
mod pipeline;
mod read;
mod relay;
mod relaying;
mod rows;
mod side;
mod source;
mod statement;
mod store;
mod tls;
mod writer;

pub use fencing::Standing;
pub use installation::Agreed;
pub use open::migrate;
pub use options::{OpenError, Options, Role};
pub use relaying::Relaying;
pub use store::Postgres;
