use trilby_model::{AccountId, Arn, TagKey, TagValue};

use super::*;
use crate::principal::{FederatedUser, RoleSession, RootUser, UserPrincipal};

fn account() -> AccountId {
    "111111111111".parse().unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    let pairs = pairs.iter().map(|(key, value)| {
        (
            key.parse::<TagKey>().unwrap(),
            value.parse::<TagValue>().unwrap(),
        )
    });
    Tags::new(pairs).unwrap()
}

fn user(session: SessionFacts, tags: Tags) -> Principal {
    Principal::User(UserPrincipal {
        arn: "arn:trilby:iam::111111111111:user/staff/ana"
            .parse()
            .unwrap(),
        id: Some("TUSR0123456789ABCDEFG".parse().unwrap()),
        account: account(),
        name: "ana".to_owned(),
        tags,
        session,
    })
}

fn role_session(session: SessionFacts, tags: Tags) -> Principal {
    Principal::RoleSession(RoleSession {
        session_arn: "arn:trilby:sts::111111111111:assumed-role/Dev/s1"
            .parse()
            .unwrap(),
        role_arn: "arn:trilby:iam::111111111111:role/team/Dev"
            .parse()
            .unwrap(),
        role_id: Some("TROL0123456789ABCDEFG".parse().unwrap()),
        account: account(),
        session_name: "s1".to_owned(),
        tags,
        session_policies: None,
        session,
    })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn replaced(
    principal: &Principal,
    surroundings: &Surroundings<'_>,
    given: &[(&str, &str)],
) -> Context {
    let mut context: Context = given.iter().map(|(key, value)| (*key, *value)).collect();
    derive(
        &mut context,
        principal,
        surroundings,
        Fill::Replace(TagPrecedence::default()),
    );
    context
}

fn derived(principal: &Principal) -> Context {
    replaced(
        principal,
        &Surroundings {
            time: Some(at(1_700_000_100)),
            ..Surroundings::default()
        },
        &[],
    )
}

#[test]
fn a_user_has_a_name_and_a_role_session_goes_by_its_role() {
    let ana = derived(&user(SessionFacts::default(), Tags::default()));
    assert_eq!(
        ana.scalar("aws:PrincipalArn"),
        Some("arn:trilby:iam::111111111111:user/staff/ana")
    );
    assert_eq!(ana.scalar("aws:username"), Some("ana"));
    assert_eq!(ana.scalar("aws:userid"), Some("TUSR0123456789ABCDEFG"));
    assert_eq!(ana.scalar("aws:PrincipalType"), Some("User"));
    assert!(!ana.contains("trilby:ViaSession"));

    let session = derived(&role_session(
        SessionFacts {
            chain_depth: Some(2),
            ..SessionFacts::default()
        },
        Tags::default(),
    ));
    assert_eq!(
        session.scalar("aws:PrincipalArn"),
        Some("arn:trilby:iam::111111111111:role/team/Dev")
    );
    assert_eq!(
        session.scalar("aws:userid"),
        Some("TROL0123456789ABCDEFG:s1")
    );
    assert_eq!(session.scalar("aws:PrincipalType"), Some("AssumedRole"));
    assert_eq!(session.scalar("trilby:ViaSession"), Some("true"));
    assert_eq!(session.scalar("trilby:ChainDepth"), Some("2"));
    assert!(!session.contains("aws:username"));
}

#[test]
fn root_federated_users_services_and_nobody_have_the_keys_of_their_kind() {
    let root = derived(&Principal::root(account()));
    assert_eq!(root.scalar("aws:userid"), Some("111111111111"));
    assert_eq!(root.scalar("aws:PrincipalType"), Some("Account"));
    assert_eq!(
        root.scalar("aws:PrincipalArn"),
        Some("arn:trilby:iam::111111111111:root")
    );

    let guest = derived(&Principal::FederatedUserSession(FederatedUser {
        session_arn: "arn:trilby:sts::111111111111:federated-user/guest"
            .parse()
            .unwrap(),
        user_arn: None,
        user_id: None,
        account: account(),
        name: "guest".to_owned(),
        tags: Tags::default(),
        session_policies: None,
        session: SessionFacts::default(),
    }));
    assert_eq!(guest.scalar("aws:userid"), Some("111111111111:guest"));
    assert_eq!(guest.scalar("aws:PrincipalType"), Some("FederatedUser"));

    let service = derived(&Principal::Service {
        name: "mail.example".to_owned(),
    });
    assert_eq!(service.scalar("aws:PrincipalIsAWSService"), Some("true"));
    assert_eq!(
        service.scalar("aws:PrincipalServiceName"),
        Some("mail.example")
    );

    let nobody = derived(&Principal::Anonymous);
    assert_eq!(nobody.scalar("aws:PrincipalAccount"), Some("anonymous"));
    assert_eq!(nobody.scalar("aws:userid"), Some("anonymous"));
    assert!(!nobody.contains("aws:PrincipalArn"));
}

#[test]
fn mfa_keys_are_absent_with_long_term_keys_and_in_role_sessions() {
    let long_term = derived(&user(SessionFacts::default(), Tags::default()));
    assert!(!long_term.contains("aws:MultiFactorAuthPresent"));
    assert!(!long_term.contains("aws:TokenIssueTime"));

    let without = derived(&user(
        SessionFacts {
            issued_at: Some(at(1_700_000_000)),
            ..SessionFacts::default()
        },
        Tags::default(),
    ));
    assert_eq!(without.scalar("aws:MultiFactorAuthPresent"), Some("false"));
    assert!(without.contains("aws:TokenIssueTime"));
    assert!(!without.contains("aws:MultiFactorAuthAge"));

    let facts = SessionFacts {
        issued_at: Some(at(1_700_000_000)),
        mfa_at: Some(at(1_700_000_010)),
        ..SessionFacts::default()
    };
    let with = derived(&user(facts.clone(), Tags::default()));
    assert_eq!(with.scalar("aws:MultiFactorAuthPresent"), Some("true"));
    assert_eq!(with.scalar("aws:MultiFactorAuthAge"), Some("90"));

    let role = derived(&role_session(facts, Tags::default()));
    assert!(!role.contains("aws:MultiFactorAuthPresent"));
    assert_eq!(role.scalar("trilby:OriginMfaAge"), Some("90"));
}

#[test]
fn nobody_else_can_state_who_the_principal_is() {
    let forged = [
        ("AWS:PrincipalArn", "arn:trilby:iam::111111111111:user/boss"),
        ("trilby:username", "boss"),
        ("aws:MultiFactorAuthPresent", "true"),
        ("aws:FederatedProvider", "boss"),
        ("aws:SourceIdentity", "boss"),
        ("aws:ResourceAccount", "999999999999"),
        ("aws:PrincipalOrgID", "o-mine"),
        ("trilby:ViaSession", "true"),
        ("aws:SourceIp", "203.0.113.7"),
    ];
    let context = replaced(
        &Principal::root(account()),
        &Surroundings::default(),
        &forged,
    );
    assert_eq!(
        context.scalar("aws:PrincipalArn"),
        Some("arn:trilby:iam::111111111111:root")
    );
    for key in forged
        .iter()
        .map(|(key, _)| *key)
        .filter(|key| !key.contains("PrincipalArn") && !key.contains("SourceIp"))
    {
        assert!(!context.contains(key), "{key}");
    }
    assert_eq!(
        context.scalar("aws:SourceIp"),
        Some("203.0.113.7"),
        "what does not follow from the principal stays"
    );
}

#[test]
fn session_tags_overlay_role_tags_whatever_their_case() {
    let stored = tags(&[("Team", "a"), ("Cost", "1")]);
    let surroundings = Surroundings {
        principal_tags: Some(&stored),
        ..Surroundings::default()
    };
    let context = replaced(
        &role_session(SessionFacts::default(), tags(&[("team", "b")])),
        &surroundings,
        &[],
    );
    assert_eq!(context.scalar("aws:PrincipalTag/Team"), Some("b"));
    assert_eq!(context.scalar("aws:PrincipalTag/cost"), Some("1"));
}

#[test]
fn stored_tags_of_a_user_win_over_those_it_came_with() {
    let stored = tags(&[("Team", "a")]);
    let surroundings = Surroundings {
        principal_tags: Some(&stored),
        ..Surroundings::default()
    };
    let context = replaced(
        &user(
            SessionFacts::default(),
            tags(&[("Team", "b"), ("More", "x")]),
        ),
        &surroundings,
        &[],
    );
    assert_eq!(context.scalar("aws:PrincipalTag/Team"), Some("a"));
    assert_eq!(context.scalar("aws:PrincipalTag/More"), Some("x"));
}

#[test]
fn precedence_settles_whose_resource_tag_counts() {
    let stored = tags(&[("Team", "stored")]);
    let surroundings = Surroundings {
        resource_tags: Some(&stored),
        ..Surroundings::default()
    };
    let given = [
        ("aws:ResourceTag/team", "given"),
        ("aws:ResourceTag/more", "given"),
    ];
    let context = replaced(&Principal::Anonymous, &surroundings, &given);
    assert_eq!(context.scalar("aws:ResourceTag/Team"), Some("stored"));
    assert_eq!(context.scalar("aws:ResourceTag/More"), Some("given"));

    let mut context: Context = given.iter().map(|(key, value)| (*key, *value)).collect();
    let precedence = TagPrecedence {
        resource: Precedence::Given,
        ..TagPrecedence::default()
    };
    derive(
        &mut context,
        &Principal::Anonymous,
        &surroundings,
        Fill::Replace(precedence),
    );
    assert_eq!(context.scalar("aws:ResourceTag/Team"), Some("given"));
}

#[test]
fn a_simulation_keeps_what_its_case_says() {
    let mut context: Context = [("aws:username", "other")].into_iter().collect();
    derive(
        &mut context,
        &user(SessionFacts::default(), Tags::default()),
        &Surroundings::default(),
        Fill::Complete,
    );
    assert_eq!(context.scalar("aws:username"), Some("other"));
    assert_eq!(context.scalar("aws:PrincipalType"), Some("User"));
    assert!(!context.contains("aws:CurrentTime"), "a case has no clock");
}

#[test]
fn organizations_are_told_as_id_and_path() {
    let position = Position {
        organization: "o-4k7m2xq9ab".parse().unwrap(),
        path: "o-4k7m2xq9ab/r-x3f9/".to_owned(),
    };
    let surroundings = Surroundings {
        principal_position: Some(&position),
        ..Surroundings::default()
    };
    let context = replaced(
        &Principal::Root(RootUser {
            account: account(),
            session: SessionFacts::default(),
        }),
        &surroundings,
        &[],
    );
    assert_eq!(context.scalar("aws:PrincipalOrgID"), Some("o-4k7m2xq9ab"));
    assert_eq!(
        context.get("aws:PrincipalOrgPaths"),
        Some(&ContextValue::List(vec!["o-4k7m2xq9ab/r-x3f9/".to_owned()]))
    );
    assert!(!context.contains("aws:ResourceOrgID"));
}

#[test]
fn the_time_of_the_request_is_the_time_of_the_condition() {
    let surroundings = Surroundings {
        time: Some(at(1_700_000_000)),
        ..Surroundings::default()
    };
    let context = replaced(
        &Principal::Anonymous,
        &surroundings,
        &[("aws:CurrentTime", "1999-01-01T00:00:00Z")],
    );
    assert_eq!(context.scalar("aws:EpochTime"), Some("1700000000"));
    assert!(
        context
            .scalar("aws:CurrentTime")
            .is_some_and(|text| text.starts_with("2023-11-14T22:13:20"))
    );
}

#[test]
fn reserved_are_the_namespaces_of_the_service() {
    for key in [
        "aws:userid",
        "TRILBY:x",
        "sts:ExternalId",
        "iam:ResourceTag/a",
    ] {
        assert!(is_reserved(key), "{key}");
    }
    for key in ["docs:owner", "authzen:context/x", "awsome:x"] {
        assert!(!is_reserved(key), "{key}");
    }
}

#[test]
fn arns_of_principals_are_those_of_their_kind() {
    let arn: Arn = "arn:trilby:iam::111111111111:role/team/Dev"
        .parse()
        .unwrap();
    assert_eq!(
        role_session(SessionFacts::default(), Tags::default()).principal_arn(),
        Some(arn)
    );
}
