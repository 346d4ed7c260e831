//! Roles and sessions for who logged in elsewhere.

use serde_json::{Value, json};
use trilby_account::Ref;
use trilby_account::command::{
    DeleteRole, RemoveProviderLink, SetProviderStatus, SuspendAccount, UpdateProvider,
};
use trilby_account::organization::QuarantineTarget;
use trilby_issuer::Algorithm;
use trilby_model::federation::LinkFields;
use trilby_testkit::http::Client;

use crate::member::Member;
use crate::outside::{CLIENT, Outside, name, trusting_provider};
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
fn a_provider_counts_elsewhere_only_while_share_and_link_stand() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let role = outside.role(linking, "Customer");
    let ask = || outside.assume(&outside.token("ana", json!({})), &role, json!({}));
    let session = outside.wearing(&ask().expect(200));
    assert!(outside.world.stands(&session));

    outside.share(&[]);
    assert!(
        !outside.world.stands(&session),
        "what came by the share ended"
    );
    ask().expect_problem(400, "provider_disabled");
    outside.share(&[linking]);
    assert!(
        !outside.world.stands(&session),
        "sharing again revives nothing"
    );
    let session = outside.wearing(&ask().expect(200));

    let link = || Ref::Name(name("shop"));
    let remove = RemoveProviderLink {
        link: link(),
        cascade: true,
    };
    outside.world.inside.run(linking, remove);
    assert!(
        !outside.world.stands(&session),
        "what came by the link ended"
    );
    ask().expect_problem(400, "unknown_issuer");
}

#[test]
fn a_disabled_provider_or_a_suspended_owner_ends_it_everywhere() {
    for suspended in [false, true] {
        let outside = Outside::new(json!({}));
        let linking = outside.linked(LinkFields::default());
        let role = outside.role(linking, "Customer");
        let ask = || outside.assume(&outside.token("ana", json!({})), &role, json!({}));
        let session = outside.wearing(&ask().expect(200));
        let federated = outside.federated(json!({}));
        if suspended {
            outside
                .world
                .inside
                .run(outside.owner, SuspendAccount { reason: None });
        } else {
            let provider = Ref::Name(name("login"));
            let command = SetProviderStatus {
                provider,
                enabled: false,
            };
            outside.world.inside.run(outside.owner, command);
        }
        ask().expect_problem(400, "provider_disabled");
        assert!(!outside.world.stands(&session));
        let body = json!({ "role_arn": role, "role_session_name": "ana" });
        outside
            .world
            .post(&federated, "/v1/assume-role", &body)
            .expect_problem(401, "unauthenticated");
        let again = outside.federate(&outside.token("ana", json!({})));
        let code = if suspended {
            "unknown_issuer"
        } else {
            "provider_disabled"
        };
        again.expect_problem(400, code);
    }
}

#[test]
fn an_owner_in_quarantine_vouches_for_nobody_elsewhere() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let role = outside.role(linking, "Customer");
    let ask = || outside.assume(&outside.token("ana", json!({})), &role, json!({}));
    let session = outside.wearing(&ask().expect(200));
    let member = Member::join(&outside.world);
    ask().expect(200);
    member.quarantine(QuarantineTarget::Account(outside.owner));
    assert!(!outside.world.stands(&session));
    ask().expect_problem(403, "access_denied");
}

#[test]
fn what_a_federated_session_did_not_keep_admits_nobody_later() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let session = outside.federated(json!({ "banned": true }));
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    let ask = |session: &Client| outside.world.post(session, "/v1/assume-role", &body);
    ask(&session).expect(200);
    let settings = serde_json::from_value(json!({ "exposed_claims": ["banned"] })).unwrap();
    let provider = Ref::Name(name("login"));
    let command = UpdateProvider { provider, settings };
    outside.world.inside.run(outside.owner, command);
    let rule = |id: &str, effect: &str, op: Value| {
        json!({ "id": id, "priority": if effect == "deny" { 1 } else { 2 }, "effect": effect,
            "when": [op], "roles": [role] })
    };
    outside.map(
        outside.owner,
        json!({ "rules": [
            rule("banned", "deny", json!({ "claim": "banned", "op": "bool", "value": true })),
            rule("all", "allow", json!({ "claim": "sub", "op": "exists" })),
        ]}),
    );
    // The session is from before the claim was kept: to the rule it looks absent.
    ask(&session).expect_problem(403, "access_denied");
    ask(&outside.federated(json!({ "banned": true }))).expect_problem(403, "access_denied");
    ask(&outside.federated(json!({ "banned": false }))).expect(200);
}

#[test]
fn what_a_provider_asks_by_now_is_asked_of_older_sessions() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let role = outside.role(linking, "Customer");
    let session = outside.federated(json!({ "hd": "evil.example" }));
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    let ask = || outside.world.post(&session, "/v1/assume-role", &body);
    // Who else may link it is no question to who came by it.
    outside.share(&[linking, outside.world.another_account("Third")]);
    ask().expect(200);
    let settings = json!({
        "require_claims": [{ "claim": "hd", "op": "equals", "value": "acme.example" }],
    });
    let command = UpdateProvider {
        provider: Ref::Name(name("login")),
        settings: serde_json::from_value(settings).unwrap(),
    };
    outside.world.inside.run(outside.owner, command);
    ask().expect_problem(403, "access_denied");
}

#[test]
fn claims_of_a_linked_provider_go_by_the_links_name() {
    let outside = Outside::new(json!({ "audiences": [CLIENT, "another"] }));
    let linking = outside.linked(LinkFields::default());
    let condition = json!({ "StringEquals": { "oidc/shop:aud": CLIENT, "oidc/shop:sub": "ana" } });
    let role = outside.role_if(linking, "Customer", condition);
    let ask = |who: &str| outside.assume(&outside.token(who, json!({})), &role, json!({}));
    ask("ana").expect(200);
    ask("bob").expect_problem(403, "access_denied");
}

#[test]
fn a_link_asks_more_than_the_provider() {
    let outside = Outside::new(json!({ "exposed_claims": ["plan"] }));
    let settings =
        json!({ "require_claims": [{ "claim": "plan", "op": "equals", "value": "gold" }] });
    let linking = outside.linked(serde_json::from_value(settings).unwrap());
    let role = outside.role(linking, "Customer");
    let gold = outside.token("ana", json!({ "plan": "gold" }));
    outside.assume(&gold, &role, json!({})).expect(200);
    let free = outside.token("ana", json!({ "plan": "free" }));
    outside
        .assume(&free, &role, json!({}))
        .expect_problem(400, "claim_mismatch");
    outside
        .assume(&outside.token("ana", json!({})), &role, json!({}))
        .expect_problem(400, "claim_missing");
    // A federated session is made where the link does not count, and asked again where it does.
    for (plan, status) in [("gold", 200), ("free", 403)] {
        let session = outside.federated(json!({ "plan": plan }));
        let body = json!({ "role_arn": role, "role_session_name": "ana" });
        outside
            .world
            .post(&session, "/v1/assume-role", &body)
            .expect(status);
    }
}

#[test]
fn conditions_see_claims_under_both_names() {
    let outside = Outside::new(json!({ "exposed_claims": ["plan", "/org/id"] }));
    let host = outside
        .issuer
        .url()
        .trim_start_matches("http://")
        .to_owned();
    let condition = json!({
        "StringEquals": {
            format!("{host}:aud"): "shop-web",
            "oidc/login:plan": "gold",
            "oidc/login:org/id": "o7",
            "trilby:FederatedSubject": "ana",
            "trilby:FederatedIssuer": outside.issuer.url(),
            "trilby:FederatedAudience": "shop-web",
            "aws:FederatedProvider": outside.provider(),
            "sts:RoleSessionName": "ana",
        },
        "ForAnyValue:StringEquals": { "oidc/login:amr": "mfa" },
    });
    let role = outside.role_if(outside.owner, "Customer", condition);
    let all = json!({ "plan": "gold", "org": { "id": "o7" }, "amr": ["pwd", "mfa"] });
    outside
        .assume(&outside.token("ana", all.clone()), &role, json!({}))
        .expect(200);
    let session = outside.federated(all.clone());
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    outside
        .world
        .post(&session, "/v1/assume-role", &body)
        .expect(200);
    for (member, other) in [
        ("plan", json!("free")),
        ("org", json!({ "id": "o8" })),
        ("amr", json!(["pwd"])),
    ] {
        let mut claims = all.clone();
        claims[member] = other;
        outside
            .assume(&outside.token("ana", claims), &role, json!({}))
            .expect_problem(403, "access_denied");
    }
    // An address that the issuer did not verify is no address.
    let condition = json!({ "StringLike": { "oidc/login:email": "*@example.com" } });
    let role = outside.role_if(outside.owner, "Staff", condition);
    for (verified, status) in [
        (json!(true), 200),
        (json!(false), 403),
        (json!("true"), 403),
    ] {
        let claims = json!({ "email": "ana@example.com", "email_verified": verified });
        outside
            .assume(&outside.token("ana", claims), &role, json!({}))
            .expect(status);
    }
}

#[test]
fn a_federated_session_puts_on_roles_and_does_nothing_else() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let (own, theirs) = (
        outside.role(outside.owner, "Own"),
        outside.role(linking, "Theirs"),
    );
    let answer = outside
        .federate(&outside.token("ana", json!({})))
        .expect(201);
    assert_eq!(answer.text("/subject"), "ana");
    let session = outside.wearing(&answer);
    for role in [&own, &theirs] {
        let body = json!({ "role_arn": role, "role_session_name": "ana" });
        let answer = outside
            .world
            .post(&session, "/v1/assume-role", &body)
            .expect(200);
        let me = outside
            .wearing(&answer)
            .get("/v1/caller-identity")
            .expect(200);
        assert_eq!(me.json["chain"][0]["kind"], "federated");
    }
    session
        .get("/v1/caller-identity")
        .expect_problem(401, "unauthenticated");
    let path = format!("/v1/accounts/{}/sessions", outside.owner);
    session.get(&path).expect_problem(401, "unauthenticated");
    let more = json!({ "role_arn": own, "role_session_name": "ana", "tags": { "a": "b" } });
    outside
        .world
        .post(&session, "/v1/assume-role", &more)
        .expect_problem(400, "invalid_parameter");

    // The same person is the same principal; another is another.
    let again = outside
        .federate(&outside.token("ana", json!({})))
        .expect(201);
    let bob = outside
        .federate(&outside.token("bob", json!({})))
        .expect(201);
    assert_eq!(answer.text("/principal_id"), again.text("/principal_id"));
    assert_ne!(answer.text("/principal_id"), bob.text("/principal_id"));
    let body = json!({ "role_arn": own, "role_session_name": "bob" });
    outside
        .world
        .post(&outside.wearing(&bob), "/v1/assume-role", &body)
        .expect_problem(403, "access_denied");
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

#[test]
fn a_role_map_narrows_tags_and_chooses() {
    let outside = Outside::new(json!({ "exposed_claims": ["groups", "team"] }));
    let roles: Vec<String> = ["Reader", "Writer"]
        .iter()
        .map(|role| outside.role(outside.owner, role))
        .collect();
    let map = json!({ "rules": [
        { "id": "readers", "priority": 1, "roles": [roles[0]],
          "when": [{ "claim": "groups", "op": "contains", "value": "readers" }],
          "tags": { "team": "{claim:team}" }, "transitive": ["team"], "max_duration_seconds": 1800 },
        { "id": "writers", "priority": 2, "roles": [roles[1]],
          "when": [{ "claim": "groups", "op": "contains", "value": "writers" }] },
    ]});
    outside.map(outside.owner, map);
    let of = |groups: Value| outside.token("ana", json!({ "groups": groups, "team": "red" }));
    let ask = |groups: Value, role: &str| outside.assume(&of(groups), role, json!({}));
    let answer = ask(json!(["readers"]), &roles[0]).expect(200);
    let me = outside
        .wearing(&answer)
        .get("/v1/caller-identity")
        .expect(200);
    assert_eq!(me.json["tags"], json!({ "team": "red" }));
    let issued: trilby_model::Timestamp = me.text("/issued_at").parse().unwrap();
    let expires: trilby_model::Timestamp = me.text("/expires_at").parse().unwrap();
    assert_eq!(expires.seconds_since(issued), 1_800);
    outside
        .assume(
            &of(json!(["readers"])),
            &roles[0],
            json!({ "duration_seconds": 3_600 }),
        )
        .expect_problem(400, "duration_exceeds_limit");
    ask(json!(["readers"]), &roles[1]).expect_problem(403, "access_denied");
    ask(json!([]), &roles[0]).expect_problem(403, "access_denied");

    let unnamed = |groups: Value| {
        let body = json!({
            "provider": outside.provider(),
            "role_session_name": "ana",
            "web_identity_token": of(groups),
        });
        outside.post("/v1/assume-role-with-web-identity", &body)
    };
    let only = unnamed(json!(["writers"])).expect(200);
    assert!(
        only.text("/assumed_role/arn")
            .contains("assumed-role/Writer/")
    );
    unnamed(json!([])).expect_problem(403, "no_role_mapped");
    let choice = unnamed(json!(["readers", "writers"])).expect_problem(409, "role_choice_required");
    assert_eq!(choice.json["roles"], json!(roles));
    // A federated session is judged by the claims it keeps.
    for (groups, status) in [(json!(["writers"]), 200), (json!(["readers"]), 403)] {
        let session = outside.federated(json!({ "groups": groups }));
        let body = json!({ "role_arn": roles[1], "role_session_name": "ana" });
        outside
            .world
            .post(&session, "/v1/assume-role", &body)
            .expect(status);
    }
    // A role of the same name that was made later is not the one that the map means.
    let role = Ref::Name("Writer".parse().unwrap());
    outside.world.inside.run(
        outside.owner,
        DeleteRole {
            role,
            cascade: true,
        },
    );
    outside.role(outside.owner, "Writer");
    ask(json!(["writers"]), &roles[1]).expect_problem(403, "access_denied");
}

#[test]
fn an_ambiguous_map_and_an_empty_one_admit_nobody() {
    let outside = Outside::new(json!({}));
    let roles: Vec<String> = ["One", "Two"]
        .iter()
        .map(|role| outside.role(outside.owner, role))
        .collect();
    let any = json!([{ "claim": "sub", "op": "exists" }]);
    let rule = |id: &str, priority: u32, role: &str| json!({ "id": id, "priority": priority, "roles": [role], "when": any });
    let unnamed = || {
        let body = json!({
            "provider": outside.provider(),
            "role_session_name": "ana",
            "web_identity_token": outside.token("ana", json!({})),
        });
        outside.post("/v1/assume-role-with-web-identity", &body)
    };
    let rules = json!([rule("a", 1, &roles[0]), rule("b", 2, &roles[1])]);
    outside.map(
        outside.owner,
        json!({ "on_ambiguous": "deny", "rules": rules }),
    );
    let refused = unnamed().expect_problem(403, "ambiguous_role");
    assert_eq!(refused.json["rules"], json!(["a", "b"]));
    outside.map(
        outside.owner,
        json!({ "on_ambiguous": "highest", "rules": rules }),
    );
    let answer = unnamed().expect(200);
    assert!(
        answer
            .text("/assumed_role/arn")
            .contains("assumed-role/One/")
    );
    outside.map(outside.owner, json!({ "rules": [] }));
    outside
        .assume(&outside.token("ana", json!({})), &roles[0], json!({}))
        .expect_problem(403, "access_denied");
}

#[test]
fn a_nonce_binds_a_login_to_who_began_it() {
    let outside = Outside::new(json!({ "nonce": "required" }));
    let role = outside.role(outside.owner, "Customer");
    let give = || {
        outside
            .post_nothing("/v1/nonces")
            .expect(201)
            .text("/nonce")
            .to_owned()
    };
    let nonce = give();
    let token = |nonce: &str| outside.token("ana", json!({ "nonce": nonce }));
    let ask = |token: &str, nonce: &str| outside.assume(token, &role, json!({ "nonce": nonce }));
    outside
        .assume(&token(&nonce), &role, json!({}))
        .expect_problem(400, "nonce_mismatch");
    ask(&token(&nonce), &give()).expect_problem(400, "nonce_mismatch");
    ask(&token("own"), "own").expect_problem(400, "nonce_mismatch");
    ask(&token(&nonce), &nonce).expect(200);
    ask(&token(&nonce), &nonce).expect_problem(400, "nonce_mismatch");
    let old = give();
    outside.world.inside.clock().advance_seconds(301);
    ask(&token(&old), &old).expect_problem(400, "nonce_mismatch");
}

#[test]
fn names_of_sessions_and_who_is_behind_them_come_from_claims() {
    let settings = json!({ "session_name_claim": "email", "source_identity_claim": "sub" });
    let outside = Outside::new(settings);
    let mut trust = trusting_provider(&outside.provider(), json!({}));
    outside.world.role(outside.owner, "Customer", &trust);
    let role = outside.world.role_arn(outside.owner, "Customer");
    let ask = |claims: Value| {
        let body = json!({ "role_arn": role, "web_identity_token": outside.token("ana", claims) });
        outside.post("/v1/assume-role-with-web-identity", &body)
    };
    let email = json!({ "email": "ana b/c@example.com", "email_verified": true });
    // Who is behind a session is a right of its own.
    ask(email.clone()).expect_problem(403, "access_denied");
    trust["Statement"][0]["Action"] =
        json!(["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"]);
    outside.world.trust(outside.owner, "Customer", &trust);
    let answer = ask(email).expect(200);
    assert!(
        answer
            .text("/assumed_role/arn")
            .ends_with("/Customer/ana-b-c@example.com")
    );
    assert_eq!(answer.text("/source_identity"), "ana");
    ask(json!({})).expect_problem(400, "missing_parameter");
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
fn keys_are_written_when_they_change_and_gone_when_withdrawn() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let provider = || {
        let state = outside.world.inside.state(outside.owner);
        state
            .provider(&Ref::Name(name("login")))
            .unwrap()
            .keys
            .clone()
    };
    let ask = |token: &str| outside.assume(token, &role, json!({}));
    assert!(provider().observed.is_none());
    ask(&outside.token("ana", json!({}))).expect(200);
    let first = provider();
    assert!(first.pinned.is_some());
    ask(&outside.token("ana", json!({}))).expect(200);
    assert_eq!(provider(), first, "the same keys are no news");

    let old = outside.token("ana", json!({}));
    outside.issuer.rotate().unwrap();
    outside.world.inside.clock().advance_seconds(31);
    ask(&outside.token("ana", json!({}))).expect(200);
    assert_ne!(provider().observed, first.observed);
    ask(&old).expect(200);
    let old = outside.token("ana", json!({}));
    outside.issuer.rotate().unwrap();
    outside.issuer.withdraw_old_keys();
    outside.world.inside.clock().advance_seconds(31);
    ask(&outside.token("ana", json!({}))).expect(200);
    ask(&old).expect_problem(400, "key_not_found");
}

#[test]
fn settings_that_change_count_for_the_next_session() {
    let outside = Outside::new(json!({}));
    let role = outside.role(outside.owner, "Customer");
    let session = outside.federated(json!({}));
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    outside
        .world
        .post(&session, "/v1/assume-role", &body)
        .expect(200);
    let settings = serde_json::from_value(json!({ "audiences": ["another"] })).unwrap();
    let provider = Ref::Name(name("login"));
    outside
        .world
        .inside
        .run(outside.owner, UpdateProvider { provider, settings });
    outside
        .world
        .post(&session, "/v1/assume-role", &body)
        .expect_problem(403, "access_denied");
}
