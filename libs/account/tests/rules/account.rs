use trilby_account::command::*;
use trilby_account::settings::{Decisions, PasswordPolicy, SettingsSection, Tokens, WhenStale};
use trilby_account::{
    AccountStatus, Actor, ClaimAct, ClaimKind, Command, PersonalField, Precondition, Rejection,
};
use trilby_model::Hash;
use trilby_testkit::given::{account, given};

use crate::build::*;

fn alias(name: Option<&str>) -> SetAccountAlias {
    SetAccountAlias {
        alias: name.map(|name| name.parse().unwrap()),
    }
}

#[test]
fn an_account_without_a_log_takes_no_command() {
    given([]).when(user("mary")).rejected_as("not_found");
}

#[test]
fn an_alias_is_claimed_and_given_up() {
    let claims = |given: &trilby_testkit::given::Given| {
        let changes = given.history().last().unwrap().claims();
        changes
            .into_iter()
            .map(|change| (change.act, change.value))
            .collect::<Vec<_>>()
    };
    let (take, release) = (ClaimAct::Take, ClaimAct::Release);
    let given = account().with(alias(Some("acme")));
    assert_eq!(claims(&given), [(take, "acme".to_owned())]);
    let given = given.when(alias(Some("acme"))).changes_nothing();
    let given = given.with(alias(Some("acme-2")));
    assert_eq!(
        claims(&given),
        [(release, "acme".to_owned()), (take, "acme-2".to_owned())]
    );
    assert_eq!(given.state().claims()[0].kind, ClaimKind::AccountAlias);
    let given = given.with(alias(None));
    assert_eq!(claims(&given), [(release, "acme-2".to_owned())]);
    assert!(given.state().claims().is_empty());
}

#[test]
fn settings_are_replaced_by_section_and_kept_in_bounds() {
    let change = |section| ChangeSettings { section };
    let good = SettingsSection::PasswordPolicy(PasswordPolicy {
        length_min: 20,
        length_with_mfa_min: 12,
    });
    let given = account().with(change(good.clone()));
    assert_eq!(given.state().settings().password_policy.length_min, 20);
    let given = given.when(change(good)).changes_nothing();
    let bad = [
        SettingsSection::PasswordPolicy(PasswordPolicy {
            length_min: 11,
            length_with_mfa_min: 8,
        }),
        SettingsSection::PasswordPolicy(PasswordPolicy {
            length_min: 15,
            length_with_mfa_min: 7,
        }),
        SettingsSection::Tokens(Tokens {
            chain_age_s_max: 43_201,
        }),
        SettingsSection::Decisions(Decisions {
            stale_s_max: 4,
            when_stale: WhenStale::Deny,
        }),
    ];
    for section in bad {
        let refused = given.clone().when(change(section));
        refused.rejected_as("invalid_parameter");
    }
}

#[test]
fn roots_first_password_needs_an_address() {
    let set = |email: Option<Hash>| SetRootCredential {
        hashing: hashing(),
        email,
        ticket: None,
    };
    account().when(set(None)).rejected_as("invalid_parameter");
    let given = account().with(set(Some(Hash([1; 32])))).with(set(None));
    let root = given.state().root();
    assert_eq!(root.password.as_ref().unwrap().generation, 2);
    let email = root.email.unwrap();
    assert_eq!((email.field, email.generation), (PersonalField::Email, 1));
    let given = given.with(set(Some(Hash([2; 32]))));
    assert_eq!(given.state().root().email.unwrap().generation, 2);
    let revoked = given.history().last().unwrap().revocations();
    assert_eq!(revoked[0].parts, [given.state().root_subject()]);
}

#[test]
fn roots_credential_is_removed_once() {
    let given = account().with(SetRootCredential {
        hashing: hashing(),
        email: Some(Hash([1; 32])),
        ticket: None,
    });
    let given = given.with(RemoveRootCredential {});
    given.when(RemoveRootCredential {}).rejected_as("not_found");
}

#[test]
fn a_suspended_account_takes_only_what_ends_things() {
    let given = account()
        .with(user("mary"))
        .with(SuspendAccount { reason: None });
    assert_eq!(given.history().last().unwrap().revocations()[0].kind, 'a');
    given
        .clone()
        .when(user("bob"))
        .rejected(Rejection::AccountNotActive {
            status: AccountStatus::Suspended,
        });
    let _ = given.clone().with(RevokeSessions {
        target: RevokeTarget::Account,
        issued_before_seq: None,
        reason: None,
    });
    let _ = given.with(ResumeAccount {}).with(user("bob"));
}

#[test]
fn only_root_closes_an_account_and_nothing_comes_after() {
    let given = account().with(user("mary"));
    let mary = user_id(&given, "mary");
    let id = given.state().id();
    let by_mary = given.clone().by(Actor::User(id, mary));
    by_mary.when(CloseAccount {}).rejected(Rejection::RootOnly);
    let foreign = Actor::Root("999999999999".parse().unwrap());
    let by_stranger = given.clone().by(foreign);
    by_stranger
        .when(CloseAccount {})
        .rejected(Rejection::RootOnly);
    let given = given.with(CloseAccount {});
    let commands: [Command; 2] = [ResumeAccount {}.into(), user("bob").into()];
    for command in commands {
        let refused = given.clone().when(command);
        refused.rejected_as("invalid_state");
    }
}

#[test]
fn renaming_is_under_the_accounts_etag() {
    let rename = |name: &str| RenameAccount {
        name: name.parse().unwrap(),
    };
    let given = account();
    let etag = Precondition::Unchanged(given.state().stamp().unwrap().changed);
    let given = given.if_match(etag).with(rename("acme-prod"));
    given
        .if_match(etag)
        .when(rename("acme-test"))
        .rejected_as("etag_mismatch");
}

#[test]
fn several_commands_make_one_commit_or_none() {
    let given = account();
    let ctx = given.context();
    let commands: [Command; 3] = [
        user("mary").into(),
        group("eng").into(),
        member("eng", "mary").into(),
    ];
    let events = given.state().decide_all(commands, &ctx).unwrap();
    assert_eq!(events.len(), 3);
    let given = given.after(events);
    assert_eq!(given.state().users().len(), 1);
    let clash: [Command; 2] = [user("bob").into(), user("BOB").into()];
    let refused = given.state().decide_all(clash, &ctx).unwrap_err();
    assert_eq!(refused.code(), "already_exists");
}

#[test]
fn several_creations_in_one_commit_have_different_ids() {
    let given = account();
    let ctx = given.context();
    let commands: [Command; 2] = [user("mary").into(), user("bob").into()];
    let events = given.state().decide_all(commands, &ctx).unwrap();
    let given = given.after(events);
    assert_eq!(given.state().users().len(), 2);
}
