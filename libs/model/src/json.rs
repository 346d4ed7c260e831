//! JSON as people write it, read strictly, with the place of every value.
//!
//! A document with two `Effect` members means whatever its reader happens to keep; so this reader refuses repeated
//! members instead of keeping one. It also keeps what a typed decoder throws away and a good error needs: line and
//! column of each value, and the exact text of numbers. No maintained crate does all of that with a bound on depth,
//! hence one of our own.
//!
//! Every policy and every request body passes through [`parse`]; typed decoding happens after it, from
//! [`Node::to_serde`].
//!
//! Invariants of a [`Node`]: no object has two members whose names are equal after escapes are undone; nesting is at most
//! [`NESTING_MAX`]; every string is valid Unicode; every number is finite as a 64-bit float.

mod canonical;
mod error;
mod node;
mod reader;

pub use canonical::canonical;
pub use error::{Error, ErrorCode};
pub use node::{Member, Node, Place, Value, escape_pointer};
pub use reader::{NESTING_MAX, parse, parse_bytes};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
