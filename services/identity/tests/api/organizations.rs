use serde_json::json;
use trilby_model::AccountId;
use trilby_testkit::http::Client;
use trilby_testkit::installation::allow;

use super::Acme;
use super::world::once;

/// An account with an organization.
pub struct Founded {
    pub acme: Acme,
    pub id: String,
    root_id: String,
}

impl Founded {
    pub fn new() -> Self {
        let acme = Acme::new();
        let made = acme
            .root
            .post("/v1/organizations", &json!({"name": "Acme"}))
            .expect(201);
        Self {
            id: made.text("/id").to_owned(),
            root_id: made.text("/root_id").to_owned(),
            acme,
        }
    }

    /// Root of the management account.
    pub fn root(&self) -> &Client {
        &self.acme.root
    }

    /// The root of the tree.
    pub fn root_id(&self) -> &str {
        &self.root_id
    }

    /// A path below the organization.
    pub fn at(&self, rest: &str) -> String {
        format!("/v1/organizations/{}{rest}", self.id)
    }

    /// Makes a unit.
    pub fn unit(&self, name: &str, parent: &str) -> String {
        let body = json!({ "name": name, "parent_id": parent });
        let made = self.root().post(&self.at("/units"), &body).expect(201);
        made.text("/id").to_owned()
    }

    /// Makes a member account that can be entered.
    pub fn member(&self, name: &str) -> String {
        let member = self.bare_member(name);
        self.acme.installation.adopt(member.parse().unwrap());
        member
    }

    /// Makes a member account, without a way in but its role.
    pub fn bare_member(&self, name: &str) -> String {
        let client = self.root().with_header("idempotency-key", &once());
        let made = client.post(&self.at("/accounts"), &json!({ "name": name }));
        made.expect(201).text("/account_id").to_owned()
    }
}

fn founded(acme: &Acme) -> String {
    let made = acme
        .root
        .post("/v1/organizations", &json!({"name": "Acme"}))
        .expect(201);
    made.text("/id").to_owned()
}

#[test]
fn an_account_founds_one_organization_and_manages_it() {
    let acme = Acme::new();
    let made = acme
        .root
        .post("/v1/organizations", &json!({"name": "Acme"}))
        .expect(201);
    let id = made.text("/id");
    assert_eq!(made.text("/management_account"), acme.account.to_string());
    assert_eq!(
        made.text("/arn"),
        format!(
            "arn:trilby:organizations::{}:organization/{id}",
            acme.account
        )
    );
    assert_eq!(
        made.header("location").unwrap(),
        format!("/v1/organizations/{id}")
    );
    assert!(
        made.seq().contains(&format!("{}@", acme.account))
            && made.seq().contains(&format!("{id}@")),
        "{made:?}"
    );
    let read = acme
        .root
        .get(&format!("/v1/organizations/{id}"))
        .expect(200);
    assert_eq!(read.json, made.json);
    assert!(read.seq().starts_with(&format!("{id}@")));
    acme.root
        .post("/v1/organizations", &json!({"name": "Again"}))
        .expect_problem(409, "already_exists");
    let units = acme
        .root
        .get(&format!("/v1/organizations/{id}/units"))
        .expect(200);
    assert_eq!(units.text("/items/0/id"), made.text("/root_id"));
    assert_eq!(units.text("/items/0/kind"), "root");
    assert_eq!(
        units.text("/items/0/control_policies/0/id"),
        "system:FullAccess"
    );
}

#[test]
fn members_are_made_with_the_role_that_opens_them() {
    let acme = Acme::new();
    let id = founded(&acme);
    let path = format!("/v1/organizations/{id}/accounts");
    acme.root
        .post(&path, &json!({"name": "acme-dev"}))
        .expect_problem(400, "missing_parameter");
    let once = acme
        .root
        .with_header("idempotency-key", "create-acme-dev-1");
    let made = once.post(&path, &json!({"name": "acme-dev"})).expect(201);
    let member = made.text("/account_id").to_owned();
    let role = format!("arn:trilby:iam::{member}:role/OrganizationAccountAccessRole");
    assert_eq!(made.text("/access_role_arn"), role);
    assert_eq!(made.text("/origin"), "created");
    let again = once.post(&path, &json!({"name": "acme-dev"})).expect(201);
    assert_eq!(again.json, made.json, "one key makes one account");

    let member: AccountId = member.parse().unwrap();
    let state = acme.installation.state(member);
    assert_eq!(state.organization().unwrap().organization.to_string(), id);
    assert!(state.root().password.is_none());
    assert!(
        state
            .role(&"OrganizationAccountAccessRole".parse().unwrap())
            .is_some()
    );

    let listed = acme.root.get(&path).expect(200);
    let names: Vec<&str> = listed.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Acme", "acme-dev"]);
    let one = acme.root.get(&format!("{path}/{member}")).expect(200);
    assert_eq!(one.text("/name"), "acme-dev");
    acme.root
        .get(&format!("{path}/999999999999"))
        .expect_problem(404, "not_found");
    // The management account has no power inside but the role.
    acme.root
        .get(&format!("/v1/accounts/{member}/users"))
        .expect_problem(404, "not_found");
}

#[test]
fn an_organization_is_a_secret_of_its_management_account() {
    let acme = Acme::new();
    let id = founded(&acme);
    let other = acme.installation.account("Other");
    let stranger = acme.installation.root(other);
    let path = format!("/v1/organizations/{id}");
    for path in [
        path.clone(),
        format!("{path}/units"),
        format!("{path}/accounts"),
        format!("{path}/accounts/{}", acme.account),
    ] {
        stranger.get(&path).expect_problem(404, "not_found");
    }
    let keyed = stranger.with_header("idempotency-key", "strangers-account-1");
    keyed
        .post(&format!("{path}/accounts"), &json!({"name": "mine"}))
        .expect_problem(404, "not_found");
    stranger
        .get("/v1/organizations/o-0000000000")
        .expect_problem(404, "not_found");

    let reader = acme.user(
        "reader",
        &allow(&["organizations:Get*", "organizations:List*"]),
    );
    reader.get(&path).expect(200);
    let keyed = reader.with_header("idempotency-key", "readers-account-1");
    keyed
        .post(&format!("{path}/accounts"), &json!({"name": "mine"}))
        .expect_problem(403, "access_denied");
    let nobody = acme.user("nobody", &json!(null));
    nobody.get(&path).expect_problem(404, "not_found");
    nobody
        .post("/v1/organizations", &json!({"name": "Mine"}))
        .expect_problem(403, "access_denied");
}
