//! Every operation that changes something, done and repeated: the answer is as described, the repetition is the same
//! answer and no second change.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};

use crate::acme::{Acme, fresh_key, seq_number};
use crate::operations::{Operation, operations};

/// Operations without a step, and why.
const EXEMPT: [(&str, &str); 14] = [
    (
        "create_organization",
        "every test's beginning; an account founds one",
    ),
    (
        "attach_role_policy",
        "the only role there is is protected until roles can be made",
    ),
    ("detach_role_policy", "the same"),
    ("put_role_inline_policy", "the same"),
    ("delete_role_inline_policy", "the same"),
    ("put_role_tags", "the same"),
    ("update_role_tags", "the same"),
    (
        "put_login_profile",
        "takes no key: no receipt keeps the hash of a password",
    ),
    (
        "assume_role",
        "changes no rights: each call is a session of its own",
    ),
    ("evaluate", "asks"),
    ("evaluate_batch", "asks"),
    ("evaluate_in_account", "asks"),
    ("evaluate_batch_in_account", "asks"),
    ("simulate", "asks"),
];

/// One change.
struct Step {
    id: &'static str,
    /// Values of path parameters beside the usual ones.
    path: Vec<(&'static str, &'static str)>,
    body: Option<Value>,
    condition: Condition,
}

/// What the change is conditional on.
#[derive(Clone, Copy)]
enum Condition {
    Nothing,
    Absent,
    /// The ETag that a GET of the same path has.
    Unchanged,
    /// The ETag of the path without its last segment.
    ParentUnchanged,
}

fn step(id: &'static str, path: &[(&'static str, &'static str)], body: Value) -> Step {
    Step {
        id,
        path: path.to_vec(),
        body: (!body.is_null()).then_some(body),
        condition: Condition::Nothing,
    }
}

impl Step {
    fn when(mut self, condition: Condition) -> Step {
        self.condition = condition;
        self
    }
}

/// The life of one thing of each kind, from its making to its end.
fn steps(account: &str) -> Vec<Step> {
    use Condition::{Absent, ParentUnchanged, Unchanged};
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]});
    let other = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]});
    let on_resource = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": format!("arn:trilby:s3::{account}:bucket/drafts"),
    }]});
    let tags = json!({"tags": {"team": "authors"}});
    let none = Value::Null;
    let resource = [("type", "bucket"), ("id", "drafts")];
    let alias = [("type", "customer"), ("id", "4711")];
    let inline = [("name", "Inline")];
    let system = [("policy", "system:ReadOnlyAccess")];
    vec![
        step("update_account", &[], json!({"name": "acme-development"})),
        step(
            "create_user",
            &[],
            json!({"name": "Mary", "description": "writes", "tags": {"team": "editors"}}),
        ),
        step(
            "update_user",
            &[],
            json!({"description": null, "path": "/editors/"}),
        ),
        step("put_user_tags", &[], tags.clone()),
        step(
            "update_user_tags",
            &[],
            json!({"tags": {"team": null, "floor": "3"}}),
        ),
        step("attach_user_policy", &system, none.clone()),
        step(
            "put_user_inline_policy",
            &inline,
            json!({"document": policy}),
        )
        .when(Absent),
        step("create_access_key", &[], json!({})),
        step("update_access_key", &[], json!({"status": "inactive"})),
        step("reset_user_password", &[], none.clone()),
        step("create_group", &[], json!({"name": "Billing"})),
        step(
            "update_group",
            &[],
            json!({"description": "sends invoices"}),
        ),
        step("put_group_tags", &[], tags.clone()),
        step("update_group_tags", &[], json!({"tags": {"floor": "3"}})),
        step("attach_group_policy", &system, none.clone()),
        step(
            "put_group_inline_policy",
            &inline,
            json!({"document": policy}),
        )
        .when(Absent),
        step("add_group_member", &[], none.clone()),
        step(
            "create_policy",
            &[],
            json!({"name": "Reading", "document": policy}),
        ),
        step("update_policy", &[], json!({"description": "reads"})),
        step("put_policy_tags", &[], tags),
        step("update_policy_tags", &[], json!({"tags": {"floor": "3"}})),
        step("create_policy_version", &[], json!({"document": other})),
        step(
            "create_policy_version",
            &[],
            json!({"document": policy, "set_as_default": true}),
        ),
        step("register_application", &[], json!({"name": "s3"})),
        step("update_application", &[], json!({"description": "buckets"})),
        step(
            "put_actions",
            &[],
            json!({"actions": {"GetObject": {"description": "reads"}}}),
        ),
        step(
            "put_resource",
            &resource,
            json!({"tags": {"team": "editors"}}),
        ),
        step(
            "put_resource_policy",
            &resource,
            json!({"document": on_resource}),
        )
        .when(Absent),
        step("put_subject_alias", &alias, json!({"principal": "{user}"})),
        step(
            "create_revocation",
            &[],
            json!({"user": "Mary", "reason": "repeated"}),
        ),
        step("create_member_account", &[], json!({"name": "acme-test"})),
        step("set_default_policy_version", &[], json!({"version": "v1"})).when(ParentUnchanged),
        step("delete_policy_version", &[("version", "v2")], none.clone()),
        step("delete_subject_alias", &alias, none.clone()),
        step("delete_resource_policy", &resource, none.clone()).when(Unchanged),
        step("delete_resource", &resource, none.clone()),
        step("delete_application", &[], none.clone()),
        step("delete_policy", &[], none.clone()),
        step("remove_group_member", &[], none.clone()),
        step("delete_group_inline_policy", &inline, none.clone()).when(Unchanged),
        step("detach_group_policy", &system, none.clone()),
        step("delete_group", &[], none.clone()),
        step("delete_login_profile", &[], none.clone()),
        step("delete_access_key", &[], none.clone()),
        step("delete_user_inline_policy", &inline, none.clone()).when(Unchanged),
        step("detach_user_policy", &system, none.clone()),
        step("delete_user", &[], none),
    ]
}

/// What is known by now: values of path parameters.
struct Known(BTreeMap<&'static str, String>);

impl Known {
    fn path(&self, operation: &Operation, step: &Step) -> String {
        operation.path_with(|name| {
            let own = step.path.iter().find(|(known, _)| *known == name);
            match own {
                Some((_, value)) => (*value).to_owned(),
                None => self
                    .0
                    .get(name)
                    .unwrap_or_else(|| panic!("no {name} for {}", step.id))
                    .clone(),
            }
        })
    }

    fn learn(&mut self, step: &Step, answer: &Answer) {
        let (name, pointer) = match step.id {
            "create_access_key" => ("access_key", "/access_key_id"),
            "create_user" => ("user_id", "/id"),
            _ => return,
        };
        self.0.insert(name, answer.text(pointer).to_owned());
    }
}

#[test]
fn every_change_is_as_described_and_done_once() {
    let acme = Acme::start();
    let all = operations(&acme.stranger());
    let by_id: BTreeMap<&str, &Operation> = all.iter().map(|one| (one.id.as_str(), one)).collect();
    let values = [
        ("account", acme.dev.id.as_str()),
        ("organization", &acme.organization),
        ("user", "Mary"),
        ("group", "Billing"),
        ("policy", "Reading"),
        ("application", "s3"),
    ];
    let mut known = Known(values.map(|(name, value)| (name, value.to_owned())).into());
    let mut done = BTreeSet::new();
    for step in steps(&acme.dev.id) {
        if step.id == "delete_login_profile" {
            let path = acme.in_dev("/users/Mary/login-profile");
            let password = json!({"password": crate::acme::ROOT_PASSWORD});
            let answer = acme.dev_admin().put(&path, &password).expect(201);
            by_id["put_login_profile"].assert_described(&answer);
        }
        let operation = by_id[step.id];
        let client = match operation.path.contains("{organization}") {
            true => acme.admin(),
            false => acme.dev_admin(),
        };
        let answer = done_once(&client, operation, &step, &known);
        known.learn(&step, &answer);
        done.insert(step.id);
    }
    let exempt: BTreeSet<&str> = EXEMPT.iter().map(|(id, _)| *id).collect();
    let missing: Vec<&str> = all
        .iter()
        .filter(|one| one.method() != "GET" && !one.is_public())
        .map(|one| one.id.as_str())
        .filter(|id| !done.contains(id) && !exempt.contains(id))
        .collect();
    assert!(missing.is_empty(), "no step for {missing:?}");
    let mary = acme.dev_admin().get(&acme.in_dev("/users/Mary"));
    mary.expect_problem(404, "not_found");
    checked_without_writing(&acme);
}

/// Does it, repeats it, and tries the key on something else.
fn done_once(client: &Client, operation: &Operation, step: &Step, known: &Known) -> Answer {
    let path = known.path(operation, step);
    let key = fresh_key();
    let condition = match step.condition {
        Condition::Nothing => None,
        Condition::Absent => Some(("if-none-match", "*".to_owned())),
        Condition::Unchanged => Some(("if-match", client.get(&path).expect(200).etag().to_owned())),
        Condition::ParentUnchanged => {
            let parent = path.rsplit_once('/').unwrap().0;
            Some(("if-match", client.get(parent).expect(200).etag().to_owned()))
        }
    };
    let body = step.body.clone().map(|mut body| {
        if body["principal"] == "{user}" {
            body["principal"] = known.0["user_id"].clone().into();
        }
        body
    });
    let send = |path: &str, key: &str| {
        let mut call = client
            .request(operation.method(), path)
            .header("idempotency-key", key);
        if let Some((name, value)) = &condition {
            call = call.header(name, value);
        }
        match &body {
            Some(body) => call.json(body).send(),
            None => call.send(),
        }
    };
    let first = send(&path, &key);
    assert!((200..300).contains(&first.status), "{}: {first:?}", step.id);
    operation.assert_described(&first);
    assert_eq!(first.header("idempotency-replayed"), None, "{first:?}");
    let again = send(&path, &key);
    operation.assert_described(&again);
    let replayed = again.header("idempotency-replayed");
    assert_eq!(replayed, Some("true"), "{}: {again:?}", step.id);
    assert_same(&first, &again);
    let reused = send(&format!("{path}?limit=1"), &key);
    assert!(
        [400, 422].contains(&reused.status),
        "another request under the same key: {reused:?}"
    );
    first
}

/// The same answer, but that a secret is not shown again.
#[track_caller]
fn assert_same(first: &Answer, again: &Answer) {
    assert_eq!(first.status, again.status, "{again:?}");
    for name in ["etag", "location", "trilby-seq"] {
        assert_eq!(first.header(name), again.header(name), "{name}: {again:?}");
    }
    let (mut expected, mut found) = (first.json.clone(), again.json.clone());
    for secret in ["secret", "ticket"] {
        if !expected.get(secret).is_some_and(Value::is_string) {
            continue;
        }
        assert!(found[secret].is_null(), "a secret is shown again");
        let withheld = format!("{secret}_withheld");
        assert_eq!(found[&withheld], true, "{again:?}");
        for answer in [&mut expected, &mut found] {
            let members = answer.as_object_mut().unwrap();
            members.remove(secret);
            members.remove(&withheld);
        }
    }
    assert_eq!(expected, found);
}

/// `validate_only` says what would be wrong and writes nothing.
fn checked_without_writing(acme: &Acme) {
    let client = acme.dev_admin();
    let before = seq_number(&acme.dev_seq(), &acme.dev.id);
    let path = acme.in_dev("/policies?validate_only=true");
    let bad = json!({"Effect": "Maybe"});
    let good = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    for (statement, is_good) in [(bad, false), (good, true)] {
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        let body = json!({"name": "New", "document": document});
        let answer = client.post(&path, &body).expect(200);
        assert_eq!(answer.json["valid"], is_good, "{answer:?}");
    }
    assert_eq!(seq_number(&acme.dev_seq(), &acme.dev.id), before);
}
