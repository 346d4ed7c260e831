//! Identity providers of an account: what is shared, with whom, and who is known to serve the world.

mod known;
mod offer;

pub use known::{KnownIssuer, known_issuer};
pub(crate) use known::{complete, satisfies};
pub use offer::{LinkedProvider, OfferedProvider};
