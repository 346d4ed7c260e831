//! The index of whom roles trust is written with the events, and is what the events say.

use trilby_account::event::{RoleCreated, RoleDeleted, RoleTrustPolicyReplaced};
use trilby_account::{Event, GuardText, PolicyText, PrincipalId, RoleLimits, Trusted};
use trilby_directory::{TrustingRole, VerifyingFolds};
use trilby_eventlog::archive::{Archive, Row, Section};
use trilby_eventlog::verify::{Options as Verification, Status, verify};
use trilby_eventlog::{EventLog, Memory, Trusting};
use trilby_model::{LogId, ProviderId, RoleId, Seq};
use trilby_policy::Kind;
use trilby_testkit::given::document;

use crate::store::*;

const MARY: &str = "arn:trilby:iam::100000000001:user/mary";
const LOGIN: &str = "arn:trilby:iam::100000000001:oidc-provider/google";

fn mary() -> PrincipalId {
    "TUSR0123456789ABCDEFG".parse().unwrap()
}

fn google() -> ProviderId {
    "TIDP0123456789ABCDEFG".parse().unwrap()
}

fn role(n: u8) -> RoleId {
    format!("TROL0123456789ABCDEF{n}").parse().unwrap()
}

fn trust(statements: &[(&str, serde_json::Value)]) -> GuardText {
    let statements: Vec<_> = statements
        .iter()
        .map(|(effect, principal)| {
            serde_json::json!({ "Effect": effect, "Principal": principal, "Action": "sts:AssumeRole*" })
        })
        .collect();
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statements });
    GuardText {
        policy: PolicyText::of(&document(Kind::Trust, &policy)),
        principals: [(MARY.to_owned(), mary())].into(),
        providers: [(LOGIN.to_owned(), google())].into(),
    }
}

fn role_created(n: u8, trust: GuardText) -> Event {
    RoleCreated {
        role: role(n),
        name: format!("role-{n}").parse().unwrap(),
        path: "/".parse().unwrap(),
        description: None,
        tags: Default::default(),
        trust,
        limits: RoleLimits::default(),
        external_id_waiver: None,
        warnings: Vec::new(),
    }
    .into()
}

fn replaced(n: u8, trust: GuardText) -> Event {
    RoleTrustPolicyReplaced {
        role: role(n),
        trust,
        revoke_sessions: false,
        external_id_waiver: None,
        warnings: Vec::new(),
    }
    .into()
}

fn found(n: u8, since: u64) -> TrustingRole {
    TrustingRole {
        account: account(1),
        role: role(n),
        since: Seq::new(since),
    }
}

async fn assert_sound(memory: &Memory) {
    let meta = memory.store_meta().await.unwrap();
    let folds = VerifyingFolds::new(SECRETS, meta.store_id);
    let options = Verification {
        folds: Some(&folds),
        ..Verification::default()
    };
    let report = verify(memory, &options).await.unwrap();
    assert_eq!(report.status, Status::Ok, "{:?}", report.findings);
}

#[tokio::test]
async fn a_role_is_found_by_everyone_it_trusts_until_it_does_not() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let aws = |text: &str| serde_json::json!({ "AWS": text });
    let login = || serde_json::json!({ "Federated": LOGIN });
    append(
        &directory,
        account(1),
        vec![
            created(account(1)),
            role_created(1, trust(&[("Allow", aws(MARY)), ("Allow", login())])),
            role_created(2, trust(&[("Allow", aws("100000000002"))])),
            role_created(
                3,
                trust(&[("Allow", aws("100000000002")), ("Deny", aws(MARY))]),
            ),
        ],
    )
    .await;
    let who = [
        Trusted::Principal(mary()),
        Trusted::Account(account(2)),
        Trusted::Provider(google()),
    ];
    let [by_mary, by_account, by_login] = &who;
    let ask = async |whom: &Trusted| {
        directory
            .trusting(std::slice::from_ref(whom))
            .await
            .unwrap()
    };
    assert_eq!(ask(by_mary).await, [found(1, 2)], "a Deny trusts nobody");
    assert_eq!(ask(by_account).await, [found(2, 3), found(3, 4)]);
    assert_eq!(ask(by_login).await, [found(1, 2)]);
    let all = directory.trusting(&who).await.unwrap();
    assert_eq!(
        all,
        [found(1, 2), found(2, 3), found(3, 4)],
        "each role once"
    );
    assert_sound(&memory).await;

    append(
        &directory,
        account(1),
        vec![
            replaced(1, trust(&[("Allow", login())])),
            RoleDeleted { role: role(2) }.into(),
            replaced(3, trust(&[("Allow", aws(MARY))])),
        ],
    )
    .await;
    assert_eq!(ask(by_mary).await, [found(3, 7)]);
    assert_eq!(ask(by_account).await, []);
    assert_eq!(
        ask(by_login).await,
        [found(1, 2)],
        "still since the first event"
    );
    assert_sound(&memory).await;
}

#[tokio::test]
async fn what_one_commit_gives_and_takes_is_gone() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let trusted = trust(&[("Allow", serde_json::json!({ "Federated": LOGIN }))]);
    append(
        &directory,
        account(1),
        vec![
            created(account(1)),
            role_created(1, trusted.clone()),
            RoleDeleted { role: role(1) }.into(),
            role_created(2, trusted),
        ],
    )
    .await;
    let whom = [Trusted::Provider(google())];
    assert_eq!(directory.trusting(&whom).await.unwrap(), [found(2, 4)]);
    assert_sound(&memory).await;
}

/// Rows that no event says are found, and a rebuilt store has none of them.
#[tokio::test]
async fn the_index_is_rebuilt_from_the_events() {
    let memory = Memory::for_tests();
    let directory = follower(&memory).await;
    let trusted = trust(&[("Allow", serde_json::json!({ "Federated": LOGIN }))]);
    let events = vec![created(account(1)), role_created(1, trusted)];
    append(&directory, account(1), events).await;
    let index = async |store: &Memory| {
        let page = store.export(Section::Trusting, None, None, 100).await;
        page.unwrap().rows
    };
    let right = index(&memory).await;
    assert_eq!(right.len(), 1);
    let made_up = Row::Trusting(Trusting {
        key: [7; 32],
        log: LogId::Account(account(1)),
        role: role(9).to_string(),
        seq: Seq::new(2),
    });
    memory.import_rows(vec![made_up]).await.unwrap();
    let meta = memory.store_meta().await.unwrap();
    let folds = VerifyingFolds::new(SECRETS, meta.store_id);
    let checked = Verification {
        folds: Some(&folds),
        ..Verification::default()
    };
    let before = verify(&memory, &checked).await.unwrap();
    assert_eq!(before.status, Status::Broken, "{before:?}");
    let rebuilt = Memory::for_tests();
    trilby_eventlog::copy::rebuild(&memory, &rebuilt, &folds)
        .await
        .unwrap();
    assert_eq!(index(&rebuilt).await, right);
    let after = verify(&rebuilt, &checked).await.unwrap();
    assert_eq!(after.status, Status::Ok, "{after:?}");
    for section in [Section::Claims, Section::Revocations, Section::Receipts] {
        let rows = async |store: &Memory| {
            let page = store.export(section, None, None, 100).await;
            page.unwrap().rows
        };
        assert_eq!(rows(&rebuilt).await, rows(&memory).await, "{section:?}");
    }
}
