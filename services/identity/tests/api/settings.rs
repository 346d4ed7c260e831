//! Settings over HTTP.

use serde_json::json;

use crate::world::World;

#[test]
fn each_group_has_defaults_and_is_replaced_as_a_whole() {
    let world = World::new();
    for (group, changed, default) in [
        (
            "password-policy",
            json!({ "length_min": 20 }),
            ("length_min", json!(15)),
        ),
        (
            "security",
            json!({ "boundary_sticky": false }),
            ("boundary_sticky", json!(true)),
        ),
        (
            "security",
            json!({ "caps_bind_resource_grants": true }),
            ("caps_bind_resource_grants", json!(false)),
        ),
        (
            "tokens",
            json!({ "chain_age_max": 3600 }),
            ("chain_age_max", json!(43200)),
        ),
        (
            "decisions",
            json!({ "max_stale": 30 }),
            ("max_stale", json!(60)),
        ),
    ] {
        let place = world.at(&format!("/settings/{group}"));
        let (member, value) = default;
        let before = world.admin.get(&place).expect(200);
        assert_eq!(before.json[member], value, "{group}");
        let after = world.admin.put(&place, &changed).expect(200);
        assert_eq!(after.json[member], changed[member], "{group}");
        let read = world.admin.get(&place).expect(200);
        assert_eq!((&read.json, read.etag()), (&after.json, after.etag()));
        world
            .admin
            .with_header("if-match", before.etag())
            .put(&place, &json!({}))
            .expect_problem(412, "etag_mismatch");
        let back = world.admin.put(&place, &json!({})).expect(200);
        assert_eq!(back.json, before.json, "{group}");
        world
            .admin
            .put(&place, &json!({ "surprise": 1 }))
            .expect_problem(400, "unknown_field");
    }
}

#[test]
fn what_is_out_of_bounds_is_refused_in_its_place() {
    let world = World::new();
    for (group, member, value) in [
        ("password-policy", "length_min", json!(11)),
        ("security", "access_key_days_max", json!(91)),
        ("security", "locked_tag_keys", json!(["Team"])),
        (
            "security",
            "allowed_origins",
            json!(["https://app.example/path"]),
        ),
        ("security", "allowed_origins", json!(["*"])),
        ("security", "narrower_boundaries", json!({ "cap": [] })),
        ("tokens", "chain_age_max", json!(60)),
        ("decisions", "max_stale", json!(4)),
    ] {
        let place = world.at(&format!("/settings/{group}"));
        let refused = world.admin.put(&place, &json!({ member: value }));
        refused.expect_problem(400, "invalid_parameter");
    }
}
