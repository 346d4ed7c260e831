//! What boundaries cap.

use serde_json::json;
use trilby_account::command::{ChangeSettings, CreatePolicy, SetBoundary};
use trilby_account::settings::{Security, SettingsSection};
use trilby_account::{ManagedPolicyRef, PrincipalRef, Ref};
use trilby_model::Tags;
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::installation::allow;

use crate::history::resource_policy;
use crate::world::{World, assert_allowed, assert_denied, question};

#[test]
fn an_account_may_have_boundaries_cap_what_resource_policies_grant() {
    let world = World::new();
    let everyone = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "docs:Write", "Resource": "*",
    }]});
    resource_policy(&world, &everyone);
    let cap = CreatePolicy {
        name: "readers".parse().unwrap(),
        path: "/".parse().unwrap(),
        description: None,
        tags: Tags::default(),
        document: document(Kind::Identity, &allow(&["docs:Read"])),
    };
    world.inside.run(world.account, cap);
    let boundary = SetBoundary {
        principal: PrincipalRef::User(Ref::Name("mary".parse().unwrap())),
        policy: ManagedPolicyRef::Customer(Ref::Name("readers".parse().unwrap())),
    };
    world.inside.run(world.account, boundary);
    let mary = question(&json!({"type": "user", "id": "mary"}), "docs:Write");
    // As in AWS: a grant to everyone needs nothing else.
    assert_allowed(&world.ask(&mary));
    let set = |on: bool| {
        let security = Security {
            caps_bind_resource_grants: on,
            ..Security::default()
        };
        let section = SettingsSection::Security(security);
        world.inside.run(world.account, ChangeSettings { section });
    };
    set(true);
    assert_denied(&world.ask(&mary), "boundary");
    set(false);
    assert_allowed(&world.ask(&mary));
}
