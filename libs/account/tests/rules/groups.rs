use trilby_account::command::{RemoveGroupMember, UpdateGroup};
use trilby_account::{Quota, Rejection};
use trilby_testkit::given::account;

use crate::build::*;

#[test]
fn membership_is_seen_from_both_sides() {
    let given = account()
        .with(user("bob"))
        .with(group("Billing"))
        .with(member("billing", "BOB"));
    let (bob, billing) = (user_id(&given, "bob"), group_id(&given, "billing"));
    let seen_from_group = given.state().groups().get(&billing).unwrap();
    assert!(seen_from_group.members.contains_key(&bob));
    assert!(
        given
            .state()
            .users()
            .get(&bob)
            .unwrap()
            .groups
            .contains(&billing)
    );
    let given = given.when(member("Billing", "bob")).changes_nothing();
    let leave = RemoveGroupMember {
        group: "Billing".parse().unwrap(),
        user: "bob".parse().unwrap(),
    };
    let given = given
        .when(leave.clone())
        .then_types(&["group.member_removed"]);
    given.when(leave).rejected_as("not_found");
}

#[test]
fn a_user_is_in_ten_groups_at_most() {
    let mut given = account().with(user("bob"));
    for n in 0..10 {
        let name = format!("g{n}");
        given = given.with(group(&name)).with(member(&name, "bob"));
    }
    given
        .with(group("g10"))
        .when(member("g10", "bob"))
        .rejected(Rejection::LimitExceeded {
            quota: Quota::GroupsPerUser,
            limit: 10,
            used: 11,
        });
}

#[test]
fn a_group_is_described_and_named_once() {
    let given = account().with(group("eng"));
    given
        .clone()
        .when(group("ENG"))
        .rejected_as("already_exists");
    given
        .when(UpdateGroup {
            group: "eng".parse().unwrap(),
            description: Some(Some("engineers".parse().unwrap())),
        })
        .then_types(&["group.updated"]);
}

#[test]
fn users_and_groups_have_names_of_their_own() {
    let _ = account()
        .with(user("eng"))
        .with(group("eng"))
        .with(policy("eng"));
}
