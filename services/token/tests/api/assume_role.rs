//! Putting on roles: trust, accounts, chains, and what ends them.

use serde_json::{Value, json};
use trilby_account::command::{SetAccessKeyStatus, SetUserStatus, SuspendAccount};
use trilby_account::{AccessKeyStatus, Ref, RoleLimits, UserStatus};
use trilby_testkit::installation::allow;

use crate::world::{EMAIL, PASSWORD, World, told, trusting, user_name};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn mary_of(world: &World) -> String {
    format!("arn:trilby:iam::{}:user/mary", world.account)
}

fn root_of(account: trilby_model::AccountId) -> String {
    format!("arn:trilby:iam::{account}:root")
}

#[test]
fn trust_that_names_the_user_suffices_in_its_own_account() {
    let world = World::new();
    world.role(world.account, "deploy", &trusting(&[mary_of(&world)]));
    let session = world.session("mary");
    let role = world.role_arn(world.account, "deploy");
    let answer = world.assume(&session, &role).expect(200);
    let arn = format!(
        "arn:trilby:sts::{}:assumed-role/deploy/ci-42",
        world.account
    );
    assert_eq!(answer.text("/assumed_role/arn"), arn);
    assert!(answer.text("/assumed_role/id").starts_with("TROL"));
    assert!(answer.text("/assumed_role/id").ends_with(":ci-42"));
    assert_eq!(answer.json["packed_policy_percent"], 0);
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let wearing = world
        .inside
        .stranger()
        .with_token(answer.text("/credentials/session_token"));
    let me = wearing.get("/v1/caller-identity").expect(200);
    assert_eq!(me.text("/arn"), arn);
    assert_eq!(me.text("/kind"), "role");
    assert_eq!(
        me.json["chain"],
        json!([{ "arn": mary_of(&world), "kind": "user" }])
    );
}

#[test]
fn trust_in_the_whole_account_needs_the_users_own_right_too() {
    let world = World::new();
    world.another_user(world.account, "bob", &allow(&["sts:AssumeRole"]));
    world.role(
        world.account,
        "deploy",
        &trusting(&[root_of(world.account)]),
    );
    let role = world.role_arn(world.account, "deploy");
    world
        .assume(&world.session("mary"), &role)
        .expect_problem(403, "access_denied");
    world.assume(&world.session("bob"), &role).expect(200);
}

#[test]
fn another_account_needs_both_sides() {
    let world = World::allowing(&allow(&["sts:AssumeRole"]));
    let other = world.another_account("Member");
    world.role(
        other,
        "OrganizationAccountAccessRole",
        &trusting(&[root_of(world.account)]),
    );
    world.role(other, "private", &trusting(&[root_of(other)]));
    world.role(other, "named", &trusting(&[mary_of(&world)]));
    world.another_user(world.account, "bob", &Value::Null);
    let mary = world.session("mary");
    let answer = world
        .assume(
            &mary,
            &world.role_arn(other, "OrganizationAccountAccessRole"),
        )
        .expect(200);
    assert!(answer.text("/seq").starts_with(&other.to_string()));
    assert!(answer.text("/seq").contains(&world.account.to_string()));
    let wearing = world
        .inside
        .stranger()
        .with_token(answer.text("/credentials/session_token"));
    assert_eq!(
        wearing
            .get("/v1/caller-identity")
            .expect(200)
            .text("/account"),
        other.to_string()
    );

    world
        .assume(&mary, &world.role_arn(other, "private"))
        .expect_problem(403, "access_denied");
    // By access key as well, and not without the caller's own right.
    let key = world.key_session(&world.key);
    world
        .assume(
            &key,
            &world.role_arn(other, "OrganizationAccountAccessRole"),
        )
        .expect(200);
    let bob = world.session("bob");
    world
        .assume(
            &bob,
            &world.role_arn(other, "OrganizationAccountAccessRole"),
        )
        .expect_problem(403, "access_denied");
}

#[test]
fn a_role_that_does_not_exist_is_refused_like_one_that_does_not_trust() {
    let world = World::allowing(&allow(&["sts:AssumeRole"]));
    let other = world.another_account("Other");
    world.role(other, "private", &trusting(&[root_of(other)]));
    world.another_user(world.account, "bob", &Value::Null);
    let bob = format!("arn:trilby:iam::{}:user/bob", world.account);
    world.role(world.account, "own", &trusting(&[bob]));
    let session = world.session("mary");
    let mut bodies: Vec<_> = [
        world.role_arn(other, "private"),
        world.role_arn(other, "unknown"),
        world.role_arn(world.account, "own"),
        world.role_arn(world.account, "unknown"),
        world.role_arn("000000000001".parse().unwrap(), "any"),
        "arn:trilby:iam::system:role/x".to_owned(),
        "arn:trilby:iam:::role/x".to_owned(),
        format!("arn:trilby:iam::{}:user/mary", world.account),
        format!("arn:trilby:iam::{}:role/", world.account),
        format!("arn:trilby:iam::{}:role/path/own", world.account),
        format!("arn:trilby:sts::{}:assumed-role/own/x", world.account),
    ]
    .iter()
    .map(|role| {
        told(
            &world
                .assume(&session, role)
                .expect_problem(403, "access_denied"),
        )
    })
    .collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[test]
fn root_puts_on_no_roles() {
    let world = World::new();
    world.role(
        world.account,
        "deploy",
        &trusting(&[root_of(world.account)]),
    );
    let answer = world
        .login(&world.account.to_string(), EMAIL, PASSWORD)
        .expect(200);
    let root = world
        .inside
        .stranger()
        .with_token(answer.text("/access_token"));
    world
        .assume(&root, &world.role_arn(world.account, "deploy"))
        .expect_problem(403, "access_denied");
}

#[test]
fn an_explicit_deny_beats_trust() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "arn:trilby:iam::*:role/deploy" },
    ]});
    let world = World::allowing(&policy);
    world.role(world.account, "deploy", &trusting(&[mary_of(&world)]));
    world.role(world.account, "read", &trusting(&[mary_of(&world)]));
    let session = world.session("mary");
    world
        .assume(&session, &world.role_arn(world.account, "deploy"))
        .expect_problem(403, "access_denied");
    world
        .assume(&session, &world.role_arn(world.account, "read"))
        .expect(200);
}

#[test]
fn the_exchange_grant_is_the_same_door() {
    let world = World::new();
    world.role(world.account, "deploy", &trusting(&[mary_of(&world)]));
    let role = world.role_arn(world.account, "deploy");
    let login = world
        .login(&world.account.to_string(), "mary", PASSWORD)
        .expect(200);
    let token = login.text("/access_token").to_owned();
    let good = [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("subject_token", token.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", role.as_str()),
        ("trilby:role_session_name", "ci-42"),
    ];
    let answer = world.form("/v1/token", &good).expect(200);
    assert!(
        answer
            .text("/trilby/arn")
            .ends_with("assumed-role/deploy/ci-42")
    );
    assert_eq!(answer.text("/issued_token_type"), ACCESS_TOKEN);

    let changed = |name: &str, value: &str| {
        let fields: Vec<_> = good
            .iter()
            .map(|(known, old)| (*known, if *known == name { value } else { *old }))
            .collect();
        world.form("/v1/token", &fields)
    };
    let unknown = world.role_arn(world.account, "unknown");
    changed("audience", &unknown).expect_problem(403, "access_denied");
    changed("audience", "deploy").expect_problem(400, "invalid_parameter");
    changed("trilby:role_session_name", "x").expect_problem(400, "invalid_parameter");
    changed("trilby:role_session_name", "a b").expect_problem(400, "invalid_parameter");
    changed(
        "subject_token_type",
        "urn:ietf:params:oauth:token-type:refresh_token",
    )
    .expect_problem(400, "invalid_parameter");
    // One of our own sessions is nobody's outside identity.
    changed(
        "subject_token_type",
        "urn:ietf:params:oauth:token-type:id_token",
    )
    .expect_problem(400, "unknown_issuer");
    let bad =
        changed("subject_token", &token[..token.len() - 2]).expect_problem(401, "invalid_session");
    assert_eq!(bad.text("/error"), "invalid_grant");
    changed("subject_token", "").expect_problem(400, "invalid_parameter");
    for missing in 1..good.len() {
        let fields: Vec<_> = good
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != missing)
            .map(|(_, field)| *field)
            .collect();
        world
            .form("/v1/token", &fields)
            .expect_problem(400, "missing_parameter");
    }
    for surplus in [
        "actor_token",
        "actor_token_type",
        "scope",
        "duration_seconds",
        "client_id",
        "resource",
        "trilby:policy",
        "trilby:policy_arn",
        "trilby:tag",
        "trilby:transitive_tag_key",
        "trilby:provider",
    ] {
        let fields: Vec<_> = good.iter().copied().chain([(surplus, "x")]).collect();
        world.form("/v1/token", &fields).expect(400);
    }
    // The token in a header is a second credential, not a substitute.
    let bearer = world.inside.stranger().with_token(&token);
    world
        .form_as(&bearer, "/v1/token", &good)
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn a_chain_keeps_its_first_login_and_names_everyone() {
    let world = World::new();
    world.role(world.account, "one", &trusting(&[mary_of(&world)]));
    world.role(
        world.account,
        "two",
        &trusting(&[world.role_arn(world.account, "one")]),
    );
    let one = world.role_session(
        &world.session("mary"),
        &world.role_arn(world.account, "one"),
    );
    let two = world.role_session(&one, &world.role_arn(world.account, "two"));
    let me = two.get("/v1/caller-identity").expect(200);
    let chain: Vec<_> = me.json["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["kind"].clone())
        .collect();
    assert_eq!(chain, [json!("user"), json!("role")]);
}

#[test]
fn roles_that_put_each_other_on_come_to_an_end() {
    let world = World::new();
    let (one, two) = (
        world.role_arn(world.account, "one"),
        world.role_arn(world.account, "two"),
    );
    world.role(world.account, "one", &trusting(&[mary_of(&world)]));
    world.role(world.account, "two", &trusting(&[one]));
    world.trust(world.account, "one", &trusting(&[mary_of(&world), two]));
    let mut session = world.role_session(
        &world.session("mary"),
        &world.role_arn(world.account, "one"),
    );
    let mut hops = 0;
    let end = loop {
        world.inside.clock().advance_seconds(3_500);
        let next = ["two", "one"][hops % 2];
        let answer = world.assume(&session, &world.role_arn(world.account, next));
        if answer.status != 200 {
            break answer;
        }
        session = world
            .inside
            .stranger()
            .with_token(answer.text("/credentials/session_token"));
        hops += 1;
        assert!(hops < 20);
    };
    assert!(
        ["chain_expired", "chain_too_deep"].contains(&end.code().unwrap()),
        "{end:?}"
    );
    assert!(hops <= 8);
}

#[test]
fn the_chains_age_counts_from_the_login() {
    let world = World::new();
    let limits = RoleLimits {
        max_session_duration_s: 43_200,
        chain_max_s: 43_200,
        ..RoleLimits::default()
    };
    world.role_with(world.account, "one", &trusting(&[mary_of(&world)]), limits);
    let itself = world.role_arn(world.account, "one");
    world.trust(world.account, "one", &trusting(&[mary_of(&world), itself]));
    let role = world.role_arn(world.account, "one");
    let ask = |client: &trilby_testkit::http::Client, seconds: i64| {
        let body =
            json!({ "role_arn": role, "role_session_name": "ci-42", "duration_seconds": seconds });
        world.post(client, "/v1/assume-role", &body)
    };
    let mary = world.session("mary");
    let answer = ask(&mary, 43_190).expect(200);
    let session = world
        .inside
        .stranger()
        .with_token(answer.text("/credentials/session_token"));
    world.inside.clock().advance_seconds(39_600);
    let refused = ask(&session, 7_200).expect_problem(400, "duration_exceeds_limit");
    assert!(refused.json["limit_seconds"].as_i64().unwrap() < 3_600);
    let lowered = world.assume(&session, &role).expect(200);
    let left = world
        .inside
        .stranger()
        .with_token(lowered.text("/credentials/session_token"));
    let me = left.get("/v1/caller-identity").expect(200);
    let issued: trilby_model::Timestamp = me.text("/issued_at").parse().unwrap();
    let expires: trilby_model::Timestamp = me.text("/expires_at").parse().unwrap();
    assert!(expires.seconds_since(issued) < 3_600);
    world.inside.clock().advance_seconds(3_540);
    world
        .assume(&session, &role)
        .expect_problem(400, "chain_expired");
}

#[test]
fn what_a_chain_rests_on_ends_it() {
    let setup = || {
        let world = World::allowing(&allow(&["sts:AssumeRole"]));
        let other = world.another_account("Member");
        world.role(other, "access", &trusting(&[root_of(world.account)]));
        let key = world.key_session(&world.key);
        let wearing = world.role_session(&key, &world.role_arn(other, "access"));
        assert!(world.stands(&wearing));
        (world, wearing)
    };
    let user = || Ref::Name(user_name("mary"));
    {
        let (world, wearing) = setup();
        world.inside.run(
            world.account,
            SetUserStatus {
                user: user(),
                status: UserStatus::Disabled,
            },
        );
        assert!(!world.stands(&wearing), "the user");
        world.inside.run(
            world.account,
            SetUserStatus {
                user: user(),
                status: UserStatus::Active,
            },
        );
        assert!(!world.stands(&wearing), "enabling revives nothing");
    }
    {
        let (world, wearing) = setup();
        let access_key = world.key.id.clone();
        world.inside.run(
            world.account,
            SetAccessKeyStatus {
                user: user(),
                access_key,
                status: AccessKeyStatus::Inactive,
            },
        );
        assert!(!world.stands(&wearing), "the access key");
    }
    {
        let (world, wearing) = setup();
        world
            .inside
            .run(world.account, SuspendAccount { reason: None });
        assert!(!world.stands(&wearing), "the account it came from");
    }
}

#[test]
fn an_external_id_is_what_trust_may_ask_for() {
    let world = World::allowing(&allow(&["sts:AssumeRole"]));
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": [mary_of(&world)] }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "sts:ExternalId": "a-7f3" } },
    }]});
    world.role(world.account, "vendor", &trust);
    let session = world.session("mary");
    let ask = |external: Value| {
        let mut body = json!({ "role_arn": world.role_arn(world.account, "vendor"), "role_session_name": "ci-42" });
        if !external.is_null() {
            body["external_id"] = external;
        }
        world.post(&session, "/v1/assume-role", &body)
    };
    ask(json!("a-7f3")).expect(200);
    ask(json!("a-7f4")).expect_problem(403, "access_denied");
    ask(Value::Null).expect_problem(403, "access_denied");
}

#[test]
fn a_source_identity_needs_its_own_right_and_stays() {
    let world = World::allowing(&allow(&["sts:AssumeRole", "sts:SetSourceIdentity"]));
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "AWS": [mary_of(&world), world.role_arn(world.account, "two")] },
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }]});
    world.role(world.account, "one", &trusting(&[mary_of(&world)]));
    world.role(world.account, "two", &trusting(&[mary_of(&world)]));
    world.trust(world.account, "two", &trust);
    let session = world.session("mary");
    let ask = |client: &trilby_testkit::http::Client, role: &str, identity: &str| {
        let body = json!({
            "role_arn": world.role_arn(world.account, role),
            "role_session_name": "ci-42",
            "source_identity": identity,
        });
        world.post(client, "/v1/assume-role", &body)
    };
    ask(&session, "one", "mary").expect_problem(403, "access_denied");
    let answer = ask(&session, "two", "mary").expect(200);
    assert_eq!(answer.text("/source_identity"), "mary");
    let two = world
        .inside
        .stranger()
        .with_token(answer.text("/credentials/session_token"));
    ask(&two, "two", "bob").expect_problem(400, "source_identity_immutable");
    let again = ask(&two, "two", "mary").expect(200);
    assert_eq!(again.text("/source_identity"), "mary");
    let inherited = world
        .assume(&two, &world.role_arn(world.account, "two"))
        .expect(200);
    assert_eq!(inherited.text("/source_identity"), "mary");
}

#[test]
fn an_audience_must_be_the_roles_and_shuts_our_own_doors() {
    let world = World::new();
    let mut limits = RoleLimits::default();
    limits
        .allowed_audiences
        .insert("https://api.example.com".to_owned());
    limits.allowed_audiences.insert("trilby:sts".to_owned());
    world.role_with(world.account, "api", &trusting(&[mary_of(&world)]), limits);
    let session = world.session("mary");
    let ask = |audience: &str| {
        let body = json!({
            "role_arn": world.role_arn(world.account, "api"),
            "role_session_name": "ci-42",
            "audience": audience,
        });
        world.post(&session, "/v1/assume-role", &body)
    };
    ask("https://other.example.com").expect_problem(400, "invalid_target");
    ask("trilby:sts").expect_problem(400, "invalid_target");
    let answer = ask("https://api.example.com").expect(200);
    let outside = world
        .inside
        .stranger()
        .with_token(answer.text("/credentials/session_token"));
    assert!(!world.stands(&outside));
}

#[test]
fn the_body_is_strict() {
    let world = World::new();
    world.role(world.account, "deploy", &trusting(&[mary_of(&world)]));
    let session = world.session("mary");
    let role = world.role_arn(world.account, "deploy");
    for (body, code) in [
        (
            json!({ "role_arn": role, "role_session_name": "ci-42", "policy_arn": [] }),
            "unknown_field",
        ),
        (
            json!({ "role_arn": role, "role_session_name": "ci-42", "duration_seconds": "900" }),
            "invalid_parameter",
        ),
        (
            json!({ "role_arn": role, "role_session_name": "ci-42", "duration_seconds": 900.5 }),
            "invalid_parameter",
        ),
        (
            json!({ "role_arn": role, "role_session_name": "ci-42", "duration_seconds": -900 }),
            "invalid_parameter",
        ),
        (
            json!({ "role_arn": "deploy", "role_session_name": "ci-42" }),
            "invalid_parameter",
        ),
        (
            json!({ "role_arn": role, "role_session_name": "c" }),
            "invalid_parameter",
        ),
        (
            json!({ "role_arn": role, "role_session_name": "ci-42", "duration_seconds": 3601 }),
            "duration_exceeds_limit",
        ),
    ] {
        world
            .post(&session, "/v1/assume-role", &body)
            .expect_problem(400, code);
    }
    world
        .inside
        .stranger()
        .post("/v1/assume-role", &json!({}))
        .expect_problem(401, "unauthenticated");
}
