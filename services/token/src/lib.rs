//! The token service: who proves to be whom, and gets a session for it.
//!
//! Every grant ends in one function, [`issue::issue_session`], which takes a [`proof::Proof`] that only the verifiers
//! can make. A session is recorded in the activity log before its token leaves; the token is signed with a key of the
//! session's account, made when the account needs its first.
//!
//! | module | what |
//! | --- | --- |
//! | [`proof`] | the verifiers: access key, login, own session, web identity |
//! | [`issue`] | the one procedure behind every grant |
//! | [`signing`] | accounts' signing keys: made, loaded, rotated |
//! | [`throttle`] | guessing and load |
//! | [`activity`] | what is recorded of sessions and logins |
//! | [`api`] | the operations |
//!
//! Invariants:
//! * No grant has checks of its own that another could miss: what concerns the session is in `issue_session`.
//! * No parameter is ignored; an unusable credential is never treated as an absent one.
//! * A refusal tells nothing about who or what exists; all failures of a credential check do the same work.

pub mod activity;
pub mod api;
mod federation;
mod hashing;
pub mod issue;
mod key_use;
mod lookup;
mod parts;
pub mod proof;
mod role_request;
mod session_policies;
mod session_tags;
pub mod signing;
pub mod throttle;

pub use api::registry;
pub use parts::TokenParts;
