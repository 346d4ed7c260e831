//! ARN patterns, part by part, against their definition.
//!
//! Input: a pattern, another pattern, an ARN and the value of `${a:v}`, each on a line.

use trilby_model::Arn;
use trilby_policy::Context;
use trilby_policy::pattern::{ArnParts, ArnPattern};

use super::naive::{fits, pieces};

/// The definition is slow.
const BYTES_MAX: usize = 4_096;

pub fn run(input: &str, planted: bool) {
    let mut lines = input.split('\n');
    let [first, second, name, value] = [(); 4].map(|()| lines.next().unwrap_or_default());
    if input.len() > BYTES_MAX {
        return;
    }
    let mut context = Context::new();
    context.insert("a:v", value);
    for variables in [false, true] {
        resource(first, second, name, variables, &context, planted);
        condition(first, name, variables, &context);
    }
    if let Ok(arn) = name.parse::<Arn>() {
        assert_eq!(arn.to_string().parse::<Arn>().as_ref(), Ok(&arn));
    }
}

fn resource(
    first: &str,
    second: &str,
    name: &str,
    variables: bool,
    context: &Context,
    planted: bool,
) {
    let read = ArnPattern::parse_resource(first, variables);
    let has_variables = variables && first.contains("${");
    if !has_variables {
        assert_eq!(read.is_ok(), is_resource(first), "`{first}`: {read:?}");
    }
    let Ok(pattern) = read else {
        return;
    };
    assert_eq!(pattern.as_str(), first);
    let Ok(arn) = name.parse::<Arn>() else {
        return;
    };
    let matches = pattern.matches(&arn, context);
    let wrong = planted && first.contains(":?") && name.contains("//");
    let expected = by_parts(first, name, variables, context).map(|fits| fits != wrong);
    assert_eq!(matches, expected, "`{first}` against `{name}`");
    if let Some(literal) = pattern.as_literal() {
        assert_eq!(literal, first);
        assert_eq!(
            matches,
            Some(in_one_partition(literal) == in_one_partition(name))
        );
    }
    if let Ok(other) = ArnPattern::parse_resource(second, variables)
        && pattern.covers(&other)
        && other.matches(&arn, context) == Some(true)
    {
        assert_ne!(
            matches,
            Some(false),
            "`{first}` covers `{second}`: `{name}`"
        );
    }
}

/// Patterns of conditions: at least, what a resource may say means the same there.
fn condition(first: &str, name: &str, variables: bool, context: &Context) {
    let Ok(pattern) = ArnPattern::parse_condition(first, variables) else {
        assert!(ArnPattern::parse_resource(first, variables).is_err());
        return;
    };
    let Some(parts) = ArnParts::split(name) else {
        return;
    };
    let matches = pattern.matches(parts, context);
    if let Ok(resource) = ArnPattern::parse_resource(first, variables) {
        assert_eq!(matches, resource.matches(parts, context));
    }
}

/// What may stand in `Resource`, where there are no variables.
fn is_resource(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [scheme, partition, service, _, _, resource] = parts.as_slice() else {
        return false;
    };
    let literal = |part: &str| !part.is_empty() && !part.contains(['*', '?']);
    *scheme == "arn" && literal(partition) && literal(service) && !resource.is_empty()
}

/// Wildcards stay within their part; of the last part only the variables are looked up, for they stand nowhere else.
fn by_parts(pattern: &str, name: &str, variables: bool, context: &Context) -> Option<bool> {
    if pattern == "*" {
        return Some(true);
    }
    let (pattern, name) = (in_one_partition(pattern), in_one_partition(name));
    let mut names = name.splitn(6, ':');
    let mut all = true;
    for (index, part) in pattern.splitn(6, ':').enumerate() {
        let pieces = pieces(part, variables && index == 5, context)?;
        all &= fits(&pieces, names.next()?);
    }
    Some(all)
}

fn in_one_partition(text: &str) -> String {
    match text.strip_prefix("arn:aws:") {
        Some(rest) => format!("arn:trilby:{rest}"),
        None => text.to_owned(),
    }
}
