use super::*;

fn element(negated: bool, patterns: &[&str]) -> ActionElement {
    let patterns = patterns
        .iter()
        .map(|text| ActionPattern::parse(text).unwrap())
        .collect();
    ActionElement::new(negated, patterns)
}

fn action(text: &str) -> Action {
    text.parse().unwrap()
}

#[test]
fn case_never_matters() {
    let element = element(false, &["S3:get*", "docs:READ"]);
    assert!(element.covers(&action("s3:GetObject")));
    assert!(element.covers(&action("Docs:Read")));
    assert!(!element.covers(&action("docs:ReadAll")));
}

#[test]
fn a_negation_covers_the_rest_of_every_service() {
    let element = element(true, &["s3:*", "docs:Read"]);
    assert!(!element.covers(&action("s3:PutObject")));
    assert!(!element.covers(&action("docs:Read")));
    assert!(element.covers(&action("docs:Write")));
    assert!(element.covers(&action("iam:CreateUser")));
    assert!(
        !ActionElement::new(true, vec![ActionPattern::parse("*").unwrap()]).covers(&action("a:b"))
    );
}

#[test]
fn what_an_index_needs() {
    let of = |text| ActionPattern::parse(text).unwrap();
    assert_eq!(of("S3:GetObject").as_literal(), Some("s3:getobject"));
    assert_eq!(of("S3:Get*").as_literal(), None);
    assert_eq!(of("S3:Get*").service(), Some("s3"));
    assert_eq!(of("*").service(), None);
    assert!(of("*:*").is_all());
    assert!(of("s3:*").covers(&of("S3:get?")));
    assert!(!of("s3:*").covers(&of("*")));
}
