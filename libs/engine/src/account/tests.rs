use trilby_policy::{Document, Grammar, Kind};

use super::*;
use crate::compiled::Resolution;
use crate::layer::LayerKind;

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn policy(name: &str, kind: LayerKind, of: Kind, statement: &str) -> Arc<CompiledPolicy> {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    CompiledPolicy::new(
        name,
        kind,
        Document::parse(&text, of, &Grammar::stored()).unwrap(),
        &Resolution::ByName,
    )
    .shared()
}

fn on(name: &str) -> Arc<CompiledPolicy> {
    policy(
        name,
        LayerKind::Resource,
        Kind::Resource,
        r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#,
    )
}

fn registered(text: &str, policy: Option<&str>) -> RegisteredResource {
    RegisteredResource {
        arn: arn(text),
        tags: Tags::default(),
        policy: policy.map(on),
    }
}

fn user(id: &str, name: &str) -> User {
    User {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        arn: arn(&format!("arn:trilby:iam::111111111111:user/{name}")),
        tags: Tags::default(),
        policies: Vec::new(),
        groups: Vec::new(),
        boundary: None,
        disabled: false,
    }
}

fn role(id: &str, name: &str) -> Role {
    Role {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        arn: arn(&format!("arn:trilby:iam::111111111111:role/team/{name}")),
        tags: Tags::default(),
        policies: Vec::new(),
        boundary: None,
        trust: policy(
            "trust",
            LayerKind::Resource,
            Kind::Trust,
            r#"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}"#,
        ),
    }
}

fn builder() -> AccountBuilder {
    AccountBuilder::new("111111111111".parse().unwrap())
}

#[test]
fn the_nearest_registered_resource_with_a_policy_speaks() {
    let mut builder = builder();
    builder
        .add_resource(registered(
            "arn:trilby:s3::111111111111:bucket/reports",
            Some("bucket"),
        ))
        .add_resource(registered(
            "arn:trilby:s3::111111111111:bucket/reports/2026",
            None,
        ))
        .add_resource(registered(
            "arn:trilby:s3::111111111111:bucket/reports/2025",
            Some("year"),
        ));
    let account = builder.build();
    let speaks = |text: &str| {
        account
            .resource_policy(&arn(text))
            .map(|policy| policy.name().to_owned())
    };
    assert_eq!(
        speaks("arn:aws:s3::111111111111:bucket/reports").as_deref(),
        Some("bucket")
    );
    assert_eq!(
        speaks("arn:aws:s3::111111111111:bucket/reports/a.csv").as_deref(),
        Some("bucket")
    );
    assert_eq!(
        speaks("arn:aws:s3::111111111111:bucket/reports/2026/q3.csv").as_deref(),
        Some("bucket"),
        "a folder without one passes it on"
    );
    assert_eq!(
        speaks("arn:aws:s3::111111111111:bucket/reports/2025/q3.csv").as_deref(),
        Some("year")
    );
    assert_eq!(speaks("arn:aws:s3::111111111111:bucket/reports-old"), None);
    assert_eq!(speaks("arn:aws:s3::222222222222:bucket/reports"), None);
    assert!(account.holds(&arn("arn:aws:s3::111111111111:bucket/reports/x")));
    assert!(!account.holds(&arn("arn:aws:s3::111111111111:bucket/other")));
}

#[test]
fn resources_keep_case() {
    let mut builder = builder();
    builder.add_resource(registered(
        "arn:trilby:s3::111111111111:bucket/Reports",
        Some("bucket"),
    ));
    let account = builder.build();
    assert!(
        account
            .resource_policy(&arn("arn:trilby:s3::111111111111:bucket/reports"))
            .is_none()
    );
}

#[test]
fn people_are_found_by_name_id_and_arn() {
    let mut builder = builder();
    builder
        .add_user(user("TUSR0000000000000000A", "Ana"))
        .add_role(role("TROL0000000000000000A", "Dev"));
    let account = builder.build();
    for text in [
        "ana",
        "TUSR0000000000000000A",
        "arn:aws:iam::111111111111:user/Ana",
    ] {
        assert!(matches!(account.find(text), Some(Named::User(_))), "{text}");
    }
    for text in [
        "DEV",
        "TROL0000000000000000A",
        "arn:aws:iam::111111111111:role/team/Dev",
    ] {
        assert!(matches!(account.find(text), Some(Named::Role(_))), "{text}");
    }
    for text in [
        "bob",
        "arn:aws:iam::111111111111:user/ana",
        "arn:aws:iam::111111111111:role/Dev",
        "",
    ] {
        assert!(account.find(text).is_none(), "{text}");
    }
}

#[test]
fn a_renamed_user_is_found_by_its_new_name_only() {
    let mut builder = builder();
    builder
        .add_user(user("TUSR0000000000000000A", "ana"))
        .add_user(user("TUSR0000000000000000A", "anna"));
    let account = builder.build();
    assert!(account.user_named("ana").is_none());
    assert!(
        account
            .user_at(&arn("arn:trilby:iam::111111111111:user/ana"))
            .is_none()
    );
    assert_eq!(account.user_named("ANNA").unwrap().name, "anna");
    assert_eq!(account.users().count(), 1);
}

#[test]
fn a_name_passed_on_stays_with_its_new_bearer() {
    let mut builder = builder();
    builder
        .add_user(user("TUSR0000000000000000A", "ana"))
        .add_user(user("TUSR0000000000000000B", "ben"));
    builder
        .add_user(user("TUSR0000000000000000A", "ben"))
        .add_user(user("TUSR0000000000000000B", "cleo"));
    let account = builder.build();
    assert_eq!(
        account.user_named("ben").unwrap().id.as_str(),
        "TUSR0000000000000000A"
    );
    assert_eq!(
        account
            .user_at(&arn("arn:trilby:iam::111111111111:user/ben"))
            .unwrap()
            .id
            .as_str(),
        "TUSR0000000000000000A"
    );
    assert_eq!(
        account.user_named("cleo").unwrap().id.as_str(),
        "TUSR0000000000000000B"
    );
    assert!(account.user_named("ana").is_none());
}

#[test]
fn a_change_leaves_the_account_it_began_with_alone() {
    let mut first = builder();
    first.add_user(user("TUSR0000000000000000A", "ana"));
    let before = first.build();
    let mut second = before.to_builder();
    second.remove_user(&"TUSR0000000000000000A".parse().unwrap());
    assert_eq!(
        (before.users().count(), second.build().users().count()),
        (1, 0)
    );
}

#[test]
fn a_role_is_asked_about_through_a_session() {
    let account = "111111111111".parse().unwrap();
    let dev = role("TROL0000000000000000A", "Dev");
    let Some(Principal::RoleSession(session)) =
        dev.principal(account, "probe", SessionFacts::default())
    else {
        panic!("a session")
    };
    assert_eq!(
        session.session_arn,
        arn("arn:trilby:sts::111111111111:assumed-role/Dev/probe")
    );
    assert_eq!(session.role_arn, dev.arn);
    assert!(session.session_policies.is_none());
}
