//! `client_credentials`, and what every grant's request has in common.

use trilby_account::command::{CreateAccessKey, SetAccessKeyStatus};
use trilby_account::{AccessKeyStatus, Ref};
use trilby_credential::{CredentialKind, rows};
use trilby_eventlog::ActivityFilter;
use trilby_model::LogId;
use trilby_service::clock::Clock;

use crate::world::{Key, World, told, user_name};

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine;
    let both = format!(
        "{}:{}",
        trilby_testkit::http::encode(id),
        trilby_testkit::http::encode(secret)
    );
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(both)
    )
}

#[test]
fn a_key_gives_a_session_of_its_user() {
    let world = World::new();
    let answer = world.client_credentials(&world.key).expect(200);
    assert_eq!(answer.text("/token_type"), "Bearer");
    assert_eq!(answer.json["expires_in"], 900);
    assert_eq!(
        answer.text("/issued_token_type"),
        "urn:ietf:params:oauth:token-type:access_token"
    );
    let arn = format!("arn:trilby:iam::{}:user/mary", world.account);
    assert_eq!(answer.text("/trilby/arn"), arn);
    assert_eq!(answer.text("/trilby/account"), world.account.to_string());
    assert_eq!(answer.text("/trilby/principal_id"), world.mary.to_string());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.seq(), answer.text("/trilby/seq"));

    let client = world
        .inside
        .stranger()
        .with_token(answer.text("/access_token"));
    let me = client.get("/v1/caller-identity").expect(200);
    assert_eq!(me.text("/arn"), arn);
    assert_eq!(me.text("/kind"), "key");
    assert_eq!(me.text("/session_id"), answer.text("/trilby/session_id"));
    assert_eq!(me.json["chain"], serde_json::json!([]));
}

#[test]
fn the_last_hour_in_which_a_key_was_accepted_is_noted_once() {
    let world = World::new();
    let log = LogId::Account(world.account);
    let noted = || {
        let kind = CredentialKind::AccessKeyUse.number();
        let store = world.inside.services().log();
        let rows = store.credentials(&log, world.key.id.as_str(), kind);
        let rows = world.inside.wait(rows).unwrap();
        rows.iter().map(|row| row.generation).collect::<Vec<_>>()
    };
    let wrong = Key {
        id: world.key.id.clone(),
        secret: "tbk_wrong".to_owned(),
    };
    world
        .client_credentials(&wrong)
        .expect_problem(401, "invalid_credentials");
    assert!(noted().is_empty(), "a refused secret is no use");
    for _ in 0..2 {
        world.client_credentials(&world.key).expect(200);
        let now = rows::hour_of(world.inside.clock().now()).unwrap();
        assert_eq!(noted(), [now]);
        world.inside.clock().advance_seconds(3_600);
    }
}

#[test]
fn the_key_may_come_by_http_basic() {
    let world = World::new();
    let client = world.inside.stranger().with_header(
        "authorization",
        &basic(world.key.id.as_str(), &world.key.secret),
    );
    world
        .form_as(
            &client,
            "/v1/token",
            &[("grant_type", "client_credentials")],
        )
        .expect(200);
    let both = [
        ("grant_type", "client_credentials"),
        ("client_id", world.key.id.as_str()),
        ("client_secret", world.key.secret.as_str()),
    ];
    world
        .form_as(&client, "/v1/token", &both)
        .expect_problem(400, "invalid_parameter");
    for broken in ["Basic", "Basic !", "Basic eA==", "Bearer x", "Basic Og=="] {
        let client = world.inside.stranger().with_header("authorization", broken);
        world
            .form_as(
                &client,
                "/v1/token",
                &[("grant_type", "client_credentials")],
            )
            .expect(400);
    }
}

#[test]
fn whatever_is_wrong_with_a_key_is_one_answer() {
    let world = World::new();
    let user = Ref::Name(user_name("mary"));
    let inactive = world.another_key(world.account, "mary");
    world.inside.run(
        world.account,
        SetAccessKeyStatus {
            user,
            access_key: inactive.id.clone(),
            status: AccessKeyStatus::Inactive,
        },
    );
    let foreign = {
        let other = world.another_account("Other");
        world.another_user(other, "bob", &serde_json::Value::Null);
        world.another_key(other, "bob")
    };
    let key = &world.key;
    let unknown = "TKEY0123456789ABCDEFG".parse().unwrap();
    let wrong = [
        Key {
            secret: inactive.secret.clone(),
            ..key.clone()
        },
        Key {
            secret: foreign.secret.clone(),
            ..key.clone()
        },
        Key {
            secret: key.secret[..key.secret.len() - 1].to_owned(),
            ..key.clone()
        },
        Key {
            secret: format!("{}0", key.secret),
            ..key.clone()
        },
        Key {
            secret: key.secret.to_lowercase(),
            ..key.clone()
        },
        Key {
            id: unknown,
            secret: key.secret.clone(),
        },
        Key {
            id: foreign.id.clone(),
            secret: key.secret.clone(),
        },
        inactive,
    ];
    let mut bodies: Vec<_> = wrong
        .iter()
        .map(|key| {
            let answer = world
                .client_credentials(key)
                .expect_problem(401, "invalid_credentials");
            assert_eq!(answer.text("/error"), "invalid_client");
            told(&answer)
        })
        .collect();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "no key"),
        ("client_secret", "x"),
    ];
    bodies.push(told(
        &world
            .form("/v1/token", &fields)
            .expect_problem(401, "invalid_credentials"),
    ));
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    world.client_credentials(&world.key).expect(200);
}

#[test]
fn no_parameter_is_ignored() {
    let world = World::new();
    let (id, secret) = (world.key.id.to_string(), world.key.secret.clone());
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let with = |more: &[(&str, &str)]| {
        let fields: Vec<(&str, &str)> = good.iter().chain(more).copied().collect();
        world.form("/v1/token", &fields)
    };
    with(&[]).expect(200);
    with(&[("duration_seconds", "3600")]).expect(200);
    with(&[("audience", "trilby")]).expect(200);
    for (more, code) in [
        (("client_id", id.as_str()), "duplicate_parameter"),
        (("grant_type", "client_credentials"), "duplicate_parameter"),
        (("audience", ""), "invalid_parameter"),
        (("duration_seconds", ""), "invalid_parameter"),
        (("duration_seconds", "900s"), "invalid_parameter"),
        (("duration_seconds", "+900"), "invalid_parameter"),
        (("duration_seconds", "9e2"), "invalid_parameter"),
        (("duration_seconds", "899"), "invalid_parameter"),
        (("duration_seconds", "3601"), "duration_exceeds_limit"),
        (
            ("duration_seconds", "99999999999999999999"),
            "invalid_parameter",
        ),
        (("audience", "https://api.example.com"), "invalid_target"),
        (("audience", "trilby:sts"), "invalid_target"),
    ] {
        let answer = with(&[more]).expect_problem(400, code);
        let error = if code == "invalid_target" {
            "invalid_target"
        } else {
            "invalid_request"
        };
        assert_eq!(answer.text("/error"), error, "{more:?}");
        assert!(!answer.text("/request_id").is_empty());
    }
    with(&[("audience", "trilby"), ("resource", "trilby")])
        .expect_problem(400, "invalid_parameter");
    for surplus in [
        "scope",
        "username",
        "password",
        "subject_token",
        "actor_token",
        "trilby:policy",
        "x",
    ] {
        with(&[(surplus, "x")]).expect(400);
    }
    for missing in 1..3 {
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
    world
        .form("/v1/token", &[("grant_type", "client_credentials")])
        .expect_problem(400, "missing_parameter");
    world
        .form("/v1/token", &[("client_id", "x")])
        .expect_problem(400, "missing_parameter");
}

#[test]
fn grants_we_do_not_have_are_refused_by_name() {
    let world = World::new();
    for grant in [
        "password",
        "implicit",
        "authorization_code",
        "refresh_token",
        "Client_Credentials",
        "client_credentials ",
    ] {
        let answer = world
            .form("/v1/token", &[("grant_type", grant)])
            .expect_problem(400, "unsupported_grant_type");
        assert_eq!(answer.text("/error"), "unsupported_grant_type");
    }
    world
        .form("/v1/token", &[("grant_type", "")])
        .expect_problem(400, "invalid_parameter");
    let client = world.inside.stranger();
    client
        .post(
            "/v1/token",
            &serde_json::json!({"grant_type": "client_credentials"}),
        )
        .expect(415);
    client.get("/v1/token").expect(405);
    let in_query = format!(
        "/v1/token?client_id={}&client_secret={}",
        world.key.id, world.key.secret
    );
    world
        .form(&in_query, &[("grant_type", "client_credentials")])
        .expect(400);
}

#[test]
fn a_session_is_recorded_before_its_token_is_out() {
    let world = World::new();
    let answer = world.client_credentials(&world.key).expect(200);
    let log = LogId::Account(world.account);
    let filter = ActivityFilter::default();
    let records = world
        .inside
        .wait(
            world
                .inside
                .services()
                .log()
                .activity_list(&log, &filter, 10),
        )
        .unwrap();
    let record = &records[0].activity;
    assert_eq!(record.kind, "session.issued");
    assert_eq!(record.id, answer.text("/trilby/session_id"));
    let body = String::from_utf8(record.body.clone()).unwrap();
    let token = answer.text("/access_token");
    let signature = token.rsplit('.').next().unwrap();
    assert!(!body.contains(&world.key.secret) && !body.contains(signature));
}

#[test]
fn a_key_bound_to_networks_opens_from_there_only() {
    let world = World::new();
    for (cidr, status) in [("127.0.0.0/8", 200), ("192.0.2.0/24", 401)] {
        let user = Ref::Name(user_name("mary"));
        let command = CreateAccessKey {
            user: user.clone(),
            expires_at: None,
            allowed_cidrs: vec![cidr.to_owned()],
        };
        world.inside.run(world.account, command);
        // The newest key gets the secret of the first: only the network differs.
        let state = world.inside.state(world.account);
        let id = state
            .user(&user)
            .unwrap()
            .access_keys
            .iter()
            .find(|id| **id != world.key.id)
            .unwrap()
            .clone();
        let row = world.inside.wait(world.inside.services().log().credential(
            &LogId::Account(world.account),
            world.key.id.as_str(),
            2,
        ));
        let row = trilby_eventlog::Credential {
            subject: id.to_string(),
            ..row.unwrap().unwrap()
        };
        world
            .inside
            .wait(
                world
                    .inside
                    .services()
                    .log()
                    .side_write(vec![trilby_eventlog::SideWrite::CredentialInsert(row)]),
            )
            .unwrap();
        let key = Key {
            id: id.clone(),
            secret: world.key.secret.clone(),
        };
        world.client_credentials(&key).expect(status);
        world.inside.run(
            world.account,
            trilby_account::command::DeleteAccessKey {
                user,
                access_key: id,
            },
        );
    }
}

#[test]
fn a_key_that_is_hammered_is_slowed_down() {
    let world = World::new();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", world.key.id.as_str()),
        ("client_secret", world.key.secret.as_str()),
    ];
    let client = world.inside.stranger();
    let answers: Vec<_> = (0..60).map(|_| client.form("/v1/token", &fields)).collect();
    let limited = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("a limit");
    assert_eq!(limited.text("/error"), "slow_down");
    assert!(limited.header("retry-after").is_some());
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        40
    );
}
