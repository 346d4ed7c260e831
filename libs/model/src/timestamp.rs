//! Points in time: microseconds inside, RFC 3339 with milliseconds outside.

use std::fmt;
use std::str::FromStr;

use crate::text::{echo, string_on_the_wire};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Microseconds since 1970-01-01T00:00:00Z.
///
/// Text (and JSON) is RFC 3339 in UTC with milliseconds: what is finer is cut off, not rounded, so that a time never
/// reads later than it was. Where a time must survive exactly, store [`Timestamp::micros`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is not an RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time in RFC 3339, such as 2026-11-23T18:00:00.000Z")]
pub struct TimestampError {
    text: String,
}

impl Timestamp {
    /// The time `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The time `seconds` after the epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// This time moved by `seconds` (which may be negative), held at the ends of the range.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(
            self.0
                .saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)),
        )
    }

    /// Whole seconds from `earlier` to this time, rounded down; negative if `earlier` is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0
            .saturating_sub(earlier.0)
            .div_euclid(MICROS_PER_SECOND)
    }

    /// As a calendar knows it; times no calendar knows are shown as its first or last.
    fn calendar(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let refuse = || TimestampError { text: echo(text) };
        if !rfc3339_shape(text) {
            return Err(refuse());
        }
        text.parse::<jiff::Timestamp>()
            .map(|time| Self(time.as_microsecond()))
            .map_err(|_| refuse())
    }
}

/// Whether `text` looks like `2026-11-23T18:00:00[.fraction](Z|±hh:mm)`.
///
/// The calendar library reads several more spellings (spaces, bracketed zones, missing seconds); a format that others
/// must write is better narrow.
fn rfc3339_shape(text: &str) -> bool {
    let Some((date_time, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let digits_fit = date_time
        .bytes()
        .zip(b"0000-00-00T00:00:00")
        .all(|(got, want)| match want {
            b'0' => got.is_ascii_digit(),
            mark => got == *mark,
        });
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            let n_digits = fraction.len() - zone.len();
            if !(1..=9).contains(&n_digits) {
                return false;
            }
            zone
        }
        None => rest,
    };
    let zone_fits = rest == "Z"
        || rest.len() == 6
            && rest.starts_with(['+', '-'])
            && rest.bytes().skip(1).zip(b"00:00").all(|(got, want)| {
                if *want == b'0' {
                    got.is_ascii_digit()
                } else {
                    got == *want
                }
            });
    digits_fit && zone_fits
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis_only = Self(self.0.saturating_sub(self.0.rem_euclid(1_000)));
        write!(f, "{:.3}", millis_only.calendar())
    }
}

string_on_the_wire!(Timestamp, pattern: "", example: "2026-11-23T18:00:00.000Z", says: "a time in RFC 3339, answered in UTC with milliseconds");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_utc_with_milliseconds_cut_off() {
        assert_eq!(
            Timestamp::from_micros(1_700_000_000_123_999).to_string(),
            "2023-11-14T22:13:20.123Z"
        );
        assert_eq!(
            Timestamp::from_unix_seconds(0).to_string(),
            "1970-01-01T00:00:00.000Z"
        );
        assert_eq!(
            Timestamp::from_micros(-1).to_string(),
            "1969-12-31T23:59:59.999Z"
        );
    }

    #[test]
    fn reads_rfc3339_with_any_offset() {
        let want = Timestamp::from_micros(1_700_000_000_123_456);
        for text in [
            "2023-11-14T22:13:20.123456Z",
            "2023-11-14T23:13:20.123456+01:00",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap(), want, "{text}");
        }
        assert_eq!(
            "2023-11-14T22:13:20Z"
                .parse::<Timestamp>()
                .unwrap()
                .unix_seconds(),
            1_700_000_000
        );
    }

    #[test]
    fn refuses_what_is_not_rfc3339() {
        for bad in [
            "",
            "2023-11-14",
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13Z",
            "2023-02-30T00:00:00Z",
            "20231114T221320Z",
            "2023-11-14T22:13:20Z[UTC]",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T25:13:20Z",
            "2023-11-14T22:13:20+0100",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_ends_of_the_range_neither_overflow_nor_fail_to_print() {
        for micros in [i64::MIN, i64::MAX] {
            let time = Timestamp::from_micros(micros);
            assert!(!time.to_string().is_empty());
            let _ = (
                time.plus_seconds(i64::MAX),
                time.plus_seconds(i64::MIN),
                time.seconds_since(Timestamp::from_micros(-micros.saturating_add(1))),
            );
        }
    }

    #[test]
    fn seconds_round_down_on_both_sides_of_the_epoch() {
        assert_eq!(Timestamp::from_micros(-1).unix_seconds(), -1);
        assert_eq!(Timestamp::from_micros(1_999_999).unix_seconds(), 1);
        assert_eq!(
            Timestamp::from_unix_seconds(10).plus_seconds(-3),
            Timestamp::from_unix_seconds(7)
        );
    }
}
