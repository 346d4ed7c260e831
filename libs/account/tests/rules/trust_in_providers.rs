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
    for (conditions, place) in [
        (json!({}), "in 2 places"),
        (json!({ "StringEquals": { AUD: "one" } }), "in 1 place"),
    ] {
        let refused = with_github().when(ci(&conditions));
        let said = refused.rejected_as("weak_trust_policy").to_string();
        assert!(said.ends_with(place), "{said}");
    }
}

#[test]
fn the_hint_is_one_that_this_issuer_s_claims_allow() {
    let hint = |given: Given, trust: Document| {
        let role = CreateRole {
            trust,
            ..own_role("ci")
        };
        let refused = given.when(role).rejected_as("weak_trust_policy");
        let Rejection::WeakTrustPolicy { findings } = refused else {
            panic!("{refused:?}");
        };
        findings[0].hint.clone().expect("a hint")
    };
    let of_github = hint(
        with_github(),
        trusting(&json!({ "StringEquals": { AUD: "one" } })),
    );
    assert!(of_github.contains("StringLike"), "{of_github}");

    let settings = json!({ "issuer": "https://accounts.google.com", "audiences": ["one"] });
    let google = account().with(RegisterProvider {
        settings: serde_json::from_value(settings).unwrap(),
        ..provider("google")
    });
    let arn = "arn:trilby:iam::111122223333:oidc-provider/google";
    let beginning = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Federated": arn }, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringLike": { "accounts.google.com:email": "*@acme.example" } },
    }] });
    let of_google = hint(google, document(Kind::Trust, &beginning));
    assert!(of_google.contains("whole"), "{of_google}");
    assert!(!of_google.contains("beginning"), "{of_google}");
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
