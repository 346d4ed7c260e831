//! Passwords, access-key secrets, tickets, envelope encryption.
//!
//! Knows how a secret is made, recognised and kept; knows neither users nor storage. Randomness
//! arrives as [`trilby_model::Entropy`], keys as arguments. No type here that holds a secret shows
//! it in `Debug`, and memory that held one is wiped.
//!
//! | module | what |
//! | --- | --- |
//! | [`password`] | argon2id under a versioned pepper; which passwords are refused |
//! | [`access_key`] | `tbk_` secrets and how they are recognised |
//! | [`ticket`] | one-time tickets (`tbb_`, `tbr_`, `tbm_`, `tbi_`) |
//! | [`pepper`] | the versioned key behind the three above |
//! | [`envelope`] | data keys under the installation's KEK, sealed bytes under data keys |
//! | [`keys`] | the keys of an installation as text: make, read, write, fingerprint |
//! | [`rows`] | how secrets are filed in side tables |
//! | [`work`] | a bounded pool for expensive hashing |
#![cfg_attr(test, allow(clippy::as_conversions, reason = "tests"))]

pub mod access_key;
mod base62;
mod crypto;
pub mod envelope;
pub mod keys;
pub mod password;
pub mod pepper;
pub mod rows;
pub mod ticket;
pub mod work;

pub use access_key::AccessKeySecret;
pub use envelope::{DataKey, Kek, KekId, Keks, Purpose, Sealed};
pub use keys::{InstallationKeys, StoreKey};
pub use password::{Password, PasswordHash};
pub use pepper::{Mac, Pepper, PepperVersion, Peppers};
pub use rows::{CredentialKind, SealedKind};
pub use ticket::{Address, Ticket, TicketKind};
pub use work::HashPool;
