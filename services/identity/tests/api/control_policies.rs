use serde_json::{Value, json};
use trilby_testkit::http::Client;
use trilby_testkit::installation::allow;

use super::organizations::Founded;

fn deny(action: &str) -> Value {
    let statement = json!({ "Effect": "Deny", "Action": action, "Resource": "*" });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

impl Founded {
    /// Makes a control policy.
    pub fn policy(&self, kind: &str, name: &str, document: &Value) -> String {
        let body = json!({ "kind": kind, "name": name, "document": document });
        let made = self.root().post(&self.at("/control-policies"), &body);
        made.expect(201).text("/id").to_owned()
    }

    fn target(&self, target: &str, policy: &str) -> String {
        self.at(&format!("/targets/{target}/control-policies/{policy}"))
    }

    /// Attaches a control policy.
    pub fn attach(&self, target: &str, policy: &str) {
        let new = self.root().with_header("if-none-match", "*");
        let call = new.request("PUT", &self.target(target, policy)).send();
        call.expect(204);
    }

    fn detach(&self, target: &str, policy: &str) -> trilby_testkit::http::Answer {
        let node = match target.starts_with(|c: char| c.is_ascii_digit()) {
            true => self.at(&format!("/accounts/{target}")),
            false => self.at(&format!("/units/{target}")),
        };
        let etag = self.root().get(&node).expect(200).etag().to_owned();
        let seen = self.root().with_header("if-match", &etag);
        seen.delete(&self.target(target, policy))
    }

    /// Root of a member, logged in.
    pub fn root_of(&self, member: &str) -> Client {
        self.acme.installation.root(member.parse().unwrap())
    }

    pub fn in_member(&self, member: &str, rest: &str) -> String {
        format!("/v1/accounts/{member}{rest}")
    }
}

#[test]
fn a_control_policy_on_a_unit_caps_members_below_it_with_their_root() {
    let acme = Founded::new();
    let unit = acme.unit("Production", acme.root_id());
    let (inside, outside) = (acme.member("acme-prod"), acme.member("acme-dev"));
    let moved = acme.at(&format!("/accounts/{inside}/move"));
    acme.root()
        .post(&moved, &json!({ "parent_id": unit }))
        .expect(200);
    let policy = acme.policy("scp", "no-groups", &deny("iam:CreateGroup"));
    let group = json!({ "name": "g" });
    acme.root_of(&inside)
        .post(&acme.in_member(&inside, "/groups"), &group)
        .expect(201);
    acme.attach(&unit, &policy);
    let other = json!({ "name": "other" });
    let denied = acme
        .root_of(&inside)
        .post(&acme.in_member(&inside, "/groups"), &other);
    denied.expect_problem(403, "access_denied");
    acme.root_of(&outside)
        .post(&acme.in_member(&outside, "/groups"), &group)
        .expect(201);
    // At the root it binds every member, and the management account not.
    acme.detach(&unit, &policy).expect(204);
    acme.attach(acme.root_id(), &policy);
    for member in [&inside, &outside] {
        acme.root_of(member)
            .post(&acme.in_member(member, "/groups"), &other)
            .expect_problem(403, "access_denied");
    }
    let management = acme.acme.account.to_string();
    acme.root()
        .post(&acme.in_member(&management, "/groups"), &other)
        .expect(201);
    acme.detach(acme.root_id(), &policy).expect(204);
    acme.root_of(&inside)
        .post(&acme.in_member(&inside, "/groups"), &other)
        .expect(201);
}

#[test]
fn every_level_needs_an_allow() {
    let acme = Founded::new();
    let member = acme.member("acme-prod");
    let policy = acme.policy("scp", "reading", &allow(&["iam:List*"]));
    acme.attach(&member, &policy);
    acme.detach(&member, "system:FullAccess").expect(204);
    let root = acme.root_of(&member);
    root.get(&acme.in_member(&member, "/groups")).expect(200);
    root.post(&acme.in_member(&member, "/groups"), &json!({ "name": "g" }))
        .expect_problem(403, "access_denied");
    acme.detach(&member, "reading")
        .expect_problem(409, "invalid_state");
}

#[test]
fn a_version_in_force_is_in_force_where_the_policy_is_attached() {
    let acme = Founded::new();
    let member = acme.member("acme-prod");
    let policy = acme.policy("scp", "caps", &deny("iam:CreateGroup"));
    acme.attach(&member, &policy);
    let at = acme.at(&format!("/control-policies/{policy}"));
    let made = acme.root().post(
        &format!("{at}/versions"),
        &json!({ "document": deny("iam:CreateUser") }),
    );
    assert_eq!(made.expect(201).text("/version"), "v2");
    let root = acme.root_of(&member);
    let group = || root.post(&acme.in_member(&member, "/groups"), &json!({ "name": "g" }));
    group().expect_problem(403, "access_denied");
    let default = format!("{at}/default-version");
    let second = json!({ "version": "v2" });
    acme.root()
        .put(&default, &second)
        .expect_problem(428, "precondition_required");
    let etag = acme.root().get(&at).expect(200).etag().to_owned();
    let seen = acme.root().with_header("if-match", &etag);
    let set = seen.put(&default, &second).expect(200);
    assert_eq!(set.text("/default_version"), "v2");
    assert_eq!(set.text("/targets/0"), member);
    seen.put(&default, &json!({ "version": "v1" }))
        .expect_problem(412, "etag_mismatch");
    group().expect(201);
    root.post(&acme.in_member(&member, "/users"), &json!({ "name": "u" }))
        .expect_problem(403, "access_denied");
}

#[test]
fn a_resource_control_policy_caps_resources_and_leaves_what_it_does_not_name() {
    let acme = Founded::new();
    let member = acme.member("acme-prod");
    let statement = json!({
        "Effect": "Deny", "Principal": "*", "Action": "iam:CreateGroup", "Resource": "*",
    });
    let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let policy = acme.policy("rcp", "no-groups", &document);
    acme.attach(acme.root_id(), &policy);
    let root = acme.root_of(&member);
    root.post(&acme.in_member(&member, "/groups"), &json!({ "name": "g" }))
        .expect_problem(403, "access_denied");
    root.post(&acme.in_member(&member, "/users"), &json!({ "name": "u" }))
        .expect(201);
    let listed = acme.root().get(&acme.at("/control-policies?kind=rcp"));
    assert_eq!(listed.expect(200).text("/items/0/id"), policy);
    let none = acme.root().get(&acme.at("/control-policies?kind=scp"));
    assert_eq!(none.expect(200).json["items"], json!([]));
}

#[test]
fn documents_are_held_to_the_grammar_of_their_kind() {
    let acme = Founded::new();
    let principal = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Deny", "Principal": "*", "Action": "iam:*", "Resource": "*" } ] });
    let path = acme.at("/control-policies");
    for (kind, document) in [("scp", principal), ("rcp", allow(&["iam:*"]))] {
        let body = json!({ "kind": kind, "name": "wrong", "document": document });
        let refused = acme.root().post(&path, &body);
        refused.expect_problem(400, "malformed_policy");
        let looked = acme
            .root()
            .post(&format!("{path}?validate_only=true"), &body);
        assert_eq!(looked.expect(200).json["valid"], json!(false));
    }
    let body = json!({ "kind": "boundary", "name": "x", "document": deny("iam:*") });
    acme.root().post(&path, &body).expect(400);
}

#[test]
fn attaching_needs_the_right_on_node_and_policy_and_of_the_kind() {
    let acme = Founded::new();
    let unit = acme.unit("Production", acme.root_id());
    let policy = acme.policy("scp", "caps", &deny("iam:CreateGroup"));
    let arn = |rest: String| {
        let account = acme.acme.account;
        format!("arn:trilby:organizations::{account}:{rest}")
    };
    let both = [
        arn(format!("unit/{}/{unit}", acme.id)),
        arn(format!("control-policy/{}/{policy}", acme.id)),
    ];
    let may = |resources: &[String], kind: &str| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "organizations:Get*", "Resource": "*" },
            { "Effect": "Allow", "Action": "organizations:AttachPolicy", "Resource": resources,
              "Condition": { "StringEquals": { "organizations:PolicyType": kind } } } ] })
    };
    let scp = "SERVICE_CONTROL_POLICY";
    let cases = [
        (may(&both[..1], scp), false),
        (may(&both[1..], scp), false),
        (may(&both, "RESOURCE_CONTROL_POLICY"), false),
        (may(&both, scp), true),
    ];
    for (n, (rights, allowed)) in cases.iter().enumerate() {
        let user = acme.acme.user(&format!("user-{n}"), rights);
        let user = user.with_header("if-none-match", "*");
        let answer = user.request("PUT", &acme.target(&unit, &policy)).send();
        match allowed {
            true => answer.expect(204),
            false => answer.expect_problem(403, "access_denied"),
        };
    }
}

#[test]
fn an_attachment_answers_to_the_node_that_was_read() {
    let acme = Founded::new();
    let unit = acme.unit("Production", acme.root_id());
    let policy = acme.policy("scp", "caps", &deny("iam:CreateGroup"));
    let at = acme.at(&format!("/units/{unit}"));
    let old = acme.root().get(&at).expect(200).etag().to_owned();
    let call = |client: &Client| client.request("PUT", &acme.target(&unit, &policy)).send();
    call(acme.root()).expect_problem(428, "precondition_required");
    let seen = acme.root().with_header("if-match", &old);
    let attached = call(&seen).expect(204);
    assert_eq!(attached.etag(), acme.root().get(&at).expect(200).etag());
    seen.delete(&acme.target(&unit, &policy))
        .expect_problem(412, "etag_mismatch");
    let held = acme.at("/control-policies/caps");
    let etag = acme.root().get(&held).expect(200).etag().to_owned();
    let deleter = acme.root().with_header("if-match", &etag);
    let blocked = deleter.delete(&held).expect_problem(409, "delete_conflict");
    assert_eq!(blocked.text("/blockers/0/id"), unit);
    acme.detach(&unit, "caps").expect(204);
    deleter.delete(&held).expect(204);
}
