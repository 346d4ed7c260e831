//! Decimal numbers compared as decimals, never as floating point: 9007199254740993 is greater than
//! 9007199254740992.

use std::cmp::Ordering;

/// Longest number of a policy. Those of requests are as long as a request may be, and are compared all the same: a limit that
/// they could be too long for would be a limit to step around.
const LIMIT_BYTES_MAX: usize = 512;
/// Larger exponents are as good as this one: none that a policy may write comes near it.
const EXPONENT_MAX: i64 = i64::MAX / 4;

/// A decimal number: `0.d1 d2 d3 ... x 10^scale`, without leading or trailing zero digits.
///
/// Zero has no digits, no sign and scale 0, so that equality is equality of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    scale: i64,
    digits: Box<[u8]>,
}

impl Decimal {
    /// Reads what a policy compares with: of bounded length, and with an exponent that is kept as it is.
    #[must_use]
    pub fn parse_limit(text: &str) -> Option<Self> {
        let number = Self::parse(text).filter(|_| text.len() <= LIMIT_BYTES_MAX)?;
        (number.scale.unsigned_abs() < EXPONENT_MAX.unsigned_abs() / 2).then_some(number)
    }

    /// Reads an optional sign, digits, an optional fraction, an optional exponent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        if !is_digits(whole) {
            return None;
        }
        Self::assemble(negative, whole, fraction, exponent)
    }

    fn assemble(negative: bool, whole: &str, fraction: &str, exponent: i64) -> Option<Self> {
        let all = [whole.as_bytes(), fraction.as_bytes()].concat();
        let leading = all.iter().take_while(|digit| **digit == b'0').count();
        let trailing = all.iter().rev().take_while(|digit| **digit == b'0').count();
        // All zeros are counted from both ends, and the range is then backwards.
        let Some(digits) = all.get(leading..all.len() - trailing) else {
            return Some(Self {
                negative: false,
                scale: 0,
                digits: Box::default(),
            });
        };
        let position = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self {
            negative,
            scale: position.checked_add(exponent)?,
            digits: digits.into(),
        })
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let size = (self.scale, &self.digits).cmp(&(other.scale, &other.digits));
            if self.negative { size.reverse() } else { size }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(digits) {
        return None;
    }
    Some(match text.parse::<i64>() {
        Ok(exponent) => exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX),
        Err(_) if text.starts_with('-') => -EXPONENT_MAX,
        Err(_) => EXPONENT_MAX,
    })
}

#[cfg(test)]
mod tests;
