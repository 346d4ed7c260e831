//! OpenID AuthZEN: what comes in, what it means to the engine, what goes out.

pub(crate) mod answer;
pub(crate) mod hint;
pub(crate) mod mapping;
pub(crate) mod options;
pub(crate) mod own;
pub(crate) mod request;
pub(crate) mod session;
pub(crate) mod snapshot;
pub(crate) mod token;
