use trilby_model::json;

use super::*;
use crate::simulate::layers_of;

fn notes(case: &str, notes: &mut Notes) -> Outcome {
    let (request, layers) = layers_of(&json::parse(case).unwrap()).unwrap();
    crate::evaluate_into(&request, &layers, notes).outcome
}

const ASKED: &str = r#""request":{"principal":"arn:aws:iam::111122223333:user/ana","action":"docs:Read",
    "resource":"arn:aws:docs::111122223333:doc/1"}"#;

#[test]
fn a_buffer_tells_of_the_last_decision_alone() {
    let mut buffer = Notes::default();
    let lacking = format!(
        r#"{{{ASKED},"policies":{{"identity":[{{"document":{{"Statement":{{"Effect":"Allow","Action":"docs:*","Resource":"*",
        "Condition":{{"StringEquals":{{"docs:Team":"red","trilby:SourceVpc":"x"}}}}}}}}}}],"boundary":[],"scp":[[]]}}}}"#
    );
    assert_eq!(notes(&lacking, &mut buffer), Outcome::ImplicitDeny);
    let missing: Vec<&str> = buffer.missing().iter().collect();
    assert_eq!(missing, ["docs:Team", "trilby:SourceVpc"]);
    let unmet: Vec<Gate> = buffer.unmet().collect();
    assert_eq!(unmet, [Gate::Scp(0), Gate::Identity, Gate::Boundary]);
    assert_eq!(buffer.lacking().len(), 1);

    let allowed = format!(
        r#"{{{ASKED},"policies":{{"identity":[{{"document":{{"Statement":{{"Effect":"Allow","Action":"docs:*","Resource":"*"}}}}}}]}}}}"#
    );
    assert_eq!(notes(&allowed, &mut buffer), Outcome::Allow);
    assert_eq!(buffer.missing().iter().count(), 0);
    assert_eq!(buffer.unmet().count(), 0);
    assert!(buffer.lacking().is_empty());
    assert_eq!(buffer.deciding().count(), 1);
}

#[test]
fn a_key_is_noted_once_whatever_its_spelling_and_no_more_than_the_bound() {
    let tests: Vec<String> = (0..200)
        .flat_map(|n| [format!(r#""app:k{n}":"x""#)])
        .collect();
    let many = format!(
        r#"{{{ASKED},"policies":{{"identity":[
        {{"document":{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringEquals":{{"aws:SourceVpc":"x"}},
            "StringLike":{{"TRILBY:sourcevpc":"y"}}}}}}}}}},
        {{"document":{{"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringEquals":{{{}}}}}}}}}}}]}}}}"#,
        tests.join(",")
    );
    let mut buffer = Notes::default();
    notes(&many, &mut buffer);
    assert_eq!(buffer.missing().iter().next(), Some("aws:SourceVpc"));
    assert_eq!(buffer.missing().iter().nth(1), Some("app:k0"));
    assert_eq!(buffer.missing().iter().count(), KEYS_MAX);
    assert!(buffer.missing().is_cut());
}
