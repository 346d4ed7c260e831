use serde_json::json;
use trilby_account::command::{DeleteResource, DeleteResourcePolicy, PutResource};
use trilby_account::{Precondition, PrincipalId, Rejection, ThingKind};
use trilby_testkit::given::{Given, account};

use crate::build::*;

const MARY: &str = "arn:aws:iam::111122223333:user/mary";
const REPORTS: &str = "bucket/reports";

fn bucket() -> Given {
    account()
        .with(user("mary"))
        .with(application("s3"))
        .with(resource("s3", REPORTS))
}

fn delete(cascade: bool) -> DeleteResource {
    DeleteResource {
        application: "s3".parse().unwrap(),
        resource: REPORTS.to_owned().try_into().unwrap(),
        cascade,
    }
}

#[test]
fn a_resource_policy_keeps_the_unique_id_of_whom_it_names() {
    let given = bucket().with(guard("s3", REPORTS, &json!({ "AWS": MARY })));
    let (app, name) = (
        "s3".parse().unwrap(),
        REPORTS.to_owned().try_into().unwrap(),
    );
    let policy = given
        .state()
        .resource(&app, &name)
        .unwrap()
        .policy
        .as_ref()
        .unwrap();
    assert_eq!(policy.text.principals[MARY], principal(&given, "mary"));
    assert_eq!(given.state().resource_policy_count(), 1);
}

#[test]
fn a_resource_policy_that_names_nobody_known_is_refused() {
    let refused = bucket().when(guard(
        "s3",
        REPORTS,
        &json!({ "AWS": ["arn:trilby:iam::111122223333:user/ghost", "222233334444"] }),
    ));
    refused.rejected(Rejection::InvalidPrincipal {
        principals: vec![
            "222233334444".to_owned(),
            "arn:trilby:iam::111122223333:user/ghost".to_owned(),
        ],
    });
}

#[test]
fn everyone_may_be_named_by_a_resource_policy() {
    let _ = bucket().with(guard("s3", REPORTS, &json!("*")));
}

#[test]
fn a_bare_unique_id_cannot_be_written_even_of_somebody_alive() {
    let given = bucket();
    let id = user_id(&given, "mary");
    let refused = given.when(guard("s3", REPORTS, &json!({ "AWS": id.as_str() })));
    refused.rejected_as("invalid_principal");
}

#[test]
fn a_resource_policy_is_replaced_under_its_own_etag() {
    let given = bucket();
    let absent = given.if_match(Precondition::Absent);
    let given = absent.with(guard("s3", REPORTS, &json!({ "AWS": MARY })));
    let given = given
        .when(guard("s3", REPORTS, &json!({ "AWS": MARY })))
        .changes_nothing();
    given
        .if_match(Precondition::Absent)
        .when(guard("s3", REPORTS, &json!("*")))
        .rejected_as("etag_mismatch");
}

#[test]
fn a_resource_goes_only_with_its_policy_and_comes_back_without_it() {
    let given = bucket().with(guard("s3", REPORTS, &json!("*")));
    given
        .clone()
        .when(delete(false))
        .rejected_as("delete_conflict");
    let given = given
        .when(delete(true))
        .then_types(&["resource.policy_deleted", "resource.deleted"])
        .with(resource("s3", REPORTS));
    assert_eq!(given.state().resource_policy_count(), 0);
    assert_eq!(given.state().resource_count(), 1);
    given
        .when(DeleteResourcePolicy {
            application: "s3".parse().unwrap(),
            resource: REPORTS.to_owned().try_into().unwrap(),
        })
        .rejected(Rejection::NotFound {
            kind: ThingKind::ResourcePolicy,
            name: REPORTS.to_owned(),
        });
}

#[test]
fn putting_a_resource_again_changes_what_differs() {
    let given = bucket();
    let owner = Some(principal(&given, "mary"));
    let put = PutResource {
        owner: owner.clone(),
        tags: tags(&[("team", "a")]),
        ..resource("s3", REPORTS)
    };
    let given = given
        .when(put.clone())
        .then_types(&["resource.updated", "resource.tags_changed"]);
    given.when(put).changes_nothing();
}

#[test]
fn an_owner_is_a_user_or_role_of_the_account() {
    let ghost: PrincipalId = "TUSR0123456789ABCDEFG".parse().unwrap();
    let put = PutResource {
        owner: Some(ghost),
        ..resource("s3", REPORTS)
    };
    bucket().when(put).rejected_as("invalid_principal");
}

#[test]
fn ids_of_resources_are_data() {
    let given = bucket();
    for id in ["object/a/b:c*?${x}", "route/todos/{todoId}", "t/x y"] {
        let _ = given.clone().with(resource("s3", id));
    }
}

#[test]
fn a_resource_of_an_unknown_application_is_refused() {
    account()
        .when(resource("s3", REPORTS))
        .rejected(Rejection::NotFound {
            kind: ThingKind::Application,
            name: "s3".to_owned(),
        });
}
