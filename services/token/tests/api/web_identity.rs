//! Roles and sessions for who logged in elsewhere.

use serde_json::{Value, json};
use trilby_issuer::Algorithm;

use crate::outside::Outside;
use crate::world::told;

#[test]
fn who_is_vouched_for_puts_on_a_role_that_admits_them() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let claims = outside.claims("ana", json!({}));
        let token = outside.issuer.token(algorithm, &claims).unwrap();
        let answer = outside.assume(&token, &role, json!({})).expect(200);
        assert_eq!(answer.text("/subject"), "ana");
        assert_eq!(answer.text("/provider"), outside.provider());
        assert_eq!(answer.text("/audience"), "shop-web");
        assert!(
            answer
                .text("/assumed_role/arn")
                .ends_with(":assumed-role/Customer/ana")
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let me = outside
            .wearing(&answer)
            .get("/v1/caller-identity")
            .expect(200);
        assert_eq!(me.text("/kind"), "role");
        assert_eq!(me.json["chain"], json!([]));
    }
    let bob = outside.token("bob", json!({}));
    outside
        .assume(&bob, &role, json!({}))
        .expect_problem(403, "access_denied");
}

#[test]
fn a_role_that_does_not_exist_is_refused_like_one_that_does_not_admit() {
    let outside = Outside::new(json!({}));
    outside.role(outside.owner, "Customer");
    let bodies: Vec<Value> = ["Customer", "Unknown"]
        .into_iter()
        .map(|role| {
            let role = outside.world.role_arn(outside.owner, role);
            let token = outside.token("bob", json!({}));
            told(
                &outside
                    .assume(&token, &role, json!({}))
                    .expect_problem(403, "access_denied"),
            )
        })
        .collect();
    assert_eq!(bodies[0], bodies[1]);
}

#[test]
fn each_defect_of_a_token_has_its_code() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let refused = |token: &str, code: &str| {
        outside
            .assume(token, &role, json!({}))
            .expect_problem(400, code);
    };
    let signed = |more: Value| outside.token("ana", more);
    refused("a.b", "malformed_token");
    refused(
        &signed(json!({ "iss": "https://login.example.com" })),
        "unknown_issuer",
    );
    refused(&signed(json!({ "aud": "other-app" })), "wrong_audience");
    let claims = outside.claims("ana", json!({}));
    refused(
        &outside.issuer.forged(Algorithm::Es256, &claims).unwrap(),
        "bad_signature",
    );
    refused(
        &outside.issuer.unsigned(&claims, "AA"),
        "unsupported_token_alg",
    );
    refused(&outside.issuer.mac_signed(&claims), "unsupported_token_alg");
    let now = claims["iat"].as_i64().unwrap();
    refused(&signed(json!({ "exp": now - 60 })), "token_expired");
    refused(&signed(json!({ "iat": now + 600 })), "token_not_yet_valid");
    refused(&signed(json!({ "iat": now - 7_200 })), "token_too_old");
    refused(&signed(json!({ "exp": "soon" })), "claim_mismatch");
    let mut without = claims.clone();
    without.remove("sub");
    refused(
        &outside.issuer.token(Algorithm::Es256, &without).unwrap(),
        "claim_missing",
    );
    outside
        .assume(&signed(json!({})), &role, json!({}))
        .expect(200);
    // Nothing was asked of anyone but the registered issuer, and of it once.
    assert_eq!(outside.issuer.fetches().discovery, 1);
    assert_eq!(outside.issuer.fetches().keys, 1);
}

#[test]
fn an_unknown_issuer_costs_no_call_and_no_account_is_guessed() {
    let outside = Outside::new(json!({}));
    let token = outside.token("ana", json!({}));
    let other = outside.world.another_account("Other");
    for account in [other, "000000000001".parse().unwrap()] {
        let role = outside.world.role_arn(account, "Customer");
        outside
            .assume(&token, &role, json!({}))
            .expect_problem(400, "unknown_issuer");
    }
    assert_eq!(outside.issuer.fetches().discovery, 0);
}

#[test]
fn several_providers_of_one_issuer_must_be_named() {
    let outside = Outside::new(json!({}));
    outside.register("second", json!({ "audiences": ["other-app"] }));
    let role = outside.role(outside.owner, "Customer");
    let ask = |more: Value| outside.assume(&outside.token("ana", json!({})), &role, more);
    ask(json!({})).expect_problem(400, "invalid_parameter");
    ask(json!({ "provider": outside.provider() })).expect(200);
    let second = format!("arn:trilby:iam::{}:oidc-provider/second", outside.owner);
    ask(json!({ "provider": second })).expect_problem(400, "wrong_audience");
    let third = format!("arn:trilby:iam::{}:oidc-provider/third", outside.owner);
    ask(json!({ "provider": third })).expect_problem(400, "unknown_issuer");
    ask(json!({ "provider": "login" })).expect_problem(400, "invalid_parameter");
}

#[test]
fn a_token_opens_each_role_once() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let second = outside.role(outside.owner, "Second");
    let token = outside.token("ana", json!({}));
    // What is refused burns nothing.
    let unknown = outside.world.role_arn(outside.owner, "Unknown");
    outside
        .assume(&token, &unknown, json!({}))
        .expect_problem(403, "access_denied");
    outside
        .assume(&token, &role, json!({ "duration_seconds": 40_000 }))
        .expect_problem(400, "duration_exceeds_limit");
    outside.assume(&token, &role, json!({})).expect(200);
    outside
        .assume(&token, &role, json!({}))
        .expect_problem(400, "token_replayed");
    outside.assume(&token, &second, json!({})).expect(200);
    outside.federate(&token).expect(201);
    outside
        .federate(&token)
        .expect_problem(400, "token_replayed");

    let outside = Outside::new(json!({ "replay_scope": "token" }));
    let role = outside.role(outside.owner, "Customer");
    let token = outside.token("ana", json!({}));
    outside.assume(&token, &role, json!({})).expect(200);
    outside
        .federate(&token)
        .expect_problem(400, "token_replayed");

    let outside = Outside::new(json!({ "template": "workload" }));
    let role = outside.role(outside.owner, "Customer");
    let token = outside.token("ana", json!({}));
    outside.assume(&token, &role, json!({})).expect(200);
    outside.assume(&token, &role, json!({})).expect(200);
}

#[test]
fn a_token_that_is_over_here_is_not_good_again_where_the_clock_is_behind() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let inside = &outside.world.inside;
    let now = inside.services().now();
    let exp = now.plus_seconds(300).unix_seconds();
    let token = outside.token("ana", json!({ "exp": exp }));
    outside.assume(&token, &role, json!({})).expect(200);
    // Cleared by the clock of a process that takes it no more, whatever the provider's tolerance.
    let log = inside.services().log();
    let cleared = now.plus_seconds(300 + 300);
    inside.wait(log.purge(cleared, now, now)).unwrap();
    outside
        .assume(&token, &role, json!({}))
        .expect_problem(400, "token_replayed");
}

#[test]
fn of_many_uses_at_once_one_wins() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let token = outside.token("ana", json!({}));
    let body = json!({ "role_arn": role, "role_session_name": "ana", "web_identity_token": token });
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let uses: Vec<_> = (0..12)
            .map(|_| {
                let client = outside.world.inside.stranger();
                let body = body.clone();
                scope.spawn(move || {
                    client
                        .post("/v1/assume-role-with-web-identity", &body)
                        .status
                })
            })
            .collect();
        uses.into_iter().map(|use_| use_.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
}

#[test]
fn the_exchange_grant_is_the_same_door() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let provider = outside.provider();
    let exchange = |kind: &str, more: &[(&str, &str)]| {
        let token = outside.token("ana", json!({}));
        let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
        let own = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("subject_token", token.as_str()),
            ("subject_token_type", kind.as_str()),
        ];
        let fields: Vec<_> = own.iter().chain(more).copied().collect();
        outside.world.form("/v1/token", &fields)
    };
    let to_role = [
        ("audience", role.as_str()),
        ("trilby:role_session_name", "ana"),
    ];
    for kind in ["id_token", "jwt"] {
        let answer = exchange(kind, &to_role).expect(200);
        assert!(
            answer
                .text("/trilby/arn")
                .ends_with("assumed-role/Customer/ana")
        );
    }
    let answer = exchange("id_token", &[("trilby:provider", &provider)]).expect(200);
    assert!(
        answer
            .text("/trilby/arn")
            .contains(":federated-session/TIDP")
    );
    // And from there to the role.
    let federated = answer.text("/access_token").to_owned();
    let fields = [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("subject_token", federated.as_str()),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("audience", role.as_str()),
        ("trilby:role_session_name", "ana"),
    ];
    outside.world.form("/v1/token", &fields).expect(200);

    exchange("id_token", &[]).expect_problem(400, "missing_parameter");
    exchange("saml2", &to_role).expect_problem(400, "invalid_parameter");
    for surplus in [
        "trilby:tag",
        "trilby:source_identity",
        "trilby:external_id",
        "actor_token",
        "scope",
    ] {
        let more = [to_role[0], to_role[1], (surplus, "a=b")];
        exchange("id_token", &more).expect_problem(400, "invalid_parameter");
    }
}
