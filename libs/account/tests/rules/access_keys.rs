use trilby_account::command::{
    ChangeSettings, CreateAccessKey, DeleteAccessKey, SetAccessKeyStatus,
};
use trilby_account::settings::{Security, SettingsSection};
use trilby_account::{AccessKeyStatus, Quota, Rejection};
use trilby_testkit::given::{Given, account};

use crate::build::*;

fn status(given: &Given, user: &str, status: AccessKeyStatus) -> SetAccessKeyStatus {
    SetAccessKeyStatus {
        user: user.parse().unwrap(),
        access_key: key_ids(given, "mary")[0].clone(),
        status,
    }
}

#[test]
fn a_user_has_two_keys_at_most() {
    account()
        .with(user("mary"))
        .with(access_key("mary"))
        .with(access_key("mary"))
        .when(access_key("mary"))
        .rejected(Rejection::LimitExceeded {
            quota: Quota::AccessKeysPerUser,
            limit: 2,
            used: 3,
        });
}

#[test]
fn deactivating_and_deleting_end_the_keys_sessions() {
    let given = account().with(user("mary")).with(access_key("mary"));
    let key = key_ids(&given, "mary")[0].clone();
    let off = status(&given, "mary", AccessKeyStatus::Inactive);
    let given = given
        .when(off.clone())
        .then_types(&["access_key.deactivated"]);
    let given = given.when(off).changes_nothing();
    assert!(
        !given
            .state()
            .access_key(&key)
            .unwrap()
            .opens_at(given.now())
    );
    let on = status(&given, "mary", AccessKeyStatus::Active);
    let given = given.when(on).then_types(&["access_key.activated"]);
    let given = given
        .when(DeleteAccessKey {
            user: "mary".parse().unwrap(),
            access_key: key.clone(),
        })
        .then_types(&["access_key.deleted"]);
    let ends: Vec<bool> = given
        .history()
        .iter()
        .map(|event| event.revocations().iter().any(|r| r.kind == 'k'))
        .collect();
    assert_eq!(ends, [false, false, false, true, false, true]);
    assert!(given.state().access_key(&key).is_none());
}

#[test]
fn anothers_key_is_as_unknown_as_none() {
    let given = account()
        .with(user("mary"))
        .with(user("bob"))
        .with(access_key("mary"));
    let command = status(&given, "bob", AccessKeyStatus::Inactive);
    given.when(command).rejected_as("not_found");
}

#[test]
fn a_key_expires_in_the_future_and_stops_opening_then() {
    let given = account().with(user("mary"));
    let past = CreateAccessKey {
        expires_at: Some(given.now()),
        ..access_key("mary")
    };
    given.clone().when(past).rejected_as("invalid_parameter");
    let end = given.now().plus_seconds(60);
    let given = given.with(CreateAccessKey {
        expires_at: Some(end),
        ..access_key("mary")
    });
    let key = given.state().access_keys().values().next().unwrap();
    assert!(key.opens_at(end.plus_seconds(-1)));
    assert!(!key.opens_at(end));
}

#[test]
fn an_account_may_force_keys_to_expire() {
    let given = account().with(user("mary")).with(ChangeSettings {
        section: SettingsSection::Security(Security {
            access_key_days_max: Some(90),
            ..Security::default()
        }),
    });
    let until = |days: i64| CreateAccessKey {
        expires_at: Some(given.now().plus_seconds(days * 86_400)),
        ..access_key("mary")
    };
    let never = given.clone().when(access_key("mary"));
    never.rejected_as("invalid_parameter");
    let late = given.clone().when(until(91));
    late.rejected_as("invalid_parameter");
    let _ = given.clone().with(until(90));
}

#[test]
fn networks_are_in_cidr_notation() {
    let bound = |cidr: &str| CreateAccessKey {
        allowed_cidrs: vec![cidr.to_owned()],
        ..access_key("mary")
    };
    let given = account().with(user("mary"));
    for good in ["192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"] {
        let _ = given.clone().with(bound(good));
    }
    for bad in [
        "192.0.2.0",
        "192.0.2.0/33",
        "192.0.2/24",
        "::1/129",
        "::1/+1",
        "x/8",
        "",
    ] {
        let refused = given.clone().when(bound(bad));
        refused.rejected_as("invalid_parameter");
    }
}
