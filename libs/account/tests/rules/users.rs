use trilby_account::command::{SetUserStatus, UpdateUser};
use trilby_account::event::{UserCreated, UserRenamed, UserUpdated};
use trilby_account::{Precondition, Rejection, ThingKind, UserStatus};
use trilby_model::{Path, Seq};
use trilby_testkit::given::account;

use crate::build::*;

fn update(name: &str) -> UpdateUser {
    UpdateUser {
        user: name.parse().unwrap(),
        name: None,
        path: None,
        description: None,
    }
}

#[test]
fn a_user_is_made_with_a_fresh_unique_id() {
    let given = account().with(user("mary")).with(user("bob"));
    assert_ne!(user_id(&given, "mary"), user_id(&given, "bob"));
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    assert_eq!(mary.status, UserStatus::Active);
    assert_eq!(mary.stamp.created, Seq::new(2));
    assert_eq!(
        given.state().user(&mary.id.to_string().parse().unwrap()),
        Some(mary)
    );
}

#[test]
fn names_are_one_name_in_any_case_and_keep_their_spelling() {
    let given = account().with(user("Mary"));
    let found = given.state().user(&"mARY".parse().unwrap()).unwrap();
    assert_eq!(found.name.as_str(), "Mary");
    given.when(user("mary")).rejected(Rejection::AlreadyExists {
        kind: ThingKind::User,
        name: "mary".to_owned(),
    });
}

#[test]
fn a_name_in_the_form_of_a_unique_id_is_refused() {
    for id in [
        "TUSR0123456789ABCDEFG",
        "TROL0123456789ABCDEFG",
        "TPOL0123456789ABCDEFG",
    ] {
        account().when(user(id)).rejected_as("invalid_name");
    }
}

#[test]
fn a_name_used_again_is_somebody_else() {
    let given = account().with(user("mary"));
    let first = user_id(&given, "mary");
    let given = given
        .with(trilby_account::command::DeleteUser {
            user: "mary".parse().unwrap(),
            cascade: false,
        })
        .with(user("mary"));
    assert_ne!(user_id(&given, "mary"), first);
}

#[test]
fn renaming_keeps_the_id_and_frees_the_name() {
    let given = account().with(user("mary"));
    let id = user_id(&given, "mary");
    let path: Path = "/eng/".parse().unwrap();
    let given = given
        .when(UpdateUser {
            name: Some("marie".parse().unwrap()),
            path: Some(path.clone()),
            ..update("mary")
        })
        .then([UserRenamed {
            user: id.clone(),
            name: "marie".parse().unwrap(),
            path,
        }
        .into()]);
    assert_eq!(user_id(&given, "marie"), id);
    assert!(given.state().user(&"mary".parse().unwrap()).is_none());
    let _ = given.with(user("mary"));
}

#[test]
fn a_name_may_change_its_case_but_not_become_anothers() {
    let given = account().with(user("mary")).with(user("bob"));
    let name = |to: &str| UpdateUser {
        name: Some(to.parse().unwrap()),
        ..update("mary")
    };
    given
        .clone()
        .when(name("BOB"))
        .rejected_as("already_exists");
    let given = given.with(name("MARY"));
    assert_eq!(
        given
            .state()
            .user(&"mary".parse().unwrap())
            .unwrap()
            .name
            .as_str(),
        "MARY"
    );
}

#[test]
fn a_description_is_set_and_taken_away() {
    let given = account().with(user("mary"));
    let id = user_id(&given, "mary");
    let describe = |text: Option<&str>| UpdateUser {
        description: Some(text.map(|text| text.parse().unwrap())),
        ..update("mary")
    };
    let given = given.when(describe(Some("who"))).then([UserUpdated {
        user: id.clone(),
        description: Some("who".parse().unwrap()),
    }
    .into()]);
    let given = given.when(describe(Some("who"))).changes_nothing();
    let given = given.when(update("mary")).changes_nothing();
    given.when(describe(None)).then([UserUpdated {
        user: id,
        description: None,
    }
    .into()]);
}

#[test]
fn disabling_ends_sessions_and_enabling_does_not_revive_them() {
    let set = |status| SetUserStatus {
        user: "mary".parse().unwrap(),
        status,
    };
    let given = account().with(user("mary"));
    let id = user_id(&given, "mary");
    let given = given
        .when(set(UserStatus::Disabled))
        .then_types(&["user.disabled"]);
    let revoked = given.history().last().unwrap().revocations();
    assert_eq!(
        (revoked[0].kind, &revoked[0].parts),
        ('u', &vec![id.to_string()])
    );
    let given = given.when(set(UserStatus::Disabled)).changes_nothing();
    let given = given
        .when(set(UserStatus::Active))
        .then_types(&["user.enabled"]);
    assert!(given.history().last().unwrap().revocations().is_empty());
}

#[test]
fn of_two_writers_with_one_etag_the_second_is_refused() {
    let given = account().with(user("mary"));
    let read = given
        .state()
        .user(&"mary".parse().unwrap())
        .unwrap()
        .stamp
        .changed;
    let describe = |text: &str| UpdateUser {
        description: Some(Some(text.parse().unwrap())),
        ..update("mary")
    };
    let given = given
        .if_match(Precondition::Unchanged(read))
        .with(describe("one"));
    let now = given
        .state()
        .user(&"mary".parse().unwrap())
        .unwrap()
        .stamp
        .changed;
    given
        .if_match(Precondition::Unchanged(read))
        .when(describe("two"))
        .rejected(Rejection::EtagMismatch { current: Some(now) });
}

#[test]
fn create_only_is_refused_as_changed_where_the_name_is_taken() {
    let given = account().with(user("mary"));
    given
        .if_match(Precondition::Absent)
        .when(user("mary"))
        .rejected_as("etag_mismatch");
}

#[test]
fn the_five_thousand_and_first_user_is_refused() {
    let mut given = account();
    let mut entropy = trilby_model::Entropy::new([7; 32]);
    let users = (0..5_000).map(|n| {
        UserCreated {
            user: trilby_model::UserId::generate(&mut entropy),
            name: format!("user-{n}").parse().unwrap(),
            path: "/".parse().unwrap(),
            kind: trilby_account::UserKind::Human,
            description: None,
            tags: trilby_model::Tags::empty(),
        }
        .into()
    });
    given = given.after(users.collect());
    given.when(user("one-more")).rejected_as("limit_exceeded");
}
