//! Every way to a session against every control: a check belongs to the session, not to the way (R8), and is made
//! again each time (R13).

use serde_json::json;
use trilby_account::command::{
    DeleteAccessKey, DeleteUser, RemoveUserPassword, SetAccessKeyStatus, SetUserStatus,
    SuspendAccount,
};
use trilby_account::{AccessKeyStatus, Ref, UserRef, UserStatus};
use trilby_testkit::http::Answer;
use trilby_testkit::installation::allow;

use crate::world::{PASSWORD, World, trusting, user_name};

type Way = fn(&World, &Held) -> Answer;

/// What somebody had before the control was turned on.
struct Held {
    token: String,
    role: String,
}

const WAYS: [(&str, Way); 4] = [
    ("access key", |world, _| {
        world.client_credentials(&world.key)
    }),
    ("login", |world, _| {
        world.login(&world.account.to_string(), "mary", PASSWORD)
    }),
    ("assume role", |world, held| {
        let client = world.inside.stranger().with_token(&held.token);
        world.assume(&client, &held.role)
    }),
    ("exchange", |world, held| {
        world.form(
            "/v1/token",
            &[
                (
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                ),
                ("subject_token", &held.token),
                (
                    "subject_token_type",
                    "urn:ietf:params:oauth:token-type:access_token",
                ),
                ("audience", &held.role),
                ("trilby:role_session_name", "ci-42"),
            ],
        )
    }),
];

fn mary() -> UserRef {
    Ref::Name(user_name("mary"))
}

type Control = (&'static str, fn(&World), [bool; 4]);

/// A control, and which ways it leaves open.
const CONTROLS: [Control; 7] = [
    ("nothing", |_| {}, [true; 4]),
    (
        "account suspended",
        |world| {
            world
                .inside
                .run(world.account, SuspendAccount { reason: None })
        },
        [false; 4],
    ),
    (
        "user disabled",
        |world| {
            world.inside.run(
                world.account,
                SetUserStatus {
                    user: mary(),
                    status: UserStatus::Disabled,
                },
            )
        },
        [false; 4],
    ),
    (
        "user deleted",
        |world| {
            world.inside.run(
                world.account,
                DeleteUser {
                    user: mary(),
                    cascade: true,
                },
            )
        },
        [false; 4],
    ),
    (
        "access key inactive",
        |world| {
            let access_key = world.key.id.clone();
            let command = SetAccessKeyStatus {
                user: mary(),
                access_key,
                status: AccessKeyStatus::Inactive,
            };
            world.inside.run(world.account, command);
        },
        [false, true, false, false],
    ),
    (
        "access key deleted",
        |world| {
            let access_key = world.key.id.clone();
            world.inside.run(
                world.account,
                DeleteAccessKey {
                    user: mary(),
                    access_key,
                },
            );
        },
        [false, true, false, false],
    ),
    (
        "password removed",
        |world| {
            world
                .inside
                .run(world.account, RemoveUserPassword { user: mary() })
        },
        // Removing a password ends the user's sessions; the key still opens a new one.
        [true, false, false, false],
    ),
];

#[test]
fn every_way_meets_every_control() {
    for (control, turn_on, open) in CONTROLS {
        for ((way, take), open) in WAYS.iter().zip(open) {
            let world = World::allowing(&allow(&["sts:AssumeRole"]));
            let principal = format!("arn:trilby:iam::{}:root", world.account);
            world.role(world.account, "deploy", &trusting(&[principal]));
            let token = world
                .client_credentials(&world.key)
                .expect(200)
                .text("/access_token")
                .to_owned();
            let held = Held {
                token,
                role: world.role_arn(world.account, "deploy"),
            };
            turn_on(&world);
            let answer = take(&world, &held);
            assert_eq!(
                answer.status == 200,
                open,
                "{way} with {control}: {answer:?}"
            );
            if !open {
                assert!(
                    [401, 403].contains(&answer.status),
                    "{way} with {control}: {answer:?}"
                );
            }
        }
    }
}

#[test]
fn another_accounts_token_opens_no_role_without_trust() {
    let world = World::allowing(&allow(&["*"]));
    let other = world.another_account("Other");
    world.role(
        other,
        "closed",
        &trusting(&[format!("arn:trilby:iam::{other}:root")]),
    );
    let session = world.session("mary");
    let closed = world
        .assume(&session, &world.role_arn(other, "closed"))
        .expect_problem(403, "access_denied");
    let unknown = world
        .assume(&session, &world.role_arn(other, "unknown"))
        .expect_problem(403, "access_denied");
    assert_eq!(crate::world::told(&closed), crate::world::told(&unknown));
}

#[test]
fn a_mixed_up_form_is_refused_whatever_is_mixed() {
    // Each grant's own parameters, in another grant: never ignored (R10).
    let world = World::new();
    let id = world.key.id.to_string();
    let account = world.account.to_string();
    let key = [
        ("client_id", id.as_str()),
        ("client_secret", world.key.secret.as_str()),
    ];
    let login = [
        ("account", account.as_str()),
        ("username", "mary"),
        ("password", PASSWORD),
    ];
    let exchange = [
        ("subject_token", "x"),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("trilby:role_session_name", "ci-42"),
    ];
    let grants: [(&str, &[(&str, &str)]); 3] = [
        ("client_credentials", &key),
        ("urn:trilby:grant-type:console-login", &login),
        ("urn:ietf:params:oauth:grant-type:token-exchange", &exchange),
    ];
    for (n, (grant, own)) in grants.iter().enumerate() {
        for (m, (_, foreign)) in grants.iter().enumerate().filter(|(m, _)| *m != n) {
            for surplus in *foreign {
                let fields: Vec<_> = [("grant_type", *grant)]
                    .into_iter()
                    .chain(own.iter().copied())
                    .chain([*surplus])
                    .collect();
                let answer = world.form("/v1/token", &fields);
                assert_eq!(
                    answer.status, 400,
                    "{grant} with {surplus:?} of {m}: {answer:?}"
                );
            }
        }
    }
}

#[test]
fn operations_that_need_a_session_refuse_strangers() {
    let world = World::new();
    let stranger = world.inside.stranger();
    let other = world.another_account("Other");
    world.another_user(other, "eve", &allow(&["*"]));
    let eve = world.key_session(&world.another_key(other, "eve"));
    let session = world
        .session("mary")
        .get("/v1/caller-identity")
        .expect(200)
        .text("/session_id")
        .to_owned();
    for row in trilby_token::registry().rows() {
        let path = row
            .path
            .replace("{account}", &world.account.to_string())
            .replace("{session}", &session);
        let method = row.method.as_str();
        let send = |client: &trilby_testkit::http::Client| {
            world.inside.clock().advance_seconds(6);
            let call = client
                .request(method, &path)
                .header("idempotency-key", "0123456789abcdef");
            if method == "GET" {
                call.send()
            } else {
                call.json(&json!({ "account": true })).send()
            }
        };
        match row.access {
            trilby_access::Access::Public(_) => {}
            trilby_access::Access::Authenticated(_) => {
                send(&stranger).expect_problem(401, "unauthenticated");
            }
            trilby_access::Access::Action(_) => {
                send(&stranger).expect_problem(401, "unauthenticated");
                let foreign = send(&eve).expect_problem(404, "not_found");
                let path_of_nobody = path.replace(&world.account.to_string(), "000000000001");
                let call = eve
                    .request(method, &path_of_nobody)
                    .header("idempotency-key", "0123456789abcdef");
                let nobody = if method == "GET" {
                    call.send()
                } else {
                    call.json(&json!({ "account": true })).send()
                };
                let strip = |answer: &Answer| {
                    let mut told = crate::world::told(answer);
                    told.as_object_mut().map(|object| object.remove("instance"));
                    told
                };
                assert_eq!(strip(&foreign), strip(&nobody), "{}", row.id);
            }
        }
    }
}
