//! Roles over HTTP, to read.

use serde_json::json;
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
