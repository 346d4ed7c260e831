use trilby_account::command::{DeleteSubjectAlias, PutSubjectAlias};
use trilby_account::{PrincipalId, SubjectKey};
use trilby_testkit::given::account;

use crate::build::*;

fn subject() -> SubjectKey {
    SubjectKey::new("user", "CiRmZDA2MTRk/x").unwrap()
}

#[test]
fn a_subject_means_one_principal_at_a_time() {
    let given = account().with(user("mary")).with(own_role("deploy"));
    let mary = principal(&given, "mary");
    let deploy = PrincipalId::Role(role_id(&given, "deploy"));
    let put = |principal: &PrincipalId| PutSubjectAlias {
        subject: subject(),
        principal: principal.clone(),
    };
    let given = given.with(put(&mary));
    let given = given.when(put(&mary)).changes_nothing().with(put(&deploy));
    let found = given.state().subject_alias(&subject()).unwrap();
    assert_eq!(found.principal, deploy);
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    assert!(mary.aliases.is_empty());
    let delete = DeleteSubjectAlias { subject: subject() };
    let given = given.with(delete.clone());
    given.when(delete).rejected_as("not_found");
}

#[test]
fn a_subject_means_somebody_of_this_account() {
    let principal: PrincipalId = "TUSR0123456789ABCDEFG".parse().unwrap();
    account()
        .when(PutSubjectAlias {
            subject: subject(),
            principal,
        })
        .rejected_as("invalid_principal");
}

#[test]
fn subjects_have_a_form() {
    for (kind, id) in [("", "x"), ("a/b", "x"), ("user", ""), ("user", "a\nb")] {
        assert!(SubjectKey::new(kind, id).is_err(), "{kind} {id}");
    }
    let long = "x".repeat(513);
    assert!(SubjectKey::new("user", &long).is_err());
    let text = String::from(subject());
    assert_eq!(SubjectKey::try_from(text).unwrap(), subject());
}
