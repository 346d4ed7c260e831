//! Things that others hold on to.

use trilby_account::command::*;
use trilby_account::{Blocker, Rejection, SubjectKey, ThingKind};
use trilby_testkit::given::{Given, account, policy_document};

use crate::build::*;

fn delete_user(name: &str, cascade: bool) -> DeleteUser {
    DeleteUser {
        user: name.parse().unwrap(),
        cascade,
    }
}

fn mary_with_everything() -> Given {
    let given = account()
        .with(user("mary"))
        .with(group("eng"))
        .with(policy("reading"))
        .with(member("eng", "mary"))
        .with(attach(to_user("mary"), customer("reading")))
        .with(attach(to_user("mary"), system("ReadOnlyAccess")))
        .with(inline(to_user("mary"), "own", policy_document("s3:*")))
        .with(access_key("mary"))
        .with(password("mary"));
    let principal = principal(&given, "mary");
    given.with(PutSubjectAlias {
        subject: SubjectKey::new("user", "CiRm").unwrap(),
        principal,
    })
}

#[test]
fn a_user_that_holds_things_is_not_deleted_and_the_things_are_listed() {
    let rejection = mary_with_everything()
        .when(delete_user("mary", false))
        .rejected_as("delete_conflict");
    let Rejection::DeleteConflict { blockers, .. } = rejection else {
        panic!("{rejection:?}")
    };
    let kinds: Vec<ThingKind> = blockers.iter().map(|blocker| blocker.kind).collect();
    use ThingKind::*;
    assert_eq!(
        kinds,
        [
            AttachedPolicy,
            AttachedPolicy,
            InlinePolicy,
            Group,
            AccessKey,
            LoginProfile,
            SubjectAlias
        ]
    );
}

#[test]
fn a_cascade_takes_each_part_and_leaves_no_reference() {
    let given = mary_with_everything();
    let id = user_id(&given, "mary");
    let given = given.when(delete_user("mary", true)).then_types(&[
        "user.policy_detached",
        "user.policy_detached",
        "user.inline_policy_deleted",
        "group.member_removed",
        "access_key.deleted",
        "user.password_removed",
        "subject_alias.deleted",
        "user.deleted",
    ]);
    let state = serde_json::to_string(given.state()).unwrap();
    assert!(!state.contains(id.as_str()), "{state}");
}

#[test]
fn the_fold_of_a_bare_deletion_leaves_no_reference_either() {
    let given = mary_with_everything();
    let id = user_id(&given, "mary");
    let given = given.after(vec![
        trilby_account::event::UserDeleted { user: id.clone() }.into(),
    ]);
    let state = serde_json::to_string(given.state()).unwrap();
    assert!(!state.contains(id.as_str()), "{state}");
}

#[test]
fn deleting_an_attached_policy_is_refused_and_names_its_holders() {
    let given = account()
        .with(user("mary"))
        .with(policy("p1"))
        .with(attach(to_user("mary"), customer("p1")));
    let mary = user_id(&given, "mary");
    let delete = |cascade| DeletePolicy {
        policy: "p1".parse().unwrap(),
        cascade,
    };
    let given = given
        .when(delete(false))
        .rejected(Rejection::DeleteConflict {
            kind: ThingKind::Policy,
            name: "p1".to_owned(),
            blockers: vec![Blocker {
                kind: ThingKind::User,
                id: mary.to_string(),
                name: Some("mary".to_owned()),
            }],
        });
    let given = given
        .when(delete(true))
        .then_types(&["user.policy_detached", "policy.deleted"]);
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    assert!(mary.grants.attached.is_empty());
}

#[test]
fn a_group_with_members_goes_only_with_them() {
    let given = account()
        .with(user("mary"))
        .with(group("eng"))
        .with(member("eng", "mary"));
    let delete = |cascade| DeleteGroup {
        group: "eng".parse().unwrap(),
        cascade,
    };
    given
        .clone()
        .when(delete(false))
        .rejected_as("delete_conflict");
    let given = given
        .when(delete(true))
        .then_types(&["group.member_removed", "group.deleted"]);
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    assert!(mary.groups.is_empty());
}

#[test]
fn a_role_with_policies_goes_only_with_them_and_ends_its_sessions() {
    let given = account()
        .with(own_role("deploy"))
        .with(attach(to_role("deploy"), system("AdministratorAccess")));
    let delete = |cascade| DeleteRole {
        role: "deploy".parse().unwrap(),
        cascade,
    };
    given
        .clone()
        .when(delete(false))
        .rejected_as("delete_conflict");
    let given = given
        .when(delete(true))
        .then_types(&["role.policy_detached", "role.deleted"]);
    assert_eq!(given.history().last().unwrap().revocations()[0].kind, 'r');
}

#[test]
fn a_cascade_too_large_for_one_commit_is_refused() {
    let mut given = account().with(application("s3"));
    for n in 0..256 {
        given = given.with(resource("s3", &format!("bucket/{n}")));
    }
    given
        .when(DeleteApplication {
            application: "s3".parse().unwrap(),
            cascade: true,
        })
        .rejected(Rejection::LimitExceeded {
            quota: trilby_account::Quota::CommitEvents,
            limit: 256,
            used: 257,
        });
}
