//! Decimal numbers: where the first digit stands, and the digits from there.

use std::cmp::Ordering;

/// Exponents of more digits than that are the largest.
const EXPONENT_DIGITS: usize = 20;

/// Compares two numbers; `None` if either is none.
pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (read(a)?, read(b)?);
    let sizes = a.size.cmp(&b.size);
    Some(match (a.sign, b.sign) {
        (1, 1) => sizes,
        (-1, -1) => sizes.reverse(),
        (one, other) => one.cmp(&other),
    })
}

struct Number {
    sign: i8,
    /// The place of its first digit that is not zero, then its digits.
    size: (i128, String),
}

fn read(text: &str) -> Option<Number> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (rest.get(..at)?, exponent(rest.get(at + 1..)?)?),
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
    let all = format!("{whole}{fraction}");
    let Some(first) = all.find(|digit| digit != '0') else {
        return Some(Number {
            sign: 0,
            size: (0, String::new()),
        });
    };
    let place = i128::try_from(whole.len()).ok()? - i128::try_from(first).ok()? + exponent;
    Some(Number {
        sign,
        size: (place, all.get(first..)?.trim_end_matches('0').to_owned()),
    })
}

fn exponent(text: &str) -> Option<i128> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let telling = digits.trim_start_matches('0');
    let size = if telling.len() > EXPONENT_DIGITS {
        10_i128.pow(30)
    } else {
        format!("0{telling}").parse().ok()?
    };
    Some(sign * size)
}
