//! The life of a member account, of units, of control policies, and of what binds and helps members.

use serde_json::{Value, json};

use super::stage::Stage;
use super::step::Condition::{Absent, OtherUnchanged, ParentUnchanged, Unchanged};
use super::step::{Step, step};
use crate::acme::ROOT_EMAIL;

const MEMBER: [(&str, &str); 1] = [("account", "{member}")];
const HELD: [(&str, &str); 1] = [("target", "{member}")];
const TARGET: [(&str, &str); 1] = [("target", "{unit}")];
const UNIT: &str = "/v1/organizations/{organization}/units/{unit}";

/// Everything that lies below an organization, but for what the members' own people do.
pub fn live(stage: &mut Stage) {
    let made = stage.does(&step(
        "create_member_account",
        &[],
        json!({"name": "acme-test"}),
    ));
    stage.know("member", made.text("/account_id"));
    for (name, unit) in [("above", "Labs"), ("unit", "Attic")] {
        let made = stage.does(&step("create_unit", &[], json!({"name": unit})));
        stage.know(name, made.text("/id"));
    }
    stage.does_all(units());
    let policy = json!({"name": "Caps", "kind": "scp", "document": deny("s3:Delete*")});
    let policy = stage.does(&step("create_control_policy", &[], policy));
    stage.know("control_policy", policy.text("/id"));
    stage.does_all(control_policy());
    stage.does_all(member());
}

/// Units, and the member in one of them.
fn units() -> Vec<Step> {
    vec![
        step("update_unit", &[], json!({"name": "Cellar"})).when(Unchanged),
        step("move_unit", &[], json!({"parent_id": "{above}"})),
        step(
            "move_member_account",
            &MEMBER,
            json!({"parent_id": "{unit}"}),
        ),
    ]
}

/// A control policy, its versions and where it binds.
fn control_policy() -> Vec<Step> {
    vec![
        step(
            "update_control_policy",
            &[],
            json!({"description": "nothing is lost"}),
        )
        .when(Unchanged),
        step(
            "create_control_policy_version",
            &[],
            json!({"document": deny("s3:*")}),
        ),
        step("attach_control_policy", &TARGET, Value::Null).when(Absent),
        step(
            "set_default_control_policy_version",
            &[],
            json!({"version": "v2"}),
        )
        .when(ParentUnchanged),
        step(
            "delete_control_policy_version",
            &[("version", "v1")],
            Value::Null,
        ),
        step("detach_control_policy", &TARGET, Value::Null).when(OtherUnchanged(UNIT)),
        step("delete_control_policy", &[], Value::Null).when(Unchanged),
    ]
}

/// What the management account does to a member, until the member leaves.
fn member() -> Vec<Step> {
    vec![
        step(
            "put_delegated_admin",
            &MEMBER,
            json!({"actions": ["organizations:MoveUnit"]}),
        ),
        step("delete_delegated_admin", &MEMBER, Value::Null),
        step(
            "put_quarantine",
            &HELD,
            json!({"reason": "a stolen laptop"}),
        ),
        step("delete_quarantine", &HELD, Value::Null),
        step(
            "enable_root_credential",
            &MEMBER,
            json!({"root_email": ROOT_EMAIL}),
        ),
        step("disable_root_credential", &MEMBER, Value::Null),
        step(
            "move_member_account",
            &MEMBER,
            json!({"parent_id": "{above}"}),
        ),
        step("delete_unit", &[], Value::Null),
    ]
}

fn deny(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]})
}
