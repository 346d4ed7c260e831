use serde_json::json;
use trilby_account::command::{CreateRole, ReplaceTrustPolicy, UpdateRole};
use trilby_account::{KnownPrincipals, Precondition, PrincipalId, Rejection, RoleLimits};
use trilby_policy::Kind;
use trilby_testkit::given::{account, document};

use crate::build::*;

const MARY: &str = "arn:trilby:iam::111122223333:user/mary";

#[test]
fn a_trusted_user_is_kept_by_unique_id() {
    let given = account().with(user("mary")).with(role("deploy", MARY));
    let role = given.state().role(&"deploy".parse().unwrap()).unwrap();
    assert_eq!(role.trust.principals[MARY], principal(&given, "mary"));
    assert!(role.trust.policy.document.contains(MARY));
}

#[test]
fn an_unknown_principal_is_refused() {
    account()
        .when(role("deploy", MARY))
        .rejected(Rejection::InvalidPrincipal {
            principals: vec![MARY.to_owned()],
        });
}

#[test]
fn own_principals_are_found_in_the_own_state_whatever_the_caller_says() {
    let given = account().with(user("mary"));
    let mary = principal(&given, "mary");
    let ghost = "arn:trilby:iam::111122223333:user/ghost";
    let command = CreateRole {
        known: KnownPrincipals {
            ids: [(ghost.to_owned(), mary)].into(),
            ..KnownPrincipals::default()
        },
        ..role("deploy", ghost)
    };
    given.when(command).rejected_as("invalid_principal");
}

#[test]
fn an_arn_with_another_path_or_case_is_nobody() {
    let given = account().with(user("mary"));
    for arn in [
        "arn:trilby:iam::111122223333:user/eng/mary",
        "arn:trilby:iam::111122223333:user/Mary",
        "arn:other:iam::111122223333:user/mary",
        "arn:trilby:iam::111122223333:role/mary",
    ] {
        let refused = given.clone().when(role("deploy", arn));
        refused.rejected_as("invalid_principal");
    }
    let _ = given.with(role("deploy", "arn:aws:iam::111122223333:user/mary"));
}

#[test]
fn principals_of_other_accounts_are_the_callers_to_look_up() {
    let foreign = "arn:trilby:iam::444455556666:role/ci";
    let id: PrincipalId = "TROL0123456789ABCDEFG".parse().unwrap();
    let known = KnownPrincipals {
        ids: [(foreign.to_owned(), id.clone())].into(),
        accounts: ["777788889999".parse().unwrap()].into(),
        ..KnownPrincipals::default()
    };
    let waiver = || "an agency that we trust".parse().ok();
    let given = account().with(CreateRole {
        known: known.clone(),
        external_id_waiver: waiver(),
        ..role("deploy", foreign)
    });
    let found = given.state().role(&"deploy".parse().unwrap()).unwrap();
    assert_eq!(found.trust.principals[foreign], id);
    let given = given.with(CreateRole {
        known,
        external_id_waiver: waiver(),
        ..role("audit", "777788889999")
    });
    given
        .when(role("other", "777788889998"))
        .rejected_as("invalid_principal");
}

#[test]
fn a_foreign_user_arn_does_not_resolve_to_a_role() {
    let foreign = "arn:trilby:iam::444455556666:user/ci";
    let id: PrincipalId = "TROL0123456789ABCDEFG".parse().unwrap();
    let command = CreateRole {
        known: KnownPrincipals {
            ids: [(foreign.to_owned(), id)].into(),
            ..KnownPrincipals::default()
        },
        ..role("deploy", foreign)
    };
    account().when(command).rejected_as("invalid_principal");
}

#[test]
fn a_session_is_kept_by_its_roles_unique_id() {
    let session = "arn:trilby:sts::111122223333:assumed-role/ci/run-1";
    let given = account().with(own_role("ci")).with(role("deploy", session));
    let deploy = given.state().role(&"deploy".parse().unwrap()).unwrap();
    let id = PrincipalId::Role(role_id(&given, "ci"));
    assert_eq!(deploy.trust.principals[session], id);
}

#[test]
fn a_role_that_trusts_everyone_is_refused() {
    // Legal as a resource policy, and asking for nothing but what trust policies ask for.
    let everyone = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole" }
    ] });
    let command = CreateRole {
        trust: document(Kind::Resource, &everyone),
        ..own_role("deploy")
    };
    account().when(command).rejected_as("weak_trust_policy");
}

#[test]
fn a_name_used_again_does_not_inherit_trust() {
    let given = account().with(user("mary")).with(role("deploy", MARY));
    let first = principal(&given, "mary");
    let given = given
        .with(trilby_account::command::DeleteUser {
            user: "mary".parse().unwrap(),
            cascade: true,
        })
        .with(user("mary"));
    let deploy = given.state().role(&"deploy".parse().unwrap()).unwrap();
    assert_eq!(deploy.trust.principals[MARY], first);
    assert_ne!(principal(&given, "mary"), first);
}

#[test]
fn replacing_trust_kills_sessions_only_if_asked() {
    let given = account().with(own_role("deploy")).with(user("mary"));
    let replace = |trusted: &str, revoke_sessions| ReplaceTrustPolicy {
        role: "deploy".parse().unwrap(),
        trust: trust(&json!({ "AWS": trusted })),
        known: KnownPrincipals::default(),
        revoke_sessions,
        external_id_waiver: None,
    };
    let given = given
        .when(replace(MARY, false))
        .then_types(&["role.trust_policy_replaced"]);
    assert!(given.history().last().unwrap().revocations().is_empty());
    let given = given.when(replace(MARY, false)).changes_nothing();
    let given = given
        .when(replace(MARY, true))
        .then_types(&["role.trust_policy_replaced"]);
    assert_eq!(given.history().last().unwrap().revocations().len(), 1);
    let read = given.state().role(&"deploy".parse().unwrap()).unwrap();
    let stale = Precondition::Unchanged(read.stamp.created);
    given
        .clone()
        .if_match(stale)
        .when(replace("111122223333", false))
        .rejected_as("etag_mismatch");
}

#[test]
fn limits_of_the_whole_result_are_checked() {
    let limits = |change: fn(&mut RoleLimits)| {
        let mut limits = RoleLimits::default();
        change(&mut limits);
        limits
    };
    let bad: [fn(&mut RoleLimits); 6] = [
        |l| l.max_session_duration_s = 899,
        |l| l.max_session_duration_s = 43_201,
        |l| l.chain_max_s = 0,
        |l| l.chain_max_s = 43_201,
        |l| l.allowed_audiences = (0..11).map(|n| format!("a{n}")).collect(),
        |l| l.allowed_audiences = ["with space".to_owned()].into(),
    ];
    for change in bad {
        let limits = limits(change);
        let create = CreateRole {
            limits: limits.clone(),
            ..own_role("deploy")
        };
        account().when(create).rejected_as("invalid_parameter");
        let update = UpdateRole {
            role: "deploy".parse().unwrap(),
            description: None,
            limits: Some(limits),
        };
        let given = account().with(own_role("deploy"));
        given.when(update).rejected_as("invalid_parameter");
    }
}
