//! Attacks on the administration of an account (identity.md 3.2): each fails at its guard, and what has a switch
//! succeeds with the guard off.

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::allow;

use crate::world::{World, once};
use crate::{oidc_providers, roles};

fn stopped(answer: Answer, guard: &str) {
    let refused = answer.expect_problem(403, "escalation_refused");
    assert_eq!(refused.text("/guard"), guard);
}

fn policy(world: &World, name: &str, actions: &[&str]) -> String {
    let body = json!({ "name": name, "document": allow(actions) });
    let made = world.admin.post(&world.at("/policies"), &body).expect(201);
    made.text("/arn").to_owned()
}

fn person(world: &World, name: &str) {
    let made = world
        .admin
        .post(&world.at("/users"), &json!({ "name": name }));
    made.expect(201);
}

fn put(client: &Client, path: &str) -> Answer {
    client.request("PUT", path).send()
}

fn off(world: &World, member: &str) {
    let place = world.at("/settings/security");
    world
        .admin
        .put(&place, &json!({ member: false }))
        .expect(200);
}

/// Mallory may do everything that her boundary allows, which is much.
fn bounded(world: &World) -> (Client, String) {
    let cap = policy(world, "cap", &["iam:*", "s3:*"]);
    let client = world.allowed("mallory", &["*"]);
    let place = world.at("/users/mallory/permissions-boundary");
    let new = world.admin.with_header("if-none-match", "*");
    new.put(&place, &json!({ "policy_arn": cap })).expect(201);
    (client, cap)
}

fn capped(world: &World, client: &Client, name: &str, cap: &str) -> Answer {
    let body = json!({ "name": name, "permissions_boundary": cap });
    client.post(&world.at("/users"), &body)
}

#[test]
fn g1_a_policy_of_others_gets_no_new_text_from_who_may_not_attach_it() {
    let world = World::new();
    policy(&world, "held", &["s3:*"]);
    person(&world, "mary");
    put(
        &world.admin,
        &world.at("/users/mary/attached-policies/held"),
    )
    .expect(204);
    let versions = world.at("/policies/held/versions");
    let rights = [
        "iam:CreatePolicyVersion",
        "iam:SetDefaultPolicyVersion",
        "iam:GetPolicy",
    ];
    let mallory = world.allowed("mallory", &rights);
    put(
        &world.admin,
        &world.at("/users/mallory/attached-policies/held"),
    )
    .expect(204);
    let all = json!({ "document": allow(&["*"]), "set_as_default": true });
    let refused = mallory.post(&versions, &all);
    let refused = refused.expect_problem(403, "escalation_refused");
    assert_eq!(refused.text("/guard"), "G1");
    assert_eq!(refused.json["targets"].as_array().unwrap().len(), 2);
    // Not in two steps either.
    let waiting = json!({ "document": allow(&["*"]) });
    mallory.post(&versions, &waiting).expect(201);
    let read = world.admin.get(&world.at("/policies/held")).expect(200);
    let known = mallory.with_header("if-match", read.etag());
    let place = world.at("/policies/held/default-version");
    stopped(known.put(&place, &json!({ "version": "v2" })), "G1");
    let helper = world.allowed("helper", &[&rights[..], &["iam:AttachUserPolicy"]].concat());
    helper
        .with_header("if-match", read.etag())
        .put(&place, &json!({ "version": "v2" }))
        .expect(200);
}

#[test]
fn g2_who_is_capped_gives_rights_to_the_capped_only() {
    let world = World::new();
    let (mallory, cap) = bounded(&world);
    let wide = policy(&world, "wide", &["*"]);
    person(&world, "free");
    capped(&world, &world.admin, "capped", &cap).expect(201);
    roles::make(&world, "strong");
    let inline = json!({ "document": allow(&["*"]) });
    let new = mallory.with_header("if-none-match", "*");
    let attack = || put(&mallory, &world.at("/users/free/attached-policies/wide"));
    stopped(attack(), "G2");
    stopped(
        put(&mallory, &world.at("/roles/strong/attached-policies/wide")),
        "G2",
    );
    stopped(
        new.put(&world.at("/users/free/inline-policies/all"), &inline),
        "G2",
    );
    put(&mallory, &world.at("/users/capped/attached-policies/wide")).expect(204);
    // Neither another boundary, nor a change of her own.
    let other = json!({ "policy_arn": wide });
    let read = world.admin.get(&world.at("/users/capped")).expect(200);
    let known = mallory.with_header("if-match", read.text("/permissions_boundary/etag"));
    stopped(
        known.put(&world.at("/users/capped/permissions-boundary"), &other),
        "G2",
    );
    let version = json!({ "document": allow(&["*"]), "set_as_default": true });
    stopped(
        mallory.post(&world.at("/policies/cap/versions"), &version),
        "G2",
    );
    let open = json!({ "boundary_sticky": false });
    stopped(mallory.put(&world.at("/settings/security"), &open), "G2");
    off(&world, "boundary_sticky");
    attack().expect(204);
}

#[test]
fn g2_a_boundary_that_is_listed_as_narrower_will_do() {
    let world = World::new();
    let (mallory, cap) = bounded(&world);
    let tight = policy(&world, "tight", &["s3:Get*"]);
    stopped(capped(&world, &mallory, "first", &tight), "G8");
    let listed = json!({ "narrower_boundaries": { cap: [tight] } });
    world
        .admin
        .put(&world.at("/settings/security"), &listed)
        .expect(200);
    capped(&world, &mallory, "second", &tight).expect(201);
}

#[test]
fn g5_nobody_makes_credentials_of_the_stronger() {
    let world = World::new();
    let mallory = world.allowed("mallory", &["iam:CreateAccessKey", "iam:*LoginProfile"]);
    let key = |client: &Client, user: &str| {
        let place = world.at(&format!("/users/{user}/access-keys"));
        client
            .with_header("idempotency-key", &once())
            .post(&place, &json!({}))
    };
    stopped(key(&mallory, "admin"), "G5");
    let reset = world.at("/users/admin/password-reset");
    stopped(mallory.request("POST", &reset).send(), "G5");
    person(&world, "mary");
    key(&mallory, "mary").expect(201);
    key(&mallory, "mallory").expect(201);
    key(&world.admin, "mallory").expect(201);
    off(&world, "credential_ceiling");
    key(&mallory, "admin").expect(201);
}

#[test]
fn g5_conditions_and_denials_show_nothing() {
    let world = World::new();
    let statement = |effect: &str, action: &str, resource: &str| json!({ "Effect": effect, "Action": action, "Resource": resource });
    let attempts: [(&str, Value); 3] = [
        (
            "one",
            json!([statement("Allow", "*", "arn:trilby:iam::*:user/*")]),
        ),
        (
            "two",
            json!([
                statement("Allow", "*", "*"),
                statement("Deny", "iam:DeleteRole", "*")
            ]),
        ),
        (
            "three",
            json!([{
                "Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": { "Bool": { "aws:SecureTransport": "false" } },
            }]),
        ),
    ];
    for (name, statements) in attempts {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let client = world.caller(name, &document);
        let client = client.with_header("idempotency-key", &once());
        let key = client.post(&world.at("/users/admin/access-keys"), &json!({}));
        stopped(key, "G5");
    }
}

#[test]
fn g6_nobody_joins_others_to_a_stronger_group() {
    let world = World::new();
    world
        .admin
        .post(&world.at("/groups"), &json!({ "name": "admins" }))
        .expect(201);
    let attached = "/groups/admins/attached-policies/system:AdministratorAccess";
    put(&world.admin, &world.at(attached)).expect(204);
    let mallory = world.allowed("mallory", &["iam:AddUserToGroup"]);
    let attack = || put(&mallory, &world.at("/groups/admins/members/mallory"));
    stopped(attack(), "G6");
    person(&world, "mary");
    put(&world.admin, &world.at("/groups/admins/members/mary")).expect(204);
    off(&world, "credential_ceiling");
    attack().expect(204);
}

#[test]
fn g7_who_is_capped_takes_no_cap_away() {
    let world = World::new();
    let (mallory, cap) = bounded(&world);
    let made = capped(&world, &world.admin, "capped", &cap).expect(201);
    let place = world.at("/users/capped/permissions-boundary");
    let known = |client: &Client| {
        let etag = made.text("/permissions_boundary/etag");
        client
            .with_header("if-match", etag)
            .request("DELETE", &place)
            .send()
    };
    stopped(known(&mallory), "G7");
    known(&world.admin).expect(204);
}

#[test]
fn g8_who_is_capped_makes_nobody_without_the_cap() {
    let world = World::new();
    let (mallory, cap) = bounded(&world);
    let attack = |name: &str| mallory.post(&world.at("/users"), &json!({ "name": name }));
    stopped(attack("free"), "G8");
    capped(&world, &mallory, "capped", &cap).expect(201);
    off(&world, "boundary_sticky");
    attack("free").expect(201);
}

#[test]
fn g10_locked_tags_are_set_by_those_only_who_may() {
    let world = World::new();
    person(&world, "mary");
    let mallory = world.allowed(
        "mallory",
        &["iam:TagUser", "iam:UntagUser", "iam:CreateUser"],
    );
    let tags = |value: &str| json!({ "tags": { "Clearance": value } });
    let place = world.at("/users/mary/tags");
    mallory.put(&place, &tags("low")).expect(200);
    let locked = json!({ "locked_tag_keys": ["clearance"] });
    world
        .admin
        .put(&world.at("/settings/security"), &locked)
        .expect(200);
    stopped(mallory.put(&place, &tags("high")), "G10");
    stopped(mallory.put(&place, &json!({ "tags": {} })), "G10");
    let born = json!({ "name": "born", "tags": { "clearance": "high" } });
    stopped(mallory.post(&world.at("/users"), &born), "G10");
    let more = json!({ "tags": { "Clearance": "low", "team": "blue" } });
    mallory.put(&place, &more).expect(200);
    world.admin.put(&place, &tags("high")).expect(200);
}

#[test]
fn g11_a_limited_session_makes_nothing_that_outlives_it() {
    let world = World::new();
    roles::make(&world, "worker");
    let document = json!({ "document": allow(&["*"]) });
    let new = world.admin.with_header("if-none-match", "*");
    new.put(&world.at("/roles/worker/inline-policies/all"), &document)
        .expect(201);
    person(&world, "mary");
    let mut claims = world.inside.role_claims(world.account, "worker", "run");
    let whole = world.inside.with_session(claims.clone());
    claims.trilby.pol = allow(&["*"]).as_object().cloned();
    let limited = world.inside.with_session(claims);
    let key = |client: &Client| {
        let place = world.at("/users/mary/access-keys");
        client
            .with_header("idempotency-key", &once())
            .post(&place, &json!({}))
    };
    let reset = world.at("/users/mary/password-reset");
    stopped(key(&limited), "G11");
    stopped(limited.request("POST", &reset).send(), "G11");
    key(&whole).expect(201);
    limited.get(&world.at("/users")).expect(200);
    // Unless the role means just that.
    let meant = json!({ "document": {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "*",
            "Condition": { "Bool": { "trilby:ViaSession": "true" } },
        }],
    } });
    new.put(&world.at("/roles/worker/inline-policies/keys"), &meant)
        .expect(201);
    key(&limited).expect(201);
    stopped(limited.request("POST", &reset).send(), "G11");
}

#[test]
fn g11_nor_does_it_wake_a_key_or_say_whom_an_issuer_brings_in() {
    let world = World::new();
    roles::make(&world, "worker");
    let document = json!({ "document": allow(&["*"]) });
    let new = world.admin.with_header("if-none-match", "*");
    new.put(&world.at("/roles/worker/inline-policies/all"), &document)
        .expect(201);
    let mut claims = world.inside.role_claims(world.account, "worker", "run");
    claims.trilby.pol = allow(&["*"]).as_object().cloned();
    let limited = world.inside.with_session(claims);

    person(&world, "mary");
    let keys = world.at("/users/mary/access-keys");
    let made = world
        .admin
        .with_header("idempotency-key", &once())
        .post(&keys, &json!({}))
        .expect(201);
    let key = format!("{keys}/{}", made.text("/access_key_id"));
    let status = |client: &Client, status: &str| client.patch(&key, &json!({ "status": status }));
    status(&limited, "inactive").expect(200);
    stopped(status(&limited, "active"), "G11");

    let provider = oidc_providers::provider(&world, "acme");
    oidc_providers::login_role(&world, "customer", provider.text("/arn"));
    let path = world.at("/oidc-providers/acme/role-map");
    let map = json!({ "role_map": { "rules": [{
        "id": "all", "priority": 1, "when": [{ "claim": "sub", "op": "exists" }],
        "roles": [format!("arn:trilby:iam::{}:role/customer", world.account)],
    }] } });
    let put = |client: &Client| client.with_header("if-none-match", "*").put(&path, &map);
    stopped(put(&limited), "G11");
    let made = put(&world.admin).expect(201);
    // Without the map trust alone decides, so that more may come in.
    let delete = oidc_providers::matching(&limited, &made).delete(&path);
    stopped(delete, "G11");
}

#[test]
fn g14_an_account_keeps_an_administrator() {
    let world = World::new();
    let inline = world
        .admin
        .get(&world.at("/users/admin/inline-policies"))
        .expect(200);
    let name = inline.text("/items/0/name").to_owned();
    let place = world.at(&format!("/users/admin/inline-policies/{name}"));
    let read = world.admin.get(&place).expect(200);
    let delete = |client: &Client, rest: &str| {
        let path = format!("{place}{rest}");
        client
            .with_header("if-match", read.etag())
            .request("DELETE", &path)
            .send()
    };
    stopped(delete(&world.admin, ""), "G14");
    stopped(delete(&world.admin, "?i_know=true"), "G14");
    let disabled = json!({ "status": "disabled" });
    stopped(
        world.admin.patch(&world.at("/users/admin"), &disabled),
        "G14",
    );
    let root = world.inside.root(world.account);
    stopped(delete(&root, ""), "G14");
    let second = world.allowed("second", &["*"]);
    second
        .patch(&world.at("/users/admin"), &disabled)
        .expect(200);
    let third = world.at("/users/second?cascade=true");
    stopped(root.request("DELETE", &third).send(), "G14");
    root.request("DELETE", &format!("{third}&i_know=true"))
        .send()
        .expect(204);
}
