use trilby_account::UserKind;
use trilby_account::command::{CreateUser, RegisterApplication};
use trilby_model::json;
use trilby_testkit::given::{ACCOUNT, START, account};

use super::*;

fn acme() -> Account {
    account()
        .with(CreateUser {
            name: "Mary".parse().unwrap(),
            path: "/staff/".parse().unwrap(),
            kind: UserKind::Human,
            description: None,
            tags: Tags::default(),
        })
        .with(RegisterApplication {
            name: "docs".parse().unwrap(),
            description: None,
            tags: Tags::default(),
        })
        .state()
        .clone()
}

fn asked(subject: &str, action: &str, resource: &str) -> Mapped {
    let text = format!(r#"{{"subject":{subject},"action":{action},"resource":{resource}}}"#);
    let node = json::parse(&text).unwrap();
    let evaluation = Evaluation::read(&node).unwrap();
    map(&evaluation, &acme(), None, START).unwrap()
}

fn mary() -> &'static str {
    r#"{"type":"user","id":"mary"}"#
}

fn resource_of(id: &str) -> String {
    let text = format!(
        r#"{{"type":"document","id":{}}}"#,
        serde_json::Value::from(id)
    );
    asked(mary(), r#"{"name":"docs:Read"}"#, &text)
        .unwrap()
        .request
        .resource
        .to_string()
}

#[test]
fn a_user_is_found_by_name_without_case() {
    let question = asked(
        mary(),
        r#"{"name":"docs:Read"}"#,
        r#"{"type":"document","id":"7"}"#,
    )
    .unwrap();
    let Principal::User(user) = &question.request.principal else {
        panic!("a user")
    };
    assert_eq!(
        user.arn.to_string(),
        format!("arn:trilby:iam::{ACCOUNT}:user/staff/Mary")
    );
    assert!(user.id.is_some(), "policies know her by her unique id");
    assert_eq!(
        question.request.resource.to_string(),
        format!("arn:trilby:docs::{ACCOUNT}:document/7")
    );
}

#[test]
fn an_action_without_a_service_takes_that_of_the_only_application() {
    let question = asked(
        mary(),
        r#"{"name":"Read"}"#,
        r#"{"type":"document","id":"7"}"#,
    )
    .unwrap();
    assert_eq!(question.request.action.as_str(), "docs:Read");
    let route = asked(
        mary(),
        r#"{"name":"GET"}"#,
        r#"{"type":"route","id":"/todos/{todoId}"}"#,
    )
    .unwrap();
    assert_eq!(route.request.action.as_str(), "http:GET");
}

#[test]
fn ids_are_data_and_cannot_leave_their_account_or_type() {
    for id in [
        "*",
        "?",
        "../../x",
        "a:b",
        "${trilby:PrincipalTag/email}",
        ":999988887777:document/1",
    ] {
        assert_eq!(
            resource_of(id),
            format!("arn:trilby:docs::{ACCOUNT}:document/{id}")
        );
    }
    let sly = asked(
        mary(),
        r#"{"name":"docs:Read"}"#,
        r#"{"type":"document/7:x","id":"y"}"#,
    )
    .unwrap();
    assert_eq!(
        sly.request.resource.to_string(),
        format!("arn:trilby:docs::{ACCOUNT}:document%2F7%3Ax/y")
    );
}

#[test]
fn nobody_known_is_anonymous() {
    for subject in [
        r#"{"type":"user","id":"nobody"}"#,
        r#"{"type":"user","id":"not a name"}"#,
        r#"{"type":"dog","id":"mary"}"#,
        r#"{"type":"role","id":"mary"}"#,
        r#"{"type":"anonymous","id":"*"}"#,
        r#"{"type":"user","id":"arn:trilby:iam::111122223333:user/Mary"}"#,
        r#"{"type":"role","id":"arn:trilby:iam::111122223333:user/staff/Mary"}"#,
        r#"{"type":"user","id":"arn:trilby:sts::111122223333:assumed-role/Admin/x"}"#,
    ] {
        let question = asked(
            subject,
            r#"{"name":"docs:Read"}"#,
            r#"{"type":"document","id":"7"}"#,
        )
        .unwrap();
        assert!(
            matches!(question.request.principal, Principal::Anonymous),
            "{subject}"
        );
    }
}

#[test]
fn an_arn_with_its_path_names_the_user() {
    let subject = format!(r#"{{"type":"user","id":"arn:aws:iam::{ACCOUNT}:user/staff/Mary"}}"#);
    let question = asked(
        &subject,
        r#"{"name":"docs:Read"}"#,
        r#"{"type":"document","id":"7"}"#,
    )
    .unwrap();
    assert!(matches!(question.request.principal, Principal::User(_)));
}

#[test]
fn a_question_between_two_other_accounts_is_not_answered_here() {
    let subject = r#"{"type":"user","id":"arn:trilby:iam::999988887777:user/x"}"#;
    let foreign = asked(
        subject,
        r#"{"name":"docs:Read"}"#,
        r#"{"type":"d","id":"arn:trilby:docs::999988887777:document/1"}"#,
    );
    assert!(matches!(foreign, Err(Unanswerable::Foreign)));
    let ours = asked(
        subject,
        r#"{"name":"docs:Read"}"#,
        r#"{"type":"document","id":"1"}"#,
    )
    .unwrap();
    assert_eq!(ours.principal_account.unwrap().to_string(), "999988887777");
}

#[test]
fn properties_become_condition_keys_of_their_own_kind() {
    let question = asked(
        r#"{"type":"user","id":"Mary","properties":{"team":"blue","roles":["a","b"],"office":{"city":"Ulm"}}}"#,
        r#"{"name":"docs:Read","properties":{"soft":true}}"#,
        r#"{"type":"document","id":"7","properties":{"status":"archived","size":10,"gone":null}}"#,
    )
    .unwrap();
    let context = &question.request.context;
    let scalar = |key: &str| match context.get(key) {
        Some(ContextValue::Scalar(text)) => Some(text.clone()),
        Some(ContextValue::List(_)) | None => None,
    };
    assert_eq!(scalar("authzen:subject/team").as_deref(), Some("blue"));
    assert_eq!(scalar("trilby:PrincipalTag/team").as_deref(), Some("blue"));
    assert_eq!(
        scalar("authzen:subject/office/city").as_deref(),
        Some("Ulm")
    );
    assert_eq!(scalar("authzen:action/soft").as_deref(), Some("true"));
    assert_eq!(
        scalar("aws:ResourceTag/status").as_deref(),
        Some("archived")
    );
    assert_eq!(scalar("authzen:resource/size").as_deref(), Some("10"));
    assert_eq!(context.get("authzen:resource/gone"), None);
    assert_eq!(
        context.get("authzen:subject/roles"),
        Some(&ContextValue::List(vec!["a".to_owned(), "b".to_owned()]))
    );
}

#[test]
fn context_cannot_set_keys_that_are_ours() {
    let text = format!(
        r#"{{"subject":{},"action":{{"name":"docs:Read"}},"resource":{{"type":"document","id":"7"}},
            "context":{{"aws:PrincipalArn":"x","trilby:MultiFactorAuthPresent":"true","ip":"203.0.113.7","trilby":{{"explain":"trace"}}}}}}"#,
        mary()
    );
    let node = json::parse(&text).unwrap();
    let evaluation = Evaluation::read(&node).unwrap();
    let context = map(&evaluation, &acme(), None, START)
        .unwrap()
        .unwrap()
        .request
        .context;
    assert_eq!(context.get("aws:PrincipalArn"), None);
    assert_eq!(context.get("aws:MultiFactorAuthPresent"), None);
    assert_eq!(context.get("authzen:context/trilby/explain"), None);
    assert_eq!(
        context.get("aws:SourceIp"),
        Some(&ContextValue::Scalar("203.0.113.7".to_owned()))
    );
}

#[test]
fn two_names_that_differ_by_case_are_refused() {
    let text = format!(
        r#"{{"subject":{},"action":{{"name":"docs:Read"}},"resource":{{"type":"document","id":"7","properties":{{"Status":"active","status":"archived"}}}}}}"#,
        mary()
    );
    let node = json::parse(&text).unwrap();
    let evaluation = Evaluation::read(&node).unwrap();
    assert!(map(&evaluation, &acme(), None, START).is_err());
}

#[test]
fn a_property_larger_than_a_condition_key_may_be_is_refused() {
    for (bytes, taken) in [(32_768, true), (32_769, false)] {
        let text = format!(
            r#"{{"subject":{},"action":{{"name":"docs:Read"}},"resource":{{"type":"document","id":"7","properties":{{"body":"{}"}}}}}}"#,
            mary(),
            "x".repeat(bytes)
        );
        let node = json::parse(&text).unwrap();
        let evaluation = Evaluation::read(&node).unwrap();
        let mapped = map(&evaluation, &acme(), None, START);
        assert_eq!(mapped.is_ok(), taken, "{bytes}");
    }
}

/// The context of Mary's question with these members beside the resource.
fn keys_of(action: &str, context: &str) -> Context {
    let text = format!(
        r#"{{"subject":{},"action":{action},"resource":{{"type":"document","id":"7"}},"context":{context}}}"#,
        mary()
    );
    let node = json::parse(&text).unwrap();
    let evaluation = Evaluation::read(&node).unwrap();
    map(&evaluation, &acme(), None, START)
        .unwrap()
        .unwrap()
        .request
        .context
}

#[test]
fn a_question_that_passes_tags_says_which() {
    let action =
        r#"{"name":"docs:Tag","properties":{"team":"a","Secret":1,"none":null,"many":["x"]}}"#;
    let context = keys_of(action, "{}");
    let told = ContextValue::List(vec!["team".to_owned(), "Secret".to_owned()]);
    assert_eq!(context.get("aws:TagKeys"), Some(&told));
    let untagged = keys_of(r#"{"name":"docs:Tag"}"#, "{}");
    assert_eq!(untagged.get("aws:TagKeys"), None);
}

#[test]
fn an_address_is_one_however_it_is_written() {
    for written in ["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"] {
        let context = keys_of(
            r#"{"name":"docs:Read"}"#,
            &format!(r#"{{"ip":"{written}"}}"#),
        );
        let told = ContextValue::from("203.0.113.9");
        assert_eq!(context.get("aws:SourceIp"), Some(&told), "{written}");
    }
}
