//! The policies that come with Trilby: legal, and as narrow as they say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::collections::BTreeSet;

use trilby_account::system_policies::{ALL, by_name, find, text};
use trilby_account::{PolicyRef, PolicyText};
use trilby_policy::{Document, Effect, Kind};

fn newest(name: &str) -> Document {
    let policy = by_name(&name.parse().unwrap()).unwrap();
    policy.document(policy.newest_version()).unwrap().unwrap()
}

fn allows(name: &str, action: &str) -> bool {
    let action = action.parse().unwrap();
    let document = newest(name);
    document
        .statements
        .iter()
        .any(|statement| statement.effect == Effect::Allow && statement.action.covers(&action))
}

#[test]
fn every_version_of_every_policy_is_legal() {
    let mut names = BTreeSet::new();
    for policy in ALL {
        assert!(names.insert(policy.name().to_lowercase()));
        assert!(policy.newest_version() >= 1);
        for version in 1..=policy.newest_version() {
            let document = policy.document(version).unwrap();
            assert!(
                document.is_ok(),
                "{} v{version}: {document:?}",
                policy.name()
            );
        }
        assert!(policy.document(0).is_none());
        assert!(policy.document(policy.newest_version() + 1).is_none());
        let Some(PolicyRef::System { name, version }) = policy.newest() else {
            panic!("{} is no policy name", policy.name())
        };
        assert!(text(&name, version).is_some());
    }
}

/// Versions that were ever shipped never change: logs name them.
#[test]
fn shipped_versions_are_what_they_were() {
    let shipped = [
        ("AdministratorAccess", 1, "934b1fc33d63fd2a"),
        ("DecisionPointAccess", 1, "262d8fb9313678fb"),
        ("FullAccess", 1, "4a8db2b994087920"),
        ("IamReadOnlyAccess", 1, "a0da41294f64d2fb"),
        ("ReadOnlyAccess", 1, "0886ec6d3e0c62c5"),
        ("ResourceFullAccess", 1, "cc1211cc32739d5b"),
        ("SelfServiceAccess", 1, "3c03233927d07fe8"),
    ];
    let mut found = Vec::new();
    for policy in ALL {
        for version in 1..=policy.newest_version() {
            let document = policy.document(version).unwrap().unwrap();
            let digest = PolicyText::of(&document).sha256.to_string();
            found.push((policy.name(), version, digest[..16].to_owned()));
        }
    }
    let shipped: Vec<_> = shipped
        .iter()
        .map(|(name, version, digest)| (*name, *version, (*digest).to_owned()))
        .collect();
    assert_eq!(found, shipped);
}

#[test]
fn a_policy_is_found_by_name_in_any_case_and_only_for_its_seat() {
    assert!(find(&"fullaccess".parse().unwrap(), Kind::Scp).is_some());
    assert!(find(&"FullAccess".parse().unwrap(), Kind::Identity).is_none());
    assert!(find(&"AdministratorAccess".parse().unwrap(), Kind::Scp).is_none());
    assert!(by_name(&"Nothing".parse().unwrap()).is_none());
}

#[test]
fn the_administrator_may_everything() {
    for action in ["iam:CreateUser", "s3:GetObject", "operator:CreateAccount"] {
        assert!(allows("AdministratorAccess", action), "{action}");
    }
}

#[test]
fn readers_change_nothing() {
    let writing = [
        "iam:CreateUser",
        "iam:AttachUserPolicy",
        "iam:PutUserPolicy",
        "iam:UpdateAccountSettings",
        "iam:PassRole",
        "sts:AssumeRole",
        "sts:RevokeSessions",
        "registry:PutResourcePolicy",
        "organizations:CreateAccount",
        "trilby:Evaluate",
        "s3:GetObject",
    ];
    for action in writing {
        assert!(!allows("ReadOnlyAccess", action), "{action}");
        assert!(!allows("IamReadOnlyAccess", action), "{action}");
    }
    assert!(allows("ReadOnlyAccess", "registry:ListResources"));
    assert!(!allows("IamReadOnlyAccess", "registry:ListResources"));
    assert!(allows("IamReadOnlyAccess", "iam:GetUser"));
}

#[test]
fn a_decision_point_asks_and_nothing_else() {
    for action in [
        "trilby:Evaluate",
        "trilby:EvaluateSelf",
        "trilby:ExplainDecision",
    ] {
        assert!(allows("DecisionPointAccess", action), "{action}");
    }
    for action in ["trilby:WhatIf", "trilby:ReadDecisions", "iam:GetUser"] {
        assert!(!allows("DecisionPointAccess", action), "{action}");
    }
}

#[test]
fn self_service_ends_at_the_own_name_in_the_own_account() {
    let document = newest("SelfServiceAccess");
    let statement = &document.statements[0];
    let reaches = |name: Option<&str>, arn: &str| {
        let arn: trilby_model::Arn = arn.parse().unwrap();
        let scalar = |text: &str| trilby_policy::ContextValue::Scalar(text.to_owned());
        let mut context = trilby_policy::Context::new();
        context.insert("trilby:PrincipalAccount", scalar("111122223333"));
        context.insert("trilby:ResourceAccount", scalar(arn.account()));
        if let Some(name) = name {
            context.insert("trilby:username", scalar(name));
        }
        let resource = statement.resource.as_ref().unwrap();
        resource.covers(&arn, Effect::Allow, &context)
            && statement.condition.evaluate(&context).holds
    };
    let user = "arn:trilby:iam::111122223333:user";
    assert!(reaches(Some("mary"), &format!("{user}/mary")));
    assert!(reaches(Some("mary"), &format!("{user}/team/eng/mary")));
    for (name, arn) in [
        (Some("mary"), format!("{user}/bob")),
        (Some("mary"), format!("{user}/xmary")),
        (Some("mary"), format!("{user}/mary/bob")),
        (
            Some("mary"),
            "arn:trilby:iam::999999999999:user/mary".to_owned(),
        ),
        (
            Some("mary"),
            "arn:trilby:iam::111122223333:role/mary".to_owned(),
        ),
        (Some("*"), format!("{user}/bob")),
        (None, format!("{user}/bob")),
        (None, format!("{user}/")),
    ] {
        assert!(!reaches(name, &arn), "{name:?} {arn}");
    }
}
