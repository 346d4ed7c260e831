//! Every way to a session against every control: a check belongs to the session, not to the way (R8), and is made
//! again each time (R13).

use serde_json::json;
use trilby_account::command::{
    DeleteAccessKey, DeleteRole, DeleteUser, RemoveProvider, RemoveUserPassword,
    SetAccessKeyStatus, SetProviderStatus, SetUserStatus, SuspendAccount,
};
use trilby_account::organization::QuarantineTarget;
use trilby_account::{AccessKeyStatus, PrincipalId, Ref, UserRef, UserStatus};
use trilby_testkit::http::Answer;
use trilby_testkit::installation::allow;

use crate::member::Member;
use crate::outside::{Outside, name, trusting_provider};
use crate::world::{PASSWORD, World, trusting, user_name};

type Way = fn(&Outside, &Held) -> Answer;

/// What somebody had before the control was turned on.
struct Held {
    token: String,
    federated: String,
    /// Open to Mary and to Ana.
    role: String,
}

const N_WAYS: usize = 8;

const WAYS: [(&str, Way); N_WAYS] = [
    ("access key", |outside, _| {
        let world = &outside.world;
        world.client_credentials(&world.key)
    }),
    ("login", |outside, _| {
        let world = &outside.world;
        world.login(&world.account.to_string(), "mary", PASSWORD)
    }),
    ("assume role", |outside, held| {
        let client = outside.world.inside.stranger().with_token(&held.token);
        outside.world.assume(&client, &held.role)
    }),
    ("exchange", |outside, held| {
        exchange(outside, &held.token, "access_token", &held.role)
    }),
    ("web identity", |outside, held| {
        outside.assume(&outside.token("ana", json!({})), &held.role, json!({}))
    }),
    ("exchange of a web identity", |outside, held| {
        let token = outside.token("ana", json!({}));
        exchange(outside, &token, "id_token", &held.role)
    }),
    ("login elsewhere", |outside, _| {
        outside.federate(&outside.token("ana", json!({})))
    }),
    ("role of a federated session", |outside, held| {
        let client = outside.world.inside.stranger().with_token(&held.federated);
        outside.world.assume(&client, &held.role)
    }),
];

fn exchange(outside: &Outside, token: &str, kind: &str, role: &str) -> Answer {
    let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
    outside.world.form(
        "/v1/token",
        &[
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("subject_token", token),
            ("subject_token_type", &kind),
            ("audience", role),
            ("trilby:role_session_name", "ci-42"),
        ],
    )
}

fn mary() -> UserRef {
    Ref::Name(user_name("mary"))
}

type Control = (&'static str, fn(&Outside), [bool; N_WAYS]);

const ALL: [bool; N_WAYS] = [true; N_WAYS];
const NONE: [bool; N_WAYS] = [false; N_WAYS];
/// Ana's ways alone.
const ELSEWHERE: [bool; N_WAYS] = [false, false, false, false, true, true, true, true];
/// Mary's ways alone.
const OWN: [bool; N_WAYS] = [true, true, true, true, false, false, false, false];

/// A control, and which ways it leaves open.
const CONTROLS: [Control; 14] = [
    ("nothing", |_| {}, ALL),
    (
        "account suspended",
        |outside| {
            let command = SuspendAccount { reason: None };
            outside.world.inside.run(outside.owner, command);
        },
        NONE,
    ),
    (
        "account quarantined",
        |outside| {
            Member::join(&outside.world).quarantine(QuarantineTarget::Account(outside.owner));
        },
        NONE,
    ),
    (
        "user quarantined",
        |outside| {
            Member::join(&outside.world).quarantine(QuarantineTarget::Principal {
                account: outside.owner,
                principal: PrincipalId::User(outside.world.mary.clone()),
            });
        },
        ELSEWHERE,
    ),
    (
        "role quarantined",
        |outside| {
            let state = outside.world.inside.state(outside.owner);
            let role = state.role(&Ref::Name("deploy".parse().unwrap())).unwrap();
            Member::join(&outside.world).quarantine(QuarantineTarget::Principal {
                account: outside.owner,
                principal: PrincipalId::Role(role.id.clone()),
            });
        },
        [true, true, false, false, false, false, true, false],
    ),
    (
        "putting on roles denied by a control policy",
        |outside| {
            Member::join(&outside.world).control(&json!({
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*" }],
            }));
        },
        // Whoever comes from elsewhere is no principal of the account that its control policy could bind.
        [true, true, false, false, true, true, true, true],
    ),
    (
        "provider disabled",
        |outside| {
            let command = SetProviderStatus {
                provider: Ref::Name(name("login")),
                enabled: false,
            };
            outside.world.inside.run(outside.owner, command);
        },
        OWN,
    ),
    (
        "provider removed",
        |outside| {
            let command = RemoveProvider {
                provider: Ref::Name(name("login")),
                cascade: true,
            };
            outside.world.inside.run(outside.owner, command);
        },
        OWN,
    ),
    (
        "role deleted",
        |outside| {
            let role = Ref::Name("deploy".parse().unwrap());
            let command = DeleteRole {
                role,
                cascade: true,
            };
            outside.world.inside.run(outside.owner, command);
        },
        [true, true, false, false, false, false, true, false],
    ),
    (
        "user disabled",
        |outside| {
            let command = SetUserStatus {
                user: mary(),
                status: UserStatus::Disabled,
            };
            outside.world.inside.run(outside.owner, command);
        },
        ELSEWHERE,
    ),
    (
        "user deleted",
        |outside| {
            let command = DeleteUser {
                user: mary(),
                cascade: true,
            };
            outside.world.inside.run(outside.owner, command);
        },
        ELSEWHERE,
    ),
    (
        "access key inactive",
        |outside| {
            let command = SetAccessKeyStatus {
                user: mary(),
                access_key: outside.world.key.id.clone(),
                status: AccessKeyStatus::Inactive,
            };
            outside.world.inside.run(outside.owner, command);
        },
        [false, true, false, false, true, true, true, true],
    ),
    (
        "access key deleted",
        |outside| {
            let command = DeleteAccessKey {
                user: mary(),
                access_key: outside.world.key.id.clone(),
            };
            outside.world.inside.run(outside.owner, command);
        },
        [false, true, false, false, true, true, true, true],
    ),
    (
        "password removed",
        |outside| {
            let command = RemoveUserPassword { user: mary() };
            outside.world.inside.run(outside.owner, command);
        },
        // Removing a password ends the user's sessions; the key still opens a new one.
        [true, false, false, false, true, true, true, true],
    ),
];

#[test]
fn every_way_meets_every_control() {
    for (control, turn_on, open) in CONTROLS {
        for ((way, take), open) in WAYS.iter().zip(open) {
            let outside = Outside::new(json!({}));
            let world = &outside.world;
            let mut trust = trusting_provider(&outside.provider(), json!({}));
            let mary = trusting(&[format!("arn:trilby:iam::{}:user/mary", outside.owner)]);
            let statements = trust["Statement"].as_array_mut().unwrap();
            statements.push(mary["Statement"][0].clone());
            world.role(outside.owner, "deploy", &trust);
            let token = world
                .client_credentials(&world.key)
                .expect(200)
                .text("/access_token")
                .to_owned();
            let federated = outside
                .federate(&outside.token("ana", json!({})))
                .expect(201)
                .text("/credentials/session_token")
                .to_owned();
            let held = Held {
                token,
                federated,
                role: world.role_arn(outside.owner, "deploy"),
            };
            turn_on(&outside);
            let answer = take(&outside, &held);
            assert_eq!(
                [200, 201].contains(&answer.status),
                open,
                "{way} with {control}: {answer:?}"
            );
            if !open {
                assert!(
                    [400, 401, 403].contains(&answer.status),
                    "{way} with {control}: {answer:?}"
                );
            }
        }
    }
}

#[test]
fn no_way_to_a_role_goes_beyond_its_longest_session() {
    let outside = Outside::new(json!({}));
    let trust = trusting_provider(&outside.provider(), json!({}));
    outside.world.role(outside.owner, "deploy", &trust);
    let role = outside.world.role_arn(outside.owner, "deploy");
    let more = json!({ "duration_seconds": 3_601 });
    outside
        .assume(&outside.token("ana", json!({})), &role, more)
        .expect_problem(400, "duration_exceeds_limit");
    let session = outside.federated(json!({}));
    let body = json!({ "role_arn": role, "role_session_name": "ana", "duration_seconds": 3_601 });
    outside
        .world
        .post(&session, "/v1/assume-role", &body)
        .expect_problem(400, "duration_exceeds_limit");
    let body = json!({
        "provider": outside.provider(),
        "web_identity_token": outside.token("ana", json!({})),
        "duration_seconds": 3_601,
    });
    outside
        .post("/v1/federated-sessions", &body)
        .expect_problem(400, "duration_exceeds_limit");
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
        let body = if row.id == "simulate_web_identity" {
            json!({ "provider": "TIDP00000000000000000", "claims": {} })
        } else {
            json!({ "account": true })
        };
        let send = |client: &trilby_testkit::http::Client| {
            world.inside.clock().advance_seconds(6);
            let call = client
                .request(method, &path)
                .header("idempotency-key", "0123456789abcdef");
            if method == "GET" {
                call.send()
            } else {
                call.json(&body).send()
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
                    call.json(&body).send()
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
