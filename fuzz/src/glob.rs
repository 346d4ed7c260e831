//! Patterns with wildcards and variables, against their definition.
//!
//! Input: a pattern, another pattern, a text and the value of `${a:v}`, each on a line.

use trilby_policy::Context;
use trilby_policy::pattern::{Pattern, Syntax};

use super::naive::{fits, pieces};

/// The definition is slow.
const BYTES_MAX: usize = 4_096;

const SYNTAXES: [Syntax; 2] = [
    Syntax::GLOB,
    Syntax {
        wildcards: true,
        variables: true,
    },
];

pub fn run(input: &str, planted: bool) {
    let mut lines = input.split('\n');
    let [first, second, text, value] = [(); 4].map(|()| lines.next().unwrap_or_default());
    if input.len() > BYTES_MAX {
        return;
    }
    let mut context = Context::new();
    context.insert("a:v", value);
    context.insert("a:many", vec![value.to_owned()]);
    for syntax in SYNTAXES {
        let Ok(pattern) = Pattern::parse(first, syntax) else {
            continue;
        };
        let matches = pattern.matches(text, &context);
        let wrong = planted && first.contains("?*") && text.ends_with('é');
        let expected =
            pieces(first, syntax.variables, &context).map(|pieces| fits(&pieces, text) != wrong);
        assert_eq!(matches, expected, "`{first}` against `{text}`");
        if pattern.as_literal().is_some() {
            assert_eq!(matches, Some(pattern.as_literal() == Some(text)));
        }
        if matches == Some(true) {
            assert!(text.starts_with(pattern.literal_prefix()));
        }
        let Ok(other) = Pattern::parse(second, syntax) else {
            continue;
        };
        // What a pattern covers it matches too, as far as both have all their variables.
        if pattern.covers(&other) && other.matches(text, &context) == Some(true) {
            assert_ne!(
                matches,
                Some(false),
                "`{first}` covers `{second}`: `{text}`"
            );
        }
    }
}
