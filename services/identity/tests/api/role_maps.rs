use serde_json::{Value, json};
use trilby_testkit::http::Client;

use crate::oidc_providers::{login_role, matching, provider};
use crate::world::World;

fn map(roles: &[String]) -> Value {
    json!({ "role_map": { "rules": [{
        "id": "eng", "priority": 10, "roles": roles,
        "when": [{ "claim": "groups", "op": "contains", "value": "eng" }],
    }] } })
}

fn role(world: &World, name: &str) -> String {
    format!("arn:trilby:iam::{}:role/{name}", world.account)
}

/// A provider that two roles trust.
fn mapped() -> (World, String) {
    let world = World::new();
    let made = provider(&world, "acme");
    login_role(&world, "customer", made.text("/arn"));
    login_role(&world, "admin", made.text("/arn"));
    let path = world.at("/oidc-providers/acme/role-map");
    (world, path)
}

fn new(client: &Client) -> Client {
    client.with_header("if-none-match", "*")
}

#[test]
fn a_role_map_is_put_read_replaced_and_deleted() {
    let (world, path) = mapped();
    world.admin.get(&path).expect_problem(404, "not_found");
    let body = map(&[role(&world, "customer")]);
    world
        .admin
        .put(&path, &body)
        .expect_problem(428, "precondition_required");
    let made = new(&world.admin).put(&path, &body).expect(201);
    new(&world.admin)
        .put(&path, &body)
        .expect_problem(412, "etag_mismatch");
    assert_eq!(made.json["role_map"]["rules"][0]["effect"], "allow");
    assert_eq!(world.admin.get(&path).expect(200).json, made.json);
    let both = map(&[role(&world, "customer"), role(&world, "admin")]);
    let replaced = matching(&world.admin, &made).put(&path, &both).expect(200);
    assert_ne!(replaced.etag(), made.etag());
    matching(&world.admin, &made)
        .delete(&path)
        .expect_problem(412, "etag_mismatch");
    matching(&world.admin, &replaced).delete(&path).expect(204);
    world.admin.get(&path).expect_problem(404, "not_found");
}

#[test]
fn a_role_that_does_not_trust_the_provider_has_no_place_in_its_map() {
    let (world, path) = mapped();
    let other = provider(&world, "other");
    login_role(&world, "stranger", other.text("/arn"));
    for name in ["stranger", "ghost"] {
        let body = map(&[role(&world, "customer"), role(&world, name)]);
        let refused = new(&world.admin).put(&path, &body);
        let refused = refused.expect_problem(400, "role_not_trusting_provider");
        assert_eq!(refused.json["roles"], json!([role(&world, name)]));
    }
    let wrong = json!({ "role_map": { "rules": [
        { "id": "a", "priority": 1, "when": [{ "claim": "x", "op": "exists" }], "roles": [role(&world, "customer")] },
        { "id": "b", "priority": 1, "when": [{ "claim": "x", "op": "exists" }], "roles": [role(&world, "customer")] },
    ] } });
    let refused = new(&world.admin)
        .put(&path, &wrong)
        .expect_problem(400, "invalid_parameter");
    assert!(
        refused
            .text("/errors/0/pointer")
            .starts_with("/role_map/rules")
    );
}

/// Guard G3. The attack: whoever may write role maps, but not assume `admin`, puts himself there by his own login.
#[test]
fn nobody_maps_logins_to_a_role_that_he_may_not_pass_on() {
    let (world, path) = mapped();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["iam:PutRoleMap", "iam:GetOidcProvider", "iam:GetRoleMap"], "Resource": "*" },
        { "Effect": "Allow", "Action": "iam:PassRole", "Resource": role(&world, "customer") },
    ] });
    let helper = world.caller("helper", &policy);
    let attack = map(&[role(&world, "customer"), role(&world, "admin")]);
    let refused = new(&helper).put(&path, &attack);
    let refused = refused.expect_problem(403, "escalation_refused");
    assert_eq!(refused.text("/guard"), "G3");
    helper.get(&path).expect_problem(404, "not_found");
    new(&helper)
        .put(&path, &map(&[role(&world, "customer")]))
        .expect(201);
    // Whoever may pass that role on as well succeeds.
    let boss = world.allowed(
        "boss",
        &[
            "iam:PutRoleMap",
            "iam:GetOidcProvider",
            "iam:GetRoleMap",
            "iam:PassRole",
        ],
    );
    let now = boss.get(&path).expect(200);
    matching(&boss, &now).put(&path, &attack).expect(200);
}
