//! External ids over HTTP, and the roles that must ask for them.

use serde_json::{Value, json};

use crate::world::World;

fn trust(principal: &str, conditions: &Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "AWS": principal }, "Condition": conditions,
        }],
    })
}

#[test]
fn external_ids_are_issued_listed_read_and_deleted() {
    let world = World::new();
    let place = world.at("/external-ids");
    let made = world
        .admin
        .post(&place, &json!({ "description": "for the auditors" }));
    let made = made.expect(201);
    let read = world
        .admin
        .get(made.header("location").unwrap())
        .expect(200);
    assert_eq!(read.json, made.json);
    let other = world.admin.post(&place, &json!({})).expect(201);
    assert_ne!(other.text("/external_id"), made.text("/external_id"));
    let list = world.admin.get(&format!("{place}?limit=1")).expect(200);
    let cursor = list.text("/next_cursor");
    let rest = world
        .admin
        .get(&format!("{place}?limit=1&cursor={cursor}"))
        .expect(200);
    assert_ne!(list.json["items"], rest.json["items"]);
    assert!(rest.json["next_cursor"].is_null());
    let path = format!("{place}/{}", made.text("/external_id"));
    world.admin.request("DELETE", &path).send().expect(204);
    world.admin.get(&path).expect_problem(404, "not_found");
    world
        .admin
        .post(&place, &json!({ "external_id": "chosen" }))
        .expect_problem(400, "unknown_field");
}

#[test]
fn a_role_that_trusts_a_stranger_needs_an_external_id_or_a_waiver() {
    let world = World::new();
    let stranger = world.inside.account("Vendor");
    let principal = stranger.to_string();
    let roles = world.at("/roles");
    let role = |conditions: &Value| json!({ "name": "vendor", "trust_policy": trust(&principal, conditions) });
    let open = role(&json!({}));
    let refused = world.admin.post(&roles, &open);
    let refused = refused.expect_problem(400, "external_id_required");
    assert_eq!(refused.json["accounts"], json!([principal]));
    let chosen = role(&json!({ "StringEquals": { "sts:ExternalId": "chosen" } }));
    world
        .admin
        .post(&roles, &chosen)
        .expect_problem(400, "external_id_required");
    let issued = world.admin.post(&world.at("/external-ids"), &json!({}));
    let issued = issued.expect(201);
    let asking = json!({ "StringEquals": { "sts:ExternalId": issued.text("/external_id") } });
    let made = world.admin.post(&roles, &role(&asking)).expect(201);
    let id = world.at(&format!("/external-ids/{}", issued.text("/external_id")));
    let blocked = world.admin.request("DELETE", &id).send();
    let blocked = blocked.expect_problem(409, "delete_conflict");
    assert_eq!(blocked.text("/blockers/0/name"), "vendor");
    // Not by changing it later either.
    let place = world.at("/roles/vendor/trust-policy");
    let known = world
        .admin
        .with_header("if-match", made.text("/trust_policy_etag"));
    let change = |waiver: Option<&str>| {
        let mut body = json!({ "document": trust(&principal, &json!({})) });
        if let Some(waiver) = waiver {
            body["external_id_waiver"] = json!(waiver);
        }
        body
    };
    known
        .put(&place, &change(None))
        .expect_problem(400, "external_id_required");
    known
        .put(&place, &change(Some(" ")))
        .expect_problem(400, "invalid_parameter");
    let waived = known.put(&place, &change(Some("our own old installation")));
    assert_eq!(
        waived.expect(200).text("/external_id_waiver"),
        "our own old installation"
    );
}

#[test]
fn an_id_that_the_trusted_account_issued_will_do_and_a_third_ones_not() {
    let world = World::new();
    let issue = |name: &str| {
        let account = world.inside.account(name);
        let root = world.inside.root(account);
        let issued = root.post(&format!("/v1/accounts/{account}/external-ids"), &json!({}));
        (account, issued.expect(201).text("/external_id").to_owned())
    };
    let (vendor, theirs) = issue("Vendor");
    let (_, of_third) = issue("Third");
    let role = |id: &str| {
        let asking = json!({ "StringEquals": { "sts:ExternalId": id } });
        json!({ "name": "vendor", "trust_policy": trust(&vendor.to_string(), &asking) })
    };
    world
        .admin
        .post(&world.at("/roles"), &role(&of_third))
        .expect_problem(400, "external_id_required");
    world
        .admin
        .post(&world.at("/roles"), &role(&theirs))
        .expect(201);
}

#[test]
fn accounts_of_one_organization_need_none() {
    let world = World::new();
    let root = world.inside.root(world.account);
    let made = root
        .post("/v1/organizations", &json!({ "name": "Acme" }))
        .expect(201);
    let members = format!("/v1/organizations/{}/accounts", made.text("/id"));
    let member = root
        .with_header("idempotency-key", &crate::world::once())
        .post(&members, &json!({ "name": "dev" }))
        .expect(201);
    let sibling = member.text("/account_id");
    let body = json!({ "name": "dev", "trust_policy": trust(sibling, &json!({})) });
    world.admin.post(&world.at("/roles"), &body).expect(201);
}
