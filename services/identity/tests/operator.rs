//! The operator's port: who may, and what the others are told. The columns are those of the access matrix.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "api/world.rs"]
#[allow(dead_code, reason = "shared with the tests of resources")]
mod world;

use std::sync::Arc;

use serde_json::{Value, json};
use trilby_access::{Access, Registry};
use trilby_account::command::{CreatePolicy, CreateRole, SetBoundary};
use trilby_account::platform::PlatformBootstrapped;
use trilby_account::{
    AccountStatus, HolderRef, KnownPrincipals, ManagedPolicyRef, PrincipalRef, Ref, RoleLimits,
};
use trilby_directory::Events;
use trilby_eventlog::Memory;
use trilby_model::{AccountId, PolicyName, Tags};
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::{Installation, allow};

use world::{once, told};

const OPERATOR_ROLE: &str = "Operators";

const OPERATIONS: [(&str, &str); 2] = [
    ("suspend", "operator:SuspendAccount"),
    ("resume", "operator:ResumeAccount"),
];

/// An installation with its operator account and a customer's.
struct Stage {
    inside: Installation,
    operator: AccountId,
    customer: AccountId,
}

impl Stage {
    fn new() -> Self {
        let memory = Memory::for_tests();
        let mut registry = Registry::new();
        trilby_identity::register(&mut registry);
        trilby_identity::register_operator(&mut registry);
        let (log, feed) = (Arc::new(memory.clone()), Arc::new(memory));
        let inside = Installation::start_on(registry, log, feed, |services| services);
        let (operator, customer) = (inside.account("Operator"), inside.account("Customer"));
        inside.append(Events::Platform(vec![
            PlatformBootstrapped {
                operator_account: operator,
                ticket: 1,
            }
            .into(),
        ]));
        Self {
            inside,
            operator,
            customer,
        }
    }

    fn user(&self, account: AccountId, policy: &Value) -> (String, Client) {
        let name = once();
        self.inside.user(account, &name, policy);
        let client = self.inside.as_user(account, &name);
        (name, client)
    }

    /// A role of the operator account that may do everything.
    fn operator_role(&self) {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": self.operator.to_string() }, "Action": "sts:AssumeRole",
        }]});
        let role = CreateRole {
            name: OPERATOR_ROLE.parse().unwrap(),
            path: "/".parse().unwrap(),
            description: None,
            tags: Tags::default(),
            trust: document(Kind::Trust, &trust),
            known: KnownPrincipals {
                accounts: [self.operator].into(),
                ..KnownPrincipals::default()
            },
            limits: RoleLimits::default(),
            external_id_waiver: None,
        };
        self.inside.run(self.operator, role);
        let holder = HolderRef::Role(Ref::Name(OPERATOR_ROLE.parse().unwrap()));
        self.inside.allow(self.operator, holder, &allow(&["*"]));
    }

    fn ask(&self, client: &Client, what: &str) -> Answer {
        self.ask_of(client, what, self.customer)
    }

    fn ask_of(&self, client: &Client, what: &str, account: AccountId) -> Answer {
        let path = format!("/operator/v1/accounts/{account}/{what}");
        match what {
            "suspend" => client.post(&path, &json!({ "reason": "unpaid" })),
            _ => client.request("POST", &path).send(),
        }
    }

    fn status(&self) -> AccountStatus {
        self.inside.state(self.customer).status()
    }

    /// Refused as somebody of the operator account is, with nothing written.
    #[track_caller]
    fn refuses(&self, client: &Client, what: &str, action: &str) {
        let seq = self.inside.state(self.customer).seq();
        let refused = self.ask(client, what).expect_problem(403, "access_denied");
        assert_eq!(refused.text("/action"), action);
        assert_eq!(self.inside.state(self.customer).seq(), seq);
    }
}

fn everything_but(action: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": action, "Resource": "*" },
        ],
    })
}

#[test]
fn the_rows_of_the_operators_port_are_these() {
    let mut registry = Registry::new();
    trilby_identity::register_operator(&mut registry);
    registry.check().unwrap();
    let rows = registry.rows();
    let asked: Vec<(&str, Access)> = rows
        .iter()
        .map(|row| (row.path.rsplit('/').next().unwrap(), row.access))
        .collect();
    let expected = OPERATIONS.map(|(path, action)| (path, Access::Action(action)));
    assert_eq!(asked, expected, "each has a row in this matrix");
    for row in rows {
        assert!(row.path.starts_with("/operator/v1/"), "{}", row.path);
    }
}

#[test]
fn an_account_goes_out_of_service_and_comes_back() {
    let stage = Stage::new();
    let root = stage.inside.root(stage.operator);
    let (_, mary) = stage.user(stage.customer, &allow(&["*"]));
    let users = format!("/v1/accounts/{}/users", stage.customer);
    let keyed = root.with_header("idempotency-key", &once());
    let suspended = stage.ask(&keyed, "suspend").expect(200);
    assert_eq!(suspended.text("/status"), "suspended");
    assert!(suspended.seq().starts_with(&stage.customer.to_string()));
    let again = stage.ask(&keyed, "suspend").expect(200);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    mary.get(&users).expect_problem(401, "unauthenticated");
    stage
        .ask(&root, "suspend")
        .expect_problem(409, "invalid_state");
    let resumed = stage.ask(&root, "resume").expect(200);
    assert_eq!(resumed.text("/status"), "active");
    assert_eq!(stage.ask(&root, "resume").expect(200).json, resumed.json);
    // Sessions from before stay dead; new ones are as good as any.
    mary.get(&users).expect_problem(401, "unauthenticated");
    let (_, later) = stage.user(stage.customer, &allow(&["*"]));
    later.get(&users).expect(200);
}

#[test]
fn a_closed_account_and_one_that_never_was_are_not_taken_back() {
    let stage = Stage::new();
    let root = stage.inside.root(stage.operator);
    let never = "000000000001".parse().unwrap();
    for (what, _) in OPERATIONS {
        stage
            .ask_of(&root, what, never)
            .expect_problem(404, "not_found");
    }
    let close = format!("/v1/accounts/{}/close", stage.customer);
    let owner = stage.inside.root(stage.customer);
    owner.request("POST", &close).send().expect(200);
    for (what, _) in OPERATIONS {
        stage.ask(&root, what).expect_problem(409, "invalid_state");
    }
}

#[test]
fn the_operator_account_stays_in_service() {
    let stage = Stage::new();
    let root = stage.inside.root(stage.operator);
    let own = format!("/v1/accounts/{}/suspend", stage.operator);
    root.post(&own, &json!({}))
        .expect_problem(409, "invalid_state");
    stage
        .ask_of(&root, "suspend", stage.operator)
        .expect_problem(409, "invalid_state");
}

#[test]
fn nobody_enters_without_a_token() {
    let stage = Stage::new();
    let nobody = stage.inside.stranger();
    for (what, _) in OPERATIONS {
        for client in [&nobody, &nobody.with_token("abc")] {
            stage
                .ask(client, what)
                .expect_problem(401, "unauthenticated");
        }
    }
}

#[test]
fn nobody_of_another_account_learns_of_any_account() {
    let stage = Stage::new();
    let root = stage.inside.root(stage.customer);
    let (_, admin) = stage.user(stage.customer, &allow(&["*"]));
    let never = "000000000001".parse().unwrap();
    for (what, _) in OPERATIONS {
        for client in [&root, &admin] {
            let there = stage.ask(client, what).expect_problem(404, "not_found");
            let nowhere = stage.ask_of(client, what, never);
            assert_eq!(
                told(&there),
                told(&nowhere.expect_problem(404, "not_found"))
            );
        }
    }
    assert_eq!(stage.status(), AccountStatus::Active);
}

#[test]
fn before_there_is_an_operator_nobody_is_it() {
    let memory = Memory::for_tests();
    let mut registry = Registry::new();
    trilby_identity::register_operator(&mut registry);
    let (log, feed) = (Arc::new(memory.clone()), Arc::new(memory));
    let inside = Installation::start_on(registry, log, feed, |services| services);
    let account = inside.account("Early");
    let path = format!("/operator/v1/accounts/{account}/resume");
    let refused = inside.root(account).request("POST", &path).send();
    refused.expect_problem(404, "not_found");
}

#[test]
fn each_action_is_a_right_of_its_own() {
    let stage = Stage::new();
    let (_, idle) = stage.user(stage.operator, &Value::Null);
    for (what, action) in OPERATIONS {
        stage.refuses(&idle, what, action);
        let (_, other) = stage.user(stage.operator, &everything_but(action));
        stage.refuses(&other, what, action);
        let (_, only) = stage.user(stage.operator, &allow(&[action]));
        stage.ask(&only, what).expect(200);
    }
}

#[test]
fn a_boundary_and_a_session_policy_cap_an_operator() {
    let stage = Stage::new();
    let inside = &stage.inside;
    stage.operator_role();
    for (what, action) in OPERATIONS {
        let (name, capped) = stage.user(stage.operator, &allow(&["*"]));
        let policy: PolicyName = format!("cap-of-{name}").parse().unwrap();
        let create = CreatePolicy {
            name: policy.clone(),
            path: "/".parse().unwrap(),
            description: None,
            tags: Tags::default(),
            document: document(Kind::Identity, &everything_but(action)),
        };
        inside.run(stage.operator, create);
        let cap = SetBoundary {
            principal: PrincipalRef::User(Ref::Name(name.parse().unwrap())),
            policy: ManagedPolicyRef::Customer(Ref::Name(policy)),
        };
        inside.run(stage.operator, cap);
        stage.refuses(&capped, what, action);

        let mut claims = inside.role_claims(stage.operator, OPERATOR_ROLE, "session");
        claims.trilby.pol = everything_but(action).as_object().cloned();
        stage.refuses(&inside.with_session(claims), what, action);
    }
}

#[test]
fn a_right_that_is_taken_meanwhile_is_gone() {
    let stage = Stage::new();
    let (name, client) = stage.user(stage.operator, &allow(&["operator:*"]));
    stage.ask(&client, "suspend").expect(200);
    let user = HolderRef::User(Ref::Name(name.parse().unwrap()));
    stage.inside.allow(stage.operator, user, &allow(&["iam:*"]));
    stage.refuses(&client, "resume", "operator:ResumeAccount");
    assert_eq!(stage.status(), AccountStatus::Suspended);
}
