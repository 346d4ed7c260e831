//! The life of a role, of its cap, and of an external id.

use serde_json::{Value, json};

use super::people::reading;
use super::stage::Stage;
use super::step::Condition::{Absent, PartUnchanged, Unchanged};
use super::step::{Step, step};

const INLINE: [(&str, &str); 1] = [("name", "Inline")];
const SYSTEM: [(&str, &str); 1] = [("policy", "system:ReadOnlyAccess")];

/// From their making to their end.
pub fn live(stage: &mut Stage) {
    stage.know("role", "Auditor");
    let described = json!({"description": "for the auditors"});
    let issued = stage.does(&step("create_external_id", &[], described));
    stage.know("external_id", issued.text("/external_id"));
    stage.does_all(role());
    stage.does_all(end());
    let role = stage
        .acme
        .dev_admin()
        .get(&stage.acme.in_dev("/roles/Auditor"));
    role.expect_problem(404, "not_found");
}

/// A role, what it has and who may wear it.
fn role() -> Vec<Step> {
    vec![
        step(
            "create_role",
            &[],
            json!({"name": "Auditor", "tags": {"team": "auditors"}, "trust_policy": trust(&json!({}))}),
        ),
        step(
            "update_role",
            &[],
            json!({"description": "reads", "max_session_duration": 900}),
        ),
        step(
            "put_role_trust_policy",
            &[],
            json!({
                "document": trust(&json!({"StringEquals": {"sts:ExternalId": "{external_id}"}})),
                "revoke_sessions": true,
            }),
        )
        .when(PartUnchanged("/trust_policy_etag")),
        step("put_role_tags", &[], json!({"tags": {"team": "authors"}})),
        step(
            "update_role_tags",
            &[],
            json!({"tags": {"team": null, "floor": "3"}}),
        ),
        step("attach_role_policy", &SYSTEM, Value::Null),
        step(
            "put_role_inline_policy",
            &INLINE,
            json!({"document": reading()}),
        )
        .when(Absent),
        step(
            "put_role_permissions_boundary",
            &[],
            json!({"policy_arn": "arn:trilby:iam::system:policy/ReadOnlyAccess"}),
        )
        .when(Absent),
    ]
}

/// All of that goes again; the external id when no role asks for it any more.
fn end() -> Vec<Step> {
    vec![
        step("delete_role_permissions_boundary", &[], Value::Null)
            .when(PartUnchanged("/permissions_boundary/etag")),
        step("delete_role_inline_policy", &INLINE, Value::Null).when(Unchanged),
        step("detach_role_policy", &SYSTEM, Value::Null),
        step("delete_role", &[], Value::Null),
        step("delete_external_id", &[], Value::Null),
    ]
}

/// Trust in the account itself, under these conditions.
fn trust(conditions: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "arn:trilby:iam::{account}:root"}, "Action": "sts:AssumeRole",
        "Condition": conditions,
    }]})
}
