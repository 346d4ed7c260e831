use trilby_model::{AccountId, RoleId, Timestamp, UserId};
use trilby_policy::{Document, Grammar, Kind};

use super::*;
use crate::account::{AccountBuilder, RegisteredResource};
use crate::compiled::Resolution;
use crate::decision::{Bypass, Outcome};
use crate::layer::LayerKind;
use crate::organization::OrganizationBuilder;
use crate::principal::{RoleSession, SessionFacts, UserPrincipal};

const A: &str = "111111111111";
const B: &str = "222222222222";
const ALICE: &str = "TUSR0000000000000000A";
const ALICE_AGAIN: &str = "TUSR0000000000000000B";
const DEV: &str = "TROL0000000000000000A";

fn account_id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn policy(
    kind: LayerKind,
    of: Kind,
    resolution: &Resolution,
    statements: &str,
) -> Arc<CompiledPolicy> {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let document = Document::parse(&text, of, &Grammar::stored()).unwrap();
    CompiledPolicy::new("policy", kind, document, resolution).shared()
}

fn identity(statements: &str) -> Arc<CompiledPolicy> {
    policy(
        LayerKind::Identity,
        Kind::Identity,
        &Resolution::ByName,
        statements,
    )
}

fn scp(statements: &str) -> Arc<CompiledPolicy> {
    policy(LayerKind::Scp, Kind::Scp, &Resolution::ByName, statements)
}

const READ: &str = r#"{"Effect":"Allow","Action":"app:Read","Resource":"*"}"#;
const EVERYTHING: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;

fn alice(id: &str, policies: Vec<Arc<CompiledPolicy>>) -> User {
    User {
        id: id.parse().unwrap(),
        name: "alice".to_owned(),
        arn: arn("arn:trilby:iam::111111111111:user/alice"),
        tags: Tags::default(),
        policies,
        groups: Vec::new(),
        boundary: None,
        disabled: false,
    }
}

fn trusting(id: &str, statements: &str) -> Arc<CompiledPolicy> {
    let resolution = Resolution::by_id([(&arn("arn:trilby:iam::111111111111:user/alice"), id)]);
    policy(LayerKind::Resource, Kind::Trust, &resolution, statements)
}

const TRUST_ALICE: &str = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/alice"},"Action":"sts:AssumeRole"}"#;

fn dev(trust: Arc<CompiledPolicy>, policies: Vec<Arc<CompiledPolicy>>) -> Role {
    Role {
        id: DEV.parse().unwrap(),
        name: "Dev".to_owned(),
        arn: arn("arn:trilby:iam::111111111111:role/team/Dev"),
        tags: Tags::default(),
        policies,
        boundary: None,
        trust,
    }
}

fn as_alice(id: Option<&str>) -> Principal {
    Principal::User(UserPrincipal {
        arn: arn("arn:trilby:iam::111111111111:user/alice"),
        id: id.map(|id| id.parse::<UserId>().unwrap()),
        account: account_id(A),
        name: "alice".to_owned(),
        tags: Tags::default(),
        session: SessionFacts::default(),
    })
}

fn as_dev(issued_at: i64) -> Principal {
    Principal::RoleSession(RoleSession {
        session_arn: arn("arn:trilby:sts::111111111111:assumed-role/Dev/s1"),
        role_arn: arn("arn:trilby:iam::111111111111:role/team/Dev"),
        role_id: Some(DEV.parse::<RoleId>().unwrap()),
        account: account_id(A),
        session_name: "s1".to_owned(),
        tags: Tags::default(),
        session_policies: None,
        session: SessionFacts {
            issued_at: Some(Timestamp::from_unix_seconds(issued_at)),
            ..SessionFacts::default()
        },
    })
}

fn asks(principal: Principal, action: &str, resource: &str) -> Request {
    Request::new(principal, action.parse().unwrap(), arn(resource))
}

fn only(account: &Account) -> Worlds<'_> {
    Worlds {
        principal_account: Some(account),
        ..Worlds::default()
    }
}

fn outcome(request: &Request, worlds: &Worlds<'_>) -> Outcome {
    decide(request, worlds).unwrap().outcome
}

const DOC: &str = "arn:trilby:app::111111111111:doc/1";

#[test]
fn d14_control_policies_do_not_bind_the_management_account() {
    let organization = |management: &str| {
        let mut tree =
            OrganizationBuilder::new("o-4k7m2xq9ab".parse().unwrap(), account_id(management));
        tree.scp_on(true).place(A, "r-x3f9").attach_scp(
            "r-x3f9",
            vec![
                scp(EVERYTHING),
                scp(r#"{"Effect":"Deny","Action":"app:Read","Resource":"*"}"#),
            ],
        );
        tree.attach_scp(A, vec![scp(EVERYTHING)]);
        tree.build()
    };
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .set_organization(Some("o-4k7m2xq9ab".parse().unwrap()))
        .add_user(alice(ALICE, vec![identity(READ)]));
    let account = builder.build();
    let request = asks(as_alice(Some(ALICE)), "app:Read", DOC);

    let management = organization(A);
    assert_eq!(
        outcome(
            &request,
            &Worlds {
                principal_org: Some(&management),
                ..only(&account)
            }
        ),
        Outcome::Allow
    );
    let other = organization(B);
    assert_eq!(
        outcome(
            &request,
            &Worlds {
                principal_org: Some(&other),
                ..only(&account)
            }
        ),
        Outcome::ExplicitDeny
    );
}

fn revoking() -> Account {
    let revoked = r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-01-01T00:00:00Z"}}}"#;
    let policies = vec![identity(READ), identity(revoked)];
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .add_user(alice(ALICE, policies.clone()))
        .add_role(dev(trusting(ALICE, TRUST_ALICE), policies));
    builder.build()
}

#[test]
fn d15_a_deny_on_older_sessions_hits_those_issued_before() {
    let account = revoking();
    assert_eq!(
        outcome(
            &asks(as_dev(1_700_000_000), "app:Read", DOC),
            &only(&account)
        ),
        Outcome::ExplicitDeny
    );
    assert_eq!(
        outcome(
            &asks(as_dev(1_800_000_000), "app:Read", DOC),
            &only(&account)
        ),
        Outcome::Allow
    );
}

#[test]
fn d16_and_not_long_term_keys() {
    assert_eq!(
        outcome(
            &asks(as_alice(Some(ALICE)), "app:Read", DOC),
            &only(&revoking())
        ),
        Outcome::Allow
    );
}

#[test]
fn d17_a_login_is_bound_by_the_resource_chain_and_by_no_service_chain() {
    let deny = |principal: &str| {
        format!(
            r#"{{"Effect":"Deny",{principal}"Action":"sts:AssumeRoleWithWebIdentity","Resource":"*"}}"#
        )
    };
    let full_rcp = policy(
        LayerKind::Rcp,
        Kind::Rcp,
        &Resolution::ByName,
        r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#,
    );
    let denying_rcp = policy(
        LayerKind::Rcp,
        Kind::Rcp,
        &Resolution::ByName,
        &deny(r#""Principal":"*","#),
    );
    let organization = |rcp: Vec<Arc<CompiledPolicy>>| {
        let mut tree = OrganizationBuilder::new("o-4k7m2xq9ab".parse().unwrap(), account_id(B));
        tree.scp_on(true).rcp_on(true).place(A, "r-x3f9");
        tree.attach_scp("r-x3f9", vec![scp(EVERYTHING), scp(&deny(""))])
            .attach_scp(A, vec![scp(EVERYTHING)]);
        tree.attach_rcp("r-x3f9", rcp)
            .attach_rcp(A, vec![Arc::clone(&full_rcp)]);
        tree.build()
    };
    let trust = policy(
        LayerKind::Resource,
        Kind::Trust,
        &Resolution::by_id([(
            &arn("arn:trilby:iam::111111111111:oidc-provider/google"),
            "TIDP0123456789ABCDEFG",
        )]),
        r#"{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111111111111:oidc-provider/google"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"accounts.google.com:sub":"u-1"}}}"#,
    );
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .set_organization(Some("o-4k7m2xq9ab".parse().unwrap()))
        .add_role(dev(trust, Vec::new()));
    let account = builder.build();
    let login = Principal::WebIdentity {
        provider: arn("arn:trilby:iam::111111111111:oidc-provider/google"),
        provider_id: Some("TIDP0123456789ABCDEFG".parse().unwrap()),
    };
    let mut request = asks(
        login,
        "sts:AssumeRoleWithWebIdentity",
        "arn:trilby:iam::111111111111:role/team/Dev",
    );
    request.context.insert("accounts.google.com:sub", "u-1");

    let open = organization(vec![Arc::clone(&full_rcp)]);
    let worlds = |organization| Worlds {
        resource_account: Some(&account),
        resource_org: Some(organization),
        ..Worlds::default()
    };
    assert_eq!(outcome(&request, &worlds(&open)), Outcome::Allow);
    let closed = organization(vec![Arc::clone(&full_rcp), denying_rcp]);
    let decision = decide(&request, &worlds(&closed)).unwrap();
    assert_eq!(
        (decision.outcome, decision.layer),
        (Outcome::ExplicitDeny, LayerKind::Rcp)
    );
}

#[test]
fn d18_a_user_made_again_inherits_nothing() {
    let request = |id| {
        asks(
            as_alice(id),
            "sts:AssumeRole",
            "arn:trilby:iam::111111111111:role/team/Dev",
        )
    };
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .add_user(alice(ALICE, Vec::new()))
        .add_role(dev(trusting(ALICE, TRUST_ALICE), Vec::new()));
    let before = builder.build();
    assert_eq!(
        outcome(&request(Some(ALICE)), &only(&before)),
        Outcome::Allow
    );
    assert_eq!(
        outcome(&request(None), &only(&before)),
        Outcome::Allow,
        "found by ARN"
    );

    let mut builder = before.to_builder();
    builder
        .remove_user(&ALICE.parse().unwrap())
        .add_user(alice(ALICE_AGAIN, Vec::new()));
    let after = builder.build();
    assert_eq!(
        outcome(&request(Some(ALICE_AGAIN)), &only(&after)),
        Outcome::ImplicitDeny
    );
    assert_eq!(
        outcome(&request(None), &only(&after)),
        Outcome::ImplicitDeny
    );
    assert_eq!(
        outcome(&request(Some(ALICE)), &only(&after)),
        Outcome::ImplicitDeny,
        "the deleted one is nobody now"
    );
}

#[test]
fn a_principal_that_was_gone_when_a_policy_was_stored_is_nobody() {
    let dangling = policy(
        LayerKind::Resource,
        Kind::Trust,
        &Resolution::by_id([]),
        TRUST_ALICE,
    );
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .add_user(alice(ALICE, Vec::new()))
        .add_role(dev(dangling, Vec::new()));
    let request = asks(
        as_alice(Some(ALICE)),
        "sts:AssumeRole",
        "arn:trilby:iam::111111111111:role/team/Dev",
    );
    assert_eq!(
        outcome(&request, &only(&builder.build())),
        Outcome::ImplicitDeny
    );
}

#[test]
fn a_group_lends_its_policies_to_its_members() {
    let group: trilby_model::GroupId = "TGRP0000000000000000A".parse().unwrap();
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .set_group(group.clone(), vec![identity(READ)])
        .add_user(User {
            groups: vec![group.clone()],
            ..alice(ALICE, Vec::new())
        });
    let account = builder.build();
    let request = asks(as_alice(Some(ALICE)), "app:Read", DOC);
    assert_eq!(outcome(&request, &only(&account)), Outcome::Allow);
    let mut builder = account.to_builder();
    builder.add_user(alice(ALICE, Vec::new()));
    assert_eq!(
        outcome(&request, &only(&builder.build())),
        Outcome::ImplicitDeny
    );
}

#[test]
fn a_disabled_user_may_do_nothing() {
    let mut builder = AccountBuilder::new(account_id(A));
    builder.add_user(User {
        disabled: true,
        ..alice(ALICE, vec![identity(READ)])
    });
    let decision = decide(
        &asks(as_alice(Some(ALICE)), "app:Read", DOC),
        &only(&builder.build()),
    )
    .unwrap();
    assert_eq!(decision.outcome, Outcome::ImplicitDeny);
    assert!(
        decision.message().ends_with("it is disabled"),
        "{}",
        decision.message()
    );
}

fn guarded(statements: &str) -> Account {
    let on = policy(
        LayerKind::Resource,
        Kind::Resource,
        &Resolution::by_id([]),
        statements,
    );
    let mut builder = AccountBuilder::new(account_id(A));
    builder.add_resource(RegisteredResource {
        arn: arn(DOC),
        tags: Tags::default(),
        policy: Some(on),
    });
    builder.build()
}

#[test]
fn somebody_unknown_has_what_everyone_has_and_no_more() {
    let everyone =
        guarded(r#"{"Effect":"Allow","Principal":"*","Action":"app:Read","Resource":"*"}"#);
    let known = guarded(
        r#"{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111111111111:user/alice","111111111111"]},"Action":"app:Read","Resource":"*"}"#,
    );
    let request = asks(as_alice(Some(ALICE)), "app:Read", DOC);
    assert_eq!(outcome(&request, &only(&everyone)), Outcome::Allow);
    assert_eq!(outcome(&request, &only(&known)), Outcome::ImplicitDeny);
}

#[test]
fn the_root_user_of_an_account_that_does_not_exist_is_nobody() {
    let account =
        guarded(r#"{"Effect":"Allow","Principal":"*","Action":"app:Read","Resource":"*"}"#);
    let worlds = Worlds {
        resource_account: Some(&account),
        ..Worlds::default()
    };
    assert_eq!(
        outcome(
            &asks(Principal::root(account_id(B)), "app:Read", DOC),
            &worlds
        ),
        Outcome::ImplicitDeny
    );
    let b = AccountBuilder::new(account_id(B)).build();
    assert_eq!(
        outcome(
            &asks(Principal::root(account_id(B)), "app:Read", DOC),
            &Worlds {
                principal_account: Some(&b),
                ..worlds
            }
        ),
        Outcome::Allow
    );
    assert_eq!(
        outcome(
            &asks(
                Principal::root(account_id(A)),
                "app:Read",
                "arn:trilby:app::111111111111:doc/2"
            ),
            &worlds
        ),
        Outcome::Allow
    );
}

#[test]
fn a_root_user_repairs_a_policy_that_locks_it_out() {
    let account = guarded(r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#);
    for action in [
        "registry:PutResourcePolicy",
        "registry:DeleteResourcePolicy",
        "registry:GetResourcePolicy",
    ] {
        assert_eq!(
            outcome(
                &asks(Principal::root(account_id(A)), action, DOC),
                &only(&account)
            ),
            Outcome::Allow,
            "{action}"
        );
    }
    assert_eq!(
        outcome(
            &asks(Principal::root(account_id(A)), "app:Read", DOC),
            &only(&account)
        ),
        Outcome::ExplicitDeny
    );
}

#[test]
fn a_root_user_puts_on_no_role_of_its_own_account_nor_of_another() {
    let trust = policy(
        LayerKind::Resource,
        Kind::Trust,
        &Resolution::by_id([]),
        r#"{"Effect":"Allow","Principal":{"AWS":["111111111111","222222222222"]},"Action":"sts:AssumeRole"}"#,
    );
    let mut builder = AccountBuilder::new(account_id(A));
    builder.add_role(dev(trust, Vec::new()));
    let (a, b) = (builder.build(), AccountBuilder::new(account_id(B)).build());
    let role = "arn:trilby:iam::111111111111:role/team/Dev";
    assert_eq!(
        outcome(
            &asks(Principal::root(account_id(A)), "sts:AssumeRole", role),
            &only(&a)
        ),
        Outcome::ImplicitDeny
    );
    let worlds = Worlds {
        principal_account: Some(&b),
        resource_account: Some(&a),
        ..Worlds::default()
    };
    let decision = decide(
        &asks(Principal::root(account_id(B)), "sts:AssumeRole", role),
        &worlds,
    )
    .unwrap();
    assert_eq!(decision.outcome, Outcome::ImplicitDeny);
    // Not any role either.
    let any = Request {
        resource: "*".parse().unwrap(),
        ..asks(Principal::root(account_id(A)), "sts:AssumeRole", role)
    };
    assert_eq!(outcome(&any, &only(&a)), Outcome::ImplicitDeny);
    assert!(
        decision
            .message()
            .ends_with("a root user cannot put on a role"),
        "{}",
        decision.message()
    );
}

#[test]
fn a_trust_policy_is_no_resource_policy_for_administering_the_role() {
    let mut builder = AccountBuilder::new(account_id(A));
    let everything = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/alice"},"Action":"sts:*"}"#;
    builder
        .add_user(alice(ALICE, Vec::new()))
        .add_role(dev(trusting(ALICE, everything), Vec::new()));
    let decision = decide(
        &asks(
            as_alice(Some(ALICE)),
            "iam:GetRole",
            "arn:trilby:iam::111111111111:role/team/Dev",
        ),
        &only(&builder.build()),
    )
    .unwrap();
    assert_eq!(
        (decision.outcome, decision.layer),
        (Outcome::ImplicitDeny, LayerKind::Identity)
    );
    assert_eq!(decision.layers.resource, Some(crate::layer::Verdict::None));
}

#[test]
fn state_that_is_missing_or_of_another_account_is_a_fault() {
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .set_organization(Some("o-4k7m2xq9ab".parse().unwrap()))
        .add_user(alice(ALICE, vec![identity(READ)]));
    let a = builder.build();
    let request = asks(as_alice(Some(ALICE)), "app:Read", DOC);
    assert!(matches!(
        decide(&request, &only(&a)),
        Err(Error::OrganizationMissing { .. })
    ));
    let strange = OrganizationBuilder::new("o-4k7m2xq9ab".parse().unwrap(), account_id(B)).build();
    assert!(matches!(
        decide(
            &request,
            &Worlds {
                principal_org: Some(&strange),
                ..only(&a)
            }
        ),
        Err(Error::NoPlace { .. })
    ));
    // Nor is it for the engine to choose between two.
    let newer = OrganizationBuilder::new("o-4k7m2xq9ab".parse().unwrap(), account_id(A)).build();
    assert!(matches!(
        decide(
            &request,
            &Worlds {
                principal_org: Some(&strange),
                resource_org: Some(&newer),
                ..only(&a)
            }
        ),
        Err(Error::OrganizationTwice { .. })
    ));
    let b = AccountBuilder::new(account_id(B)).build();
    assert!(matches!(
        decide(&request, &only(&b)),
        Err(Error::WrongAccount { .. })
    ));
    assert!(matches!(
        decide(
            &request,
            &Worlds {
                resource_account: Some(&b),
                ..only(&AccountBuilder::new(account_id(A)).build())
            }
        ),
        Err(Error::WrongAccount { .. })
    ));
}

#[test]
fn quarantine_reaches_one_principal_of_an_account() {
    let mut tree = OrganizationBuilder::new("o-4k7m2xq9ab".parse().unwrap(), account_id(B));
    tree.place(A, "r-x3f9").quarantine_principal(ALICE);
    let organization = tree.build();
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .set_organization(Some("o-4k7m2xq9ab".parse().unwrap()))
        .add_user(alice(ALICE, vec![identity(READ)]));
    let account = builder.build();
    let worlds = Worlds {
        principal_org: Some(&organization),
        ..only(&account)
    };
    let decision = decide(&asks(as_alice(Some(ALICE)), "app:Read", DOC), &worlds).unwrap();
    assert_eq!(
        (decision.outcome, decision.layer),
        (Outcome::ExplicitDeny, LayerKind::Scp)
    );
    assert!(decision.message().ends_with("it is in quarantine"));
    assert_eq!(
        outcome(
            &asks(Principal::root(account_id(A)), "app:Read", DOC),
            &worlds
        ),
        Outcome::Allow
    );
}

#[test]
fn a_type_that_requires_trust_needs_a_grant_of_its_own_policy() {
    let keys = policy(
        LayerKind::Resource,
        Kind::Resource,
        &Resolution::by_id([]),
        r#"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"kms:*","Resource":"*"}"#,
    );
    let of_key = |policy| RegisteredResource {
        arn: arn("arn:trilby:kms::111111111111:key/1"),
        tags: Tags::default(),
        policy,
    };
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .require_trust("kms", "key")
        .add_user(alice(ALICE, vec![identity(EVERYTHING)]))
        .add_resource(of_key(None));
    let request = asks(
        as_alice(Some(ALICE)),
        "kms:Decrypt",
        "arn:trilby:kms::111111111111:key/1",
    );
    let without = builder.build();
    assert_eq!(outcome(&request, &only(&without)), Outcome::ImplicitDeny);
    let mut builder = without.to_builder();
    builder.add_resource(of_key(Some(keys)));
    assert_eq!(outcome(&request, &only(&builder.build())), Outcome::Allow);
}

#[test]
fn a_root_user_repairs_the_policy_of_a_type_that_requires_trust() {
    let alone = policy(
        LayerKind::Resource,
        Kind::Resource,
        &Resolution::by_id([(&arn("arn:trilby:iam::111111111111:user/alice"), ALICE)]),
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:user/alice"},"Action":"*","Resource":"*"}"#,
    );
    let mut builder = AccountBuilder::new(account_id(A));
    builder
        .require_trust("kms", "key")
        .add_user(alice(ALICE, vec![identity(EVERYTHING)]))
        .add_resource(RegisteredResource {
            arn: arn("arn:trilby:kms::111111111111:key/1"),
            tags: Tags::default(),
            policy: Some(alone),
        });
    let account = builder.build();
    let asked = |action: &str| {
        let root = Principal::root(account_id(A));
        let request = asks(root, action, "arn:trilby:kms::111111111111:key/1");
        decide(&request, &only(&account)).unwrap()
    };
    for action in [
        "registry:GetResourcePolicy",
        "registry:PutResourcePolicy",
        "registry:DeleteResourcePolicy",
    ] {
        let decision = asked(action);
        assert!(decision.is_allow(), "{action}");
        assert_eq!(decision.bypass, Some(Bypass::RootRepair));
        assert!(decision.deciding.is_empty());
    }
    // Whatever else it may not do without being named.
    let decision = asked("kms:Decrypt");
    assert_eq!(
        (decision.outcome, decision.layer),
        (Outcome::ImplicitDeny, LayerKind::Resource)
    );
    let foreign = asks(
        Principal::root(account_id(B)),
        "registry:PutResourcePolicy",
        "arn:trilby:kms::111111111111:key/1",
    );
    let worlds = Worlds {
        resource_account: Some(&account),
        ..Worlds::default()
    };
    assert_eq!(outcome(&foreign, &worlds), Outcome::ImplicitDeny);
}

#[test]
fn what_the_account_knows_of_a_user_replaces_what_its_token_says() {
    let mut builder = AccountBuilder::new(account_id(A));
    let mine = r#"{"Effect":"Allow","Action":"app:Read","Resource":"arn:aws:app::111111111111:home/${aws:username}"}"#;
    builder.add_user(User {
        name: "alicia".to_owned(),
        arn: arn("arn:trilby:iam::111111111111:user/alicia"),
        ..alice(ALICE, vec![identity(mine)])
    });
    let account = builder.build();
    let home = |name: &str| {
        asks(
            as_alice(Some(ALICE)),
            "app:Read",
            &format!("arn:trilby:app::111111111111:home/{name}"),
        )
    };
    assert_eq!(outcome(&home("alicia"), &only(&account)), Outcome::Allow);
    assert_eq!(
        outcome(&home("alice"), &only(&account)),
        Outcome::ImplicitDeny
    );
}
