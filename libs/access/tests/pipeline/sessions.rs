//! Tokens: good ones, bad ones, and sessions that have ended.

use serde_json::json;
use trilby_account::command::{
    DeleteUser, RevokeSessions, RevokeTarget, SetUserStatus, SuspendAccount,
};
use trilby_account::{Ref, UserStatus};
use trilby_testkit::installation::allow;

use super::installation;

const WWW: &str = "www-authenticate";

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

#[test]
fn public_operations_ask_for_nothing() {
    let installation = installation();
    let hello = installation.stranger().get("/v1/hello").expect(200);
    assert_eq!(hello.text("/arn"), "nobody");
    assert_eq!(hello.header("trilby-seq"), None);
}
