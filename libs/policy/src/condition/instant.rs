//! Instants, written as ISO 8601 (the W3C profile) or as epoch seconds.

/// Fraction digits kept. Of more it is kept that there are some which are not all zero.
const FRACTION_DIGITS_MAX: usize = 18;
/// 10^18: units in a second.
pub const UNITS_PER_SECOND: i128 = 1_000_000_000_000_000_000;
/// Digits of epoch seconds; those with more are past the year 300 million, and all the same to a policy, which has no such.
const EPOCH_DIGITS_MAX: usize = 16;
/// Units past every instant that is kept exactly.
const UNITS_MAX: i128 = UNITS_PER_SECOND * 10_i128.pow(17);
const SECONDS_PER_DAY: i64 = 86_400;

/// A point in time, exact to 10^-18 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Whole units since the epoch.
    units: i128,
    /// It is after that, by less than a unit.
    more: bool,
}

impl Instant {
    /// From units of 10^-18 s after the epoch.
    #[must_use]
    pub fn from_units(units: i128) -> Self {
        Self { units, more: false }
    }

    /// Reads what a policy compares with: an instant that is kept exactly.
    #[must_use]
    pub fn parse_limit(text: &str) -> Option<Self> {
        Self::parse(text).filter(|limit| !limit.more && limit.units.abs() < UNITS_MAX)
    }

    /// Reads either form.
    ///
    /// Four digits alone are a year; any other run of digits is epoch seconds. A date without a zone is
    /// UTC.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        let is_year = whole.len() == 4 && fraction.is_none() && unsigned == text;
        if is_digits(whole) && !is_year {
            return epoch(unsigned != text, whole, fraction);
        }
        calendar(text)
    }

    /// Units of 10^-18 s since the epoch.
    #[must_use]
    pub fn units(self) -> i128 {
        self.units
    }

    fn negated(self) -> Self {
        Self {
            units: -self.units - i128::from(self.more),
            more: self.more,
        }
    }
}

fn epoch(negative: bool, whole: &str, fraction: Option<&str>) -> Option<Instant> {
    let fraction = fraction.map_or(Some(NO_FRACTION), units)?;
    let whole = whole.trim_start_matches('0');
    let size = if whole.len() > EPOCH_DIGITS_MAX {
        Instant::from_units(UNITS_MAX)
    } else {
        let seconds = format!("0{whole}").parse::<i128>().ok()?;
        fraction.after(seconds)
    };
    Some(if negative { size.negated() } else { size })
}

fn calendar(text: &str) -> Option<Instant> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| number(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| number(part, 2))?;
    if parts.next().is_some() || (time.is_some() && date.len() != "YYYY-MM-DD".len()) {
        return None;
    }
    let midnight = days_from_epoch(year, month, day)? * SECONDS_PER_DAY;
    let (within, fraction) = time.map_or(Some((0, NO_FRACTION)), time_of_day)?;
    Some(fraction.after(i128::from(midnight + within)))
}

/// `hh:mm[:ss[.fraction]]` with an optional zone: seconds after midnight UTC, and the fraction.
fn time_of_day(text: &str) -> Option<(i64, Fraction)> {
    let (clock, offset) = zone(text)?;
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, units(fraction)?),
        None => (clock, NO_FRACTION),
    };
    let mut parts = clock.split(':');
    let hours = number(parts.next()?, 2)?;
    let minutes = number(parts.next()?, 2)?;
    let seconds = match parts.next() {
        Some(part) => number(part, 2)?,
        None if !text.contains('.') => 0,
        None => return None,
    };
    // A leap second counts as the first of the next minute.
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    Some((hours * 3600 + minutes * 60 + seconds - offset, fraction))
}

/// Splits the zone off; gives its offset in seconds.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, 0));
    };
    let (clock, offset) = text.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let offset = offset.get(1..)?;
    let (hours, minutes) = match offset.split_once(':') {
        Some(split) => split,
        None if offset.len() == 2 => (offset, "00"),
        None if offset.len() == 4 => offset.split_at_checked(2)?,
        None => return None,
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some((clock, sign * (hours * 3600 + minutes * 60)))
}

/// A part of a second: whole units, and whether there is more than those.
#[derive(Clone, Copy)]
struct Fraction {
    units: i128,
    more: bool,
}

const NO_FRACTION: Fraction = Fraction {
    units: 0,
    more: false,
};

impl Fraction {
    fn after(self, seconds: i128) -> Instant {
        Instant {
            units: seconds * UNITS_PER_SECOND + self.units,
            more: self.more,
        }
    }
}

fn units(fraction: &str) -> Option<Fraction> {
    if !is_digits(fraction) {
        return None;
    }
    let (kept, rest) = fraction
        .split_at_checked(FRACTION_DIGITS_MAX)
        .unwrap_or((fraction, ""));
    let missing = u32::try_from(FRACTION_DIGITS_MAX - kept.len()).ok()?;
    Some(Fraction {
        units: kept.parse::<i128>().ok()? * 10_i128.pow(missing),
        more: rest.bytes().any(|digit| digit != b'0'),
    })
}

fn number(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && is_digits(text))
        .then(|| text.parse().ok())
        .flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; `None` for a day that does not exist.
fn days_from_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = jiff::civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()?;
    let epoch = jiff::civil::Date::new(1970, 1, 1).ok()?;
    let span = epoch.until(date).ok()?;
    Some(i64::from(span.get_days()))
}

#[cfg(test)]
mod tests;
