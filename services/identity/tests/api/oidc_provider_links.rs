use serde_json::{Value, json};
use trilby_model::AccountId;
use trilby_testkit::http::Client;

use crate::oidc_providers::{matching, settings};
use crate::world::{World, names, told};

/// Another account with the provider `acme`, shared with these.
struct Owner {
    account: AccountId,
    root: Client,
}

impl Owner {
    fn new(world: &World) -> Self {
        let account = world.inside.account("Owner");
        let owner = Self {
            account,
            root: world.inside.root(account),
        };
        let body = json!({ "name": "acme", "settings": settings() });
        let path = format!("/v1/accounts/{account}/oidc-providers");
        owner.root.post(&path, &body).expect(201);
        owner
    }

    fn share(&self, with: &[&str]) {
        let path = format!("/v1/accounts/{}/oidc-providers/acme", self.account);
        let now = self.root.get(&path).expect(200);
        let client = matching(&self.root, &now);
        let body = json!({ "shared_with": with });
        client.put(&format!("{path}/sharing"), &body).expect(200);
    }

    fn arn(&self) -> String {
        format!("arn:trilby:iam::{}:oidc-provider/acme", self.account)
    }

    fn body(&self) -> Value {
        json!({ "provider_arn": self.arn() })
    }
}

/// Trust in whoever the owner's provider vouches for to this application.
fn trusting(owner: &Owner) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": { "Federated": owner.arn() },
        "Condition": { "StringEquals": { "login.acme.example:aud": "app" } },
    }] })
}

#[test]
fn a_shared_provider_is_linked_read_listed_changed_and_removed() {
    let world = World::new();
    let owner = Owner::new(&world);
    owner.share(&[&world.account.to_string()]);
    let links = world.at("/oidc-provider-links");
    let made = world.admin.post(&links, &owner.body()).expect(201);
    assert_eq!(made.text("/name"), "acme");
    assert_eq!(made.text("/provider_arn"), owner.arn());
    let arn = format!("arn:trilby:iam::{}:oidc-provider-link/acme", world.account);
    assert_eq!(made.text("/arn"), arn);
    let path = world.at("/oidc-provider-links/acme");
    assert_eq!(world.admin.get(&path).expect(200).json, made.json);
    assert_eq!(names(&world.admin.get(&links).expect(200)), ["acme"]);
    world
        .admin
        .post(&links, &owner.body())
        .expect_problem(409, "already_exists");
    let change = json!({ "settings": { "audiences": ["app"] } });
    world
        .admin
        .patch(&path, &change)
        .expect_problem(428, "precondition_required");
    let changed = matching(&world.admin, &made)
        .patch(&path, &change)
        .expect(200);
    assert_eq!(changed.json["settings"]["audiences"], json!(["app"]));
    let role = json!({ "name": "customer", "trust_policy": trusting(&owner) });
    world.admin.post(&world.at("/roles"), &role).expect(201);
    let client = matching(&world.admin, &changed);
    client.delete(&path).expect_problem(409, "delete_conflict");
    client.delete(&format!("{path}?cascade=true")).expect(204);
    world.admin.get(&path).expect_problem(404, "not_found");
}

#[test]
fn a_provider_that_is_not_shared_is_as_one_that_does_not_exist() {
    let world = World::new();
    let owner = Owner::new(&world);
    let ask = |body: &Value| world.admin.post(&world.at("/oidc-provider-links"), body);
    let unshared = ask(&owner.body()).expect_problem(404, "not_found");
    owner.share(&["777788889999"]);
    let to_others = ask(&owner.body()).expect_problem(404, "not_found");
    let nowhere = json!({ "provider_arn": "arn:trilby:iam::100000000009:oidc-provider/acme" });
    let nowhere = ask(&nowhere).expect_problem(404, "not_found");
    let none = json!({ "provider_arn": format!("{}-2", owner.arn()) });
    let none = ask(&none).expect_problem(404, "not_found");
    for other in [&to_others, &nowhere, &none] {
        assert_eq!(told(&unshared), told(other));
    }
    let own = json!({ "name": "own", "settings": settings() });
    world
        .admin
        .post(&world.at("/oidc-providers"), &own)
        .expect(201);
    let own =
        json!({ "provider_arn": format!("arn:trilby:iam::{}:oidc-provider/own", world.account) });
    ask(&own).expect_problem(404, "not_found");
    for arn in [
        "arn:trilby:iam::111122223333:role/acme",
        "arn:trilby:s3:::acme",
    ] {
        ask(&json!({ "provider_arn": arn })).expect_problem(400, "invalid_parameter");
    }
}

#[test]
fn the_owner_cannot_link_for_another_account() {
    let world = World::new();
    let owner = Owner::new(&world);
    owner.share(&[&world.account.to_string()]);
    let refused = owner
        .root
        .post(&world.at("/oidc-provider-links"), &owner.body());
    refused.expect_problem(404, "not_found");
    assert!(world.inside.state(world.account).links().is_empty());
}

#[test]
fn a_trust_policy_names_another_accounts_provider_only_while_it_is_linked() {
    let world = World::new();
    let owner = Owner::new(&world);
    owner.share(&[&world.account.to_string()]);
    let trust = trusting(&owner);
    let role = |name: &str| {
        let body = json!({ "name": name, "trust_policy": trust });
        world.admin.post(&world.at("/roles"), &body)
    };
    role("early").expect_problem(400, "invalid_principal");
    let made = world
        .admin
        .post(&world.at("/oidc-provider-links"), &owner.body())
        .expect(201);
    role("customer").expect(201);
    let path = world.at("/oidc-provider-links/acme?cascade=true");
    matching(&world.admin, &made).delete(&path).expect(204);
    role("late").expect_problem(400, "invalid_principal");
}
