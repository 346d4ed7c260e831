//! Text of a policy with its wildcards and variables, read anew every time.

use crate::context::Context;
use crate::fault::Fault;
use crate::glob::{Piece, fits};

/// What is special in a text.
#[derive(Clone, Copy)]
pub(crate) struct Special {
    pub(crate) wildcards: bool,
    pub(crate) variables: bool,
}

/// Replaces variables and reads wildcards. `None`: a variable is null.
pub(crate) fn pieces(text: &str, special: Special, context: &Context) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if special.variables
            && let Some(inside) = rest.strip_prefix("${")
            && let Some((name, after)) = inside.split_once('}')
        {
            rest = after;
            if context.is_planted(Fault::VariableIsPattern) {
                let value = value_of(name, context)?;
                let wild = Special {
                    variables: false,
                    ..special
                };
                pieces.extend(self::pieces(&value, wild, context)?);
            } else {
                pieces.extend(value_of(name, context)?.chars().map(Piece::Char));
            }
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        pieces.push(match c {
            '*' if special.wildcards => Piece::Many,
            '?' if special.wildcards => Piece::One,
            c => Piece::Char(c),
        });
    }
    Some(pieces)
}

/// The text with its variables replaced, nothing else being special.
pub(crate) fn plain(text: &str, variables: bool, context: &Context) -> Option<String> {
    let special = Special {
        wildcards: false,
        variables,
    };
    let pieces = pieces(text, special, context)?;
    Some(
        pieces
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Char(c) => Some(c),
                Piece::One | Piece::Many => None,
            })
            .collect(),
    )
}

fn value_of(name: &str, context: &Context) -> Option<String> {
    if matches!(name, "*" | "?" | "$") {
        return Some(name.to_owned());
    }
    let (key, default) = match name.split_once(", '") {
        Some((key, default)) => (key, default.strip_suffix('\'')),
        None => (name, None),
    };
    let value = context.scalar(key).or(default).map(ToOwned::to_owned);
    if value.is_none() {
        context.seen.count_null();
    }
    value
}

/// Keys of the variables in a text that have no default.
pub(crate) fn named(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some((_, inside)) = rest.split_once("${") {
        let Some((name, after)) = inside.split_once('}') else {
            break;
        };
        if !matches!(name, "*" | "?" | "$") && !name.contains(", '") {
            keys.push(name.to_owned());
        }
        rest = after;
    }
    keys
}

/// Six parts: the sixth keeps its colons. Colons inside `${…}` divide nothing.
pub(crate) fn six(text: &str, variables: bool) -> Option<[String; 6]> {
    let mut parts = vec![String::new()];
    let mut inside = false;
    let mut before = ' ';
    for c in text.chars() {
        if variables && before == '$' && c == '{' {
            inside = true;
        } else if c == '}' {
            inside = false;
        }
        before = c;
        if c == ':' && !inside && parts.len() < 6 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.try_into().ok()
}

/// Six parts of a name that somebody or something has.
pub(crate) fn name(text: &str) -> Option<[String; 6]> {
    let parts = six(text, false)?;
    let [arn, partition, service, _, _, _] = &parts;
    (arn == "arn" && !partition.is_empty() && !service.is_empty()).then_some(parts)
}

/// Whether two names are of one thing.
pub(crate) fn same(a: &str, b: &str, context: &Context) -> bool {
    match (name(a), name(b)) {
        (Some(mut a), Some(mut b)) => {
            let ([_, of_a, ..], [_, of_b, ..]) = (&mut a, &mut b);
            *of_a = partition(of_a, context).to_owned();
            *of_b = partition(of_b, context).to_owned();
            a == b
        }
        _ => false,
    }
}

/// The twin partitions are one.
fn partition<'a>(text: &'a str, context: &Context) -> &'a str {
    if text == "aws" && !context.is_planted(Fault::PartitionsDiffer) {
        "trilby"
    } else {
        text
    }
}

/// Whether a name fits a pattern of six parts, or `*`. `None`: a variable is null.
pub(crate) fn fits_name(
    pattern: &str,
    text: &str,
    variables: bool,
    context: &Context,
) -> Option<bool> {
    if pattern == "*" {
        return Some(true);
    }
    let special = Special {
        wildcards: true,
        variables,
    };
    if context.is_planted(Fault::StarCrossesColons) {
        return Some(fits(&pieces(pattern, special, context)?, text, |_| true));
    }
    let Some(text) = name(text) else {
        return Some(false);
    };
    // One variable may hold a whole name.
    if let Some(inside) = pattern.strip_prefix("${").and_then(|p| p.strip_suffix('}'))
        && variables
        && !inside.contains(['{', '}', '*', '?', '$'])
    {
        let whole = plain(pattern, true, context)?;
        return Some(same(&whole, &text.join(":"), context));
    }
    let Some(parts) = six(pattern, variables) else {
        return Some(false);
    };
    let mut all = true;
    for (index, (pattern, text)) in parts.iter().zip(&text).enumerate() {
        let stops = context.is_planted(Fault::StarStopsAtSlash);
        let pieces = pieces(pattern, special, context)?;
        let is_name = |name: &str| fits(&pieces, name, |c| !(stops && c == '/'));
        let is_twin = index == 1 && partition(text, context) == partition("aws", context);
        // Either of the twins may go by the other's name.
        let twins = !context.is_planted(Fault::PartitionsDiffer) && is_twin;
        all &= is_name(text) || (twins && (is_name("aws") || is_name("trilby")));
    }
    Some(all)
}
