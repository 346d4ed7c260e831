use serde_json::{Value, json};

use super::*;

fn provider(extra: &Value) -> Result<ProviderSettings, Invalid> {
    let mut body = json!({ "issuer": "https://idp.example/a", "audiences": ["app"] });
    for (key, value) in extra.as_object().unwrap() {
        body[key] = value.clone();
    }
    let change: ProviderChange =
        serde_json::from_value(body).map_err(|error| Invalid::new("decode", error.to_string()))?;
    change.create()
}

fn map(body: Value) -> Result<RoleMap, String> {
    serde_json::from_value(body).map_err(|error| error.to_string())
}

fn rule(extra: &Value) -> Value {
    let mut rule = json!({
        "id": "r", "priority": 1, "roles": ["arn:trilby:iam::111122223333:role/A"],
        "when": [{ "claim": "groups", "op": "contains", "value": "eng" }],
    });
    for (key, value) in extra.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

#[test]
fn an_issuer_is_one_spelling_of_a_plain_url() {
    for good in [
        "https://accounts.google.com",
        "https://login.microsoftonline.com/9188040d/v2.0",
        "https://acme.eu.auth0.com/",
        "http://127.0.0.1:8080",
        "https://Keycloak.internal:8443/realms/x",
    ] {
        assert_eq!(good.parse::<IssuerUrl>().unwrap().as_str(), good);
    }
    for bad in [
        "",
        "accounts.google.com",
        "ftp://a.example",
        "HTTPS://a.example",
        "https://",
        "https:///x",
        "https://a.example?x=1",
        "https://a.example/#f",
        "https://a@b.example",
        "https://a:b@c.example",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:",
        "https://a.example:+1",
        "https://a.example:080",
        "https://a..example",
        "https://a.example./x",
        "https://-a.example",
        "https://a.example\\@b.example",
        "https://a.example/x y",
        "https://münchen.example",
        "https://[::1]",
        "https://a%2eexample",
        " https://a.example",
        "https://a.example\n",
    ] {
        assert!(bad.parse::<IssuerUrl>().is_err(), "{bad}");
    }
    let long = format!("https://a.example/{}", "x".repeat(240));
    assert!(long.parse::<IssuerUrl>().is_err());
}

#[test]
fn an_issuer_knows_its_host_port_and_documents() {
    let issuer: IssuerUrl = "https://acme.auth0.com/".parse().unwrap();
    assert_eq!((issuer.host(), issuer.port()), ("acme.auth0.com", 443));
    assert_eq!(issuer.without_scheme(), "acme.auth0.com/");
    assert_eq!(
        issuer.discovery_url(),
        "https://acme.auth0.com/.well-known/openid-configuration"
    );
    let plain: IssuerUrl = "http://127.0.0.1:8080/x".parse().unwrap();
    assert_eq!(
        (plain.host(), plain.port(), plain.is_https()),
        ("127.0.0.1", 8080, false)
    );
}

#[test]
fn a_provider_has_the_defaults_of_its_template() {
    let login = provider(&json!({})).unwrap();
    assert_eq!(
        (login.replay, login.nonce),
        (Replay::SingleUse, Nonce::Optional)
    );
    assert_eq!(login.clock_skew_seconds, 30);
    assert_eq!(login.allowed_algs.len(), 3);
    let workload = provider(&json!({ "template": "workload" })).unwrap();
    assert_eq!(
        (workload.replay, workload.nonce),
        (Replay::UntilExp, Nonce::None)
    );
}

#[test]
fn a_provider_cannot_be_made_wrong() {
    for (extra, pointer) in [
        (json!({ "issuer": null }), "/issuer"),
        (json!({ "audiences": null }), "/audiences"),
        (json!({ "audiences": [] }), "/audiences"),
        (json!({ "allowed_algs": [] }), "/allowed_algs"),
        (json!({ "clock_skew_seconds": 121 }), "/clock_skew_seconds"),
        (
            json!({ "max_token_age_seconds": 59 }),
            "/max_token_age_seconds",
        ),
        (
            json!({ "max_token_age_seconds": 86401 }),
            "/max_token_age_seconds",
        ),
        (
            json!({ "max_token_lifetime_seconds": 604_801 }),
            "/max_token_lifetime_seconds",
        ),
        (json!({ "max_token_bytes": 20_001 }), "/max_token_bytes"),
        (
            json!({ "stale_max_seconds": 604_801 }),
            "/stale_max_seconds",
        ),
        (json!({ "sharing": "shared" }), "/required_claims"),
        (
            json!({ "sharing": "shared", "required_claims": [{ "any_of": [] }] }),
            "/required_claims/0/any_of",
        ),
        (
            json!({ "required_claims": [{ "any_of": ["sub"] }] }),
            "/required_claims",
        ),
        (
            json!({ "exposed_claims": ["a/b", "/a/b"] }),
            "/exposed_claims",
        ),
        (
            json!({ "exposed_claims": ["Dept", "dept"] }),
            "/exposed_claims",
        ),
        (json!({ "allowed_algs": ["HS256"] }), "decode"),
        (json!({ "allowed_algs": ["none"] }), "decode"),
        (json!({ "audiences": ["a b"] }), "decode"),
        (json!({ "surplus": 1 }), "decode"),
        (
            json!({ "keys": { "source": "discovery", "surplus": 1 } }),
            "decode",
        ),
        (json!({ "keys": { "source": "jwks_uri" } }), "decode"),
    ] {
        assert_eq!(provider(&extra).unwrap_err().pointer, pointer, "{extra}");
    }
}

#[test]
fn written_keys_are_public_and_few() {
    for bad in [
        json!({ "keys": [] }),
        json!({}),
        json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }),
        json!({ "keys": [{ "kty": "oct" }] }),
        json!({ "keys": [{ "kty": "RSA", "n": "AQ", "e": "AQAB", "d": "AQ" }] }),
        json!({ "keys": vec![json!({ "kty": "EC" }); 101] }),
        json!({ "keys": [{ "kty": "EC", "x": "A".repeat(65_536) }] }),
    ] {
        let extra = json!({ "keys": { "source": "static", "jwks": bad } });
        assert!(provider(&extra).is_err());
    }
    let good =
        json!({ "keys": { "source": "static", "jwks": { "keys": [{ "kty": "EC", "x": "A" }] } } });
    assert!(provider(&good).is_ok());
}

#[test]
fn a_stored_provider_reads_back_as_itself() {
    let settings = provider(&json!({
        "sharing": "shared", "required_claims": [{ "any_of": ["repository_id", "repository_owner_id"] }],
        "require_claims": [{ "claim": "hd", "op": "equals", "value": "example.com" }], "exposed_claims": ["/realm_access/roles"],
        "session_name_claim": "email", "keys": { "source": "jwks_uri", "jwks_uri": "https://a.example/keys?v=1" },
    }))
    .unwrap();
    let stored = serde_json::to_value(&settings).unwrap();
    assert_eq!(
        serde_json::from_value::<ProviderSettings>(stored.clone()).unwrap(),
        settings
    );
    let mut spoiled = stored;
    spoiled["audiences"] = json!([]);
    assert!(serde_json::from_value::<ProviderSettings>(spoiled).is_err());
}

#[test]
fn a_change_is_checked_as_the_whole_it_leads_to() {
    let settings = provider(&json!({ "sharing": "shared", "required_claims": [{ "any_of": ["sub"] }], "session_name_claim": "email" })).unwrap();
    let change = |body: Value| settings.changed_by(serde_json::from_value(body).unwrap());
    assert_eq!(
        change(json!({ "required_claims": [] }))
            .unwrap_err()
            .pointer,
        "/required_claims"
    );
    assert_eq!(
        change(json!({ "sharing": "private" })).unwrap_err().pointer,
        "/required_claims"
    );
    assert_eq!(
        change(json!({ "issuer": "https://other.example" }))
            .unwrap_err()
            .pointer,
        "/issuer"
    );
    assert!(change(json!({ "issuer": "https://idp.example/a" })).is_ok());
    assert_eq!(change(json!({})).unwrap(), settings);
    assert_eq!(
        change(json!({ "session_name_claim": null }))
            .unwrap()
            .session_name_claim,
        None
    );
}

#[test]
fn a_claim_is_a_top_level_name_or_a_pointer() {
    let claims = json!({ "https://acme/roles": "top", "realm": { "roles": ["a"], "a/b": 1 } });
    let claims = claims.as_object().unwrap();
    let find = |path: &str| path.parse::<ClaimPath>().unwrap().find(claims).cloned();
    assert_eq!(find("https://acme/roles"), Some(json!("top")));
    assert_eq!(find("/realm/roles"), Some(json!(["a"])));
    assert_eq!(find("/realm/a~1b"), Some(json!(1)));
    assert_eq!(find("realm/roles"), None);
    assert_eq!(find("/realm/roles/0"), None);
    assert_eq!(
        "/realm/roles"
            .parse::<ClaimPath>()
            .unwrap()
            .condition_name(),
        "realm/roles"
    );
    for bad in [
        "",
        "/",
        "//a",
        "/a/",
        "/a~2",
        "/a~",
        "a{b",
        "/1/2/3/4/5/6/7/8/9",
    ] {
        assert!(bad.parse::<ClaimPath>().is_err(), "{bad}");
    }
}

#[test]
fn a_claim_test_has_the_value_its_op_needs() {
    for (op, good, bad) in [
        ("equals", json!("x"), json!(1)),
        ("not_equals", json!("x"), json!(null)),
        ("one_of", json!(["x"]), json!([])),
        ("one_of", json!(["x", "y"]), json!("x")),
        ("starts_with", json!("x"), json!("")),
        ("ends_with", json!("x"), json!("")),
        ("contains", json!("x"), json!(["x"])),
        ("contains_text", json!("x"), json!("")),
        ("glob", json!("repo:*"), json!("")),
        ("glob", json!("a?"), json!("*********")),
        ("number_ge", json!(3), json!(3.5)),
        ("number_le", json!(-3), json!("3")),
        ("bool", json!(true), json!("true")),
    ] {
        let test = |value: &Value| {
            serde_json::from_value::<ClaimTest>(json!({ "claim": "c", "op": op, "value": value }))
        };
        let parsed = test(&good).unwrap();
        let again = serde_json::to_value(&parsed).unwrap();
        assert_eq!(serde_json::from_value::<ClaimTest>(again).unwrap(), parsed);
        assert!(test(&bad).is_err(), "{op} {bad}");
    }
    let exists = |body: Value| serde_json::from_value::<ClaimTest>(body);
    assert!(exists(json!({ "claim": "c", "op": "exists" })).is_ok());
    assert!(exists(json!({ "claim": "c", "op": "not_exists", "value": "x" })).is_err());
    assert!(exists(json!({ "claim": "c", "op": "matches", "value": "x" })).is_err());
    assert!(exists(json!({ "claim": "c", "op": "equals" })).is_err());
}

#[test]
fn a_role_map_cannot_be_made_wrong() {
    let role = |n: u32| format!("arn:trilby:iam::111122223333:role/R{n}");
    for (body, place) in [
        (
            json!({ "rules": [rule(&json!({})), rule(&json!({ "id": "s" }))] }),
            "/rules/1/priority",
        ),
        (
            json!({ "rules": [rule(&json!({})), rule(&json!({ "id": "R", "priority": 2 }))] }),
            "/rules/1/id",
        ),
        (
            json!({ "rules": [rule(&json!({ "when": [] }))] }),
            "/rules/0/when",
        ),
        (
            json!({ "rules": [rule(&json!({ "roles": [] }))] }),
            "/rules/0/roles",
        ),
        (
            json!({ "rules": [rule(&json!({ "roles": ["arn:trilby:iam::111122223333:user/x"] }))] }),
            "/rules/0/roles/0",
        ),
        (
            json!({ "rules": [rule(&json!({ "roles": [role(1), "arn:aws:iam::111122223333:role/R1"] }))] }),
            "/rules/0/roles/1",
        ),
        (
            json!({ "rules": [rule(&json!({ "max_duration_seconds": 899 }))] }),
            "/rules/0/max_duration_seconds",
        ),
        (
            json!({ "rules": [rule(&json!({ "transitive": ["team"] }))] }),
            "/rules/0/transitive",
        ),
        (
            json!({ "rules": [rule(&json!({ "tags": { "Team": "a", "team": "b" } }))] }),
            "/rules/0/tags",
        ),
        (
            json!({ "rules": [rule(&json!({ "effect": "deny", "tags": { "team": "a" } }))] }),
            "/rules/0/effect",
        ),
        (
            json!({ "default_roles": (0..11).map(role).collect::<Vec<_>>() }),
            "/default_roles",
        ),
        (json!({ "default_roles": ["x"] }), "not an ARN"),
        (json!({ "rules": [], "surplus": 1 }), "surplus"),
        (
            json!({ "rules": [rule(&json!({ "surplus": 1 }))] }),
            "surplus",
        ),
    ] {
        let error = map(body.clone()).unwrap_err();
        assert!(error.contains(place), "{error}: {body}");
    }
    let many: Vec<Value> = (0..101)
        .map(|n| rule(&json!({ "id": format!("r{n}"), "priority": n })))
        .collect();
    assert!(
        map(json!({ "rules": many }))
            .unwrap_err()
            .contains("/rules")
    );
    assert!(map(json!({})).is_ok());
}

#[test]
fn rules_are_kept_in_the_order_of_their_priority() {
    let map = map(json!({ "rules": [rule(&json!({ "priority": 9 })), rule(&json!({ "id": "s", "priority": 2 }))] })).unwrap();
    let order: Vec<&str> = map.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(order, ["s", "r"]);
    assert_eq!(map.roles().len(), 1);
}

#[test]
fn a_tag_template_is_text_and_claims() {
    let template: TagTemplate = "team-{claim:department}-{claim:/a/b}".parse().unwrap();
    assert_eq!(template.parts().len(), 4);
    assert_eq!(template.to_string(), "team-{claim:department}-{claim:/a/b}");
    for bad in ["{", "{x}", "{claim:}", "{claim:a", "a#b", "}"] {
        assert!(bad.parse::<TagTemplate>().is_err(), "{bad}");
    }
}

#[test]
fn a_provider_is_shared_with_accounts_and_organizations() {
    for good in ["111122223333", "o-4k7m2xq9ab"] {
        assert_eq!(good.parse::<ShareTarget>().unwrap().to_string(), good);
    }
    assert!("*".parse::<ShareTarget>().is_err());
}

#[test]
fn provider_names_have_their_alphabet() {
    for good in [
        "google",
        "accounts.google.com",
        "login.example/realms/x",
        "a",
    ] {
        assert!(good.parse::<ProviderName>().is_ok(), "{good}");
    }
    for bad in ["", "/a", "a/", "a//b", ".", "a b", "a:b", &"x".repeat(65)] {
        assert!(bad.parse::<ProviderName>().is_err(), "{bad}");
    }
}
