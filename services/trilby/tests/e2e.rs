//! The program from outside: started, asked over HTTP, killed, started again. Nothing here links the program's crates; what a test
//! knows is what an operator or a client can see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "e2e/access.rs"]
mod access;
#[path = "e2e/acme.rs"]
mod acme;
#[path = "e2e/bad_input.rs"]
mod bad_input;
#[path = "e2e/concepts.rs"]
mod concepts;
#[path = "e2e/demo_exit.rs"]
mod demo_exit;
#[path = "e2e/erase.rs"]
mod erase;
#[path = "e2e/folder.rs"]
mod folder;
#[path = "e2e/issuer_down.rs"]
mod issuer_down;
#[path = "e2e/key_use.rs"]
mod key_use;
#[path = "e2e/kill.rs"]
mod kill;
#[path = "e2e/log_tools.rs"]
mod log_tools;
#[path = "e2e/one_state.rs"]
mod one_state;
#[path = "e2e/openapi.rs"]
mod openapi;
#[path = "e2e/operations.rs"]
mod operations;
#[path = "e2e/raw.rs"]
mod raw;
#[path = "e2e/repeats.rs"]
mod repeats;
#[path = "e2e/schema.rs"]
mod schema;
#[path = "e2e/start.rs"]
mod start;
#[path = "e2e/story.rs"]
mod story;
#[path = "e2e/story_ana.rs"]
mod story_ana;
#[path = "e2e/story_hats.rs"]
mod story_hats;
#[path = "e2e/story_third_party.rs"]
mod story_third_party;
#[path = "e2e/third_party_hostile.rs"]
mod third_party_hostile;
#[path = "e2e/third_party_issuer.rs"]
mod third_party_issuer;
#[path = "e2e/third_party_keys.rs"]
mod third_party_keys;
#[path = "e2e/third_party_shop.rs"]
mod third_party_shop;
