use trilby_policy::{Document, Grammar, Kind};

use super::*;
use crate::compiled::{CompiledPolicy, Resolution};
use crate::layer::LayerKind;
use crate::principal::SessionFacts;

const ROLE: &str = "TROL0000000000000000A";

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn account() -> AccountId {
    "111111111111".parse().unwrap()
}

fn session(role_id: Option<&str>) -> Principal {
    Principal::RoleSession(RoleSession {
        session_arn: arn("arn:trilby:sts::111111111111:assumed-role/Dev/s1"),
        role_arn: arn("arn:trilby:iam::111111111111:role/team/Dev"),
        role_id: role_id.map(|id| id.parse().unwrap()),
        account: account(),
        session_name: "s1".to_owned(),
        tags: trilby_model::Tags::default(),
        session_policies: None,
        session: SessionFacts::default(),
    })
}

fn alice() -> Principal {
    Principal::User(UserPrincipal {
        arn: arn("arn:trilby:iam::111111111111:user/alice"),
        id: Some("TUSR0000000000000000A".parse().unwrap()),
        account: account(),
        name: "alice".to_owned(),
        tags: trilby_model::Tags::default(),
        session: SessionFacts::default(),
    })
}

fn class(principal: &str, resolution: &Resolution, caller: &Principal) -> Option<Class> {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"*"}}]}}"#
    );
    let document = Document::parse(&text, Kind::Resource, &Grammar::stored()).unwrap();
    let policy = CompiledPolicy::new("p", LayerKind::Resource, document, resolution);
    policy.principals(0).unwrap().class_of(caller, false)
}

fn by_name(principal: &str, caller: &Principal) -> Option<Class> {
    class(principal, &Resolution::ByName, caller)
}

#[test]
fn each_form_names_each_caller_in_its_class() {
    let (root, guest) = (Principal::root(account()), Principal::Anonymous);
    let mail = Principal::Service {
        name: "mail.example".to_owned(),
    };
    let everyone = [r#""*""#, r#"{"AWS":"*"}"#];
    for caller in [&alice(), &session(None), &root, &guest] {
        for principal in everyone {
            assert_eq!(
                by_name(principal, caller),
                Some(Class::Direct),
                "{principal}"
            );
        }
    }
    assert_eq!(by_name(everyone[0], &mail), Some(Class::Direct));
    assert_eq!(
        by_name(everyone[1], &mail),
        None,
        "services are not among the principals of accounts"
    );
    assert_eq!(
        by_name(r#"{"Service":"mail.example"}"#, &mail),
        Some(Class::Direct)
    );
    assert_eq!(by_name(r#"{"Service":"mail.example"}"#, &alice()), None);

    for account in [
        r#"{"AWS":"111111111111"}"#,
        r#"{"AWS":"arn:aws:iam::111111111111:root"}"#,
    ] {
        assert_eq!(by_name(account, &alice()), Some(Class::Account));
        assert_eq!(by_name(account, &session(None)), Some(Class::Account));
        assert_eq!(by_name(account, &root), Some(Class::Direct));
        assert_eq!(by_name(account, &guest), None);
    }
    assert_eq!(
        by_name(
            r#"{"AWS":"arn:aws:iam::111111111111:user/alice"}"#,
            &alice()
        ),
        Some(Class::Direct)
    );
    assert_eq!(
        by_name(
            r#"{"AWS":"arn:aws:iam::111111111111:user/Alice"}"#,
            &alice()
        ),
        None,
        "ARNs keep case"
    );
    assert_eq!(
        by_name(
            r#"{"AWS":"arn:aws:iam::111111111111:role/team/Dev"}"#,
            &session(None)
        ),
        Some(Class::Entity)
    );
    assert_eq!(
        by_name(
            r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/Dev/s1"}"#,
            &session(None)
        ),
        Some(Class::Direct)
    );
    assert_eq!(
        by_name(
            r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/Dev/s2"}"#,
            &session(None)
        ),
        None
    );
}

#[test]
fn the_strongest_of_several_forms_counts() {
    let all = r#"{"AWS":["111111111111","arn:aws:iam::111111111111:role/team/Dev"]}"#;
    assert_eq!(by_name(all, &session(None)), Some(Class::Entity));
}

#[test]
fn a_stored_policy_knows_people_by_unique_id() {
    let named = arn("arn:aws:iam::111111111111:user/alice");
    let principal = r#"{"AWS":"arn:aws:iam::111111111111:user/alice"}"#;
    let resolved = |id: &str| Resolution::by_id([(&named, id)]);
    assert_eq!(
        class(principal, &resolved("TUSR0000000000000000A"), &alice()),
        Some(Class::Direct)
    );
    assert_eq!(
        class(principal, &resolved("TUSR0000000000000000B"), &alice()),
        None
    );
    assert_eq!(class(principal, &Resolution::by_id([]), &alice()), None);
}

#[test]
fn a_session_named_in_a_stored_policy_must_be_of_the_role_that_was_meant() {
    let named = arn("arn:trilby:sts::111111111111:assumed-role/Dev/s1");
    let principal = r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/Dev/s1"}"#;
    let resolved = Resolution::by_id([(&named, ROLE)]);
    assert_eq!(
        class(principal, &resolved, &session(Some(ROLE))),
        Some(Class::Direct)
    );
    assert_eq!(
        class(
            principal,
            &resolved,
            &session(Some("TROL0000000000000000B"))
        ),
        None
    );
    assert_eq!(class(principal, &resolved, &session(None)), None);
    let unresolved = Resolution::by_id([]);
    assert_eq!(
        class(principal, &unresolved, &session(Some(ROLE))),
        Some(Class::Direct)
    );
    assert_eq!(
        class(principal, &unresolved, &session(None)),
        None,
        "a session of a role that is gone"
    );
}

#[test]
fn a_provider_registered_again_under_a_name_is_another_one() {
    let google = "arn:trilby:iam::111111111111:oidc-provider/google";
    let principal = r#"{"Federated":"arn:aws:iam::111111111111:oidc-provider/google"}"#;
    let login = |id: Option<&str>| Principal::WebIdentity {
        provider: arn(google),
        provider_id: id.map(|id| id.parse().unwrap()),
    };
    let (first, second) = ("TIDP0123456789ABCDEFG", "TIDP0123456789ABCDEFH");
    let resolved = Resolution::by_id([(&arn(google), first)]);
    assert_eq!(
        class(principal, &resolved, &login(Some(first))),
        Some(Class::Direct)
    );
    assert_eq!(class(principal, &resolved, &login(Some(second))), None);
    assert_eq!(class(principal, &resolved, &login(None)), None);
    let gone = Resolution::by_id([]);
    assert_eq!(class(principal, &gone, &login(Some(first))), None);
}

#[test]
fn a_provider_vouches_only_as_itself() {
    let login = Principal::WebIdentity {
        provider: arn("arn:trilby:iam::111111111111:oidc-provider/google"),
        provider_id: None,
    };
    assert_eq!(
        by_name(
            r#"{"Federated":"arn:aws:iam::111111111111:oidc-provider/google"}"#,
            &login
        ),
        Some(Class::Direct)
    );
    assert_eq!(
        by_name(
            r#"{"Federated":"arn:aws:iam::222222222222:oidc-provider/google"}"#,
            &login
        ),
        None
    );
    assert_eq!(by_name(r#"{"AWS":"111111111111"}"#, &login), None);
    assert_eq!(
        by_name(
            r#"{"Federated":"arn:aws:iam::111111111111:oidc-provider/google"}"#,
            &alice()
        ),
        None
    );
}
