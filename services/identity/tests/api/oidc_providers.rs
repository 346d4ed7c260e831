use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client, encode};

use crate::world::{World, names};

const ISSUER: &str = "https://login.acme.example";

/// A provider without a network: its keys are where we say.
pub fn settings() -> Value {
    json!({
        "issuer": ISSUER, "audiences": ["app"],
        "keys": { "source": "jwks_uri", "jwks_uri": "https://login.acme.example/keys" },
    })
}

/// Makes a provider.
pub fn provider(world: &World, name: &str) -> Answer {
    let body = json!({ "name": name, "settings": settings() });
    world
        .admin
        .post(&world.at("/oidc-providers"), &body)
        .expect(201)
}

/// The same client, if the thing is as this answer says.
pub fn matching(client: &Client, answer: &Answer) -> Client {
    client.with_header("if-match", answer.etag())
}

/// Lets a role be assumed by whoever a provider vouches for.
pub fn login_role(world: &World, name: &str, provider_arn: &str) {
    let (_, provider) = provider_arn.split_once("oidc-provider/").unwrap();
    let pinned =
        json!({ format!("oidc/{provider}:aud"): "app", format!("oidc/{provider}:sub"): "ana" });
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": { "Federated": provider_arn },
        "Condition": { "StringEquals": pinned },
    }] });
    let role = trilby_account::command::CreateRole {
        name: name.parse().unwrap(),
        path: "/".parse().unwrap(),
        description: None,
        tags: Default::default(),
        trust: trilby_testkit::given::document(trilby_policy::Kind::Trust, &trust),
        known: Default::default(),
        external_id_waiver: None,
        limits: Default::default(),
    };
    world.inside.run(world.account, role);
}

#[test]
fn a_provider_is_discovered_made_read_listed_and_found_by_name_and_id() {
    let world = World::new();
    world.issuers.stand(ISSUER);
    let body = json!({ "settings": { "issuer": ISSUER, "audiences": ["app"] } });
    let made = world
        .admin
        .post(&world.at("/oidc-providers"), &body)
        .expect(201);
    assert_eq!(made.text("/name"), "login.acme.example");
    let arn = format!(
        "arn:trilby:iam::{}:oidc-provider/login.acme.example",
        world.account
    );
    assert_eq!(made.text("/arn"), arn);
    assert_eq!(made.text("/key_status/jwks_uri"), format!("{ISSUER}/keys"));
    assert_eq!(
        made.json["key_status"]["thumbprints"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(made.json["settings"]["nonce"], "optional");
    assert_eq!(made.json["enabled"], true);
    let slashed = provider(&world, "team/eng");
    for (name, wanted) in [
        ("login.acme.example", &made),
        ("LOGIN.acme.example", &made),
        (made.text("/id"), &made),
        (&encode("team/eng"), &slashed),
    ] {
        let read = world
            .admin
            .get(&world.at(&format!("/oidc-providers/{name}")));
        assert_eq!(read.expect(200).json, wanted.json, "{name}");
    }
    let listed = world
        .admin
        .get(&world.at("/oidc-providers?limit=1"))
        .expect(200);
    assert_eq!(names(&listed), ["login.acme.example"]);
    let cursor = encode(listed.text("/next_cursor"));
    let rest = world
        .admin
        .get(&world.at(&format!("/oidc-providers?cursor={cursor}")));
    assert_eq!(names(&rest.expect(200)), ["team/eng"]);
}

#[test]
fn an_issuer_that_cannot_be_discovered_is_not_registered() {
    let world = World::new();
    let head = world.inside.state(world.account).seq();
    let body = json!({ "name": "acme", "settings": { "issuer": ISSUER, "audiences": ["app"] } });
    let ask = || world.admin.post(&world.at("/oidc-providers"), &body);
    ask().expect_problem(503, "issuer_keys_unavailable");
    // It names another issuer, be it by a slash.
    let description =
        json!({ "issuer": format!("{ISSUER}/"), "jwks_uri": format!("{ISSUER}/keys") });
    let url = format!("{ISSUER}/.well-known/openid-configuration");
    world.issuers.show(&url, &description);
    let refused = ask().expect_problem(503, "issuer_keys_unavailable");
    assert!(!refused.text("/detail").contains("https://"), "{refused:?}");
    world.issuers.stand(ISSUER);
    world
        .issuers
        .show(&format!("{ISSUER}/keys"), &json!({ "keys": [] }));
    ask().expect_problem(503, "issuer_keys_unavailable");
    assert_eq!(world.inside.state(world.account).seq(), head);
}

#[test]
fn what_could_never_be_called_is_refused_where_it_is_written() {
    let world = World::new();
    let head = world.inside.state(world.account).seq();
    let path = world.at("/oidc-providers");
    let pinned = |at: &str| json!({ "source": "jwks_uri", "jwks_uri": at });
    let discovery = json!({ "source": "discovery" });
    for (issuer, keys, pointer) in [
        ("http://login.acme.example", &discovery, "/settings/issuer"),
        ("https://10.0.0.5", &discovery, "/settings/issuer"),
        (
            "https://login.acme.example:8443",
            &discovery,
            "/settings/issuer",
        ),
        (
            "https://login.acme.internal",
            &discovery,
            "/settings/issuer",
        ),
        (
            "http://login.acme.example",
            &pinned("https://login.acme.example/keys"),
            "/settings/issuer",
        ),
        (
            ISSUER,
            &pinned("http://login.acme.example/keys"),
            "/settings/keys/jwks_uri",
        ),
        (
            ISSUER,
            &pinned("https://127.0.0.1/keys"),
            "/settings/keys/jwks_uri",
        ),
    ] {
        let settings = json!({ "issuer": issuer, "audiences": ["app"], "keys": keys });
        let body = json!({ "name": "acme", "settings": settings });
        let refused = world.admin.post(&path, &body);
        let refused = refused.expect_problem(400, "invalid_parameter");
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
        let detail = refused.text("/detail");
        assert!(detail.starts_with("may not be called: it"), "{detail}");
    }
    assert_eq!(world.inside.state(world.account).seq(), head);
}

#[test]
fn keys_cannot_be_moved_to_where_nobody_could_be_called() {
    let world = World::new();
    let made = provider(&world, "acme");
    let path = world.at("/oidc-providers/acme");
    let admin = matching(&world.admin, &made);
    let keys = json!({ "source": "jwks_uri", "jwks_uri": "https://10.0.0.5/keys" });
    let body = json!({ "settings": { "keys": keys } });
    let refused = admin
        .patch(&path, &body)
        .expect_problem(400, "invalid_parameter");
    assert_eq!(refused.text("/errors/0/pointer"), "/settings/keys/jwks_uri");
    let body = json!({ "jwks_uri": "https://10.0.0.5/keys" });
    let refused = admin.post(&format!("{path}/confirm-keys-uri"), &body);
    let refused = refused.expect_problem(400, "invalid_parameter");
    assert_eq!(refused.text("/errors/0/pointer"), "/jwks_uri");
    assert_eq!(world.admin.get(&path).expect(200).json, made.json);
}

#[test]
fn settings_are_refused_where_they_are_wrong() {
    let world = World::new();
    let post = |settings: Value| {
        let body = json!({ "name": "acme", "settings": settings });
        world.admin.post(&world.at("/oidc-providers"), &body)
    };
    for (settings, pointer) in [
        (json!({ "issuer": ISSUER }), "/settings/audiences"),
        (
            json!({ "issuer": ISSUER, "audiences": [] }),
            "/settings/audiences",
        ),
        (json!({ "audiences": ["app"] }), "/settings/issuer"),
        (
            json!({ "issuer": ISSUER, "audiences": ["app"], "clock_skew_seconds": 121 }),
            "/settings/clock_skew_seconds",
        ),
    ] {
        let refused = post(settings.clone()).expect_problem(400, "invalid_parameter");
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{settings}");
    }
    post(json!({ "issuer": "login.acme.example", "audiences": ["app"] })).expect(400);
    post(json!({ "issuer": ISSUER, "audiences": ["app"], "surprise": 1 })).expect(400);
}

/// Google, whose keys are where we say.
fn google(more: &Value) -> Value {
    let mut settings = json!({
        "issuer": "https://accounts.google.com", "audiences": ["app"],
        "keys": { "source": "jwks_uri", "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs" },
    });
    let more = more.as_object().unwrap().clone();
    settings.as_object_mut().unwrap().extend(more);
    json!({ "name": "google", "settings": settings })
}

#[test]
fn a_known_issuer_is_shared_before_its_settings_are_judged() {
    let world = World::new();
    let path = world.at("/oidc-providers");
    let asks = |claim: &str| json!([{ "any_of": [claim] }]);
    for (more, pointer, message) in [
        (
            json!({ "sharing": "private" }),
            "/settings/sharing",
            "must be `shared`",
        ),
        (
            json!({ "sharing": "private", "required_claims": asks("sub") }),
            "/settings/sharing",
            "must be `shared`",
        ),
        (
            json!({ "required_claims": asks("locale") }),
            "/settings/required_claims",
            "must ask for one of `sub`, `hd`, `email`",
        ),
        (
            json!({ "issuer": "https://accounts.google.com/" }),
            "/settings/issuer",
            "must be written `https://accounts.google.com`",
        ),
    ] {
        let refused = world.admin.post(&path, &google(&more));
        let refused = refused.expect_problem(400, "invalid_parameter");
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{more}");
        let detail = refused.text("/detail");
        assert!(detail.starts_with(message), "{detail}");
    }
    let asking = google(&json!({ "required_claims": asks("sub") }));
    let made = world.admin.post(&path, &asking).expect(201);
    assert_eq!(made.json["settings"]["sharing"], "shared");
    assert_eq!(made.json["settings"]["required_claims"], asks("sub"));
}

#[test]
fn a_change_needs_the_etag_keeps_the_issuer_and_names_the_roles_it_opens() {
    let world = World::new();
    let made = provider(&world, "acme");
    login_role(&world, "customer", made.text("/arn"));
    let path = world.at("/oidc-providers/acme");
    let change = |settings: Value| json!({ "settings": settings });
    world
        .admin
        .patch(&path, &change(json!({ "clock_skew_seconds": 5 })))
        .expect_problem(428, "precondition_required");
    let client = matching(&world.admin, &made);
    client
        .patch(&path, &change(json!({ "issuer": "https://evil.example" })))
        .expect_problem(400, "invalid_parameter");
    let plain = client
        .patch(&path, &change(json!({ "clock_skew_seconds": 5 })))
        .expect(200);
    assert_eq!(plain.json.get("opened_roles"), None);
    client
        .patch(&path, &change(json!({ "clock_skew_seconds": 6 })))
        .expect_problem(412, "etag_mismatch");
    let role = format!("arn:trilby:iam::{}:role/customer", world.account);
    for settings in [
        json!({ "audiences": ["app", "other"] }),
        json!({ "keys": { "source": "jwks_uri", "jwks_uri": "https://login.acme.example/more" } }),
        json!({ "sharing": "shared", "required_claims": [{ "any_of": ["sub"] }] }),
    ] {
        let now = world.admin.get(&path).expect(200);
        let opening = matching(&world.admin, &now)
            .patch(&path, &change(settings.clone()))
            .expect(200);
        assert_eq!(opening.json["opened_roles"], json!([role]), "{settings}");
    }
}

#[test]
fn a_disabled_provider_is_shown_so_and_enabled_again() {
    let world = World::new();
    provider(&world, "acme");
    let act = |verb: &str| {
        let path = world.at(&format!("/oidc-providers/acme/{verb}"));
        world.admin.request("POST", &path).send().expect(200)
    };
    assert_eq!(act("disable").json["enabled"], false);
    assert_eq!(act("enable").json["enabled"], true);
}

#[test]
fn keys_that_moved_wait_until_an_administrator_confirms() {
    let world = World::new();
    world.issuers.stand(ISSUER);
    let body = json!({ "name": "acme", "settings": { "issuer": ISSUER, "audiences": ["app"] } });
    world
        .admin
        .post(&world.at("/oidc-providers"), &body)
        .expect(201);
    let refresh = || {
        let path = world.at("/oidc-providers/acme/refresh");
        world.admin.request("POST", &path).send()
    };
    let moved = "https://elsewhere.example/keys";
    let same = refresh().expect(200);
    assert_eq!(same.json["key_status"].get("needs_review"), None);
    world.issuers.show_keys_at(ISSUER, moved);
    let waiting = refresh().expect(200);
    assert_eq!(waiting.text("/key_status/needs_review"), moved);
    assert_eq!(
        waiting.text("/key_status/jwks_uri"),
        format!("{ISSUER}/keys")
    );
    let confirm = |uri: &str| {
        let path = world.at("/oidc-providers/acme/confirm-keys-uri");
        world.admin.post(&path, &json!({ "jwks_uri": uri }))
    };
    confirm("https://evil.example/keys").expect_problem(409, "invalid_state");
    let confirmed = confirm(moved).expect(200);
    assert_eq!(confirmed.text("/key_status/jwks_uri"), moved);
    assert_eq!(confirmed.json["opened_roles"], json!([]));
    confirm(moved).expect_problem(409, "invalid_state");
    provider(&world, "pinned");
    let path = world.at("/oidc-providers/pinned/refresh");
    let read = world.admin.request("POST", &path).send().expect(200);
    assert_eq!(
        read.json["key_status"]["thumbprints"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn nobody_is_called_for_a_stranger_or_for_a_reader() {
    let world = World::new();
    // A description that is never fetched leaves no fact; one that is gives another answer.
    world.issuers.stand(ISSUER);
    let body = json!({ "name": "acme", "settings": { "issuer": "https://absent.example", "audiences": ["app"] } });
    let reader = world.allowed("reader", &["iam:GetOidcProvider", "iam:ListOidcProviders"]);
    let refused = reader.post(&world.at("/oidc-providers"), &body);
    refused.expect_problem(403, "access_denied");
    let stranger = world.inside.stranger();
    let refused = stranger.post(&world.at("/oidc-providers"), &body);
    refused.expect_problem(401, "unauthenticated");
}

#[test]
fn a_provider_in_use_goes_only_in_a_cascade() {
    let world = World::new();
    let made = provider(&world, "acme");
    login_role(&world, "customer", made.text("/arn"));
    let path = world.at("/oidc-providers/acme");
    let client = matching(&world.admin, &made);
    let refused = client.delete(&path).expect_problem(409, "delete_conflict");
    assert_eq!(refused.text("/blockers/0/name"), "customer");
    client.delete(&format!("{path}?cascade=true")).expect(204);
    world.admin.get(&path).expect_problem(404, "not_found");
}

#[test]
fn the_issuer_is_a_condition_of_rights() {
    let world = World::new();
    let only_acme = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "iam:CreateOidcProvider", "Resource": "*",
        "Condition": { "StringEquals": { "iam:OidcIssuer": ISSUER } },
    }] });
    let helper = world.caller("helper", &only_acme);
    let body = |issuer: &str| {
        let mut settings = settings();
        settings["issuer"] = issuer.into();
        json!({ "name": "acme", "settings": settings })
    };
    let path = world.at("/oidc-providers");
    helper
        .post(&path, &body("https://evil.example"))
        .expect_problem(403, "access_denied");
    helper.post(&path, &body(ISSUER)).expect(201);
}

#[test]
fn a_provider_of_a_dead_ones_name_is_not_let_in_by_saving_again() {
    let world = World::new();
    let made = provider(&world, "acme");
    login_role(&world, "web", made.text("/arn"));
    let path = world.at("/roles/web");
    let read = world.admin.get(&path).expect(200);
    let named = "/trust_policy/Statement/0/Principal/Federated/0";
    assert_eq!(read.text(named), made.text("/arn"));

    matching(&world.admin, &made)
        .delete(&world.at("/oidc-providers/acme?cascade=true"))
        .expect(204);
    let again = provider(&world, "acme");
    assert_eq!(again.text("/arn"), made.text("/arn"));
    let read = world.admin.get(&path).expect(200);
    assert_eq!(read.text(named), made.text("/id"));
    let body = json!({ "document": read.json["trust_policy"] });
    let etag = read.text("/trust_policy_etag").to_owned();
    world
        .admin
        .with_header("if-match", &etag)
        .put(&world.at("/roles/web/trust-policy"), &body)
        .expect_problem(400, "invalid_principal");
}
