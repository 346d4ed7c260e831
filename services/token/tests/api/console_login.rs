//! Logins of people.

use trilby_account::command::{SetAccountAlias, SetUserStatus, SuspendAccount};
use trilby_account::organization::QuarantineTarget;
use trilby_account::{PrincipalId, Ref, UserStatus};
use trilby_testkit::http::Answer;
use trilby_testkit::installation::Installation;

use crate::member::Member;
use crate::refusals::records;
use crate::world::{EMAIL, PASSWORD, World, told, user_name};

#[test]
fn a_user_logs_in_by_name_and_root_by_address() {
    let world = World::new();
    let account = world.account.to_string();
    for name in ["mary", "MARY"] {
        let answer = world.login(&account, name, PASSWORD).expect(200);
        assert_eq!(answer.json["expires_in"], 3_600);
        assert_eq!(answer.text("/trilby/principal_id"), world.mary.to_string());
    }
    for email in [EMAIL, "root@EXAMPLE.com"] {
        let answer = world.login(&account, email, PASSWORD).expect(200);
        assert_eq!(answer.json["expires_in"], 900);
        assert_eq!(
            answer.text("/trilby/arn"),
            format!("arn:trilby:iam::{account}:root")
        );
        let root = world
            .inside
            .stranger()
            .with_token(answer.text("/access_token"));
        let me = root.get("/v1/caller-identity").expect(200);
        assert_eq!(me.text("/kind"), "root");
    }
}

#[test]
fn an_alias_names_the_account() {
    let world = World::new();
    world.login("acme-corp", "mary", PASSWORD).expect(401);
    world.inside.run(
        world.account,
        SetAccountAlias {
            alias: Some("acme-corp".parse().unwrap()),
        },
    );
    let answer = world.login("acme-corp", "mary", PASSWORD).expect(200);
    assert_eq!(answer.text("/trilby/account"), world.account.to_string());
}

#[test]
fn whatever_is_wrong_with_a_login_is_one_answer() {
    let world = World::new();
    let account = world.account.to_string();
    world
        .inside
        .user(world.account, "nopassword", &serde_json::Value::Null);
    world.another_user(world.account, "off", &serde_json::Value::Null);
    world.inside.run(
        world.account,
        SetUserStatus {
            user: Ref::Name(user_name("off")),
            status: UserStatus::Disabled,
        },
    );
    let other = world.another_account("Other").to_string();
    let mut bodies: Vec<_> = [
        (account.as_str(), "mary", "seven grey umbrella"),
        (&account, "mary", "Seven grey umbrellas"),
        (&account, "mary", "x"),
        (&account, "nobody", PASSWORD),
        (&account, "nopassword", PASSWORD),
        (&account, "off", PASSWORD),
        (&account, "root", PASSWORD),
        (&account, &account, PASSWORD),
        (&account, "not a name!", PASSWORD),
        (&other, "mary", PASSWORD),
        ("000000000001", "mary", PASSWORD),
        ("no-such-alias", "mary", PASSWORD),
        ("!", "mary", PASSWORD),
    ]
    .iter()
    .map(|(account, username, password)| {
        let answer = world
            .login(account, username, password)
            .expect_problem(401, "invalid_credentials");
        assert_eq!(answer.text("/error"), "invalid_grant");
        told(&answer)
    })
    .collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[test]
fn guesses_at_one_person_are_slowed_down_and_nobody_is_locked_out() {
    let world = World::new();
    let account = world.account.to_string();
    let client = world.inside.stranger();
    let guess = |password: &str| {
        client.form(
            "/v1/token",
            &[
                ("grant_type", "urn:trilby:grant-type:console-login"),
                ("account", &account),
                ("username", "mary"),
                ("password", password),
            ],
        )
    };
    for _ in 0..5 {
        guess("wrong").expect(401);
    }
    let limited = guess("wrong").expect_problem(429, "rate_limited");
    assert_eq!(limited.header("retry-after"), Some("2"));
    // Not even the right password is looked at now.
    guess(PASSWORD).expect(429);
    world.inside.clock().advance_seconds(2);
    guess(PASSWORD).expect(200);
    guess("wrong").expect(401);
}

/// A login at one of several processes.
fn guess(at: &Installation, account: &str, username: &str, password: &str) -> Answer {
    at.stranger().form(
        "/v1/token",
        &[
            ("grant_type", "urn:trilby:grant-type:console-login"),
            ("account", account),
            ("username", username),
            ("password", password),
        ],
    )
}

#[test]
fn guesses_by_a_clock_that_was_ahead_lock_nobody_out() {
    let world = World::new();
    let account = world.account.to_string();
    let ahead = world.beside();
    ahead.clock().advance_seconds(86_400);
    for _ in 0..5 {
        guess(&ahead, &account, "mary", "wrong").expect(401);
    }
    // Counted on from there, by this clock: a second's delay.
    guess(&world.inside, &account, "mary", PASSWORD).expect(429);
    world.inside.clock().advance_seconds(3);
    guess(&world.inside, &account, "mary", PASSWORD).expect(200);
}

#[test]
fn guesses_count_in_every_process_and_after_a_restart() {
    let world = World::new();
    let account = world.account.to_string();
    let beside = world.beside();
    let guess =
        |at: &Installation, username: &str, password: &str| guess(at, &account, username, password);
    // Of somebody who does not exist as of Mary, or the answer tells who does.
    let mut refused: Vec<_> = ["mary", "nobody"]
        .iter()
        .map(|username| {
            for _ in 0..5 {
                guess(&world.inside, username, "wrong").expect(401);
            }
            let answer = guess(&beside, username, PASSWORD).expect_problem(429, "rate_limited");
            (
                answer.header("retry-after").map(str::to_owned),
                told(&answer),
            )
        })
        .collect();
    refused.dedup();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let restarted = world.beside();
    guess(&restarted, "MARY", PASSWORD).expect(429);

    for process in [&world.inside, &beside, &restarted] {
        process.clock().advance_seconds(2);
    }
    guess(&beside, "mary", PASSWORD).expect(200);
    // All is forgotten, wherever it was counted.
    for _ in 0..2 {
        guess(&world.inside, "mary", "wrong").expect(401);
        guess(&beside, "mary", "wrong").expect(401);
    }
    guess(&restarted, "mary", "wrong").expect(401);
    for process in [&world.inside, &beside, &restarted] {
        guess(process, "mary", PASSWORD).expect(429);
    }
}

#[test]
fn a_right_password_with_a_wrong_wish_is_recorded_as_both() {
    let world = World::new();
    let account = world.account.to_string();
    let fields = [
        ("grant_type", "urn:trilby:grant-type:console-login"),
        ("account", &account),
        ("username", "mary"),
        ("password", PASSWORD),
        ("duration_seconds", "43201"),
    ];
    world
        .form("/v1/token", &fields)
        .expect_problem(400, "duration_exceeds_limit");
    for kind in ["login.succeeded", "session.refused"] {
        assert_eq!(records(&world, world.account, kind).len(), 1, "{kind}");
    }
}

#[test]
fn whoever_is_in_quarantine_sets_no_password() {
    let world = World::new();
    let account = world.account.to_string();
    world.set_must_change();
    let member = Member::join(&world);
    let ticket = world
        .login(&account, "mary", PASSWORD)
        .expect(403)
        .text("/password_ticket")
        .to_owned();
    member.quarantine(QuarantineTarget::Principal {
        account: world.account,
        principal: PrincipalId::User(world.mary.clone()),
    });
    let seq = world.inside.state(world.account).seq();
    let answer = world
        .login(&account, "mary", PASSWORD)
        .expect_problem(403, "access_denied");
    assert!(answer.json.get("password_ticket").is_none());
    let body = serde_json::json!({ "ticket": ticket, "new_password": "nineteen brass lamps" });
    world
        .post(&world.inside.stranger(), "/v1/password", &body)
        .expect_problem(409, "invalid_state");
    assert_eq!(world.inside.state(world.account).seq(), seq);
}

#[test]
fn a_password_that_must_be_changed_opens_nothing_but_its_own_change() {
    let world = World::new();
    let account = world.account.to_string();
    let before = world.session("mary");
    world.set_must_change();
    assert!(
        !world.stands(&before),
        "a password set by somebody else ends sessions"
    );
    let answer = world
        .login(&account, "mary", PASSWORD)
        .expect_problem(403, "password_change_required");
    assert_eq!(answer.text("/error"), "invalid_grant");
    let ticket = answer.text("/password_ticket").to_owned();
    assert!(ticket.starts_with("tbr_"));
    world
        .login(&account, "mary", "wrong")
        .expect_problem(401, "invalid_credentials");

    let stranger = world.inside.stranger();
    let set = |ticket: &str, new: &str| {
        world.post(
            &stranger,
            "/v1/password",
            &serde_json::json!({ "ticket": ticket, "new_password": new }),
        )
    };
    for cut in [0, 4, ticket.len() - 1] {
        set(&ticket[..cut], "nineteen brass lamps").expect_problem(401, "invalid_credentials");
    }
    set(&format!("{ticket}0"), "nineteen brass lamps").expect_problem(401, "invalid_credentials");
    set(&ticket, PASSWORD).expect_problem(422, "password_rejected");
    set(&ticket, "mary mary mary").expect_problem(422, "password_rejected");
    set(&ticket, "nineteen brass lamps").expect(200);
    set(&ticket, "twenty brass lamps again").expect_problem(401, "invalid_credentials");
    world.login(&account, "mary", PASSWORD).expect(401);
    world
        .login(&account, "mary", "nineteen brass lamps")
        .expect(200);
}

#[test]
fn only_the_newest_ticket_opens_and_only_for_an_hour() {
    let world = World::new();
    let account = world.account.to_string();
    world.set_must_change();
    let ticket = || {
        world
            .login(&account, "mary", PASSWORD)
            .expect(403)
            .text("/password_ticket")
            .to_owned()
    };
    let (first, second) = (ticket(), ticket());
    let stranger = world.inside.stranger();
    let set = |ticket: &str| {
        let body = serde_json::json!({ "ticket": ticket, "new_password": "nineteen brass lamps" });
        world.post(&stranger, "/v1/password", &body)
    };
    set(&first).expect_problem(401, "invalid_credentials");
    world.inside.clock().advance_seconds(3_600);
    set(&second).expect_problem(401, "invalid_credentials");
    set(&ticket()).expect(200);
}

#[test]
fn a_suspended_account_logs_nobody_in() {
    let world = World::new();
    let session = world.session("mary");
    world
        .inside
        .run(world.account, SuspendAccount { reason: None });
    assert!(!world.stands(&session));
    world
        .login(&world.account.to_string(), "mary", PASSWORD)
        .expect_problem(401, "invalid_credentials");
    world
        .client_credentials(&world.key)
        .expect_problem(401, "invalid_credentials");
}

#[test]
fn durations_are_bounded_by_the_kind_of_session() {
    let world = World::new();
    let account = world.account.to_string();
    let login = |username: &str, duration: &str| {
        world.form(
            "/v1/token",
            &[
                ("grant_type", "urn:trilby:grant-type:console-login"),
                ("account", &account),
                ("username", username),
                ("password", PASSWORD),
                ("duration_seconds", duration),
            ],
        )
    };
    assert_eq!(
        login("mary", "43200").expect(200).json["expires_in"],
        43_200
    );
    login("mary", "43201").expect_problem(400, "duration_exceeds_limit");
    login("mary", "899").expect_problem(400, "invalid_parameter");
    assert_eq!(login(EMAIL, "3600").expect(200).json["expires_in"], 3_600);
    let refused = login(EMAIL, "3601").expect_problem(400, "duration_exceeds_limit");
    assert_eq!(refused.json["limit_seconds"], 3_600);
}
