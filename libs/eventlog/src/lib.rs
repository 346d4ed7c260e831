//! The log: traits, envelope, hash chain, in-memory backend, conformance suite.
