//! Decimal numbers as padded digits.

use std::cmp::Ordering;

/// Places kept on either side of the point.
const PLACES: usize = 600;

/// Compares two numbers; `None` if either is none.
pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (read(a)?, read(b)?);
    Some(match (a.0, b.0) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => a.1.cmp(&b.1),
        (true, true) => b.1.cmp(&a.1),
    })
}

/// Whether it is below zero, and its digits at fixed places.
fn read(text: &str) -> Option<(bool, String)> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => {
            let (mantissa, exponent) = rest.split_at(at);
            (mantissa, exponent.get(1..)?.parse::<i64>().ok()?)
        }
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // The point stands after `PLACES` digits, and the exponent moves the digits before it.
    let point = i64::try_from(PLACES).ok()? - exponent - i64::try_from(whole.len()).ok()?;
    let mut places = "0".repeat(usize::try_from(point).ok()?);
    places.push_str(whole);
    places.push_str(fraction);
    let missing = (2 * PLACES).checked_sub(places.len())?;
    places.push_str(&"0".repeat(missing));
    let zero = places.bytes().all(|b| b == b'0');
    Some((negative && !zero, places))
}
