use proptest::prelude::*;

use super::*;
use crate::context::Context;

const ALL: Syntax = Syntax {
    wildcards: true,
    variables: true,
};

fn glob(text: &str) -> Pattern {
    Pattern::parse(text, Syntax::GLOB).unwrap()
}

#[test]
fn wildcards_over_the_whole_text() {
    for (pattern, text, fits) in [
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("*", "anything / at : all", true),
        ("?", "", false),
        ("?", "ä", true),
        ("?", "🦀", true),
        ("??", "🦀", false),
        ("a*c", "abbbc", true),
        ("a*c", "abbbcd", false),
        ("a*b*c", "axbxbxc", true),
        ("*ab", "aab", true),
        ("*aab", "aaaab", true),
        ("a?*b", "ab", false),
        ("a?*b", "axb", true),
        ("**", "x", true),
        (r"a\*b", r"a\xb", true),
        (r"a\*b", "a*b", false),
        ("[ab]", "a", false),
        ("a.c", "abc", false),
        ("*x", "äöüx", true),
        ("*ü?", "äöüx", true),
        ("abc", "ab", false),
        ("ab", "abc", false),
    ] {
        assert_eq!(glob(pattern).matches_plain(text), fits, "{pattern} {text}");
    }
}

#[test]
fn many_stars_do_not_blow_up() {
    let pattern = glob(&"*a".repeat(200));
    let text = "a".repeat(20_000);
    assert!(pattern.matches_plain(&text));
    assert!(!pattern.matches_plain(&(text + "b")));
}

#[test]
fn the_ends_do_not_overlap() {
    for (pattern, text, fits) in [
        ("ab*ba", "aba", false),
        ("ab*ba", "abba", true),
        ("a?*?a", "aba", false),
        ("a?*?a", "abca", true),
        ("*a*a*", "a", false),
        ("*a*a*", "aa", true),
        ("*?*?*", "ä", false),
        ("*?*?*", "äö", true),
        ("?*b", "b", false),
    ] {
        assert_eq!(glob(pattern).matches_plain(text), fits, "{pattern} {text}");
    }
}

#[test]
fn question_marks_between_stars_do_not_blow_up() {
    let pattern = glob(&format!("*{}b*", "a?".repeat(20_000)));
    let text = "a".repeat(60_000);
    assert!(!pattern.matches_plain(&text));
    assert!(pattern.matches_plain(&format!("{text}ab{text}")));
}

#[test]
fn a_variable_named_many_times_costs_no_memory() {
    let long = "a".repeat(60_000);
    let context: Context = [("app:v", long.as_str())].into_iter().collect();
    let spelled = "${app:v}".repeat(20_000);
    for text in [format!("*{spelled}?b*"), spelled] {
        let pattern = Pattern::parse(&text, ALL).unwrap();
        assert_eq!(pattern.matches(&long, &context), Some(false));
        assert!(!pattern.says(&long, &context));
        assert_eq!(pattern.resolve(&context, 100_000), None);
    }
}

#[test]
fn tokens_of_a_pattern() {
    let pattern = Pattern::parse("a${*}*?${$}{${aws:username, 'no one'}$", ALL).unwrap();
    let variable = Variable {
        key: Key::new("aws:username"),
        default: Some("no one".into()),
    };
    assert_eq!(
        pattern.tokens(),
        [
            Token::Lit("a*".into()),
            Token::Star,
            Token::Any,
            Token::Lit("${".into()),
            Token::Var(variable),
            Token::Lit("$".into()),
        ]
    );
}

#[test]
fn without_variables_the_braces_are_text() {
    let pattern = glob("${*}");
    assert!(pattern.matches_plain("${anything}"));
    assert!(!pattern.has_variables());
}

#[test]
fn a_null_variable_leaves_no_pattern() {
    let pattern = Pattern::parse("*${app:k}", ALL).unwrap();
    let mut context = Context::new();
    assert_eq!(pattern.matches("anything", &context), None);
    context.insert("APP:K", "x");
    assert_eq!(pattern.matches("anythingx", &context), Some(true));
    assert_eq!(pattern.matches("anything", &context), Some(false));
    context.insert("app:k", vec!["x".to_owned()]);
    assert_eq!(pattern.matches("anythingx", &context), None);
}

#[test]
fn a_variable_is_found_again_after_a_star_moves() {
    let pattern = Pattern::parse("*${app:a}-${app:b}", ALL).unwrap();
    let context: Context = [("app:a", "x"), ("app:b", "y")].into_iter().collect();
    assert_eq!(pattern.matches("x-x-y", &context), Some(true));
    assert_eq!(pattern.matches("x-y-x", &context), Some(false));
}

#[test]
fn arn_patterns_stay_within_their_parts() {
    let context = Context::new();
    for (pattern, arn, fits) in [
        ("*", "arn:aws:s3:::b", true),
        ("arn:aws:s3:::*", "arn:trilby:s3:::b/k", true),
        ("arn:trilby:s3:::*", "arn:aws:s3:::b/k", true),
        ("arn:aws-cn:s3:::*", "arn:aws:s3:::b/k", false),
        ("arn:aws-cn:s3:::*", "arn:aws-cn:s3:::b/k", true),
        ("arn:aws:s3:::b", "arn:aws:S3:::b", false),
        ("arn:aws:s3:*:*:b", "arn:aws:s3:::b", true),
        ("arn:aws:s3:::b", "arn:aws:s3:eu::b", false),
        ("arn:aws:app:::a:*", "arn:aws:app:::a:b/c:d", true),
        ("arn:aws:app::1*:x", "arn:aws:app::1:2:x", false),
    ] {
        let pattern = ArnPattern::parse_resource(pattern, true).unwrap();
        let arn: trilby_model::Arn = arn.parse().unwrap();
        assert_eq!(pattern.matches(&arn, &context), Some(fits), "{pattern:?}");
    }
}

#[test]
fn condition_values_may_hold_wildcards_and_variables_anywhere() {
    let context: Context = [
        ("aws:PrincipalAccount", "111111111111"),
        ("app:colon", "a:b"),
    ]
    .into_iter()
    .collect();
    for (pattern, arn, fits) in [
        ("arn:*:iam::*:role/Dev", "arn:aws-cn:iam::1:role/Dev", true),
        ("arn:tri*:iam::*:role/Dev", "arn:aws:iam::1:role/Dev", true),
        ("arn:aws:*:::x", "arn:trilby:s3:::x", true),
        (
            "arn:aws:iam::${aws:PrincipalAccount}:root",
            "arn:aws:iam::111111111111:root",
            true,
        ),
        // What a variable brings in does not reach into the next part.
        ("arn:aws:app::${app:colon}", "arn:aws:app::a:b", false),
    ] {
        let Ok(pattern) = ArnPattern::parse_condition(pattern, true) else {
            assert!(!fits, "{pattern}");
            continue;
        };
        let parts = ArnParts::split(arn).unwrap();
        assert_eq!(pattern.matches(parts, &context), Some(fits), "{pattern:?}");
    }
}

#[test]
fn what_covers_what() {
    for (outer, inner, covers) in [
        ("*", "a*b?", true),
        ("a*", "a*", true),
        ("a*", "ab*", true),
        ("ab*", "a*", false),
        ("?", "*", false),
        ("*", "?", true),
        ("a?c", "abc", true),
        ("abc", "a?c", false),
        ("*b*", "abc", true),
        ("a*c", "a*b*c", true),
        ("", "", true),
        ("*", "", true),
    ] {
        assert_eq!(glob(outer).covers(&glob(inner)), covers, "{outer} {inner}");
    }
    let home = Pattern::parse("home/${aws:username}/*", ALL).unwrap();
    assert!(home.covers(&Pattern::parse("home/${AWS:UserName}/x", ALL).unwrap()));
    assert!(!home.covers(&glob("home/alice/x")));
    assert!(glob("home/*").covers(&home));
}

/// The plain recursive definition.
fn reference(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(('*', rest)), None) => reference(rest, text),
        (Some(('*', rest)), Some((_, tail))) => reference(rest, text) || reference(pattern, tail),
        (Some(('?', rest)), Some((_, tail))) => reference(rest, tail),
        (Some((c, rest)), Some((d, tail))) => c == d && reference(rest, tail),
        (Some(_), None) => false,
    }
}

proptest! {
    #[test]
    fn the_matcher_agrees_with_the_definition(pattern in "[abä*?]{0,8}", text in "[abä*?]{0,10}") {
        let expected = reference(
            &pattern.chars().collect::<Vec<_>>(),
            &text.chars().collect::<Vec<_>>(),
        );
        prop_assert_eq!(glob(&pattern).matches_plain(&text), expected);
    }

    #[test]
    fn the_matcher_agrees_with_the_definition_on_long_pieces(
        pattern in "[ab?]{0,3}\\*[ab?]{10,40}\\*[ab?]{0,3}", text in "[ab]{0,120}",
    ) {
        let pattern_chars: Vec<char> = pattern.chars().collect();
        let text_chars: Vec<char> = text.chars().collect();
        let mut fits = vec![true];
        fits.resize(text_chars.len() + 1, false);
        for c in pattern_chars {
            let mut next = vec![false; fits.len()];
            for end in 0..next.len() {
                next[end] = match c {
                    '*' => fits[..=end].contains(&true),
                    _ if end == 0 => false,
                    '?' => fits[end - 1],
                    c => fits[end - 1] && text_chars[end - 1] == c,
                };
            }
            fits = next;
        }
        prop_assert_eq!(glob(&pattern).matches_plain(&text), *fits.last().unwrap());
    }

    #[test]
    fn splitting_text_into_variables_changes_nothing(
        before in "[ab*?]{0,4}", value in "[ab*?]{0,4}", after in "[ab*?]{0,4}", text in "[ab*?]{0,8}",
    ) {
        let context: Context = [("app:v", value.as_str())].into_iter().collect();
        let with_variable = Pattern::parse(&format!("{before}${{app:v}}{after}"), ALL).unwrap();
        let escaped: String = value
            .chars()
            .map(|c| if "*?".contains(c) { format!("${{{c}}}") } else { c.to_string() })
            .collect();
        let spelled = Pattern::parse(&format!("{before}{escaped}{after}"), ALL).unwrap();
        prop_assert_eq!(
            with_variable.matches(&text, &context),
            spelled.matches(&text, &context)
        );
    }

    #[test]
    fn covering_is_sound(outer in "[ab*?]{0,5}", inner in "[ab*?]{0,5}", text in "[ab]{0,6}") {
        if glob(&outer).covers(&glob(&inner)) && glob(&inner).matches_plain(&text) {
            prop_assert!(glob(&outer).matches_plain(&text));
        }
    }

    #[test]
    fn reading_never_fails_on_text_without_braces(text in "[^{]{0,20}") {
        prop_assert!(Pattern::parse(&text, ALL).is_ok());
    }
}
