//! Who may call what: every operation of the documents, against everyone who must not get in.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};

use crate::acme::{Acme, attach, create_user, once, question};
use crate::operations::{Operation, operations};

/// An account and an organization that do not exist.
const NO_ACCOUNT: &str = "000000000001";
const NO_ORGANIZATION: &str = "o-zzzzzzzzzz";

/// What stands in acme-dev, by the names of path parameters.
struct Things {
    values: BTreeMap<&'static str, String>,
}

impl Things {
    /// Makes one of each kind, so that nothing is refused for being absent.
    fn make(acme: &Acme) -> Things {
        let admin = acme.dev_admin();
        let write = |method: &str, rest: &str, body: Value| {
            let answer = once(&admin, method, &acme.in_dev(rest))
                .header("if-none-match", "*")
                .json(&body)
                .send();
            assert!((200..300).contains(&answer.status), "{answer:?}");
            answer
        };
        let post = |rest: &str, body: Value| {
            let answer = once(&admin, "POST", &acme.in_dev(rest)).json(&body).send();
            answer.expect(201)
        };
        let mary = create_user(&admin, &acme.dev.id, "Mary");
        post("/groups", json!({"name": "Billing"}));
        post(
            "/policies",
            json!({"name": "Reading", "document": policy()}),
        );
        post("/applications", json!({"name": "s3"}));
        write("PUT", "/applications/s3/resources/bucket/drafts", json!({}));
        write(
            "PUT",
            "/applications/s3/resources/bucket/drafts/policy",
            json!({"document": resource_policy(acme)}),
        );
        for holder in [
            "users/Mary",
            "groups/Billing",
            "roles/OrganizationAccountAccessRole",
        ] {
            let inline = format!("/{holder}/inline-policies/Inline");
            let body = json!({"document": policy()});
            let answer = once(&admin, "PUT", &acme.in_dev(&inline))
                .header("if-none-match", "*")
                .json(&body)
                .send();
            // The organization's own role is protected.
            assert!([201, 403].contains(&answer.status), "{answer:?}");
        }
        let key = crate::acme::create_key(&admin, &acme.dev.id, "Mary");
        let external_id = post("/external-ids", json!({}));
        let provider = login_provider(acme);
        let link = json!({"provider_arn": provider.0, "name": "login"});
        post("/oidc-provider-links", link);
        write(
            "PUT",
            "/oidc-provider-links/login/role-map",
            json!({"role_map": {"rules": []}}),
        );
        post(
            "/oidc-providers",
            json!({"name": "login", "settings": provider.1}),
        );
        write(
            "PUT",
            "/oidc-providers/login/role-map",
            json!({"role_map": {"rules": []}}),
        );
        let (unit, control_policy) = tree(acme);
        let me = admin.get("/v1/caller-identity").expect(200);
        let asked = format!("/accounts/{}/access/v1/evaluation", acme.dev.id);
        let asked = (asked, question("Mary", "s3:GetObject", "bucket", "drafts"));
        let decided = admin.post(&asked.0, &asked.1).expect(200);
        let decision = decided.header("trilby-decision-id").unwrap();
        let alias = json!({"principal": mary.text("/id")});
        let alias = once(
            &admin,
            "PUT",
            &acme.in_dev("/subject-aliases/customer/4711"),
        )
        .json(&alias)
        .send();
        assert!((200..300).contains(&alias.status), "{alias:?}");
        let values = [
            ("account", acme.dev.id.as_str()),
            ("organization", &acme.organization),
            ("user", "Mary"),
            ("group", "Billing"),
            ("role", "OrganizationAccountAccessRole"),
            ("policy", "Reading"),
            ("version", "v1"),
            ("name", "Inline"),
            ("application", "s3"),
            ("access_key", &key.id),
            ("session", me.text("/session_id")),
            ("seq", "1"),
            ("decision", decision),
            ("external_id", external_id.text("/external_id")),
            ("provider", "login"),
            ("link", "login"),
            ("unit", &unit),
            ("target", &acme.dev.id),
            ("control_policy", &control_policy),
            // Only an account outside the organization can be invited, and here is none.
            ("invitation", "TINV00000000000000000"),
        ];
        Things {
            values: values.map(|(name, value)| (name, value.to_owned())).into(),
        }
    }

    /// The path of an operation on these things.
    fn path(&self, operation: &Operation) -> String {
        operation.path_with(
            |name| match (name, operation.path.contains("subject-aliases")) {
                ("type", true) => "customer".to_owned(),
                ("id", true) => "4711".to_owned(),
                ("type", false) => "bucket".to_owned(),
                ("id", false) => "drafts".to_owned(),
                ("name", _) if operation.id == "get_system_policy" => {
                    "AdministratorAccess".to_owned()
                }
                (name, _) => {
                    let value = self.values.get(name);
                    value
                        .unwrap_or_else(|| panic!("no {name} for {}", operation.path))
                        .clone()
                }
            },
        )
    }

    /// The same path in another account or organization, which does not exist.
    fn nowhere(&self, operation: &Operation) -> String {
        self.path(operation)
            .replace(&self.values["organization"], NO_ORGANIZATION)
            .replace(&self.values["account"], NO_ACCOUNT)
    }
}

/// A provider of acme-prod that acme-dev may link, and the settings of one like it: with keys of its own, so that nobody is called.
fn login_provider(acme: &Acme) -> (String, Value) {
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
    let settings = |issuer: &str| {
        json!({
            "issuer": issuer, "audiences": ["app"],
            "keys": {"source": "static", "jwks": {"keys": [key]}},
        })
    };
    let admin = acme.prod_admin();
    let base = format!("/v1/accounts/{}/oidc-providers", acme.prod.id);
    let body = json!({"name": "shared", "settings": settings("https://shared.example")});
    let made = once(&admin, "POST", &base).json(&body).send().expect(201);
    once(&admin, "PUT", &format!("{base}/shared/sharing"))
        .header("if-match", made.text("/etag"))
        .json(&json!({"shared_with": [acme.dev.id]}))
        .send()
        .expect(200);
    (
        made.text("/arn").to_owned(),
        settings("https://login.example"),
    )
}

/// A unit and a control policy of the organization.
fn tree(acme: &Acme) -> (String, String) {
    let base = format!("/v1/organizations/{}", acme.organization);
    let made = |what: &str, body: Value| {
        let answer = once(&acme.admin(), "POST", &format!("{base}/{what}"))
            .json(&body)
            .send()
            .expect(201);
        answer.text("/id").to_owned()
    };
    let cap = json!({"name": "Cap", "kind": "scp", "document": cap()});
    (
        made("units", json!({"name": "Labs"})),
        made("control-policies", cap),
    )
}

fn cap() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]})
}

fn trust(account: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole",
    }]})
}

fn policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
}

fn resource_policy(acme: &Acme) -> Value {
    let account = &acme.dev.id;
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:trilby:iam::{account}:user/Mary")},
        "Action": "s3:*",
        "Resource": format!("arn:trilby:s3::{account}:bucket/drafts"),
    }]})
}

/// A good body for an operation whose schema alone does not give one.
fn body(operation: &Operation) -> Option<Value> {
    Some(match operation.id.as_str() {
        "create_policy" => json!({"name": "Another", "document": policy()}),
        "create_policy_version" => json!({"document": policy()}),
        id if id.ends_with("_inline_policy") => json!({"document": policy()}),
        "put_resource_policy" => {
            let account = NO_ACCOUNT;
            json!({"document": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": format!("arn:trilby:s3::{account}:bucket/drafts"),
            }]}})
        }
        "create_revocation" => json!({"user": "Mary"}),
        "simulate_web_identity" => json!({
            "provider": format!("arn:trilby:iam::{NO_ACCOUNT}:oidc-provider/login"),
            "claims": {"sub": "ana", "aud": "app"},
        }),
        "create_role" => json!({"name": "Fresh", "trust_policy": trust(NO_ACCOUNT)}),
        "update_role" | "update_control_policy" => json!({"description": "another"}),
        "put_role_trust_policy" => json!({"document": trust(NO_ACCOUNT)}),
        "put_user_permissions_boundary" | "put_role_permissions_boundary" => {
            json!({"policy_arn": "arn:trilby:iam::system:policy/ReadOnlyAccess"})
        }
        "create_external_id" => json!({}),
        "create_oidc_provider" => json!({
            "name": "fresh", "settings": {"issuer": "https://fresh.example", "audiences": ["app"]},
        }),
        "update_oidc_provider" => json!({"settings": {"clock_skew_seconds": 5}}),
        "share_oidc_provider" => json!({"shared_with": [NO_ACCOUNT]}),
        "confirm_oidc_provider_keys_uri" => json!({"jwks_uri": "https://login.example/keys"}),
        "create_oidc_provider_link" => json!({
            "provider_arn": format!("arn:trilby:iam::{NO_ACCOUNT}:oidc-provider/login"),
        }),
        "update_oidc_provider_link" => json!({"settings": {"audiences": ["app"]}}),
        id if id.ends_with("_role_map") => json!({"role_map": {"rules": []}}),
        "create_unit" | "update_unit" => json!({"name": "Fresh"}),
        "move_unit" | "move_member_account" => json!({"parent_id": "ou-7dk20aqz"}),
        "create_control_policy" => json!({"name": "Fresh", "kind": "scp", "document": cap()}),
        "create_control_policy_version" => json!({"document": cap()}),
        "set_default_control_policy_version" => json!({"version": "v1"}),
        "put_delegated_admin" => json!({"actions": ["organizations:MoveUnit"]}),
        "put_quarantine" | "suspend_account" => json!({"reason": "a stolen laptop"}),
        "create_invitation" => json!({"account_id": NO_ACCOUNT}),
        "accept_invitation" => json!({"ticket": "tbi_nothing"}),
        "enable_root_credential" => json!({"root_email": "dev@acme.example"}),
        "put_subject_alias" => json!({"principal": "TUSR00000000000000000"}),
        "put_login_profile" => json!({"password": crate::acme::ROOT_PASSWORD}),
        "set_default_policy_version" => json!({"version": "v1"}),
        "create_organization" => json!({"name": "Another"}),
        "create_member_account" => json!({"name": "another"}),
        id if id.starts_with("evaluate") => question("Mary", "s3:GetObject", "bucket", "drafts"),
        "simulate" => json!({
            "request": {"principal": "arn:aws:iam::111122223333:user/Mary", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/o", "resource_account": "111122223333"},
            "policies": {"identity": [{"name": "Reading", "document": policy()}]},
        }),
        _ => return None,
    })
}

fn call(client: &Client, operation: &Operation, path: &str) -> Answer {
    operation.request(client, path, body(operation)).send()
}

/// What an answer tells, without what names the request itself.
fn told(answer: &Answer) -> (u16, String, BTreeMap<String, String>) {
    let mut body = answer.json.clone();
    let members = body
        .as_object_mut()
        .unwrap_or_else(|| panic!("no problem: {answer:?}"));
    members.remove("instance");
    members.remove("request_id");
    let mut headers = answer.headers.clone();
    for name in ["date", "trilby-request-id", "content-length"] {
        headers.remove(name);
    }
    (answer.status, body.to_string(), headers)
}

#[test]
fn every_operation_refuses_everyone_who_has_no_business_there() {
    let acme = Acme::start();
    let things = Things::make(&acme);
    let all = operations(&acme.stranger());
    let guarded: Vec<&Operation> = all
        .iter()
        .filter(|operation| !operation.is_public())
        .collect();
    assert!(
        guarded.len() >= 95,
        "only {} operations need a token",
        guarded.len()
    );

    public_operations_are_known(&all);
    no_token(&acme, &things, &guarded);
    administrators_read_everything(&acme, &things, &guarded);
    let seq = acme.dev_seq();
    another_account(&acme, &things, &guarded);
    no_permission(&acme, &things, &guarded);
    one_permission(&acme);
    refused_everything_changed_nothing(&acme, &seq);
    ended_sessions(&acme, &things, &guarded);
}

/// The list of what needs no token. It grows only by operations that take a proof of their own.
fn public_operations_are_known(all: &[Operation]) {
    let mut public: Vec<&str> = all
        .iter()
        .filter(|one| one.is_public())
        .map(|one| one.id.as_str())
        .collect();
    public.sort_unstable();
    assert_eq!(
        public,
        [
            "assume_role_with_web_identity",
            "bootstrap",
            "change_password",
            "create_federated_session",
            "create_nonce",
            "create_token",
            "get_account_decision_point",
            "get_decision_point",
            "get_jwks",
            "get_oauth_authorization_server",
            "get_openid_configuration",
            "introspect_token",
            "revoke_token",
        ]
    );
}

fn no_token(acme: &Acme, things: &Things, guarded: &[&Operation]) {
    let broken = {
        let (head, signature) = acme.dev.admin.rsplit_once('.').unwrap();
        let turned: String = signature.chars().rev().collect();
        format!("{head}.{turned}")
    };
    let strangers = [
        ("no token", acme.stranger()),
        ("no JWT", acme.stranger().with_token("x")),
        ("a broken signature", acme.stranger().with_token(&broken)),
        (
            "another scheme",
            acme.stranger()
                .with_header("authorization", &format!("Basic {}", acme.dev.admin)),
        ),
    ];
    for operation in guarded {
        for (who, client) in &strangers {
            let answer = call(client, operation, &things.path(operation));
            assert_eq!(
                (answer.status, answer.code()),
                (401, Some("unauthenticated")),
                "{who}: {answer:?}"
            );
            operation.assert_described(&answer);
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "{answer:?}");
        }
    }
}

/// What is refused to others below is there, and this is how it is asked for.
fn administrators_read_everything(acme: &Acme, things: &Things, guarded: &[&Operation]) {
    let (dev, management) = (acme.dev_admin(), acme.admin());
    let mut n_read = 0;
    for operation in guarded.iter().filter(|one| one.method() == "GET") {
        let client = match operation.path.contains("{organization}") {
            true => &management,
            false => &dev,
        };
        let answer = call(client, operation, &things.path(operation));
        if operation.id == "get_role_inline_policy" && answer.status == 404 {
            continue; // the protected role has none
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        operation.assert_described(&answer);
        assert!(
            answer.header("trilby-seq").is_some() || operation.action().is_none(),
            "{answer:?}"
        );
        n_read += 1;
    }
    assert!(n_read >= 35, "only {n_read} reads");
}

/// To a caller of another account an existing place is as one that does not exist, in every byte.
fn another_account(acme: &Acme, things: &Things, guarded: &[&Operation]) {
    for operation in guarded {
        let in_organization = operation.path.contains("{organization}");
        if !in_organization && !operation.path.contains("{account}") {
            continue;
        }
        let stranger = acme.prod_admin();
        let there = call(&stranger, operation, &things.path(operation));
        let nowhere = call(&stranger, operation, &things.nowhere(operation));
        assert_eq!(
            (there.status, there.code()),
            (404, Some("not_found")),
            "{}: {there:?}",
            operation.id
        );
        assert_eq!(told(&there), told(&nowhere), "{}", operation.id);
        operation.assert_described(&there);
    }
}

/// A user of the account without any policy: refused, and no wiser.
fn no_permission(acme: &Acme, things: &Things, guarded: &[&Operation]) {
    let (_, token) = acme.nobody("nobody");
    let client = acme.stranger().with_token(&token);
    for operation in guarded.iter().filter(|one| one.action().is_some()) {
        let answer = call(&client, operation, &things.path(operation));
        match answer.status {
            403 => {
                assert_eq!(answer.code(), Some("access_denied"), "{answer:?}");
                assert_eq!(answer.text("/action"), operation.action().unwrap());
                assert!(!answer.text("/decision_id").is_empty());
            }
            404 => assert_eq!(answer.code(), Some("not_found"), "{answer:?}"),
            _ => panic!("{}: {answer:?}", operation.id),
        }
        operation.assert_described(&answer);
        assert!(answer.header("etag").is_none(), "{answer:?}");
    }
    for (rest, absent) in [
        ("/users/Mary", "/users/Maria"),
        ("/groups/Billing", "/groups/Filling"),
        ("/policies/Reading", "/policies/Writing"),
        (
            "/applications/s3/resources/bucket/drafts",
            "/applications/s3/resources/bucket/gifts",
        ),
    ] {
        let found = client.get(&acme.in_dev(rest));
        let missed = client.get(&acme.in_dev(absent));
        assert_eq!(told(&found), told(&missed), "{rest}");
    }
}

/// A right opens what it names, and nothing beside it.
fn one_permission(acme: &Acme) {
    let admin = acme.dev_admin();
    let (_, token) = acme.nobody("reader");
    let reader = acme.stranger().with_token(&token);
    attach(&admin, &acme.dev.id, "reader", "system:ReadOnlyAccess");
    reader.get(&acme.in_dev("/users/Mary")).expect(200);
    reader.get(&acme.in_dev("/users")).expect(200);
    let create = json!({"name": "Eve"});
    reader
        .post(&acme.in_dev("/users"), &create)
        .expect_problem(403, "access_denied");
    let path = acme.in_dev("/users/Mary");
    reader.delete(&path).expect_problem(403, "access_denied");

    let (_, token) = acme.nobody("gardener");
    let gardener = acme.stranger().with_token(&token);
    let only_mary = json!({"document": {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "iam:GetUser",
        "Resource": format!("arn:trilby:iam::{}:user/Mary", acme.dev.id),
    }]}});
    let inline = acme.in_dev("/users/gardener/inline-policies/OnlyMary");
    once(&admin, "PUT", &inline)
        .header("if-none-match", "*")
        .json(&only_mary)
        .send()
        .expect(201);
    gardener.get(&path).expect(200);
    gardener
        .get(&acme.in_dev("/users/reader"))
        .expect_problem(404, "not_found");
    gardener.delete(&path).expect_problem(403, "access_denied");
    for name in ["reader", "gardener", "nobody"] {
        once(
            &admin,
            "DELETE",
            &acme.in_dev(&format!("/users/{name}?cascade=true")),
        )
        .send()
        .expect(204);
    }
}

/// The only events since are those of the administrator's own doing.
fn refused_everything_changed_nothing(acme: &Acme, seq: &str) {
    let after = seq.split(['@', '.']).nth(1).unwrap();
    let events = acme
        .dev_admin()
        .get(&acme.in_dev(&format!("/log?after={after}&limit=100")))
        .expect(200);
    let events = events.json["items"].as_array().unwrap().clone();
    assert!(!events.is_empty());
    let own = [
        "create_user",
        "create_access_key",
        "attach_user_policy",
        "put_user_inline_policy",
        "delete_user",
    ];
    for event in &events {
        let operation = event["meta"]["operation"].as_str().unwrap();
        assert!(own.contains(&operation), "{event}");
        let actor = &event["meta"]["actor"]["arn"];
        let administrator = "assumed-role/OrganizationAccountAccessRole/e2e";
        assert!(actor.as_str().unwrap().ends_with(administrator), "{event}");
    }
}

/// A session that has ended opens nothing, however it ended.
fn ended_sessions(acme: &Acme, things: &Things, guarded: &[&Operation]) {
    let admin = acme.dev_admin();
    let ended = ["by key", "by user", "by itself", "by revocation"].map(|how| {
        let name = how.replace(' ', "-");
        let (key, token) = acme.nobody(&name);
        attach(&admin, &acme.dev.id, &name, "system:AdministratorAccess");
        let client = acme.stranger().with_token(&token);
        client.get(&acme.in_dev("/users")).expect(200);
        let user = acme.in_dev(&format!("/users/{name}"));
        let answer = match how {
            "by key" => once(&admin, "DELETE", &format!("{user}/access-keys/{}", key.id)).send(),
            "by user" => once(&admin, "DELETE", &format!("{user}?cascade=true")).send(),
            "by itself" => client.form("/v1/revoke", &[("token", &token)]),
            _ => once(&admin, "POST", &acme.in_dev("/revocations"))
                .json(&json!({"user": name}))
                .send(),
        };
        assert!((200..300).contains(&answer.status), "{how}: {answer:?}");
        (how, client)
    });
    for operation in guarded {
        for (how, client) in &ended {
            let answer = call(client, operation, &things.path(operation));
            assert_eq!(
                (answer.status, answer.code()),
                (401, Some("unauthenticated")),
                "{how}: {answer:?}"
            );
        }
    }
    for (how, client) in &ended {
        let answer = client.form("/v1/introspect", &[("token", "x")]);
        assert_eq!(answer.status, 401, "{how}: {answer:?}");
    }
}
