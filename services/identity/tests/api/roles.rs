//! Roles over HTTP.

use serde_json::{Value, json};
use trilby_account::command::CreateRole;
use trilby_account::{KnownPrincipals, RoleLimits};
use trilby_model::Tags;
use trilby_policy::Kind;
use trilby_testkit::given::document;

use crate::world::{World, names};

/// A role that trusts its own account.
pub fn make(world: &World, name: &str) {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "AWS": format!("arn:trilby:iam::{}:root", world.account) },
        }],
    });
    world.inside.run(
        world.account,
        CreateRole {
            name: name.parse().unwrap(),
            path: "/".parse().unwrap(),
            description: None,
            tags: Tags::default(),
            trust: document(Kind::Trust, &trust),
            known: KnownPrincipals::default(),
            limits: RoleLimits::default(),
            external_id_waiver: None,
        },
    );
}

#[test]
fn roles_are_listed_and_read_with_their_trust() {
    let world = World::new();
    make(&world, "deploy");
    make(&world, "Audit");
    let list = world.admin.get(&world.at("/roles")).expect(200);
    assert_eq!(names(&list), ["Audit", "deploy"]);
    assert!(list.json["items"][0].get("trust_policy").is_none());
    let role = world.admin.get(&world.at("/roles/DEPLOY")).expect(200);
    assert_eq!(
        role.text("/arn"),
        format!("arn:trilby:iam::{}:role/deploy", world.account)
    );
    assert_eq!(role.text("/trust_policy/Statement/0/Effect"), "Allow");
    assert_eq!(role.json["max_session_duration"], 3_600);
    assert_eq!(role.etag(), role.text("/etag"));
    assert_eq!(
        names(
            &world
                .admin
                .get(&world.at("/roles?name_prefix=au"))
                .expect(200)
        ),
        ["Audit"]
    );
    world
        .admin
        .get(&world.at("/roles/none"))
        .expect_problem(404, "not_found");
}

fn trust(principal: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": principal },
        }],
    })
}

fn own(world: &World) -> Value {
    trust(&format!("arn:trilby:iam::{}:root", world.account))
}

#[test]
fn a_role_is_made_whole_and_found_at_its_location() {
    let world = World::new();
    let body = json!({
        "name": "deploy", "path": "/ci/", "description": "deploys", "tags": { "env": "prod" },
        "trust_policy": own(&world), "max_session_duration": 7200, "chain_max": 900,
        "allowed_audiences": ["https://api.example"], "listed": false,
        "permissions_boundary": "arn:trilby:iam::system:policy/ReadOnlyAccess",
    });
    let made = world.admin.post(&world.at("/roles"), &body).expect(201);
    let read = world
        .admin
        .get(made.header("location").unwrap())
        .expect(200);
    assert_eq!(read.json, made.json);
    assert_eq!(
        made.text("/arn"),
        format!("arn:trilby:iam::{}:role/ci/deploy", world.account)
    );
    for (member, value) in [
        ("max_session_duration", json!(7200)),
        ("chain_max", json!(900)),
        ("allowed_audiences", json!(["https://api.example"])),
        ("listed", json!(false)),
        ("tags", json!({ "env": "prod" })),
    ] {
        assert_eq!(made.json[member], value, "{member}");
    }
    world
        .admin
        .post(&world.at("/roles"), &body)
        .expect_problem(409, "already_exists");
}

#[test]
fn what_can_be_said_against_a_role_is_said_in_its_place() {
    let world = World::new();
    let roles = world.at("/roles");
    let ask = |change: &dyn Fn(&mut Value)| {
        let mut body = json!({ "name": "deploy", "trust_policy": own(&world) });
        change(&mut body);
        world.admin.post(&roles, &body)
    };
    let everyone = ask(&|body| body["trust_policy"] = trust("*"));
    let everyone = everyone.expect_problem(400, "weak_trust_policy");
    assert!(
        everyone
            .text("/errors/0/pointer")
            .starts_with("/trust_policy/Statement/0/Principal")
    );
    let ghost = format!("arn:trilby:iam::{}:user/ghost", world.account);
    let unknown = ask(&|body| body["trust_policy"] = trust(&ghost));
    let unknown = unknown.expect_problem(400, "invalid_principal");
    assert_eq!(unknown.json["principals"], json!([ghost]));
    let malformed = ask(&|body| body["trust_policy"]["Statement"][0]["Resource"] = json!("*"));
    let malformed = malformed.expect_problem(400, "malformed_policy");
    assert!(
        malformed
            .text("/errors/0/pointer")
            .starts_with("/trust_policy")
    );
    for (member, value) in [
        ("max_session_duration", json!(899)),
        ("chain_max", json!(43201)),
        ("allowed_audiences", json!(["a", "a"])),
    ] {
        let refused = ask(&|body| body[member] = value.clone());
        let refused = refused.expect_problem(400, "invalid_parameter");
        assert_eq!(refused.text("/errors/0/pointer"), format!("/{member}"));
    }
    ask(&|body| body["max_duration"] = json!(1)).expect_problem(400, "unknown_field");
    ask(&|body| body["name"] = json!("a b")).expect_problem(400, "invalid_name");
    let checked = world.admin.post(
        &format!("{roles}?validate_only=true"),
        &json!({ "name": "deploy", "trust_policy": own(&world) }),
    );
    assert_eq!(checked.expect(200).json["valid"], true);
    world
        .admin
        .get(&world.at("/roles/deploy"))
        .expect_problem(404, "not_found");
}

#[test]
fn limits_change_by_merge_patch_and_the_result_is_checked() {
    let world = World::new();
    make(&world, "deploy");
    let role = world.at("/roles/deploy");
    let patched = world.admin.patch(
        &role,
        &json!({ "description": "d", "max_session_duration": 7200, "listed": false }),
    );
    let patched = patched.expect(200);
    assert_eq!(patched.json["max_session_duration"], 7200);
    assert_eq!(patched.json["chain_max"], 3600);
    assert_eq!(patched.json["listed"], false);
    let back = world.admin.patch(
        &role,
        &json!({ "max_session_duration": null, "description": null }),
    );
    let back = back.expect(200);
    assert_eq!(back.json["max_session_duration"], 3600);
    assert!(back.json.get("description").is_none());
    assert_eq!(back.json["listed"], false);
    world
        .admin
        .patch(&role, &json!({ "chain_max": 60 }))
        .expect_problem(400, "invalid_parameter");
    world
        .admin
        .with_header("if-match", patched.etag())
        .patch(&role, &json!({ "listed": true }))
        .expect_problem(412, "etag_mismatch");
}

#[test]
fn trust_is_replaced_under_its_own_etag_and_ends_sessions_only_if_asked() {
    let world = World::new();
    make(&world, "deploy");
    world
        .admin
        .post(&world.at("/users"), &json!({ "name": "mary" }))
        .expect(201);
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    let place = world.at("/roles/deploy/trust-policy");
    let session =
        world
            .inside
            .with_session(world.inside.role_claims(world.account, "deploy", "run"));
    let body = |revoke: bool| json!({ "document": trust(&mary), "revoke_sessions": revoke });
    world
        .admin
        .put(&place, &body(false))
        .expect_problem(428, "precondition_required");
    let before = world.admin.get(&world.at("/roles/deploy")).expect(200);
    let known = world
        .admin
        .with_header("if-match", before.text("/trust_policy_etag"));
    let after = known.put(&place, &body(false)).expect(200);
    assert_eq!(after.etag(), after.text("/trust_policy_etag"));
    assert_eq!(
        after.text("/trust_policy/Statement/0/Principal/AWS/0"),
        mary
    );
    known
        .put(&place, &body(false))
        .expect_problem(412, "etag_mismatch");
    session
        .get(&world.at("/roles"))
        .expect_problem(403, "access_denied");
    let known = world.admin.with_header("if-match", after.etag());
    known.put(&place, &body(true)).expect(200);
    session
        .get(&world.at("/roles"))
        .expect_problem(401, "unauthenticated");
    // Who is gone stands there by id: saved again, it lets nobody in who bears the name later.
    let id = world.admin.get(&world.at("/users/mary")).expect(200);
    world
        .admin
        .request("DELETE", &world.at("/users/mary"))
        .send()
        .expect(204);
    let read = world.admin.get(&world.at("/roles/deploy")).expect(200);
    assert_eq!(
        read.text("/trust_policy/Statement/0/Principal/AWS/0"),
        id.text("/id")
    );
}

#[test]
fn a_role_with_policies_is_deleted_with_them_or_not_at_all() {
    let world = World::new();
    make(&world, "deploy");
    let attached = "/roles/deploy/attached-policies/system:ReadOnlyAccess";
    world
        .admin
        .request("PUT", &world.at(attached))
        .send()
        .expect(204);
    let delete = |client: &trilby_testkit::http::Client, rest: &str| {
        client
            .request("DELETE", &world.at(&format!("/roles/deploy{rest}")))
            .send()
    };
    let blocked = delete(&world.admin, "").expect_problem(409, "delete_conflict");
    assert_eq!(blocked.text("/blockers/0/id"), "ReadOnlyAccess");
    let helper = world.all_but("helper", &["iam:DetachRolePolicy"]);
    let refused = delete(&helper, "?cascade=true").expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "iam:DetachRolePolicy");
    delete(&world.admin, "?cascade=true").expect(204);
    delete(&world.admin, "").expect_problem(404, "not_found");
}

#[test]
fn a_trust_policy_that_is_only_tried_is_held_to_what_saving_holds_it_to() {
    let world = World::new();
    make(&world, "deploy");
    let (roles, role) = (world.at("/roles"), world.at("/roles/deploy/trust-policy"));
    let before = world.admin.get(&world.at("/roles/deploy")).expect(200);
    let account = world.account;
    let federated = |provider: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": { "Federated": provider },
        }] })
    };
    for (document, code) in [
        (trust("*"), "weak_trust_policy"),
        (
            trust(&format!("arn:trilby:iam::{account}:user/ghost")),
            "invalid_principal",
        ),
        (trust("444455556666"), "invalid_principal"),
        (
            federated(&format!("arn:aws:iam::{account}:oidc-provider/none")),
            "invalid_principal",
        ),
        (
            federated(&format!("arn:aws:iam::{account}:saml-provider/none")),
            "invalid_principal",
        ),
    ] {
        let body = json!({ "name": "other", "trust_policy": document });
        let saved = world.admin.post(&roles, &body);
        saved.expect_problem(400, code);
        let tried = world
            .admin
            .post(&format!("{roles}?validate_only=true"), &body)
            .expect(200);
        assert_eq!(tried.json["valid"], false, "{tried:?}");
        assert_eq!(tried.text("/findings/0/code"), code, "{tried:?}");
        assert_eq!(tried.text("/findings/0/severity"), "error");
        assert!(
            tried
                .text("/findings/0/pointer")
                .starts_with("/trust_policy")
        );
        let tried = world
            .admin
            .request("PUT", &format!("{role}?validate_only=true"))
            .header("if-match", before.text("/trust_policy_etag"))
            .json(&json!({ "document": document }))
            .send()
            .expect(200);
        assert_eq!(tried.json["valid"], false, "{tried:?}");
        assert_eq!(tried.text("/findings/0/code"), code, "{tried:?}");
    }
    let after = world.admin.get(&world.at("/roles/deploy")).expect(200);
    assert_eq!(after.json, before.json);
    world
        .admin
        .get(&world.at("/roles/other"))
        .expect_problem(404, "not_found");
}
