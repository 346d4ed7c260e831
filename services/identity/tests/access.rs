//! Every operation refuses strangers: the access matrix, driven by the registry's own rows.
//!
//! For each row a fresh account with one of everything is made, and the operation is asked by everyone who may not and
//! by one who may. An operation without a sample request fails here, so none can be added without its row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

#[path = "access/control_policy.rs"]
mod control_policy;
#[path = "access/federated.rs"]
mod federated;
#[path = "access/sample.rs"]
mod sample;
#[path = "api/world.rs"]
#[allow(dead_code, reason = "shared with the tests of resources")]
mod world;

use std::cell::Cell;

use serde_json::{Value, json};
use trilby_access::{Access, Known, Method, Registry, Row};
use trilby_account::command::{CreatePolicy, SetBoundary};
use trilby_account::{HolderRef, ManagedPolicyRef, PrincipalRef, Ref};
use trilby_model::{PolicyName, Tags};
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::http::Client;
use trilby_testkit::installation::{Installation, allow};

use sample::{EVERYONE_MAY, Fixture};
use world::told;

fn rows() -> Vec<Row> {
    let mut registry = Registry::new();
    trilby_identity::register(&mut registry);
    registry.check().unwrap();
    registry.rows()
}

fn action(row: &Row) -> Option<&'static str> {
    match row.access {
        Access::Action(action) => Some(action),
        Access::Public(_) | Access::Authenticated(_) => None,
    }
}

/// The rows whose rights the engine decides.
fn decided() -> impl Iterator<Item = (Row, &'static str)> {
    rows()
        .into_iter()
        .filter_map(|row| action(&row).map(|action| (row, action)))
}

/// An installation in a world with the issuer of the sample providers.
fn installation() -> Installation {
    let issuers = world::Issuers::default();
    issuers.stand(federated::ISSUER);
    world::empty_with(&issuers)
}

/// An account of which every operation is asked, in vain.
struct Stage {
    inside: Installation,
    fixture: Fixture,
    callers: Cell<u32>,
}

impl Stage {
    fn new() -> Self {
        let inside = installation();
        let fixture = Fixture::new(&inside, true);
        Self {
            inside,
            fixture,
            callers: Cell::new(0),
        }
    }

    /// A new user of the account with an inline policy.
    fn user(&self, policy: &Value) -> String {
        self.callers.set(self.callers.get() + 1);
        let name = format!("caller-{}", self.callers.get());
        self.inside.user(self.fixture.account, &name, policy);
        name
    }

    fn caller(&self, policy: &Value) -> Client {
        self.inside
            .as_user(self.fixture.account, &self.user(policy))
    }

    /// A new user of the account that may do everything, but for this permissions boundary.
    fn capped(&self, boundary: &Value) -> Client {
        let (inside, account) = (&self.inside, self.fixture.account);
        let name = self.user(&allow(&["*"]));
        let policy: PolicyName = format!("cap-of-{name}").parse().unwrap();
        let create = CreatePolicy {
            name: policy.clone(),
            path: "/".parse().unwrap(),
            description: None,
            tags: Tags::default(),
            document: document(Kind::Identity, boundary),
        };
        inside.run(account, create);
        let cap = SetBoundary {
            principal: PrincipalRef::User(Ref::Name(name.parse().unwrap())),
            policy: ManagedPolicyRef::Customer(Ref::Name(policy)),
        };
        inside.run(account, cap);
        inside.as_user(account, &name)
    }

    /// Asks, and asserts that the refusal is the one this caller may see and that nothing was written.
    fn refuses(&self, row: &Row, knows: bool, client: &Client) {
        let sample = self.fixture.sample(row);
        let head = self.inside.state(self.fixture.account).seq();
        let answer = sample.ask(client);
        let expected = if knows {
            (403, "access_denied")
        } else {
            (404, "not_found")
        };
        assert_eq!(
            (answer.status, answer.code()),
            (expected.0, Some(expected.1)),
            "{}: {answer:?}",
            row.id
        );
        assert!(
            answer.header("trilby-seq").is_none(),
            "{}: {answer:?}",
            row.id
        );
        assert_eq!(
            self.inside.state(self.fixture.account).seq(),
            head,
            "{}",
            row.id
        );
    }
}

/// An identity policy that allows everything, and this not.
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
fn few_operations_need_no_token() {
    let open: Vec<&str> = rows()
        .iter()
        .filter(|row| action(row).is_none())
        .map(|row| row.id)
        .collect();
    assert_eq!(open, EVERYONE_MAY, "this list only shrinks");
}

#[test]
fn nobody_enters_without_a_token() {
    let stage = Stage::new();
    let nobody = stage.inside.stranger();
    let head = stage.inside.state(stage.fixture.account).seq();
    for (row, _) in decided() {
        let sample = stage.fixture.sample(&row);
        for client in [&nobody, &nobody.with_token("abc"), &stage.fixture.stale] {
            let answer = sample.ask(client);
            assert_eq!(
                (answer.status, answer.code()),
                (401, Some("unauthenticated")),
                "{}: {answer:?}",
                row.id
            );
            assert!(answer.header("www-authenticate").is_some(), "{}", row.id);
        }
    }
    assert_eq!(stage.inside.state(stage.fixture.account).seq(), head);
}

#[test]
fn administrators_of_other_accounts_see_nothing() {
    let stage = Stage::new();
    let elsewhere = stage.inside.account("Elsewhere");
    stage.inside.user(elsewhere, "admin", &allow(&["*"]));
    let foreign = [
        stage.inside.root(elsewhere),
        stage.inside.as_user(elsewhere, "admin"),
    ];
    let head = stage.inside.state(stage.fixture.account).seq();
    for (row, _) in decided().filter(|(row, _)| !sample::is_in_own_account(row)) {
        let sample = stage.fixture.sample(&row);
        for client in &foreign {
            let there = sample.ask(client).expect_problem(404, "not_found");
            let nowhere = sample.ask_nowhere(client).expect_problem(404, "not_found");
            assert_eq!(told(&there), told(&nowhere), "{}", row.id);
        }
    }
    assert_eq!(stage.inside.state(stage.fixture.account).seq(), head);
}

#[test]
fn without_the_right_nothing_happens() {
    let stage = Stage::new();
    let client = stage.caller(&Value::Null);
    for (row, _) in decided() {
        stage.refuses(&row, row.known == Known::ToMembers, &client);
    }
}

#[test]
fn every_other_right_does_not_help() {
    let stage = Stage::new();
    for (row, action) in decided() {
        let client = stage.caller(&everything_but(action));
        stage.refuses(&row, row.known != Known::ByAction(action), &client);
    }
}

#[test]
fn a_session_policy_caps_an_administrator() {
    let stage = Stage::new();
    let account = stage.fixture.account;
    let role = HolderRef::Role(Ref::Name("r".parse().unwrap()));
    stage.inside.allow(account, role, &allow(&["*"]));
    for (row, action) in decided() {
        let mut claims = stage.inside.role_claims(account, "r", "session");
        claims.trilby.pol = everything_but(action).as_object().cloned();
        let client = stage.inside.with_session(claims);
        stage.refuses(&row, row.known != Known::ByAction(action), &client);
    }
}

#[test]
fn a_boundary_caps_an_administrator() {
    let stage = Stage::new();
    for (row, action) in decided() {
        let client = stage.capped(&everything_but(action));
        stage.refuses(&row, row.known != Known::ByAction(action), &client);
    }
}

#[test]
fn the_right_alone_suffices() {
    let stage = Stage::new();
    for (row, action) in decided() {
        // What is read can be read again; what is written needs an account of its own.
        let fresh = match row.method.is_read() {
            true => None,
            false => Some(Fixture::new(
                &stage.inside,
                row.path.contains("{organization}"),
            )),
        };
        let fixture = fresh.as_ref().unwrap_or(&stage.fixture);
        let mut actions = vec![action];
        actions.extend(sample::further_rights(row.id));
        actions.extend(sample::guarded_rights(row.id));
        let name = format!("only-{}", row.id);
        stage.inside.user(fixture.account, &name, &allow(&actions));
        let client = match sample::ROOT_ONLY.contains(&row.id) {
            true => stage.inside.root(fixture.account),
            false => stage.inside.as_user(fixture.account, &name),
        };
        if !row.method.is_read() {
            fixture.prepare(&stage.inside, &row);
        }
        let answer = fixture.sample(&row).ask(&client);
        // A PUT that makes what it would replace.
        let created = answer.status == 201 && row.method == Method::Put && row.success == 200;
        assert!(
            answer.status == row.success || created,
            "{}: {answer:?}",
            row.id
        );
        assert!(
            answer.header("trilby-seq").is_some(),
            "{}: {answer:?}",
            row.id
        );
    }
}

#[test]
fn each_further_right_is_needed() {
    let stage = Stage::new();
    for (row, action) in decided() {
        for missing in sample::further_rights(row.id) {
            let mut actions = sample::further_rights(row.id);
            actions.retain(|further| *further != missing);
            actions.push(action);
            if let Known::ByAction(reading) = row.known {
                actions.push(reading);
            }
            let client = stage.caller(&allow(&actions));
            let answer = stage
                .fixture
                .sample(&row)
                .ask(&client)
                .expect_problem(403, sample::refusal_without(missing));
            assert_eq!(answer.text("/action"), missing, "{}", row.id);
        }
    }
}

/// An id of a thing in an account with the same names means nothing at home, whoever asks; the answer is that to an id
/// that nobody has.
#[test]
fn ids_of_a_twin_account_name_nothing() {
    let inside = installation();
    let (mine, twin) = (Fixture::new(&inside, true), Fixture::new(&inside, true));
    let root = inside.root(mine.account);
    let heads = || {
        (
            inside.state(mine.account).seq(),
            inside.state(twin.account).seq(),
        )
    };
    let before = heads();
    for (row, _) in decided() {
        let sample = mine.sample(&row);
        let (Some(of_twin), Some(of_nobody)) =
            (sample.path_with_ids_of(&twin), sample.path_of_nothing())
        else {
            continue;
        };
        let there = sample.ask_at(&root, &of_twin);
        assert_eq!(
            (there.status, there.code()),
            (404, Some("not_found")),
            "{}: {there:?}",
            row.id
        );
        let nowhere = sample
            .ask_at(&root, &of_nobody)
            .expect_problem(404, "not_found");
        assert_eq!(told(&there), told(&nowhere), "{}", row.id);
    }
    assert_eq!(heads(), before);
}
