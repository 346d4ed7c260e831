//! The conformance suite on the in-memory store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use trilby_eventlog::Memory;

trilby_eventlog::conformance_tests!(async { (Memory::for_tests(), ()) });
