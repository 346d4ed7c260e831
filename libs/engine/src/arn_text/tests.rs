use super::*;

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

#[test]
fn ancestors_stay_in_the_last_part() {
    let all: Vec<String> = with_ancestors(&arn("arn:aws:docs::111111111111:folder/a/b")).collect();
    assert_eq!(
        all,
        [
            "arn:trilby:docs::111111111111:folder/a/b",
            "arn:trilby:docs::111111111111:folder/a",
            "arn:trilby:docs::111111111111:folder"
        ]
    );
}

#[test]
fn a_name_that_merely_begins_alike_is_no_ancestor() {
    let all: Vec<String> = with_ancestors(&arn("arn:aws:s3:::reports-old/q1")).collect();
    assert!(!all.contains(&arn("arn:aws:s3:::reports").matching_key()));
}
