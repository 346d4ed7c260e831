//! What a session made with a second factor may do with it, and other facts of sessions that the engine answers alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use std::sync::Arc;

use trilby_engine::{
    Account, AccountBuilder, CompiledPolicy, LayerKind, Notes, Outcome, Principal, Ready, Request,
    Resolution, Role, SessionFacts, User, Worlds, decide, decide_into,
};
use trilby_model::{AccountId, Arn, GroupId, Tags, Timestamp};
use trilby_policy::{Document, Grammar, Kind};

const ALICE: &str = "TUSR00000000000000001";
const DEV: &str = "TROL00000000000000001";
const ROLE: &str = "arn:trilby:iam::111111111111:role/Dev";
const NOW: i64 = 1_800_000_000;

fn home() -> AccountId {
    "111111111111".parse().unwrap()
}

fn compiled(layer: LayerKind, kind: Kind, statements: &str) -> Arc<CompiledPolicy> {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let document = Document::parse(&text, kind, &Grammar::stored()).unwrap();
    let alice: Arn = "arn:trilby:iam::111111111111:user/alice".parse().unwrap();
    let resolution = Resolution::by_id([(&alice, ALICE)]);
    CompiledPolicy::new("p", layer, document, &resolution).shared()
}

/// Alice and the role `Dev`, which she puts on with a second factor.
fn account(of_role: &str) -> Account {
    let mut builder = AccountBuilder::new(home());
    builder.add_user(User {
        id: ALICE.parse().unwrap(),
        name: "alice".to_owned(),
        arn: "arn:trilby:iam::111111111111:user/alice".parse().unwrap(),
        tags: Tags::default(),
        policies: Vec::new(),
        groups: Vec::new(),
        boundary: None,
        disabled: false,
    });
    let trust = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/alice"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}"#;
    builder.add_role(Role {
        id: DEV.parse().unwrap(),
        name: "Dev".to_owned(),
        arn: ROLE.parse().unwrap(),
        tags: Tags::default(),
        policies: vec![compiled(LayerKind::Identity, Kind::Identity, of_role)],
        boundary: None,
        trust: compiled(LayerKind::Resource, Kind::Trust, trust),
    });
    builder.build()
}

/// The answer, which both ways to it give.
fn outcome(account: &Account, principal: Principal, action: &str, resource: &str) -> Outcome {
    let resource: Arn = resource.parse().unwrap();
    let mut request = Request::new(principal, action.parse().unwrap(), resource);
    request.time = Some(Timestamp::from_unix_seconds(NOW));
    let worlds = Worlds {
        principal_account: Some(account),
        ..Worlds::default()
    };
    let whole = decide(&request, &worlds).unwrap().outcome;
    let mut notes = Notes::default();
    let short = decide_into(&Ready::new(request), &worlds, &mut notes).unwrap();
    assert_eq!(short.outcome, whole);
    whole
}

fn session(issued_at: Option<i64>, mfa_at: Option<i64>) -> SessionFacts {
    SessionFacts {
        issued_at: issued_at.map(Timestamp::from_unix_seconds),
        mfa_at: mfa_at.map(Timestamp::from_unix_seconds),
        ..SessionFacts::default()
    }
}

#[test]
fn d13_a_second_factor_opens_the_role_and_does_not_go_on_with_it() {
    let if_shown = r#"{"Effect":"Allow","Action":"app:Read","Resource":"*","Condition":{"Null":{"aws:MultiFactorAuthPresent":"false"}}},
        {"Effect":"Allow","Action":"app:Write","Resource":"*","Condition":{"Null":{"aws:MultiFactorAuthAge":"false"}}},
        {"Effect":"Allow","Action":"app:Tell","Resource":"*","Condition":{"NumericLessThan":{"trilby:OriginMfaAge":"300"}}}"#;
    let account = account(if_shown);
    let alice = |facts: SessionFacts| {
        let user = account.user(&ALICE.parse().unwrap()).unwrap();
        user.principal(home(), facts)
    };
    let puts_on = |facts: SessionFacts| outcome(&account, alice(facts), "sts:AssumeRole", ROLE);
    assert_eq!(
        puts_on(session(Some(NOW - 60), Some(NOW - 60))),
        Outcome::Allow
    );
    assert_eq!(
        puts_on(session(Some(NOW - 60), None)),
        Outcome::ImplicitDeny
    );
    // With keys that last, the key is not there at all.
    assert_eq!(puts_on(session(None, None)), Outcome::ImplicitDeny);

    let wearing = |facts: SessionFacts| {
        let role = account.role(&DEV.parse().unwrap()).unwrap();
        role.principal(home(), "s1", facts).unwrap()
    };
    let shown = session(Some(NOW - 30), Some(NOW - 60));
    let doc = "arn:trilby:app::111111111111:doc/1";
    for action in ["app:Read", "app:Write"] {
        let worn = wearing(shown.clone());
        assert_eq!(outcome(&account, worn, action, doc), Outcome::ImplicitDeny);
    }
    // How old the factor of who began is, it is told.
    let tells = |facts: SessionFacts| outcome(&account, wearing(facts), "app:Tell", doc);
    assert_eq!(tells(shown), Outcome::Allow);
    assert_eq!(
        tells(session(Some(NOW - 30), Some(NOW - 301))),
        Outcome::ImplicitDeny
    );
    assert_eq!(tells(session(Some(NOW - 30), None)), Outcome::ImplicitDeny);
}

#[test]
fn the_order_of_groups_says_nothing() {
    let says = |effect: &str, action: &str| {
        let statement = format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"*"}}"#);
        vec![compiled(LayerKind::Identity, Kind::Identity, &statement)]
    };
    let groups = [
        says("Allow", "app:*"),
        says("Deny", "app:Write"),
        says("Allow", "app:Other"),
    ];
    let ids: Vec<GroupId> = (1..=groups.len())
        .map(|n| format!("TGRP{n:017}").parse().unwrap())
        .collect();
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for order in orders {
        let before = account(r#"{"Effect":"Allow","Action":"app:Read","Resource":"*"}"#);
        let mut builder = before.to_builder();
        for (id, policies) in ids.iter().zip(&groups) {
            builder.set_group(id.clone(), policies.clone());
        }
        let alice = before.user(&ALICE.parse().unwrap()).unwrap();
        builder.add_user(User {
            groups: order.iter().map(|n| ids[*n].clone()).collect(),
            ..(**alice).clone()
        });
        let account = builder.build();
        let asked = |action: &str| {
            let user = account.user(&ALICE.parse().unwrap()).unwrap();
            let principal = user.principal(home(), SessionFacts::default());
            outcome(
                &account,
                principal,
                action,
                "arn:trilby:app::111111111111:doc/1",
            )
        };
        assert_eq!(asked("app:Read"), Outcome::Allow);
        assert_eq!(asked("app:Write"), Outcome::ExplicitDeny);
        assert_eq!(asked("web:Read"), Outcome::ImplicitDeny);
    }
}
