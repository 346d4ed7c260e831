//! Advice on generated denies, checked by a second evaluator. The long form is `cargo run --release --example advice`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "advice/check.rs"]
mod check;

use check::{Fault, Seen, check};
use trilby_naive::Random;

const DENIES: u64 = 500;
const SEED: u64 = 1;

/// Checks generated cases until so many were denied.
fn run(seed: u64, denies: u64, fault: Option<Fault>) -> Result<Seen, String> {
    let mut random = Random::new(seed);
    let mut seen = Seen::default();
    let mut id = 0;
    while seen.denied < denies {
        id += 1;
        let case = check::case(&mut random, id);
        match check(&case, fault) {
            Ok(one) => seen.add(one.unwrap_or_default()),
            Err(wrong) => return Err(format!("{wrong}\nseed {seed}, case {case}")),
        }
    }
    Ok(seen)
}

#[test]
fn what_is_said_to_allow_does_and_where_nothing_is_said_nothing_does() {
    let seen = run(SEED, DENIES, None).unwrap_or_else(|wrong| panic!("{wrong}"));
    println!("{seen:?}");
    assert!(seen.values > 20 && seen.statements > 250 && seen.none > 100 && seen.explicit > 50);
}

#[test]
fn every_planted_mistake_is_found() {
    for fault in Fault::ALL {
        let found = run(SEED, DENIES, Some(fault));
        assert!(found.is_err(), "{fault:?} was not found: {found:?}");
    }
}
