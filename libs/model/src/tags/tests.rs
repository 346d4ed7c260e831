use super::*;

fn tag(key: &str, value: &str) -> (TagKey, TagValue) {
    (key.parse().unwrap(), value.parse().unwrap())
}

#[test]
fn keys_are_found_in_any_case_and_shown_as_given() {
    let tags = Tags::new([tag("Team", "payments"), tag("cost", "7")]).unwrap();
    assert_eq!(tags.get("TEAM").unwrap().as_str(), "payments");
    assert_eq!(
        serde_json::to_string(&tags).unwrap(),
        r#"{"cost":"7","Team":"payments"}"#
    );
    assert_eq!(tags.len(), 2);
}

#[test]
fn a_key_in_two_cases_is_refused() {
    assert!(matches!(
        Tags::new([tag("team", "a"), tag("TEAM", "b")]),
        Err(TagsError::Repeated { .. })
    ));
    assert!(serde_json::from_str::<Tags>(r#"{"team":"a","Team":"b"}"#).is_err());
    assert!(serde_json::from_str::<Tags>(r#"{"team":1}"#).is_err());
}

#[test]
fn setting_a_tag_again_replaces_it() {
    let mut tags = Tags::new([tag("team", "a")]).unwrap();
    let (key, value) = tag("Team", "b");
    tags.insert(key, value).unwrap();
    assert_eq!(serde_json::to_string(&tags).unwrap(), r#"{"Team":"b"}"#);
    assert!(tags.remove("TEAM") && tags.is_empty());
}

#[test]
fn fifty_tags_are_enough() {
    let many = |n: usize| Tags::new((0..n).map(|i| tag(&format!("k{i}"), "")));
    let mut full = many(50).unwrap();
    assert_eq!(many(51).unwrap_err(), TagsError::TooMany);
    let (key, value) = tag("K7", "new");
    full.insert(key, value).unwrap();
    assert_eq!(full.len(), 50);
}
