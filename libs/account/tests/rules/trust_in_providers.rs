use serde_json::{Value, json};
use trilby_account::command::{CreateRole, RegisterProvider, ReplaceTrustPolicy};
use trilby_account::{KnownPrincipals, Rejection};
use trilby_policy::{Document, Kind};
use trilby_testkit::given::{Given, account, document};

use crate::build::*;

const ARN: &str = "arn:trilby:iam::111122223333:oidc-provider/github";
const AUD: &str = "token.actions.githubusercontent.com:aud";
const SUB: &str = "token.actions.githubusercontent.com:sub";

fn with_github() -> Given {
    let settings = json!({
        "issuer": "https://token.actions.githubusercontent.com", "audiences": ["one", "two"],
    });
    account().with(RegisterProvider {
        name: "github".parse().unwrap(),
        settings: serde_json::from_value(settings).unwrap(),
        keys: None,
    })
}

fn trusting(conditions: &Value) -> Document {
    let statement = json!({
        "Effect": "Allow", "Principal": { "Federated": ARN },
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": conditions,
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Trust, &policy)
}

fn ci(conditions: &Value) -> CreateRole {
    CreateRole {
        trust: trusting(conditions),
        ..own_role("ci")
    }
}

#[test]
fn an_issuer_for_the_world_is_trusted_for_somebody_only() {
    let given = with_github();
    let open = [
        json!({}),
        json!({ "StringEquals": { AUD: "one" } }),
        json!({ "StringEquals": { AUD: "one" }, "StringLike": { SUB: "repo:*" } }),
        json!({ "StringEquals": { SUB: "repo:acme/app:ref:refs/heads/main" } }),
    ];
    for conditions in open {
        let outcome = given.clone().when(ci(&conditions));
        outcome.rejected_as("weak_trust_policy");
    }
    let pinned = json!({ "StringEquals": { AUD: "one", SUB: "repo:acme/app:environment:prod" } });
    let given = given.with(ci(&pinned));
    // The whole policy is asked about when it is replaced, too.
    let replace = |conditions: &Value| ReplaceTrustPolicy {
        role: "ci".parse().unwrap(),
        trust: trusting(conditions),
        known: KnownPrincipals::default(),
        revoke_sessions: false,
        external_id_waiver: None,
    };
    let refused = given
        .when(replace(&json!({})))
        .rejected_as("weak_trust_policy");
    let Rejection::WeakTrustPolicy { findings } = refused else {
        panic!("{refused:?}");
    };
    assert!(findings.iter().all(|one| one.pointer == "/Statement/0"));
}

#[test]
fn what_one_should_look_at_twice_is_kept_with_the_role() {
    let whole = json!({ "StringEquals": { AUD: "one" }, "StringLike": { SUB: "repo:acme/*" } });
    let given = with_github().with(ci(&whole));
    let warnings = |given: &Given| {
        let role = given.state().role(&"ci".parse().unwrap()).unwrap();
        let codes = role.trust_warnings.iter().map(|one| one.code.clone());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(warnings(&given), ["whole_organization_subject"]);
    let narrow = json!({ "StringEquals": { AUD: "one", SUB: "repo:acme/app:environment:prod" } });
    let given = given.with(ReplaceTrustPolicy {
        role: "ci".parse().unwrap(),
        trust: trusting(&narrow),
        known: KnownPrincipals::default(),
        revoke_sessions: false,
        external_id_waiver: None,
    });
    assert!(warnings(&given).is_empty());
}
