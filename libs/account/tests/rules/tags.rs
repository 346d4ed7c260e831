use trilby_account::Taggable;
use trilby_account::command::{ChangeTags, TagChange};
use trilby_testkit::given::account;

use crate::build::*;

fn on_mary(change: TagChange) -> ChangeTags {
    ChangeTags {
        target: Taggable::User("mary".parse().unwrap()),
        change,
    }
}

fn merge(set: &[(&str, &str)], remove: &[&str]) -> TagChange {
    TagChange::Merge {
        set: set
            .iter()
            .map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap()))
            .collect(),
        remove: remove.iter().map(|key| key.parse().unwrap()).collect(),
    }
}

#[test]
fn tags_are_merged_and_replaced() {
    let given = account()
        .with(user("mary"))
        .with(on_mary(TagChange::Replace(tags(&[
            ("team", "a"),
            ("cost", "1"),
        ]))))
        .with(on_mary(merge(
            &[("Team", "b"), ("new", "")],
            &["COST", "absent"],
        )));
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    assert_eq!(mary.tags, tags(&[("Team", "b"), ("new", "")]));
    let given = given
        .when(on_mary(merge(&[("Team", "b")], &[])))
        .changes_nothing();
    given
        .when(on_mary(merge(&[("team", "b")], &[])))
        .then_types(&["user.tags_changed"]);
}

#[test]
fn a_thing_has_fifty_tags_at_most() {
    let pairs: Vec<(String, String)> = (0..50).map(|n| (format!("k{n}"), String::new())).collect();
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    account()
        .with(user("mary"))
        .with(on_mary(merge(&pairs, &[])))
        .when(on_mary(merge(&[("one-more", "")], &[])))
        .rejected_as("limit_exceeded");
}

#[test]
fn everything_that_has_tags_takes_them() {
    let given = account()
        .with(group("eng"))
        .with(own_role("deploy"))
        .with(policy("p1"))
        .with(application("s3"))
        .with(resource("s3", "bucket/reports"));
    let app = "s3".parse().unwrap();
    let cases = [
        (
            Taggable::Group("eng".parse().unwrap()),
            "group.tags_changed",
        ),
        (
            Taggable::Role("deploy".parse().unwrap()),
            "role.tags_changed",
        ),
        (
            Taggable::Policy("p1".parse().unwrap()),
            "policy.tags_changed",
        ),
        (
            Taggable::Application("s3".parse().unwrap()),
            "application.tags_changed",
        ),
        (
            Taggable::Resource(app, "bucket/reports".to_owned().try_into().unwrap()),
            "resource.tags_changed",
        ),
    ];
    for (target, etype) in cases {
        let change = TagChange::Replace(tags(&[("team", "a")]));
        let command = ChangeTags { target, change };
        let given = given.clone().when(command.clone()).then_types(&[etype]);
        given.when(command).changes_nothing();
    }
}
