use serde_json::json;
use trilby_account::command::*;
use trilby_account::{Precondition, Quota, Rejection};
use trilby_policy::Kind;
use trilby_testkit::given::{account, document, policy_document};

use crate::build::*;

fn version(set_as_default: bool) -> CreatePolicyVersion {
    CreatePolicyVersion {
        policy: "p1".parse().unwrap(),
        document: policy_document("s3:PutObject"),
        set_as_default,
    }
}

fn in_force(version: u32) -> SetDefaultPolicyVersion {
    SetDefaultPolicyVersion {
        policy: "p1".parse().unwrap(),
        version,
    }
}

fn drop_version(version: u32) -> DeletePolicyVersion {
    DeletePolicyVersion {
        policy: "p1".parse().unwrap(),
        version,
    }
}

#[test]
fn a_version_is_in_force_only_once_it_is_the_default() {
    let given = account().with(policy("p1")).with(version(false));
    let p1 = given.state().policy(&"p1".parse().unwrap()).unwrap();
    assert_eq!((p1.default_version, p1.last_version), (1, 2));
    assert!(p1.in_force().unwrap().text.document.contains("GetObject"));
    let given = given.with(in_force(2));
    let p1 = given.state().policy(&"p1".parse().unwrap()).unwrap();
    assert!(p1.in_force().unwrap().text.document.contains("PutObject"));
    let given = given.when(in_force(2)).changes_nothing();
    given.when(in_force(3)).rejected_as("not_found");
}

#[test]
fn a_version_may_come_into_force_at_once() {
    account()
        .with(policy("p1"))
        .when(version(true))
        .then_types(&["policy.version_created", "policy.default_version_set"]);
}

#[test]
fn numbers_of_versions_are_never_given_twice() {
    let given = account()
        .with(policy("p1"))
        .with(version(false))
        .with(drop_version(2))
        .with(version(false));
    let p1 = given.state().policy(&"p1".parse().unwrap()).unwrap();
    assert_eq!(p1.versions.keys().copied().collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn the_version_in_force_cannot_be_dropped() {
    let given = account().with(policy("p1"));
    given.when(drop_version(1)).rejected_as("invalid_state");
}

#[test]
fn twenty_versions_are_kept_live() {
    let mut given = account().with(policy("p1"));
    for _ in 0..19 {
        given = given.with(version(false));
    }
    given
        .clone()
        .when(version(false))
        .rejected(Rejection::LimitExceeded {
            quota: Quota::PolicyVersions,
            limit: 20,
            used: 21,
        });
    let _ = given.with(drop_version(2)).with(version(false));
}

#[test]
fn the_default_pointer_has_the_policys_etag() {
    let given = account().with(policy("p1"));
    let read = given.state().policy(&"p1".parse().unwrap()).unwrap();
    let etag = Precondition::Unchanged(read.stamp.changed);
    let given = given.with(version(true));
    given
        .if_match(etag)
        .when(in_force(1))
        .rejected_as("etag_mismatch");
}

#[test]
fn a_policy_has_6144_bytes_at_most() {
    let create = CreatePolicy {
        document: policy_of(6_200),
        ..policy("large")
    };
    let rejection = account().when(create).rejected_as("limit_exceeded");
    let Rejection::LimitExceeded { quota, limit, .. } = rejection else {
        panic!()
    };
    assert_eq!((quota, limit), (Quota::PolicyBytes, 6_144));
}

#[test]
fn a_document_of_another_seat_is_refused() {
    let resource = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*" }
    ] });
    let create = CreatePolicy {
        document: document(Kind::Resource, &resource),
        ..policy("p1")
    };
    account().when(create).rejected_as("malformed_policy");
}

#[test]
fn a_document_is_stored_canonically_with_its_digest() {
    let given = account().with(policy("p1"));
    let p1 = given.state().policy(&"p1".parse().unwrap()).unwrap();
    let text = &p1.in_force().unwrap().text;
    assert_eq!(
        &*text.document,
        r#"{"Statement":[{"Action":["s3:GetObject"],"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"}"#
    );
    assert_eq!(
        *text,
        trilby_account::PolicyText::of(&policy_document("s3:GetObject"))
    );
}

#[test]
fn a_number_in_a_condition_does_not_become_a_fraction_in_the_log() {
    let policy_json = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": { "NumericLessThan": { "s3:max-keys": 10.5 } }
    }] });
    // The tester checks every event for fractions.
    let _ = account().with(CreatePolicy {
        document: document(Kind::Identity, &policy_json),
        ..policy("p1")
    });
}
