//! Live state per account, organization and installation, from log and feed.
//!
//! The log is the truth; what is here is a copy that knows how old it is. A [`Directory`] folds a log when it is first
//! asked for, follows the feed, repairs itself from the log, and gives out immutable views: an account as its fold has
//! it and as the engine decides by it, always of the same commit. [`Directory::world`] puts together what one decision
//! stands on, [`Directory::execute`] decides a command on the newest state and appends it.
//!
//! What this crate must not know: HTTP, tokens, which backend the log has.
//!
//! Invariants:
//! * Nobody is given a state that is known to be old, or half a commit.
//! * What cannot be folded makes its own log fail, and no other.
//! * A position that is not reached in time is an error, never an older answer.
//! * A write is visible here before its writer is answered.

mod asked;
mod compile;
mod directory;
mod effects;
mod error;
mod execute;
mod follow;
mod fresh;
mod hydrate;
mod measure;
mod news;
mod nodes;
mod options;
mod past;
mod poll;
mod repair;
mod sink;
mod slot;
mod snapshots;
mod trusting;
mod verify;
mod view;
mod weigh;
mod work;
mod world;

pub use asked::{ASKED_STANDS, Asked};
pub use directory::{Directory, StoreSecrets};
pub use error::Error;
pub use execute::{
    After, Answer, Done, Events, ExecuteError, Executed, Plan, ReceiptKey, States, Write,
};
pub use fresh::Freshness;
pub use measure::METRICS;
pub use nodes::{Acknowledged, NODES_WAIT, Presence};
pub use options::{ATTEMPTS_MAX, FEED_WAIT, NodeClock, Options, POSITION_WAIT};
pub use sink::{IgnoreRevocations, RevocationSink};
pub use trusting::TrustingRole;
pub use verify::VerifyingFolds;
pub use view::{AccountView, OrganizationView, PlatformView, View};
pub use world::{Side, Sides, World};
