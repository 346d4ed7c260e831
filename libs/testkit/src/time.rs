//! The test's own clock and randomness.

use trilby_model::Timestamp;
pub use trilby_service::clock::{Clock, EntropySource, ManualClock, SeededEntropy};

/// The instant at which tests begin: 2026-11-23T18:00:00Z.
pub const START_S: i64 = 1_795_456_800;

/// A clock that stands at [`START_S`] until it is moved.
pub fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_unix_seconds(START_S))
}

/// Randomness that is the same in each run.
pub fn entropy() -> SeededEntropy {
    SeededEntropy::new(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_begin_when_the_documentation_says() {
        assert_eq!(clock().now().to_string(), "2026-11-23T18:00:00.000Z");
        assert_eq!(entropy().seed(), entropy().seed());
    }
}
