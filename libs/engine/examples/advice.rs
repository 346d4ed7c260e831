//! Checks the advice on many generated denies, by a second evaluator.
//!
//! ```sh
//! cargo run --release --package trilby-engine --example advice -- 10000 1
//! ```
//! Arguments: how many denies, and the seed of the generator.

#![expect(
    clippy::print_stdout,
    reason = "a command-line program talks to its user"
)]

#[expect(dead_code, reason = "mistakes are planted by the test alone")]
#[path = "../tests/advice/check.rs"]
mod check;

use std::process::ExitCode;

use trilby_naive::Random;

fn main() -> ExitCode {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().ok());
    let denies = arguments.next().flatten().unwrap_or(10_000);
    let seed = arguments.next().flatten().unwrap_or(1);
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut seen = check::Seen::default();
    let (mut cases, mut wrong) = (0, 0_u64);
    while seen.denied + wrong < denies {
        cases += 1;
        let case = check::case(&mut random, cases);
        match check::check(&case, None) {
            Ok(one) => seen.add(one.unwrap_or_default()),
            Err(why) => {
                wrong += 1;
                println!("{why}\n{case}");
            }
        }
    }
    println!("{cases} cases, {} denies: {seen:?}", seen.denied + wrong);
    println!("{wrong} wrong");
    if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
