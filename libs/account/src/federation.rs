//! Identity providers of an account: what is shared, with whom, and who is known to serve the world.

mod known;
mod offer;

pub(crate) use known::changed;
pub use known::{KnownIssuer, complete, known_issuer};
pub use offer::{LinkedProvider, OfferedProvider};
