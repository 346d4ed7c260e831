//! Percentiles and medians.

use std::time::Duration;

/// The smallest value that is not exceeded by `permille` of a thousand (nearest rank). `None` of nothing.
///
/// `sorted` is in ascending order.
pub fn percentile(sorted: &[Duration], permille: usize) -> Option<Duration> {
    let rank = (sorted.len() * permille).div_ceil(1_000).max(1);
    sorted.get(rank - 1).copied()
}

/// The middle of the values; the mean of the two middle ones if there is no middle one. `None` of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let (upper, lower) = (sorted.len() / 2, sorted.len().checked_sub(1)? / 2);
    Some(f64::midpoint(*sorted.get(lower)?, *sorted.get(upper)?))
}

/// A time as reports have it.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// A count as reports have it: beyond four thousand million nothing is counted here.
pub fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let sorted: Vec<Duration> = (1..=2_000).map(Duration::from_millis).collect();
        let at = |permille| percentile(&sorted, permille);
        assert_eq!(at(500), Some(Duration::from_millis(1_000)));
        assert_eq!(at(990), Some(Duration::from_millis(1_980)));
        assert_eq!(at(999), Some(Duration::from_millis(1_998)));
        assert_eq!(at(1_000), Some(Duration::from_millis(2_000)));
        let one = [Duration::from_millis(5)];
        assert_eq!(percentile(&one, 1), Some(one[0]));
        assert_eq!(percentile(&one, 999), Some(one[0]));
        assert_eq!(percentile(&[], 500), None);
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([]), None);
    }
}
