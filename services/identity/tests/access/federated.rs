//! Providers, links and role maps for the access matrix.

use serde_json::{Value, json};
use trilby_account::command::{CreateRole, ObserveProviderKeys, SeenKeys};
use trilby_account::{KnownPrincipals, RoleLimits};
use trilby_model::{AccountId, Tags};
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::http::Client;
use trilby_testkit::installation::Installation;

/// The issuer of all providers here; it stands.
pub const ISSUER: &str = "https://login.acme.example";
/// Where the sample provider says that its keys are now.
pub const MOVED: &str = "https://login.acme.example/moved";

/// A provider that needs no discovery.
pub fn provider_settings() -> Value {
    json!({
        "issuer": ISSUER, "audiences": ["app"],
        "keys": { "source": "jwks_uri", "jwks_uri": "https://login.acme.example/keys" },
    })
}

pub fn provider_arn(account: AccountId, name: &str) -> String {
    format!("arn:trilby:iam::{account}:oidc-provider/{name}")
}

/// Providers, links and role maps of an account; gives the account whose providers it has linked, and the ids of its own
/// provider and of its link.
pub fn federate(
    inside: &Installation,
    account: AccountId,
    root: &Client,
) -> (AccountId, [String; 2]) {
    let owner = inside.account("Owner");
    let owners = inside.root(owner);
    let make = |client: &Client, at: AccountId, name: &str, settings: Value| {
        let body = json!({ "name": name, "settings": settings });
        let path = format!("/v1/accounts/{at}/oidc-providers");
        client.post(&path, &body).expect(201)
    };
    for name in ["shared", "bare", "spare"] {
        let made = make(&owners, owner, name, provider_settings());
        let client = owners.with_header("if-match", made.etag());
        let path = format!("/v1/accounts/{owner}/oidc-providers/{name}/sharing");
        let body = json!({ "shared_with": [account.to_string()] });
        client.put(&path, &body).expect(200);
    }
    let discovered = json!({ "issuer": ISSUER, "audiences": ["app"] });
    let own = make(root, account, "own", discovered);
    make(root, account, "bare", provider_settings());
    let moved = ObserveProviderKeys {
        provider: "own".parse().unwrap(),
        keys: SeenKeys {
            jwks_uri: MOVED.parse().unwrap(),
            thumbprints: ["k".to_owned()].into(),
            document: "{}".to_owned(),
        },
    };
    inside.run(account, moved);
    let [link, _] = ["shared", "bare"].map(|name| {
        let body = json!({ "provider_arn": provider_arn(owner, name) });
        let path = format!("/v1/accounts/{account}/oidc-provider-links");
        root.post(&path, &body).expect(201)
    });
    login_role(inside, account, owner);
    for seat in ["oidc-providers/own", "oidc-provider-links/shared"] {
        let new = root.with_header("if-none-match", "*");
        let path = format!("/v1/accounts/{account}/{seat}/role-map");
        new.put(&path, &json!({ "role_map": {} })).expect(201);
    }
    let ids = [own, link].map(|made| made.text("/id").to_owned());
    (owner, ids)
}

/// A role that trusts both.
fn login_role(inside: &Installation, account: AccountId, owner: AccountId) {
    let of = |provider: String, name: &str| {
        let keys = [format!("oidc/{name}:aud"), format!("oidc/{name}:sub")];
        let [aud, sub] = keys;
        json!({
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": { "Federated": provider },
            "Condition": { "StringEquals": { aud: "app", sub: "ana" } },
        })
    };
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        of(provider_arn(account, "own"), "own"),
        of(provider_arn(owner, "shared"), "shared"),
    ] });
    let role = CreateRole {
        name: "login".parse().unwrap(),
        path: "/".parse().unwrap(),
        description: None,
        tags: Tags::default(),
        trust: document(Kind::Trust, &trust),
        known: KnownPrincipals::default(),
        limits: RoleLimits::default(),
        external_id_waiver: None,
    };
    inside.run(account, role);
}
