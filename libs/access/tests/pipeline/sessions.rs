//! Tokens: good ones, bad ones, and sessions that have ended.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use trilby_account::command::{
    ActivateSigningKey, Command, DeleteUser, PublishSigningKey, RevokeSessions, RevokeSigningKey,
    RevokeTarget, SetUserStatus, SuspendAccount,
};
use trilby_account::{Ref, UserStatus};
use trilby_eventlog::{Archive as _, Memory, Polled};
use trilby_model::{AccountId, UserId};
use trilby_session::claims::{Dependency, DependencyKind};
use trilby_session::{Algorithm, SigningKey};
use trilby_testkit::http::Client;
use trilby_testkit::installation::{Installation, allow};

use super::{installation, operations};

const WWW: &str = "www-authenticate";
const MIN: &str = "trilby-min-seq";

#[test]
fn without_a_good_token_nobody_passes() {
    let installation = installation();
    let account = installation.account("Acme");
    let claims = installation.root_claims(account);
    let token = installation.token(&claims);
    let users = format!("/v1/accounts/{account}/users");
    installation
        .stranger()
        .with_token(&token)
        .get(&users)
        .expect(200);
    let mut cut = token.clone();
    cut.pop();
    let flipped = token.replacen('A', "B", 1);
    for bad in [
        "",
        "x",
        "a.b.c",
        &cut,
        &flipped,
        &format!("{token} {token}"),
        "tbk_nonsense",
    ] {
        let refused = installation
            .stranger()
            .with_token(bad)
            .get(&users)
            .expect_problem(401, "unauthenticated");
        assert_eq!(
            refused.header(WWW).unwrap(),
            "Bearer error=\"invalid_token\"",
            "{bad}"
        );
    }
    // Nothing is wrong with a token that was not sent.
    let stranger = installation.stranger();
    for without in [
        stranger.clone(),
        stranger.with_header("authorization", "Basic Og=="),
    ] {
        let refused = without.get(&users).expect_problem(401, "unauthenticated");
        assert_eq!(refused.header(WWW).unwrap(), "Bearer realm=\"trilby\"");
        assert_eq!(refused.text("/errors/0/header"), "authorization");
        assert_eq!(refused.text("/errors/0/code"), "missing_parameter");
    }
    // A stranger learns nothing from a bad path, body or method either.
    installation
        .stranger()
        .get("/v1/accounts/nonsense/users")
        .expect_problem(401, "unauthenticated");
    installation
        .stranger()
        .post(&users, &json!({"nonsense": 1}))
        .expect_problem(401, "unauthenticated");
}

#[test]
fn a_token_in_the_query_is_none() {
    let installation = installation();
    let account = installation.account("Acme");
    let token = installation.token(&installation.root_claims(account));
    let asked = installation.stranger().get(&format!(
        "/v1/accounts/{account}/users?access_token={token}"
    ));
    asked.expect_problem(401, "unauthenticated");
}

#[test]
fn wrong_claims_are_refused() {
    let installation = installation();
    let account = installation.account("Acme");
    let other = installation.account("Other");
    let good = installation.root_claims(account);
    let who = |claims| installation.with_session(claims).get("/v1/who");
    who(good.clone()).expect(200);
    let mut foreign_issuer = good.clone();
    foreign_issuer.iss = trilby_session::issuer(installation.services().public_url(), other);
    let mut not_for_us = good.clone();
    not_for_us.aud = vec!["elsewhere".to_owned()];
    let mut expired = good.clone();
    (expired.iat, expired.nbf, expired.auth_time) =
        (good.iat - 7200, good.iat - 7200, good.iat - 7200);
    expired.exp = good.iat - 3600;
    let mut early = good.clone();
    (early.iat, early.nbf, early.auth_time) = (good.iat + 600, good.iat + 600, good.iat);
    for claims in [foreign_issuer, not_for_us, expired, early] {
        who(claims).expect_problem(401, "unauthenticated");
    }
}

#[test]
fn a_token_ends_with_its_time() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    root.get("/v1/who").expect(200);
    installation.clock().advance_seconds(3_599);
    root.get("/v1/who").expect(200);
    installation.clock().advance_seconds(60);
    root.get("/v1/who").expect_problem(401, "unauthenticated");
}

#[test]
fn a_disabled_or_deleted_user_is_nobody_at_once() {
    let installation = installation();
    let account = installation.account("Acme");
    installation.user(account, "mary", &allow(&["iam:ListUsers"]));
    installation.user(account, "bob", &json!(null));
    let (mary, bob) = (
        installation.as_user(account, "mary"),
        installation.as_user(account, "bob"),
    );
    mary.get("/v1/who").expect(200);
    let name = |name: &str| Ref::Name(name.parse().unwrap());
    installation.run(
        account,
        SetUserStatus {
            user: name("mary"),
            status: UserStatus::Disabled,
        },
    );
    mary.get("/v1/who").expect_problem(401, "unauthenticated");
    // Enabling her again revives no session from before.
    installation.run(
        account,
        SetUserStatus {
            user: name("mary"),
            status: UserStatus::Active,
        },
    );
    mary.get("/v1/who").expect_problem(401, "unauthenticated");
    installation
        .as_user(account, "mary")
        .get("/v1/who")
        .expect(200);
    installation.run(
        account,
        DeleteUser {
            user: name("bob"),
            cascade: true,
        },
    );
    bob.get("/v1/who").expect_problem(401, "unauthenticated");
    // Another bob is another bob.
    installation.user(account, "bob", &json!(null));
    bob.get("/v1/who").expect_problem(401, "unauthenticated");
}

#[test]
fn a_suspended_account_has_no_sessions() {
    let installation = installation();
    let account = installation.account("Acme");
    let root = installation.root(account);
    installation.run(account, SuspendAccount { reason: None });
    root.get("/v1/who").expect_problem(401, "unauthenticated");
    installation
        .root(account)
        .get("/v1/who")
        .expect_problem(401, "unauthenticated");
}

#[test]
fn a_revoked_session_is_dead_and_others_live() {
    let installation = installation();
    let account = installation.account("Acme");
    let claims = installation.root_claims(account);
    let (one, two) = (
        installation.with_session(claims.clone()),
        installation.root(account),
    );
    one.get("/v1/who").expect(200);
    let target = RevokeTarget::Session(claims.jti.clone());
    installation.run(
        account,
        RevokeSessions {
            target,
            issued_before_seq: None,
            reason: None,
        },
    );
    one.get("/v1/who").expect_problem(401, "unauthenticated");
    two.get("/v1/who").expect(200);
}

#[test]
fn a_token_from_a_later_state_than_ours_is_not_judged_by_ours() {
    let installation = installation();
    let account = installation.account("Acme");
    let mut claims = installation.root_claims(account);
    claims.trilby.seq += 1_000;
    installation
        .with_session(claims)
        .get("/v1/who")
        .expect_problem(503, "state_behind");
}

/// Two processes over one store that announces nothing: what one writes, the other hears of when it asks next.
struct Two {
    here: Installation,
    there: Installation,
}

impl Two {
    fn start() -> Self {
        let memory = Memory::for_tests();
        let start = || {
            Installation::start_on(
                operations::registry(),
                Arc::new(memory.clone()),
                Arc::new(Polled::default()),
                |services| services,
            )
        };
        let (here, there) = (start(), start());
        // Both draw from the same seed: what one draws the other must not have drawn, or receipts would be the other's.
        for _ in 0..1_000 {
            drop(there.services().entropy());
        }
        Self { here, there }
    }

    /// Writes in the other process. Gives the position, which this one has not heard of.
    fn run_there(&self, account: AccountId, command: impl Into<Command>) -> String {
        self.there.run(account, command);
        let head = self
            .there
            .wait(self.there.services().directory().account(account));
        trilby_model::ConsistencyToken::new(vec![head.unwrap().position()])
            .unwrap()
            .to_string()
    }
}

fn disable(name: &str) -> SetUserStatus {
    SetUserStatus {
        user: Ref::Name(name.parse().unwrap()),
        status: UserStatus::Disabled,
    }
}

fn revoke(target: RevokeTarget) -> RevokeSessions {
    RevokeSessions {
        target,
        issued_before_seq: None,
        reason: None,
    }
}

/// Ends a session in the other process, and gives the position of that.
type End<'a> = dyn Fn(&Two, &trilby_session::Claims) -> String + 'a;

#[test]
fn whoever_carries_the_position_of_a_revocation_is_judged_by_it() {
    let two = Two::start();
    let account = two.here.account("Acme");
    let users = format!("/v1/accounts/{account}/users");
    let all = allow(&["iam:ListUsers", "iam:CreateUser"]);
    let ended: [(&str, &End<'_>); 3] = [
        ("disabled", &|two, _| {
            two.run_there(account, disable("disabled"))
        }),
        ("revoked", &|two, claims| {
            two.run_there(account, revoke(RevokeTarget::Session(claims.jti.clone())))
        }),
        // Last: it ends all others, too.
        ("unsigned", &|two, _| {
            let state = two.here.state(account);
            let kid = state.signing_keys().keys().next().unwrap().clone();
            two.run_there(account, RevokeSigningKey { kid, reason: None })
        }),
    ];
    for (name, end) in ended {
        two.here.user(account, name, &all);
        let claims = two.here.user_claims(account, name);
        let one = two.here.with_session(claims.clone());
        one.get("/v1/who").expect(200);
        one.get(&users).expect(200);
        let position = end(&two, &claims);
        let one = one.with_header(MIN, &position);
        one.get("/v1/who").expect_problem(401, "unauthenticated");
        one.get(&users).expect_problem(401, "unauthenticated");
        one.post(&users, &json!({"name": "x"}))
            .expect_problem(401, "unauthenticated");
    }
}

#[test]
fn what_a_key_signs_long_after_it_retired_is_not_believed() {
    let installation = installation();
    let account = installation.account("Acme");
    let mut claims = installation.root_claims(account);
    let begun = claims.iat;
    // By whoever came by the key.
    let mut made_at = |hours: i64| {
        claims.iat = begun + hours * 3_600;
        (claims.nbf, claims.auth_time) = (claims.iat, claims.iat);
        claims.exp = claims.iat + 7_200;
        installation.with_session(claims.clone())
    };
    let (soon, late) = (made_at(11), made_at(13));
    let next = SigningKey::generate(Algorithm::Es256).unwrap();
    let jwk = serde_json::to_value(next.public().to_jwk()).unwrap();
    let published = PublishSigningKey {
        kid: next.kid().to_owned(),
        alg: next.public().algorithm().as_str().to_owned(),
        jwk: serde_json::from_value(jwk).unwrap(),
    };
    installation.run(account, published);
    installation.clock().advance_seconds(1_200);
    let activated = ActivateSigningKey {
        kid: next.kid().to_owned(),
        metadata: None,
    };
    installation.run(account, activated);
    installation.clock().advance_seconds(11 * 3_600 - 1_200);
    soon.get("/v1/who").expect(200);
    installation.clock().advance_seconds(2 * 3_600);
    late.get("/v1/who").expect_problem(401, "unauthenticated");
}

/// Sends a request without its end, does something, and then ends it. Gives the answer's first line.
fn held(installation: &Installation, token: &str, meanwhile: impl FnOnce()) -> String {
    let url = installation.services().public_url();
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET /v1/who HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Long enough for whoever judges sessions.
    std::thread::sleep(Duration::from_millis(200));
    meanwhile();
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

#[test]
fn a_session_that_ends_while_its_request_arrives_is_not_answered() {
    let installation = installation();
    let account = installation.account("Acme");
    let claims = installation.root_claims(account);
    let token = installation.token(&claims);
    let line = held(&installation, &token, || {});
    assert!(line.contains(" 200 "), "{line}");
    let line = held(&installation, &token, || {
        let command = RevokeSessions {
            target: RevokeTarget::Session(claims.jti.clone()),
            issued_before_seq: None,
            reason: None,
        };
        installation.run(account, command);
    });
    assert!(line.contains(" 401 "), "{line}");
}

/// A session of a role in `there` that rests on a user of another account, and a client with it.
fn borrowed(here: &Installation, there: AccountId, owner: AccountId, user: &UserId) -> Client {
    let mut claims = here.root_claims(there);
    claims.trilby.dep = vec![Dependency {
        account: owner,
        kind: DependencyKind::User,
        id: user.to_string(),
        seq: here.state(owner).seq().get(),
    }];
    here.with_session(claims)
}

#[test]
fn a_revocation_in_another_account_ends_what_rests_on_it_for_whoever_carries_it() {
    let two = Two::start();
    let (account, owner) = (two.here.account("Acme"), two.here.account("Owner"));
    let mary = two.here.user(owner, "mary", &json!(null));
    let one = borrowed(&two.here, account, owner, &mary);
    let other = two.here.root(account);
    let users = format!("/v1/accounts/{account}/users");
    for client in [&one, &other] {
        client.get(&users).expect(200);
    }
    let position = two.run_there(owner, disable("mary"));
    let seq = two.there.state(owner).seq();
    for path in [users.as_str(), "/v1/who"] {
        let refused = one.with_header(MIN, &position).get(path);
        refused.expect_problem(401, "unauthenticated");
        // Who rests on nothing there is neither refused nor made to wait, and learns nothing of how far it is.
        for position in [
            position.clone(),
            format!("{owner}@{}", seq.get() + 1_000),
            format!("{owner}@{seq}.0123456789abcdef"),
        ] {
            other.with_header(MIN, &position).get(path).expect(200);
        }
    }
}

#[test]
fn a_position_that_a_session_rests_on_is_reached_or_nobody_answers() {
    let two = Two::start();
    let (account, owner) = (two.here.account("Acme"), two.here.account("Owner"));
    let mary = two.here.user(owner, "mary", &json!(null));
    let one = borrowed(&two.here, account, owner, &mary);
    one.get("/v1/who").expect(200);
    let seq = two.here.state(owner).seq();
    one.with_header(MIN, &format!("{owner}@{seq}"))
        .get("/v1/who")
        .expect(200);
    one.with_header(MIN, &format!("{owner}@{}", seq.next()))
        .get("/v1/who")
        .expect_problem(503, "state_behind");
    one.with_header(MIN, &format!("{owner}@{seq}.0123456789abcdef"))
        .get("/v1/who")
        .expect_problem(409, "timeline_lost");
}

#[test]
fn a_fence_ends_every_session_from_before_it() {
    let memory = Memory::for_tests();
    let installation = Installation::start_on(
        operations::registry(),
        Arc::new(memory.clone()),
        Arc::new(memory.clone()),
        |services| services,
    );
    let account = installation.account("Acme");
    let before = installation.root_claims(account);
    let (first, second) = (
        installation.root(account),
        installation.with_session(before.clone()),
    );
    first.get("/v1/who").expect(200);
    // As in a log that lost a tail: the session has seen more than there is, and is not waited for either.
    let mut lost = before.clone();
    lost.trilby.seq += 1_000;
    let lost = installation.with_session(lost);
    assert_eq!(installation.wait(memory.fence(0)).unwrap(), 2);
    // A process that was not told learns it from the first session of the new incarnation...
    let mut after = before.clone();
    after.trilby.inc = 2;
    installation.with_session(after).get("/v1/who").expect(200);
    for ended in [&first, &second, &lost] {
        ended.get("/v1/who").expect_problem(401, "unauthenticated");
    }
    // ...and from the first commit.
    assert_eq!(installation.wait(memory.fence(0)).unwrap(), 3);
    installation.user(account, "mary", &json!(null));
    let mut between = before;
    between.trilby.inc = 2;
    installation
        .with_session(between)
        .get("/v1/who")
        .expect_problem(401, "unauthenticated");
    installation.root(account).get("/v1/who").expect(200);
}

/// Of a store that tells nobody what is written to it by others.
fn untold(memory: &Memory) -> Installation {
    Installation::start_on(
        operations::registry(),
        Arc::new(memory.clone()),
        Arc::new(Polled::default()),
        |services| services.with(memory.clone()),
    )
}

#[test]
fn the_first_session_from_after_a_fence_is_not_judged_by_a_state_from_before_it() {
    let memory = Memory::for_tests();
    let (here, elsewhere) = (untold(&memory), untold(&memory));
    // Both draw from one sequence; what each draws has to differ all the same.
    for _ in 0..16 {
        drop(elsewhere.services().entropy());
    }
    let account = here.account("Acme");
    let mary = here.user(account, "mary", &json!(null));
    let mut claims = here.user_claims(account, "mary");
    here.with_session(claims.clone()).get("/v1/who").expect(200);
    let gone = SetUserStatus {
        user: Ref::Id(mary),
        status: UserStatus::Disabled,
    };
    elsewhere.run(account, gone);
    claims.trilby.inc = here.wait(memory.fence(0)).unwrap();
    // What it has seen is what `here` knows: nothing else tells that there is more.
    here.with_session(claims)
        .get("/v1/who")
        .expect_problem(401, "unauthenticated");
}

#[test]
fn a_request_that_outlives_a_fence_is_told_to_come_back() {
    let memory = Memory::for_tests();
    let installation = untold(&memory);
    let account = installation.account("Acme");
    let mut claims = installation.root_claims(account);
    let root = installation.with_session(claims.clone());
    root.get("/v1/outlive").expect_problem(503, "unavailable");
    root.get("/v1/who").expect_problem(401, "unauthenticated");
    claims.trilby.inc = installation.services().directory().incarnation();
    let root = installation.with_session(claims);
    root.get("/v1/who").expect(200);
}

#[test]
fn a_process_that_asks_for_news_hears_of_a_fence() {
    let memory = Memory::for_tests();
    let installation = untold(&memory);
    let account = installation.account("Acme");
    let root = installation.root(account);
    root.get("/v1/who").expect(200);
    installation.wait(memory.fence(0)).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while root.get("/v1/who").status == 200 {
        assert!(
            std::time::Instant::now() < deadline,
            "it has not heard of it"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    root.get("/v1/who").expect_problem(401, "unauthenticated");
}

#[test]
fn public_operations_ask_for_nothing() {
    let installation = installation();
    let hello = installation.stranger().get("/v1/hello").expect(200);
    assert_eq!(hello.text("/arn"), "nobody");
    assert_eq!(hello.header("trilby-seq"), None);
}
