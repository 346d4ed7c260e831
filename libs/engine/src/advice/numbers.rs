//! Numbers, moments and addresses next to those that policies name: one from each of the ranges that the named ones divide
//! all others into.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use trilby_model::Timestamp;
use trilby_policy::condition::{Instant, Network, UNITS_PER_SECOND};

/// The most digits of a number that is made.
const DIGITS_MAX: usize = 200;
/// The widest run of zeros that is written out instead of an exponent.
const ZEROS_MAX: i64 = 40;

/// A number: digits times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Number {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Number {
    /// Reads what [`trilby_policy::condition::Decimal`] reads.
    fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.bytes().chain(fraction.bytes());
        Some(Self {
            negative,
            digits: digits.map(|digit| digit.wrapping_sub(b'0')).collect(),
            exponent: exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?,
        })
    }

    /// The same number with an exponent that is not greater. `None`: it would have too many digits.
    fn finer(mut self, exponent: i64) -> Option<Self> {
        let zeros = usize::try_from(self.exponent.checked_sub(exponent)?.max(0)).ok()?;
        let length = self.digits.len().checked_add(zeros)?;
        if length > DIGITS_MAX {
            return None;
        }
        self.exponent = self.exponent.min(exponent);
        self.digits.resize(length, 0);
        Some(self)
    }

    /// The next one up or down, in the last digit.
    fn step(mut self, up: bool) -> Self {
        if self.digits.iter().all(|digit| *digit == 0) {
            self.negative = !up;
        }
        if up == self.negative {
            self.borrow();
        } else {
            self.carry();
        }
        self
    }

    fn carry(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
        self.digits.insert(0, 1);
    }

    fn borrow(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit > 0 {
                *digit -= 1;
                return;
            }
            *digit = 9;
        }
    }

    fn text(&self) -> String {
        let digits: String = self.digits.iter().map(|d| char::from(b'0' + d)).collect();
        let is_zero = self.digits.iter().all(|digit| *digit == 0);
        let sign = if self.negative && !is_zero { "-" } else { "" };
        let plain = match self.exponent {
            0 => digits,
            zeros @ 1..=ZEROS_MAX => {
                let zeros = usize::try_from(zeros).unwrap_or_default();
                digits + &"0".repeat(zeros)
            }
            below if (-ZEROS_MAX..0).contains(&below) => {
                let places = usize::try_from(-below).unwrap_or_default();
                let padded = format!("{digits:0>width$}", width = places + 1);
                let (whole, fraction) = padded.split_at(padded.len() - places);
                format!("{whole}.{fraction}")
            }
            exponent => return format!("{sign}{digits}e{exponent}"),
        };
        let whole = plain.trim_start_matches('0');
        let zero = if whole.is_empty() || whole.starts_with('.') {
            "0"
        } else {
            ""
        };
        format!("{sign}{zero}{whole}")
    }
}

/// Numbers around these limits: each, its neighbours, and one between any two. Whether that is all it takes.
pub(super) fn numbers(limits: &[&str]) -> (Vec<String>, bool) {
    let mut found: Vec<String> = limits.iter().map(|limit| (*limit).to_owned()).collect();
    let read: Vec<Number> = limits
        .iter()
        .filter_map(|limit| Number::parse(limit))
        .collect();
    let finest = read
        .iter()
        .map(|number| number.exponent)
        .min()
        .unwrap_or(0)
        .min(0);
    let mut complete = read.len() == limits.len();
    for exponent in [0, finest.saturating_sub(1)] {
        for number in &read {
            match number.clone().finer(exponent) {
                Some(number) => {
                    found.extend([true, false].map(|up| number.clone().step(up).text()));
                }
                None => complete = false,
            }
        }
    }
    (found, complete)
}

/// Moments around these limits.
pub(super) fn moments(limits: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = limits.iter().map(|limit| (*limit).to_owned()).collect();
    let read: Vec<i128> = limits
        .iter()
        .filter_map(|limit| Instant::parse(limit).map(Instant::units))
        .collect();
    for second in read.iter().map(|units| units.div_euclid(UNITS_PER_SECOND)) {
        for beside in [second + 1, second - 1] {
            found.extend(
                i64::try_from(beside)
                    .ok()
                    .map(|seconds| Timestamp::from_unix_seconds(seconds).to_string()),
            );
        }
    }
    for units in read {
        found.extend([units + 1, units - 1].map(epoch));
    }
    found
}

/// Epoch seconds with every digit.
fn epoch(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let size = units.unsigned_abs();
    let unit = UNITS_PER_SECOND.unsigned_abs();
    format!("{sign}{}.{:018}", size / unit, size % unit)
}

/// Addresses in and around these ranges, and far from all of them.
pub(super) fn addresses(ranges: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let read: Vec<Network> = ranges
        .iter()
        .filter_map(|range| Network::parse(range))
        .collect();
    for network in &read {
        match network {
            Network::V4 { base, mask } => {
                let last = base | !mask;
                let inside = base.saturating_add(1).min(last);
                found.extend([inside, *base, last].map(v4));
                found.extend(last.checked_add(1).map(v4));
                found.extend(base.checked_sub(1).map(v4));
            }
            Network::V6 { base, mask } => {
                let last = base | !mask;
                let inside = base.saturating_add(1).min(last);
                found.extend([inside, *base, last].map(v6));
                found.extend(last.checked_add(1).map(v6));
                found.extend(base.checked_sub(1).map(v6));
            }
        }
    }
    found.extend(["192.0.2.1", "0.0.0.0", "2001:db8::1", "::"].map(str::to_owned));
    found
}

fn v4(bits: u32) -> String {
    IpAddr::V4(Ipv4Addr::from_bits(bits)).to_string()
}

fn v6(bits: u128) -> String {
    IpAddr::V6(Ipv6Addr::from_bits(bits)).to_string()
}

#[cfg(test)]
mod tests {
    use trilby_policy::condition::Decimal;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn there_is_a_number_in_every_range() {
        let limits = [
            "-1.5",
            "0",
            "0.0001",
            "9007199254740992",
            "9007199254740993",
            "2e3",
        ];
        let (found, complete) = numbers(&limits);
        assert!(complete);
        let found: Vec<Decimal> = found.iter().map(|text| decimal(text)).collect();
        let mut sorted: Vec<Decimal> = limits.iter().map(|text| decimal(text)).collect();
        sorted.sort();
        for pair in sorted.windows(2) {
            assert!(
                found.iter().any(|x| pair[0] < *x && *x < pair[1]),
                "{pair:?}"
            );
        }
        assert!(found.iter().any(|x| *x < sorted[0]));
        assert!(found.iter().any(|x| *x > sorted[5]));
    }

    #[test]
    fn neighbours_read_well_first() {
        assert_eq!(numbers(&["10"]).0, ["10", "11", "9", "10.1", "9.9"]);
        assert_eq!(numbers(&["0"]).0, ["0", "1", "-1", "0.1", "-0.1"]);
        assert_eq!(numbers(&["-1"]).0[1..3], ["0", "-2"]);
        assert!(!numbers(&["1e400"]).1, "too fine to be sure");
    }

    #[test]
    fn there_is_a_moment_before_between_and_after() {
        let limits = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "1999"];
        let found: Vec<Instant> = moments(&limits)
            .iter()
            .map(|text| Instant::parse(text).unwrap_or_else(|| panic!("{text}")))
            .collect();
        let limits = limits.map(|text| Instant::parse(text).unwrap());
        assert!(found.iter().any(|x| limits[0] < *x && *x < limits[1]));
        assert!(found.iter().any(|x| limits[2] < *x && *x < limits[0]));
        assert!(found.iter().any(|x| *x < limits[2]));
        assert!(found.iter().any(|x| *x > limits[1]));
    }

    #[test]
    fn there_is_an_address_in_a_range_and_not_in_one_within_it() {
        let found = addresses(&["10.0.0.0/8", "10.0.0.0/24", "0.0.0.0/0"]);
        let [outer, inner] =
            ["10.0.0.0/8", "10.0.0.0/24"].map(|text| Network::parse(text).unwrap());
        let found: Vec<IpAddr> = found.iter().map(|text| text.parse().unwrap()).collect();
        assert!(
            found
                .iter()
                .any(|a| outer.contains(*a) && !inner.contains(*a))
        );
        assert!(found.iter().any(|a| inner.contains(*a)));
        assert!(found.iter().any(|a| !outer.contains(*a)));
    }
}
