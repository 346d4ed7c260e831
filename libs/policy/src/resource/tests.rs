use super::*;
use crate::context::Context;

fn element(negated: bool, patterns: &[&str]) -> ResourceElement {
    let patterns = patterns
        .iter()
        .map(|text| ArnPattern::parse_resource(text, true).unwrap())
        .collect();
    ResourceElement::new(negated, patterns)
}

const NULL: &str = "arn:aws:s3:::${app:absent}";

#[test]
fn a_null_variable_never_widens_an_allow() {
    let context = Context::new();
    let arn: Arn = "arn:aws:s3:::b".parse().unwrap();
    for (negated, patterns, effect, covers) in [
        (false, vec![NULL], Effect::Allow, false),
        (false, vec![NULL], Effect::Deny, false),
        (false, vec![NULL, "*"], Effect::Allow, true),
        (true, vec![NULL], Effect::Deny, true),
        (true, vec![NULL], Effect::Allow, false),
        (true, vec![NULL, "arn:aws:s3:::b"], Effect::Deny, false),
        (true, vec![NULL, "arn:aws:s3:::c"], Effect::Deny, true),
        (true, vec!["arn:aws:s3:::c", NULL], Effect::Allow, false),
        (true, vec!["arn:aws:s3:::c"], Effect::Allow, true),
        // In another part or service, the pattern is still no pattern.
        (
            true,
            vec!["arn:aws:sqs:::${app:absent}"],
            Effect::Allow,
            false,
        ),
    ] {
        assert_eq!(
            element(negated, &patterns).covers(&arn, effect, &context),
            covers,
            "{negated} {patterns:?} {effect:?}"
        );
    }
}

#[test]
fn a_request_about_nothing_in_particular_fits_only_a_lone_star() {
    let context = Context::new();
    let covers =
        |negated, pattern, effect| element(negated, &[pattern]).covers_unspecific(effect, &context);
    assert!(covers(false, "*", Effect::Allow));
    assert!(!covers(false, "arn:aws:s3:::*", Effect::Allow));
    assert!(!covers(true, "*", Effect::Deny));
    assert!(covers(true, "arn:aws:s3:::*", Effect::Deny));
    assert!(covers(true, NULL, Effect::Deny));
    assert!(!covers(true, NULL, Effect::Allow));
}
