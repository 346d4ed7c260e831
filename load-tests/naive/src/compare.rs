//! One value of a request against one value of a policy, by the operator's base.

use std::cmp::Ordering;

use crate::context::Context;
use crate::fault::Fault;
use crate::glob::fits;
use crate::pattern::{Special, fits_name, name, pieces, plain};
use crate::{date, number};

/// Whether a value fits the positive form of an operator. `base`: without its negation.
pub(crate) fn satisfies(
    base: &str,
    value: &str,
    wanted: &str,
    variables: bool,
    context: &Context,
) -> bool {
    let text = || plain(wanted, variables, context);
    if !is_readable(base, value) {
        context.seen.count_type_error();
    }
    match base {
        "StringEquals" => text().is_some_and(|wanted| wanted == value),
        "StringEqualsIgnoreCase" => {
            text().is_some_and(|wanted| wanted.to_lowercase() == value.to_lowercase())
        }
        "StringLike" => {
            let special = Special {
                wildcards: true,
                variables,
            };
            pieces(wanted, special, context).is_some_and(|pieces| fits(&pieces, value, |_| true))
        }
        "ArnEquals" | "ArnLike" => {
            name(value).is_some() && fits_name(wanted, value, variables, context) == Some(true)
        }
        "Bool" => {
            text().is_some_and(|wanted| truth(&wanted).is_some() && truth(&wanted) == truth(value))
        }
        "BinaryEquals" => bytes(wanted).is_some() && bytes(wanted) == bytes(value),
        "IpAddress" => in_range(value, wanted, context) == Some(true),
        other => match (other.strip_prefix("Numeric"), other.strip_prefix("Date")) {
            (Some(order), _) if context.is_planted(Fault::NumbersFloat) => value
                .parse::<f64>()
                .ok()
                .zip(wanted.parse::<f64>().ok())
                .and_then(|(value, wanted)| value.partial_cmp(&wanted))
                .is_some_and(|found| stands(order, found)),
            (Some(order), _) => {
                number::compare(value, wanted).is_some_and(|found| stands(order, found))
            }
            (_, Some(order)) => date::read(value)
                .zip(date::read(wanted))
                .is_some_and(|(value, wanted)| stands(order, value.cmp(&wanted))),
            (None, None) => false,
        },
    }
}

/// Whether a value of the request is of the operator's type.
fn is_readable(base: &str, value: &str) -> bool {
    match base {
        "ArnEquals" | "ArnLike" => name(value).is_some(),
        "Bool" => truth(value).is_some(),
        "BinaryEquals" => bytes(value).is_some(),
        "IpAddress" => bits(value).is_some(),
        other if other.starts_with("Numeric") => number::compare(value, "0").is_some(),
        other if other.starts_with("Date") => date::read(value).is_some(),
        _ => true,
    }
}

fn stands(order: &str, found: Ordering) -> bool {
    match order {
        "Equals" => found == Ordering::Equal,
        "LessThan" => found == Ordering::Less,
        "LessThanEquals" => found != Ordering::Greater,
        "GreaterThan" => found == Ordering::Greater,
        "GreaterThanEquals" => found != Ordering::Less,
        _ => false,
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Base64 of the standard alphabet, with its padding.
fn bytes(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let body = text.trim_end_matches('=');
    if text.len() - body.len() > 2 {
        return None;
    }
    let mut bits = String::new();
    for c in body.chars() {
        bits.push_str(&format!("{:06b}", ALPHABET.find(c)?));
    }
    let whole = bits.len() / 8 * 8;
    let (whole, rest) = bits.split_at(whole);
    if rest.contains('1') {
        return None;
    }
    let mut bytes = Vec::new();
    let mut left = whole;
    while let Some((byte, after)) = left.split_at_checked(8) {
        bytes.push(u8::from_str_radix(byte, 2).ok()?);
        left = after;
    }
    Some(bytes)
}

/// Whether an address is in a range: the first bits of both are the same.
fn in_range(address: &str, range: &str, context: &Context) -> Option<bool> {
    let (base, prefix) = match range.split_once('/') {
        Some((base, prefix)) => (bits(base)?, Some(prefix.parse::<usize>().ok()?)),
        None => (bits(range)?, None),
    };
    let address = bits(address)?;
    let prefix = prefix.unwrap_or(base.len());
    if context.is_planted(Fault::FamiliesMix) && prefix == 0 {
        return Some(true);
    }
    Some(address.len() == base.len() && address.get(..prefix)? == base.get(..prefix)?)
}

fn bits(address: &str) -> Option<String> {
    if address.contains(':') {
        let address: std::net::Ipv6Addr = address.parse().ok()?;
        Some(
            address
                .octets()
                .iter()
                .map(|octet| format!("{octet:08b}"))
                .collect(),
        )
    } else {
        let address: std::net::Ipv4Addr = address.parse().ok()?;
        Some(
            address
                .octets()
                .iter()
                .map(|octet| format!("{octet:08b}"))
                .collect(),
        )
    }
}
