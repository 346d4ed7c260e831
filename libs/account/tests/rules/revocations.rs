use trilby_account::Revocation;
use trilby_account::command::{RevokeSessions, RevokeTarget};
use trilby_model::Seq;
use trilby_testkit::given::{Given, account};

use crate::build::*;

fn revoke(target: RevokeTarget) -> RevokeSessions {
    RevokeSessions {
        target,
        issued_before_seq: None,
        reason: Some("stolen laptop".parse().unwrap()),
    }
}

fn everything() -> Given {
    account()
        .with(user("mary"))
        .with(own_role("deploy"))
        .with(access_key("mary"))
}

#[test]
fn each_target_has_its_kind() {
    let given = everything();
    let key = key_ids(&given, "mary")[0].clone();
    let session: trilby_model::SessionId = "TSES0123456789ABCDEFG".parse().unwrap();
    let cases = [
        (
            RevokeTarget::User("mary".parse().unwrap()),
            'u',
            user_id(&given, "mary").to_string(),
        ),
        (
            RevokeTarget::Role("deploy".parse().unwrap()),
            'r',
            role_id(&given, "deploy").to_string(),
        ),
        (RevokeTarget::AccessKey(key.clone()), 'k', key.to_string()),
        (
            RevokeTarget::Session(session.clone()),
            's',
            session.to_string(),
        ),
        (RevokeTarget::Account, 'a', "111122223333".to_owned()),
    ];
    for (target, kind, part) in cases {
        let given = given.clone().with(revoke(target));
        assert_eq!(
            given.history().last().unwrap().revocations(),
            [Revocation {
                kind,
                parts: vec![part],
                before_seq: None
            }]
        );
    }
}

#[test]
fn a_revocation_may_spare_younger_sessions_but_not_reach_into_the_future() {
    let given = everything();
    let before = |seq: u64| RevokeSessions {
        issued_before_seq: Some(Seq::new(seq)),
        ..revoke(RevokeTarget::Account)
    };
    let here = given.state().seq().get();
    let accepted = given.clone().with(before(here + 1));
    let revoked = accepted.history().last().unwrap().revocations();
    assert_eq!(revoked[0].before_seq, Some(Seq::new(here + 1)));
    let refused = given.clone().when(before(here + 2));
    refused.rejected_as("invalid_parameter");
    let single = RevokeSessions {
        target: RevokeTarget::Session("TSES0123456789ABCDEFG".parse().unwrap()),
        ..before(1)
    };
    given.when(single).rejected_as("invalid_parameter");
}

#[test]
fn only_what_exists_is_revoked() {
    for target in [
        RevokeTarget::User("ghost".parse().unwrap()),
        RevokeTarget::Role("ghost".parse().unwrap()),
        RevokeTarget::AccessKey("TKEY0123456789ABCDEFG".parse().unwrap()),
    ] {
        account().when(revoke(target)).rejected_as("not_found");
    }
}

#[test]
fn revoking_changes_nothing_else() {
    let given = everything();
    let after = given.clone().with(revoke(RevokeTarget::Account));
    let mut state = serde_json::to_value(after.state()).unwrap();
    state["seq"] = serde_json::json!(given.state().seq());
    assert_eq!(state, serde_json::to_value(given.state()).unwrap());
}
