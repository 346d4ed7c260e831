//! The table of trust policies that others got wrong, and of those that say whom they mean.

use serde_json::{Value, json};

use super::*;
use crate::kind::{Grammar, Kind};

const GITHUB_ARN: &str = "arn:trilby:iam::111122223333:oidc-provider/github";

fn github() -> TrustedProvider {
    TrustedProvider {
        issuer: "token.actions.githubusercontent.com".to_owned(),
        name: "github".to_owned(),
        audiences: 2,
        shared: true,
        required_claims: vec![vec!["sub".to_owned(), "repository_owner_id".to_owned()]],
    }
}

fn look(provider: &TrustedProvider, conditions: &Value) -> Vec<Finding> {
    let statement = json!({
        "Effect": "Allow", "Principal": { "Federated": GITHUB_ARN },
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": conditions,
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let document = Document::from_value(&policy, Kind::Trust, &Grammar::stored()).unwrap();
    check(&document, |text| {
        (text == GITHUB_ARN).then(|| provider.clone())
    })
}

fn errors(provider: &TrustedProvider, conditions: &Value) -> usize {
    let found = look(provider, conditions);
    found
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .count()
}

fn warnings(provider: &TrustedProvider, conditions: &Value) -> Vec<&'static str> {
    let found = look(provider, conditions).into_iter();
    let found = found.filter(|one| one.severity == Severity::Warning);
    found.map(|one| one.code).collect()
}

/// Conditions on GitHub's claims, besides a good audience.
fn with_audience(operator: &str, key: &str, value: Value) -> Value {
    let aud = "token.actions.githubusercontent.com:aud";
    let mut conditions = json!({ "StringEquals": { aud: "sts.example.com" } });
    conditions[operator][key] = value;
    conditions
}

#[test]
fn who_is_not_pinned_down_is_not_trusted() {
    let sub = "token.actions.githubusercontent.com:sub";
    let owner = "token.actions.githubusercontent.com:repository_owner_id";
    let good = json!("repo:acme/app:ref:refs/heads/main");
    let table = [
        ("StringLike", sub, json!("*")),
        ("StringLike", sub, json!("repo:*")),
        ("StringLike", sub, json!("?*")),
        ("StringLike", sub, json!("repo:*/app:*")),
        ("StringLike", sub, json!("repo:acme*")),
        ("StringLike", sub, json!("repo:a?me/app:*")),
        ("StringLike", sub, json!("repo:/app:*")),
        ("StringLike", sub, json!("repo:")),
        ("StringLike", sub, json!("repo")),
        ("StringLike", sub, json!("*:ref:refs/heads/main")),
        ("StringLike", sub, json!("re*:acme/app")),
        ("StringLike", sub, json!(["repo:acme/app:*", "*"])),
        ("StringLike", sub, json!(["repo:acme/app:*", "repo:*"])),
        (
            "StringLike",
            sub,
            json!("repo:${aws:PrincipalTag/owner}/app:*"),
        ),
        (
            "StringLike",
            sub,
            json!("repo:acme/${aws:PrincipalTag/app}:*"),
        ),
        ("StringLike", sub, json!("${aws:PrincipalTag/sub}")),
        ("StringEquals", sub, json!("${aws:PrincipalTag/sub}")),
        ("StringEquals", sub, json!("repo:*/app:ref:refs/heads/main")),
        ("StringEquals", sub, json!("acme/app")),
        ("StringEquals", sub, json!("environment:production")),
        ("StringEqualsIgnoreCase", sub, json!("repo:")),
        ("StringEqualsIfExists", sub, good.clone()),
        ("StringLikeIfExists", sub, json!("repo:acme/app:*")),
        ("StringEqualsIgnoreCaseIfExists", sub, good.clone()),
        ("StringNotEquals", sub, good.clone()),
        ("StringNotLike", sub, json!("repo:evil/*")),
        ("StringNotEqualsIgnoreCase", sub, good.clone()),
        ("ForAllValues:StringEquals", sub, good.clone()),
        ("ForAllValues:StringLike", sub, json!("repo:acme/app:*")),
        ("ForAnyValue:StringNotEquals", sub, good.clone()),
        ("ForAnyValue:StringEqualsIfExists", sub, good.clone()),
        ("Null", sub, json!("false")),
        ("StringLike", owner, json!("*")),
        ("StringLike", owner, json!("12*")),
        ("StringEqualsIfExists", owner, json!("1234")),
        (
            "StringEquals",
            "token.actions.githubusercontent.com:actor",
            json!("mary"),
        ),
        (
            "StringEquals",
            "token.actions.githubusercontent.com:ref",
            json!("refs/heads/main"),
        ),
        ("StringEquals", "accounts.google.com:sub", good.clone()),
        ("StringEquals", "oidc/other:sub", good.clone()),
        ("StringEquals", "sts:RoleSessionName", good.clone()),
        ("StringEquals", "aws:PrincipalTag/sub", good),
    ];
    assert!(table.len() >= 40);
    for (operator, key, value) in table {
        let conditions = with_audience(operator, key, value);
        assert_eq!(errors(&github(), &conditions), 1, "{conditions}");
    }
    assert_eq!(
        errors(&github(), &json!({})),
        2,
        "neither audience nor subject"
    );
}

#[test]
fn who_is_pinned_down_is_trusted() {
    let sub = "token.actions.githubusercontent.com:sub";
    for (operator, key, value) in [
        (
            "StringEquals",
            sub,
            json!("repo:acme/app:ref:refs/heads/main"),
        ),
        (
            "StringEqualsIgnoreCase",
            sub,
            json!("repo:Acme/App:environment:prod"),
        ),
        ("StringLike", sub, json!("repo:acme/app:*")),
        (
            "StringLike",
            sub,
            json!(["repo:acme/app:*", "repo:acme/lib:*"]),
        ),
        (
            "ForAnyValue:StringEquals",
            sub,
            json!("repo:acme/app:ref:refs/heads/main"),
        ),
        (
            "StringEquals",
            "oidc/github:sub",
            json!("repo:acme/app:environment:prod"),
        ),
        (
            "StringEquals",
            "TOKEN.actions.githubusercontent.com:SUB",
            json!("repo:acme/app:x"),
        ),
        (
            "StringEquals",
            "trilby:FederatedSubject",
            json!("repo:acme/app:x"),
        ),
        (
            "StringEquals",
            "oidc/github:repository_owner_id",
            json!("1234"),
        ),
    ] {
        let conditions = with_audience(operator, key, value);
        assert_eq!(errors(&github(), &conditions), 0, "{conditions}");
    }
}

#[test]
fn the_hint_says_what_would_be_taken_of_that_issuer() {
    let hint = |issuer: &str, claims: &[&str]| {
        let provider = TrustedProvider {
            issuer: issuer.to_owned(),
            name: "github".to_owned(),
            audiences: 1,
            shared: true,
            required_claims: vec![claims.iter().map(|one| (*one).to_owned()).collect()],
        };
        let found = look(&provider, &json!({}));
        found[0].hint.clone().unwrap()
    };
    let whole = hint("accounts.google.com", &["sub", "hd", "email"]);
    assert!(
        whole.contains("StringEquals") && whole.contains("whole"),
        "{whole}"
    );
    assert!(
        !whole.contains("StringLike") && !whole.contains("beginning"),
        "{whole}"
    );
    // Of these claims one begins with the customer's name, and of one nothing is known.
    for (issuer, claims, open) in [
        (
            "token.actions.githubusercontent.com",
            &["repository_id", "sub", "repository_owner_id"][..],
            "`sub`",
        ),
        ("login.acme.example", &["team"][..], "`team`"),
    ] {
        let open = format!("StringLike with a literal beginning that names the owner for {open},");
        let hint = hint(issuer, claims);
        assert!(
            hint.contains("StringEquals") && hint.contains(&open),
            "{hint}"
        );
    }
}

/// Issuers for the world whose customers are named within a claim, or by an address that many share a beginning of.
#[test]
fn no_customer_of_another_known_issuer_is_left_open() {
    let of = |issuer: &str, claim: &str| TrustedProvider {
        issuer: issuer.to_owned(),
        name: "github".to_owned(),
        audiences: 1,
        shared: true,
        required_claims: vec![vec![claim.to_owned()]],
    };
    let github_of_an_enterprise = "token.actions.githubusercontent.com/acme";
    let table = [
        (github_of_an_enterprise, "sub", "repo:*", "repo:acme/*"),
        (
            "gitlab.com",
            "sub",
            "project_path:*",
            "project_path:acme/app:*",
        ),
        ("gitlab.com", "project_id", "4*", "4711"),
        (
            "app.terraform.io",
            "sub",
            "organization:*",
            "organization:acme:project:*",
        ),
        (
            "app.terraform.io",
            "terraform_organization_id",
            "org-*",
            "org-4711",
        ),
        (
            "app.terraform.io",
            "terraform_workspace_id",
            "ws-*",
            "ws-4711",
        ),
        (
            "agent.buildkite.com",
            "sub",
            "organization:*",
            "organization:acme:pipeline:*",
        ),
        ("agent.buildkite.com", "organization_id", "0*", "0184990a"),
        ("oidc.vercel.com", "sub", "owner:*", "owner:acme:project:*"),
        (
            "oidc.vercel.com/acme",
            "sub",
            "owner:ac*",
            "owner:acme:project:*",
        ),
        ("oidc.vercel.com", "owner_id", "team_*", "team_4711"),
        (
            "oidc.circleci.com/org/4711",
            "sub",
            "org/*",
            "org/4711/project/*",
        ),
        ("oidc.fly.io/acme", "sub", "a*", "acme:app:*"),
        (
            "api.bitbucket.org/2.0/workspaces/acme",
            "sub",
            "{*",
            "{4711}:*",
        ),
        ("accounts.google.com", "email", "mary@*", "mary@example.com"),
        ("accounts.google.com", "sub", "1*", "110169484474386276334"),
        ("appleid.apple.com", "email", "mary@*", "mary@example.com"),
        ("appleid.apple.com", "sub", "0*", "001999.b1"),
        (
            "login.microsoftonline.com/common/v2.0",
            "tid",
            "9*",
            "9188040d",
        ),
        (
            "login.microsoftonline.com/common/v2.0",
            "oid",
            "0*",
            "00000000",
        ),
        ("slack.com", "https://slack.com/team_id", "T*", "T4711"),
        ("www.linkedin.com/oauth", "sub", "7*", "782bbtaQ"),
        ("www.facebook.com", "sub", "1*", "10158"),
    ];
    for (issuer, claim, open, pinned) in table {
        let key = format!("oidc/github:{claim}");
        let like = |value: &str| json!({ "StringLike": { &key: value } });
        let provider = of(issuer, claim);
        assert_eq!(errors(&provider, &like(open)), 1, "{issuer} {open}");
        assert_eq!(errors(&provider, &like(pinned)), 0, "{issuer} {pinned}");
    }
    // Of an issuer that nobody knows the administrator's word counts.
    let other = of("login.example.com", "sub");
    let like = json!({ "StringLike": { "oidc/github:sub": "team:*" } });
    assert_eq!(errors(&other, &like), 0);
}

#[test]
fn the_audience_must_be_said_unless_there_is_one_only() {
    let private = TrustedProvider {
        shared: false,
        ..github()
    };
    let single = TrustedProvider {
        audiences: 1,
        ..private.clone()
    };
    assert_eq!(errors(&single, &json!({})), 0);
    let key = "oidc/github:aud";
    for (conditions, wrong) in [
        (json!({}), 1),
        (json!({ "StringEquals": { key: "sts.example.com" } }), 0),
        (
            json!({ "StringEquals": { "trilby:FederatedAudience": "sts.example.com" } }),
            0,
        ),
        (json!({ "StringLike": { key: "*" } }), 1),
        (
            json!({ "StringEqualsIfExists": { key: "sts.example.com" } }),
            1,
        ),
        (
            json!({ "StringEquals": { key: "${aws:PrincipalTag/aud}" } }),
            1,
        ),
        (
            json!({ "ForAllValues:StringEquals": { key: "sts.example.com" } }),
            1,
        ),
    ] {
        assert_eq!(errors(&private, &conditions), wrong, "{conditions}");
    }
}

#[test]
fn a_provider_that_is_not_known_counts_as_one_for_the_world() {
    let statement = json!({
        "Effect": "Allow", "Principal": { "Federated": "arn:trilby:iam::111122223333:oidc-provider/x" },
        "Action": "sts:AssumeRoleWithWebIdentity",
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let document = Document::from_value(&policy, Kind::Trust, &Grammar::stored()).unwrap();
    assert_eq!(check(&document, |_| None).len(), 2);
}

#[test]
fn a_denial_may_speak_of_anybody() {
    let statement = json!({
        "Effect": "Deny", "Principal": { "Federated": GITHUB_ARN },
        "Action": "sts:AssumeRoleWithWebIdentity",
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let document = Document::from_value(&policy, Kind::Trust, &Grammar::stored()).unwrap();
    assert_eq!(check(&document, |_| Some(github())), []);
}

#[test]
fn what_one_should_look_at_twice_is_said() {
    let of = |key: &str, operator: &str, value: Value| {
        let key = format!("token.actions.githubusercontent.com:{key}");
        warnings(&github(), &with_audience(operator, &key, value))
    };
    let main = json!("repo:acme/app:ref:refs/heads/main");
    assert_eq!(of("sub", "StringEquals", main), [""; 0]);
    assert_eq!(
        of("sub", "StringLike", json!("repo:acme/*")),
        ["whole_organization_subject"]
    );
    assert_eq!(
        of("sub", "StringEquals", json!("repo:acme/app:pull_request")),
        ["pull_request_subject"]
    );
    assert_eq!(
        of("repository", "StringEquals", json!("acme/app")),
        ["mutable_claim"]
    );
    assert_eq!(
        of("email", "StringEquals", json!("mary@example.com")),
        ["mutable_claim"]
    );
    assert_eq!(
        of("email", "StringLike", json!("mary@*")),
        ["mutable_claim", "email_without_domain"]
    );
    let both = json!({ "StringEquals": {
        "oidc/github:aud": "a", "oidc/github:repository": "acme/app",
        "oidc/github:repository_owner_id": "1234",
    } });
    assert_eq!(warnings(&github(), &both), [""; 0]);
    let other = with_audience("StringEquals", "oidc/other:sub", json!("x"));
    assert_eq!(warnings(&github(), &other), ["unused_provider"]);
}
