use trilby_account::command::{
    CreatePolicyVersion, DeletePolicy, DeleteUser, DetachPolicy, RemoveBoundary, SetBoundary,
};
use trilby_account::{
    Blocker, ManagedPolicyRef, PolicyRef, Precondition, PrincipalId, PrincipalRef, Rejection,
    ThingKind,
};
use trilby_testkit::given::{Given, account, policy_document};

use crate::build::*;

fn of_user(name: &str) -> PrincipalRef {
    PrincipalRef::User(name.parse().unwrap())
}

fn of_role(name: &str) -> PrincipalRef {
    PrincipalRef::Role(name.parse().unwrap())
}

fn bound(principal: PrincipalRef, policy: ManagedPolicyRef) -> SetBoundary {
    SetBoundary { principal, policy }
}

fn capped() -> Given {
    account()
        .with(user("mary"))
        .with(policy("cap"))
        .with(bound(of_user("mary"), customer("cap")))
}

#[test]
fn a_user_and_a_role_have_one_boundary_at_a_time() {
    let given = capped().with(policy("tighter")).with(own_role("deploy"));
    let given = given
        .when(bound(of_user("mary"), customer("cap")))
        .changes_nothing();
    let given = given
        .when(bound(of_user("mary"), customer("tighter")))
        .then_types(&["user.boundary_set"]);
    let given = given
        .when(bound(of_role("deploy"), system("ReadOnlyAccess")))
        .then_types(&["role.boundary_set"]);
    let mary = PrincipalId::User(user_id(&given, "mary"));
    let tighter = given.state().policy(&"tighter".parse().unwrap()).unwrap();
    let held = given.state().boundary(&mary).unwrap();
    assert_eq!(held.policy, PolicyRef::Customer(tighter.id.clone()));
    assert_eq!(tighter.bounds.iter().collect::<Vec<_>>(), [&mary]);
    let before = given.state().policy(&"cap".parse().unwrap()).unwrap();
    assert!(before.bounds.is_empty());
}

#[test]
fn a_boundary_is_removed_once() {
    let given = capped();
    let remove = || RemoveBoundary {
        principal: of_user("mary"),
    };
    let given = given.when(remove()).then_types(&["user.boundary_removed"]);
    let cap = given.state().policy(&"cap".parse().unwrap()).unwrap();
    assert!(cap.bounds.is_empty());
    given.when(remove()).rejected_as("not_found");
}

#[test]
fn of_two_writers_of_a_boundary_one_wins() {
    let given = capped().with(policy("other"));
    let mary = PrincipalId::User(user_id(&given, "mary"));
    let since = given.state().boundary(&mary).unwrap().since;
    let replace = || bound(of_user("mary"), customer("other"));
    let given = given
        .if_match(Precondition::Absent)
        .when(replace())
        .rejected(Rejection::EtagMismatch {
            current: Some(since),
        });
    let given = given
        .if_match(Precondition::Unchanged(since))
        .when(replace())
        .then_types(&["user.boundary_set"]);
    given
        .if_match(Precondition::Unchanged(since))
        .when(RemoveBoundary {
            principal: of_user("mary"),
        })
        .rejected_as("etag_mismatch");
}

#[test]
fn a_policy_that_caps_somebody_cannot_be_deleted_not_by_cascade_either() {
    let given = capped();
    for cascade in [false, true] {
        let policy = "cap".parse().unwrap();
        let refused = given.clone().when(DeletePolicy { policy, cascade });
        refused.rejected(Rejection::DeleteConflict {
            kind: ThingKind::Policy,
            name: "cap".to_owned(),
            blockers: vec![Blocker {
                kind: ThingKind::PermissionsBoundary,
                id: user_id(&given, "mary").to_string(),
                name: Some("mary".to_owned()),
            }],
        });
    }
    let given = given.with(DeleteUser {
        user: "mary".parse().unwrap(),
        cascade: false,
    });
    let _ = given.with(DeletePolicy {
        policy: "cap".parse().unwrap(),
        cascade: false,
    });
}

#[test]
fn what_bounds_is_not_what_gives() {
    let given = capped().with(CreatePolicyVersion {
        policy: "cap".parse().unwrap(),
        document: policy_document("s3:List*"),
        set_as_default: true,
    });
    given
        .when(DetachPolicy {
            holder: to_user("mary"),
            policy: customer("cap"),
        })
        .rejected_as("not_found");
}

#[test]
fn only_identity_policies_cap_and_only_users_and_roles_are_capped() {
    let given = capped().with(group("eng"));
    let refused = |principal, policy: ManagedPolicyRef| {
        given
            .clone()
            .when(bound(principal, policy))
            .rejected_as("not_found");
    };
    refused(of_user("mary"), system("FullAccess"));
    refused(of_user("mary"), customer("none"));
    refused(of_user("eng"), customer("cap"));
    refused(of_role("mary"), customer("cap"));
}
