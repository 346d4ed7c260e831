//! The life of a user, of a group, of a policy, and of an application and what is in it.

use serde_json::{Value, json};

use super::stage::Stage;
use super::step::Condition::{Absent, ParentUnchanged, PartUnchanged, Unchanged};
use super::step::{Step, step};

/// From their making to their end.
pub fn live(stage: &mut Stage) {
    for (name, value) in [
        ("user", "Mary"),
        ("group", "Billing"),
        ("policy", "Reading"),
        ("application", "s3"),
    ] {
        stage.know(name, value);
    }
    stage.does(&step(
        "update_account",
        &[],
        json!({"name": "acme-development"}),
    ));
    let body = json!({"name": "Mary", "description": "writes", "tags": {"team": "editors"}});
    let mary = stage.does(&step("create_user", &[], body));
    stage.know("user_id", mary.text("/id"));
    stage.does_all(user());
    let key = stage.does(&step("create_access_key", &[], json!({})));
    stage.know("access_key", key.text("/access_key_id"));
    stage.does(&step(
        "update_access_key",
        &[],
        json!({"status": "inactive"}),
    ));
    stage.does(&step("reset_user_password", &[], Value::Null));
    stage.does_all(group());
    stage.does_all(policy());
    stage.does_all(application());
    let revoked = json!({"user": "Mary", "reason": "repeated"});
    stage.does(&step("create_revocation", &[], revoked));
    stage.does_all(ends_of_things());
    let path = stage.acme.in_dev("/users/Mary/login-profile");
    let password = json!({"password": crate::acme::ROOT_PASSWORD});
    let answer = stage.acme.dev_admin().put(&path, &password).expect(201);
    stage
        .operation("put_login_profile")
        .assert_described(&answer);
    stage.does_all(ends_of_people());
    let mary = stage
        .acme
        .dev_admin()
        .get(&stage.acme.in_dev("/users/Mary"));
    mary.expect_problem(404, "not_found");
}

/// The policy and how it is changed.
pub fn reading() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
}

const INLINE: [(&str, &str); 1] = [("name", "Inline")];
const SYSTEM: [(&str, &str); 1] = [("policy", "system:ReadOnlyAccess")];
const RESOURCE: [(&str, &str); 2] = [("type", "bucket"), ("id", "drafts")];
const ALIAS: [(&str, &str); 2] = [("type", "customer"), ("id", "4711")];

fn tags() -> Value {
    json!({"tags": {"team": "authors"}})
}

/// What a user has.
fn user() -> Vec<Step> {
    vec![
        step(
            "update_user",
            &[],
            json!({"description": null, "path": "/editors/"}),
        ),
        step("put_user_tags", &[], tags()),
        step(
            "update_user_tags",
            &[],
            json!({"tags": {"team": null, "floor": "3"}}),
        ),
        step("attach_user_policy", &SYSTEM, Value::Null),
        step(
            "put_user_inline_policy",
            &INLINE,
            json!({"document": reading()}),
        )
        .when(Absent),
        step(
            "put_user_permissions_boundary",
            &[],
            json!({"policy_arn": "arn:trilby:iam::system:policy/ReadOnlyAccess"}),
        )
        .when(Absent),
        step("delete_user_permissions_boundary", &[], Value::Null)
            .when(PartUnchanged("/permissions_boundary/etag")),
    ]
}

/// A group, what it has and who is in it.
fn group() -> Vec<Step> {
    vec![
        step("create_group", &[], json!({"name": "Billing"})),
        step(
            "update_group",
            &[],
            json!({"description": "sends invoices"}),
        ),
        step("put_group_tags", &[], tags()),
        step("update_group_tags", &[], json!({"tags": {"floor": "3"}})),
        step("attach_group_policy", &SYSTEM, Value::Null),
        step(
            "put_group_inline_policy",
            &INLINE,
            json!({"document": reading()}),
        )
        .when(Absent),
        step("add_group_member", &[], Value::Null),
    ]
}

/// A policy and its versions.
fn policy() -> Vec<Step> {
    vec![
        step(
            "create_policy",
            &[],
            json!({"name": "Reading", "document": reading()}),
        ),
        step("update_policy", &[], json!({"description": "reads"})),
        step("put_policy_tags", &[], tags()),
        step("update_policy_tags", &[], json!({"tags": {"floor": "3"}})),
        step("create_policy_version", &[], json!({"document": other()})),
        step(
            "create_policy_version",
            &[],
            json!({"document": reading(), "set_as_default": true}),
        ),
    ]
}

/// An application, a resource of it, and whom a name there means.
fn application() -> Vec<Step> {
    vec![
        step("register_application", &[], json!({"name": "s3"})),
        step("update_application", &[], json!({"description": "buckets"})),
        step(
            "put_actions",
            &[],
            json!({"actions": {"GetObject": {"description": "reads"}}}),
        ),
        step(
            "put_resource",
            &RESOURCE,
            json!({"tags": {"team": "editors"}}),
        ),
        step(
            "put_resource_policy",
            &RESOURCE,
            json!({"document": on_resource()}),
        )
        .when(Absent),
        step(
            "put_subject_alias",
            &ALIAS,
            json!({"principal": "{user_id}"}),
        ),
    ]
}

/// All of that goes again.
fn ends_of_things() -> Vec<Step> {
    vec![
        step("set_default_policy_version", &[], json!({"version": "v1"})).when(ParentUnchanged),
        step("delete_policy_version", &[("version", "v2")], Value::Null),
        step("delete_subject_alias", &ALIAS, Value::Null),
        step("delete_resource_policy", &RESOURCE, Value::Null).when(Unchanged),
        step("delete_resource", &RESOURCE, Value::Null),
        step("delete_application", &[], Value::Null),
        step("delete_policy", &[], Value::Null),
        step("remove_group_member", &[], Value::Null),
        step("delete_group_inline_policy", &INLINE, Value::Null).when(Unchanged),
        step("detach_group_policy", &SYSTEM, Value::Null),
        step("delete_group", &[], Value::Null),
    ]
}

/// What a user has goes, and the user.
fn ends_of_people() -> Vec<Step> {
    vec![
        step("delete_login_profile", &[], Value::Null),
        step("delete_access_key", &[], Value::Null),
        step("delete_user_inline_policy", &INLINE, Value::Null).when(Unchanged),
        step("detach_user_policy", &SYSTEM, Value::Null),
        step("delete_user", &[], Value::Null),
    ]
}

fn other() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})
}

fn on_resource() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "arn:trilby:s3::{account}:bucket/drafts",
    }]})
}
