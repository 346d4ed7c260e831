use trilby_account::command::{DeleteInlinePolicy, DetachPolicy};
use trilby_account::event::UserPolicyAttached;
use trilby_account::{PolicyRef, Precondition, Quota, Rejection, ThingKind};
use trilby_testkit::given::{account, policy_document};

use crate::build::*;

#[test]
fn a_system_policy_is_attached_in_a_version_that_the_event_names() {
    let given = account().with(user("mary"));
    let mary = user_id(&given, "mary");
    let name = "AdministratorAccess".parse().unwrap();
    let policy = PolicyRef::System { name, version: 1 };
    given
        .when(attach(to_user("mary"), system("administratoraccess")))
        .then([UserPolicyAttached { user: mary, policy }.into()])
        .when(attach(to_user("mary"), system("AdministratorAccess")))
        .changes_nothing();
}

#[test]
fn an_older_version_of_a_system_policy_is_replaced_by_the_newest() {
    let given = account().with(user("mary"));
    let old = PolicyRef::System {
        name: "AdministratorAccess".parse().unwrap(),
        version: 0,
    };
    let user = user_id(&given, "mary");
    let given = given.after(vec![UserPolicyAttached { user, policy: old }.into()]);
    let given = given
        .when(attach(to_user("mary"), system("AdministratorAccess")))
        .then_types(&["user.policy_attached"]);
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    assert_eq!(mary.grants.attached.len(), 1);
}

#[test]
fn control_policies_give_no_rights_to_principals() {
    for name in ["FullAccess", "ResourceFullAccess", "NoSuchPolicy"] {
        let given = account().with(user("mary"));
        given
            .when(attach(to_user("mary"), system(name)))
            .rejected_as("not_found");
    }
}

#[test]
fn ten_policies_are_attached_at_most() {
    let mut given = account().with(group("eng"));
    for n in 0..10 {
        let name = format!("p{n}");
        given = given
            .with(policy(&name))
            .with(attach(to_group("eng"), customer(&name)));
    }
    given
        .when(attach(to_group("eng"), system("ReadOnlyAccess")))
        .rejected(Rejection::LimitExceeded {
            quota: Quota::AttachedPolicies,
            limit: 10,
            used: 11,
        });
}

#[test]
fn detaching_needs_an_attachment() {
    let detach = |policy| DetachPolicy {
        holder: to_role("deploy"),
        policy,
    };
    let given = account().with(own_role("deploy")).with(policy("p1"));
    for policy in [customer("p1"), customer("p2"), system("ReadOnlyAccess")] {
        let refused = given.clone().when(detach(policy));
        refused.rejected_as("not_found");
    }
    let given = given
        .with(attach(to_role("deploy"), customer("p1")))
        .with(attach(to_role("deploy"), system("ReadOnlyAccess")))
        .with(detach(customer("P1")))
        .with(detach(system("readonlyaccess")));
    let deploy = given.state().role(&"deploy".parse().unwrap()).unwrap();
    assert!(deploy.grants.attached.is_empty());
    let p1 = given.state().policy(&"p1".parse().unwrap()).unwrap();
    assert!(p1.holders.is_empty());
}

#[test]
fn an_inline_policy_is_replaced_under_its_etag() {
    let put = |action: &str| inline(to_user("mary"), "own", policy_document(action));
    let given = account().with(user("mary")).with(put("s3:GetObject"));
    let given = given.when(put("s3:GetObject")).changes_nothing();
    let absent = given.clone().if_match(Precondition::Absent);
    absent.when(put("s3:*")).rejected_as("etag_mismatch");
    let mary = given.state().user(&"mary".parse().unwrap()).unwrap();
    let read = mary.grants.inline_policy(&"OWN".parse().unwrap()).unwrap();
    let etag = Precondition::Unchanged(read.stamp.changed);
    let given = given.if_match(etag).with(put("s3:*"));
    given
        .if_match(etag)
        .when(put("s3:PutObject"))
        .rejected_as("etag_mismatch");
}

#[test]
fn an_inline_policy_that_is_not_there_cannot_match_an_etag() {
    let given = account().with(user("mary"));
    let etag = Precondition::Unchanged(trilby_model::Seq::new(2));
    given
        .if_match(etag)
        .when(inline(to_user("mary"), "own", policy_document("s3:*")))
        .rejected(Rejection::EtagMismatch { current: None });
}

#[test]
fn all_inline_policies_of_a_holder_count_together() {
    let given = account()
        .with(user("mary"))
        .with(group("eng"))
        .with(own_role("deploy"));
    let cases = [
        (to_user("mary"), Quota::UserInlineBytes, 2_048),
        (to_group("eng"), Quota::GroupInlineBytes, 5_120),
        (to_role("deploy"), Quota::RoleInlineBytes, 10_240),
    ];
    for (holder, quota, limit) in cases {
        let half = policy_of(limit as usize / 2 - 300);
        let given = given
            .clone()
            .with(inline(holder.clone(), "one", half.clone()))
            .with(inline(holder.clone(), "one", half));
        let rejection = given
            .when(inline(holder, "two", policy_of(limit as usize / 2 + 400)))
            .rejected_as("limit_exceeded");
        let Rejection::LimitExceeded {
            quota: hit,
            limit: bound,
            ..
        } = rejection
        else {
            panic!()
        };
        assert_eq!((hit, bound), (quota, limit));
    }
}

#[test]
fn deleting_an_inline_policy_needs_one() {
    let delete = DeleteInlinePolicy {
        holder: to_user("mary"),
        name: "own".parse().unwrap(),
    };
    let given = account().with(user("mary"));
    given
        .clone()
        .when(delete.clone())
        .rejected(Rejection::NotFound {
            kind: ThingKind::InlinePolicy,
            name: "own".to_owned(),
        });
    given
        .with(inline(to_user("mary"), "OWN", policy_document("s3:*")))
        .when(delete)
        .then_types(&["user.inline_policy_deleted"]);
}
