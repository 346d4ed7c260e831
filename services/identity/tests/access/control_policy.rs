//! A column of the access matrix: denied by a control policy, which binds root of a member too.

use serde_json::json;
use trilby_access::{Access, Known};
use trilby_model::AccountId;
use trilby_testkit::http::Client;

use crate::sample::Fixture;
use crate::world::once;
use crate::{installation, rows};

/// An organization, asked by root of its management account.
struct Above {
    root: Client,
    id: String,
}

impl Above {
    fn at(&self, rest: &str) -> String {
        format!("/v1/organizations/{}/{rest}", self.id)
    }

    fn member(&self) -> AccountId {
        let client = self.root.with_header("idempotency-key", &once());
        let made = client.post(&self.at("accounts"), &json!({ "name": "Acme" }));
        made.expect(201).text("/account_id").parse().unwrap()
    }

    /// Denies an action to a member for as long as `meanwhile` takes.
    fn denying(&self, member: AccountId, action: &str, name: &str, meanwhile: impl FnOnce()) {
        let statement = json!({ "Effect": "Deny", "Action": action, "Resource": "*" });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        let body = json!({ "kind": "scp", "name": name, "document": document });
        self.root
            .post(&self.at("control-policies"), &body)
            .expect(201);
        let at = self.at(&format!("targets/{member}/control-policies/{name}"));
        let new = self.root.with_header("if-none-match", "*");
        let attached = new.request("PUT", &at).send().expect(204);
        meanwhile();
        let seen = self.root.with_header("if-match", attached.etag());
        seen.delete(&at).expect(204);
    }
}

#[test]
fn a_control_policy_caps_root_of_a_member() {
    let inside = installation();
    let root = inside.root(inside.account("Above"));
    let made = root.post("/v1/organizations", &json!({ "name": "Above" }));
    let id = made.expect(201).text("/id").to_owned();
    let above = Above { root, id };
    let member = above.member();
    inside.adopt(member);
    let fixture = Fixture::of(&inside, member, false);
    let client = inside.root(member);
    // What lies below an organization is the management account's, which no control policy binds.
    let rows = rows();
    for row in rows
        .iter()
        .filter(|row| !row.path.contains("{organization}"))
    {
        let Access::Action(action) = row.access else {
            continue;
        };
        let sample = fixture.sample(row);
        above.denying(member, action, row.id, || {
            let head = inside.state(member).seq();
            let answer = sample.ask(&client);
            let expected = match row.known == Known::ByAction(action) {
                true => (404, "not_found"),
                false => (403, "access_denied"),
            };
            assert_eq!(
                (answer.status, answer.code()),
                (expected.0, Some(expected.1)),
                "{}: {answer:?}",
                row.id
            );
            assert_eq!(inside.state(member).seq(), head, "{}", row.id);
        });
    }
}
