use serde_json::{Value, json};
use trilby_account::command::{CreateRole, DeleteExternalId, IssueExternalId, ReplaceTrustPolicy};
use trilby_account::event::AccountJoinedOrganization;
use trilby_account::{KnownPrincipals, Rejection};
use trilby_model::{AccountId, IssuedExternalId, OrganizationId, Seq};
use trilby_policy::{Document, Kind};
use trilby_testkit::given::{Given, account, document};

use crate::build::*;

const VENDOR: &str = "444455556666";

fn vendor() -> AccountId {
    VENDOR.parse().unwrap()
}

fn issued() -> (Given, IssuedExternalId) {
    let given = account().with(IssueExternalId { description: None });
    let id = given.state().external_ids().keys().next().unwrap().clone();
    (given, id)
}

/// A trust policy that lets a vendor in under conditions.
fn trusting(conditions: &Value) -> Document {
    let statement = json!({
        "Effect": "Allow", "Principal": { "AWS": VENDOR }, "Action": "sts:AssumeRole",
        "Condition": conditions,
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Trust, &policy)
}

fn known() -> KnownPrincipals {
    KnownPrincipals {
        accounts: [vendor()].into(),
        ..KnownPrincipals::default()
    }
}

fn role_for(trust: Document) -> CreateRole {
    CreateRole {
        trust,
        known: known(),
        ..own_role("vendor")
    }
}

fn required() -> Rejection {
    Rejection::ExternalIdRequired {
        accounts: vec![vendor()],
    }
}

#[test]
fn external_ids_are_long_and_never_the_same() {
    let (given, first) = issued();
    let given = given.with(IssueExternalId {
        description: "another customer".parse().ok(),
    });
    let ids: Vec<_> = given.state().external_ids().keys().collect();
    assert_eq!(ids.len(), 2);
    // 32 characters of five bits.
    assert!(ids.iter().all(|id| id.as_str().len() == 4 + 32));
    assert!(ids.contains(&&first));
}

#[test]
fn who_trusts_a_stranger_asks_for_an_external_id() {
    let (given, id) = issued();
    let refused = [
        json!({}),
        json!({ "StringEquals": { "sts:ExternalId": "chosen-by-the-vendor" } }),
        json!({ "StringEquals": { "sts:ExternalId": [id, "another"] } }),
        json!({ "StringEqualsIfExists": { "sts:ExternalId": id } }),
        json!({ "ForAllValues:StringEquals": { "sts:ExternalId": id } }),
        json!({ "StringNotEquals": { "sts:ExternalId": id } }),
        json!({ "StringLike": { "sts:ExternalId": format!("{id}*") } }),
        json!({ "StringEquals": { "sts:RoleSessionName": id } }),
        json!({ "Null": { "sts:ExternalId": "false" } }),
    ];
    for conditions in refused {
        let outcome = given.clone().when(role_for(trusting(&conditions)));
        outcome.rejected(required());
    }
    for conditions in [
        json!({ "StringEquals": { "sts:ExternalId": id } }),
        json!({ "ForAnyValue:StringEquals": { "STS:externalid": [id] } }),
    ] {
        let _ = given.clone().with(role_for(trusting(&conditions)));
    }
}

#[test]
fn each_statement_that_lets_strangers_in_must_ask() {
    let (given, id) = issued();
    let asking = json!({ "StringEquals": { "sts:ExternalId": id } });
    let statement = |action: &str, condition: &Value| {
        json!({
            "Effect": "Allow", "Principal": { "AWS": VENDOR }, "Action": action,
            "Condition": condition,
        })
    };
    let policy = |statements: Value| {
        document(
            Kind::Trust,
            &json!({ "Version": "2012-10-17", "Statement": statements }),
        )
    };
    let tags = policy(json!([
        statement("sts:AssumeRole", &asking),
        statement("sts:TagSession", &json!({})),
    ]));
    let _ = given.clone().with(role_for(tags));
    for action in ["sts:AssumeRole", "sts:*", "sts:Assume*"] {
        let open = policy(json!([
            statement("sts:AssumeRole", &asking),
            statement(action, &json!({})),
        ]));
        given.clone().when(role_for(open)).rejected(required());
    }
}

#[test]
fn the_trusted_account_may_have_issued_the_id_and_no_third() {
    let theirs: IssuedExternalId = "ext-0123456789ABCDEFGHJKMNPQRSTVWXYZ".parse().unwrap();
    let trust = trusting(&json!({ "StringEquals": { "sts:ExternalId": theirs } }));
    assert_eq!(
        KnownPrincipals::external_ids_of(&trust),
        [theirs.clone()].into()
    );
    let of = |issuer: AccountId| KnownPrincipals {
        external_ids: [(issuer, [theirs.clone()].into())].into(),
        ..known()
    };
    let role = |known| CreateRole {
        known,
        ..role_for(trust.clone())
    };
    let _ = account().with(role(of(vendor())));
    account()
        .when(role(of("777788889999".parse().unwrap())))
        .rejected(required());
}

#[test]
fn a_waiver_on_record_lets_strangers_in_without() {
    let trust = trusting(&json!({}));
    let waived = CreateRole {
        external_id_waiver: "our own old installation".parse().ok(),
        ..role_for(trust.clone())
    };
    let given = account().with(waived);
    let role = given.state().role(&"vendor".parse().unwrap()).unwrap();
    assert!(role.external_id_waiver.is_some());
    // It stands for the policy it was given with, not for the next one.
    let replace = |external_id_waiver| ReplaceTrustPolicy {
        role: "vendor".parse().unwrap(),
        trust: trust.clone(),
        known: known(),
        revoke_sessions: false,
        external_id_waiver,
    };
    given.clone().when(replace(None)).rejected(required());
    let given = given
        .when(replace("our own old installation".parse().ok()))
        .changes_nothing();
    let _ = given
        .when(replace("another reason".parse().ok()))
        .then_types(&["role.trust_policy_replaced"]);
}

#[test]
fn accounts_of_the_own_organization_are_no_strangers() {
    let organization: OrganizationId = "o-4k7m2xq9ab".parse().unwrap();
    let joined = AccountJoinedOrganization {
        account: "111122223333".parse().unwrap(),
        organization: organization.clone(),
        organization_seq: Seq::new(3),
    };
    let within = |id: &str| KnownPrincipals {
        organizations: [(vendor(), id.parse().unwrap())].into(),
        ..known()
    };
    let role = |known| CreateRole {
        known,
        ..role_for(trusting(&json!({})))
    };
    let member = account().after(vec![joined.into()]);
    let _ = member.clone().with(role(within(organization.as_str())));
    member
        .clone()
        .when(role(within("o-0000000000")))
        .rejected(required());
    member.when(role(known())).rejected(required());
    // Who is in none has no organization in common with anybody.
    account()
        .when(role(within(organization.as_str())))
        .rejected(required());
}

#[test]
fn an_external_id_that_a_role_asks_for_cannot_be_deleted() {
    let (given, id) = issued();
    let trust = trusting(&json!({ "StringEquals": { "sts:ExternalId": id } }));
    let given = given.with(role_for(trust));
    let delete = || DeleteExternalId {
        external_id: id.clone(),
    };
    given.clone().when(delete()).rejected_as("delete_conflict");
    let given = given
        .with(trilby_account::command::DeleteRole {
            role: "vendor".parse().unwrap(),
            cascade: false,
        })
        .when(delete())
        .then_types(&["external_id.deleted"]);
    given.when(delete()).rejected_as("not_found");
}
