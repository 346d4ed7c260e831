//! Groups and memberships over HTTP.

use serde_json::json;

use crate::world::{World, names};

#[test]
fn a_group_is_made_read_changed_and_deleted() {
    let world = World::new();
    let body = json!({ "name": "Billing", "path": "/money/", "tags": { "cost": "42" } });
    let made = world.admin.post(&world.at("/groups"), &body).expect(201);
    assert!(made.text("/id").starts_with("TGRP"));
    assert_eq!(
        made.text("/arn"),
        format!("arn:trilby:iam::{}:group/money/Billing", world.account)
    );
    assert_eq!(
        world
            .admin
            .get(&world.at("/groups/BILLING"))
            .expect(200)
            .json,
        made.json
    );
    let patch = json!({ "description": "Invoices" });
    let changed = world
        .admin
        .patch(&world.at("/groups/Billing"), &patch)
        .expect(200);
    assert_eq!(changed.text("/description"), "Invoices");
    world
        .admin
        .post(&world.at("/groups"), &json!({ "name": "billing" }))
        .expect_problem(409, "already_exists");
    world
        .admin
        .patch(&world.at("/groups/Billing"), &json!({ "name": "x" }))
        .expect_problem(400, "unknown_field");
    assert_eq!(
        names(
            &world
                .admin
                .get(&world.at("/groups?path_prefix=/money/"))
                .expect(200)
        ),
        ["Billing"]
    );
    assert_eq!(
        names(
            &world
                .admin
                .get(&world.at("/groups?tag.cost=41"))
                .expect(200)
        ),
        Vec::<String>::new()
    );
    world.admin.delete(&world.at("/groups/Billing")).expect(204);
    world
        .admin
        .get(&world.at("/groups/Billing"))
        .expect_problem(404, "not_found");
}

#[test]
fn rights_come_with_the_membership_and_go_with_it() {
    let world = World::new();
    let bob = world.caller("bob", &json!(null));
    world.inside.group(
        world.account,
        "Readers",
        &trilby_testkit::installation::allow(&["iam:ListUsers"]),
    );
    let list = world.at("/users");
    bob.get(&list).expect_problem(403, "access_denied");
    let member = world.at("/groups/Readers/members/bob");
    let joined = world.admin.request("PUT", &member).send().expect(204);
    assert!(joined.header("trilby-seq").is_some());
    bob.get(&list).expect(200);
    let again = world.admin.request("PUT", &member).send().expect(204);
    assert_eq!(again.seq(), joined.seq(), "nothing changed");
    let none = world
        .admin
        .request("PUT", &member)
        .header("if-none-match", "*")
        .send();
    none.expect_problem(412, "etag_mismatch");
    world.admin.delete(&member).expect(204);
    bob.get(&list).expect_problem(403, "access_denied");
    world.admin.delete(&member).expect_problem(404, "not_found");
}

#[test]
fn members_are_listed_by_name() {
    let world = World::new();
    world
        .admin
        .post(&world.at("/groups"), &json!({ "name": "g" }))
        .expect(201);
    for name in ["zoe", "Adam"] {
        world
            .admin
            .post(&world.at("/users"), &json!({ "name": name }))
            .expect(201);
        world
            .admin
            .request("PUT", &world.at(&format!("/groups/g/members/{name}")))
            .send()
            .expect(204);
    }
    let page = world.admin.get(&world.at("/groups/g/members")).expect(200);
    assert_eq!(names(&page), ["Adam", "zoe"]);
    let etag = page.text("/items/0/etag").to_owned();
    let with = world.admin.with_header("if-match", &etag);
    with.delete(&world.at("/groups/g/members/zoe"))
        .expect_problem(412, "etag_mismatch");
    with.delete(&world.at("/groups/g/members/Adam")).expect(204);
    world
        .admin
        .request("PUT", &world.at("/groups/g/members/nobody"))
        .send()
        .expect_problem(404, "not_found");
    world
        .admin
        .request("PUT", &world.at("/groups/none/members/zoe"))
        .send()
        .expect_problem(404, "not_found");
}

#[test]
fn a_group_with_members_goes_with_the_right_to_remove_them() {
    let world = World::new();
    world.inside.group(
        world.account,
        "g",
        &trilby_testkit::installation::allow(&["iam:ListUsers"]),
    );
    world
        .admin
        .request("PUT", &world.at("/groups/g/members/admin"))
        .send()
        .expect(204);
    let refused = world
        .admin
        .delete(&world.at("/groups/g"))
        .expect_problem(409, "delete_conflict");
    assert_eq!(refused.json["blockers"].as_array().unwrap().len(), 2);
    for part in ["iam:RemoveUserFromGroup", "iam:DeleteGroupPolicy"] {
        let without = world.all_but(&part.replace(':', "-"), &[part]);
        without
            .delete(&world.at("/groups/g?cascade=true"))
            .expect_problem(403, "access_denied");
    }
    world
        .admin
        .delete(&world.at("/groups/g?cascade=true"))
        .expect(204);
    assert_eq!(
        names(
            &world
                .admin
                .get(&world.at("/users/admin/groups"))
                .expect(200)
        ),
        Vec::<String>::new()
    );
}

#[test]
fn the_right_to_fill_a_group_is_asked_on_that_group() {
    let world = World::new();
    for name in ["small", "strong"] {
        world
            .admin
            .post(&world.at("/groups"), &json!({ "name": name }))
            .expect(201);
    }
    let only_small = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "iam:GetGroup", "Resource": "*" },
            { "Effect": "Allow", "Action": "iam:AddUserToGroup", "Resource": "arn:trilby:iam::*:group/small" },
        ],
    });
    let helper = world.caller("helper", &only_small);
    helper
        .request("PUT", &world.at("/groups/small/members/helper"))
        .send()
        .expect(204);
    helper
        .request("PUT", &world.at("/groups/strong/members/helper"))
        .send()
        .expect_problem(403, "access_denied");
}
