use trilby_model::json;

use crate::decision::{Decision, Explain};
use crate::simulate;

const PRINCIPAL: &str = "111111111111";
const OWNER: &str = "222222222222";

fn decision(policies: &str) -> Decision {
    let text = format!(
        r#"{{"request":{{"principal":"arn:aws:iam::{PRINCIPAL}:user/alice","action":"app:Read","resource":"arn:aws:app::{OWNER}:doc/1"}},"policies":{policies}}}"#
    );
    simulate::simulate(&json::parse(&text).unwrap(), 1)
        .unwrap()
        .decision
}

const READ: &str = r#"{"name":"mine","document":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"app:Read","Resource":"*"}}}"#;

fn with_resource(statement: &str) -> Decision {
    let theirs = format!(
        r#"{{"name":"secret-policy","document":{{"Version":"2012-10-17","Statement":[{statement}]}}}}"#
    );
    decision(&format!(
        r#"{{"identity":[{READ}],"resource":{theirs},"scp":[[{READ}]],"rcp":[[{{"name":"secret-rcp","document":{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}}}}}]]}}"#
    ))
}

fn text_for(decision: Decision, viewer: &str) -> String {
    decision
        .seen_from(viewer.parse().unwrap())
        .at_level(Explain::Trace)
        .to_string()
}

#[test]
fn a_foreign_caller_learns_only_that_the_owner_refused() {
    let denied = with_resource(
        r#"{"Sid":"SecretSid","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"secret:key":"x","aws:PrincipalTag/secret":"${secret:var}"}}}"#,
    );
    assert!(denied.message().contains("secret-policy"));
    let seen = denied.seen_from(PRINCIPAL.parse().unwrap());
    assert_eq!(seen.layer.as_str(), "resource");
    assert!(
        seen.message().ends_with(": denied by the resource owner"),
        "{}",
        seen.message()
    );
    let told = seen.at_level(Explain::Trace).to_string();
    assert!(!told.to_lowercase().contains("secret"), "{told}");
    assert!(told.contains("mine"), "its own layers stay");
}

#[test]
fn which_of_the_owners_layers_refused_is_not_told() {
    let denied = decision(&format!(
        r#"{{"identity":[{READ}],"resource":{{"name":"r","document":{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}}}}},"rcp":[[]]}}"#
    ));
    assert_eq!(
        (denied.layer.as_str(), denied.unmet.as_slice()),
        ("rcp", ["rcp:0".to_owned()].as_slice())
    );
    let seen = denied.seen_from(PRINCIPAL.parse().unwrap());
    assert_eq!(
        (seen.layer.as_str(), seen.unmet.as_slice()),
        ("resource", ["resource".to_owned()].as_slice())
    );
    assert_eq!(seen.layers.rcp, None);
}

#[test]
fn an_allow_shows_each_side_its_own_statement() {
    let allowed = with_resource(
        r#"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"app:Read","Resource":"*"}"#,
    );
    assert!(allowed.is_allow());
    let to_principal = text_for(allowed.clone(), PRINCIPAL);
    assert!(
        to_principal.contains("mine") && !to_principal.contains("secret"),
        "{to_principal}"
    );
    assert!(to_principal.contains("allowed by the resource owner"));
    let to_owner = text_for(allowed, OWNER);
    assert!(
        !to_owner.contains("mine") && to_owner.contains("secret-policy"),
        "{to_owner}"
    );
}

#[test]
fn the_owner_does_not_learn_why_the_other_account_refused() {
    let denied = decision(
        r#"{"identity":[],"resource":{"name":"r","document":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}},"scp":[[]]}"#,
    );
    let seen = denied.seen_from(OWNER.parse().unwrap());
    assert_eq!(
        (seen.layer.as_str(), seen.unmet.as_slice()),
        ("identity", ["identity".to_owned()].as_slice())
    );
    assert!(
        seen.message()
            .ends_with(": denied by the principal's account"),
        "{}",
        seen.message()
    );
}

#[test]
fn a_third_account_sees_the_answer_and_nothing_else() {
    let seen = text_for(
        with_resource(r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#),
        "333333333333",
    );
    assert!(!seen.contains("mine") && !seen.contains("secret"), "{seen}");
}

#[test]
fn within_one_account_nothing_is_hidden() {
    let text = format!(
        r#"{{"request":{{"principal":"arn:aws:iam::{PRINCIPAL}:user/alice","action":"app:Read","resource":"arn:aws:app::{PRINCIPAL}:doc/1"}},"policies":{{"identity":[{READ}]}}}}"#
    );
    let decision = simulate::simulate(&json::parse(&text).unwrap(), 1)
        .unwrap()
        .decision;
    let whole = decision.at_level(Explain::Trace);
    assert_eq!(
        decision
            .seen_from(PRINCIPAL.parse().unwrap())
            .at_level(Explain::Trace),
        whole
    );
}
