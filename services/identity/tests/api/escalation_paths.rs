//! Ways up, over HTTP: who comes to everything, by what, and who does not.

use serde_json::{Value, json};
use trilby_account::command::{ChangeSettings, CreateRole};
use trilby_account::settings::{Security, SettingsSection};
use trilby_account::{HolderRef, KnownPrincipals, Ref, RoleLimits};
use trilby_model::Tags;
use trilby_policy::Kind;
use trilby_testkit::given::document;
use trilby_testkit::installation::allow;

use crate::world::World;

impl World {
    /// A role that everybody of the account may put on whom a policy of his own lets, with these rights.
    fn hat(&self, name: &str, actions: &[&str]) {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": self.account.to_string() }, "Action": "sts:AssumeRole",
        }]});
        let role = CreateRole {
            name: name.parse().unwrap(),
            path: "/".parse().unwrap(),
            description: None,
            tags: Tags::default(),
            trust: document(Kind::Trust, &trust),
            known: KnownPrincipals {
                accounts: [self.account].into(),
                ..KnownPrincipals::default()
            },
            limits: RoleLimits::default(),
            external_id_waiver: None,
        };
        self.inside.run(self.account, role);
        let holder = HolderRef::Role(Ref::Name(name.parse().unwrap()));
        self.inside.allow(self.account, holder, &allow(actions));
    }

    fn arn(&self, rest: &str) -> String {
        format!("arn:trilby:iam::{}:{rest}", self.account)
    }

    /// The steps of a principal, `action resource` each; nothing if it has no way up.
    fn way(&self, principal: &str) -> Option<Vec<String>> {
        let path = self.at("/escalation-paths");
        let found = self.admin.request("POST", &path).send().expect(200);
        assert_eq!(found.json["complete"], true);
        let paths = found.json["paths"].as_array().unwrap();
        let wanted = self.arn(principal);
        let way = paths.iter().find(|way| way["principal"] == wanted)?;
        let steps = way["steps"].as_array().unwrap();
        let told = steps.iter().map(|step| {
            let resource = step["resource"].as_str().unwrap();
            let (_, resource) = resource.rsplit_once(':').unwrap();
            format!("{} {resource}", step["action"].as_str().unwrap())
        });
        Some(told.collect())
    }

    fn made(&self, name: &str, policy: &Value) -> String {
        self.inside.user(self.account, name, policy);
        format!("user/{name}")
    }
}

fn to(action: &str, resource: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": action, "Resource": resource } ] })
}

#[test]
fn who_is_there_and_who_has_no_way() {
    let world = World::new();
    assert_eq!(world.way("user/admin"), Some(Vec::new()));
    let reader = world.made("reader", &allow(&["iam:Get*", "iam:List*", "s3:*"]));
    assert_eq!(world.way(&reader), None);
    let some = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": "*",
        "Condition": { "StringEquals": { "iam:PolicyARN": "arn:trilby:iam::system:policy/ReadOnlyAccess" } } }] });
    let harmless = world.made("harmless", &some);
    assert_eq!(world.way(&harmless), None);
    let denied = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "iam:PutUserPolicy", "Resource": "*" },
        { "Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": { "Null": { "iam:PolicyARN": "true" } } } ] });
    let held = world.made("held", &denied);
    assert_eq!(world.way(&held), None);
}

#[test]
fn who_may_write_policies_gives_himself_one() {
    let world = World::new();
    let helper = world.made("helper", &to("iam:AttachUserPolicy", "*"));
    assert_eq!(
        world.way(&helper).unwrap(),
        ["iam:AttachUserPolicy user/helper"]
    );
    let other = world.made("other", &to("iam:PutUserPolicy", &world.arn("user/else")));
    assert_eq!(
        world.way(&other),
        None,
        "what helps somebody else helps nobody here"
    );
    let maker = allow(&["iam:CreateRole", "iam:PutRolePolicy"]);
    let maker = world.made("maker", &maker);
    assert_eq!(
        world.way(&maker).unwrap(),
        [
            "iam:CreateRole role/new",
            "iam:PutRolePolicy role/new",
            "sts:AssumeRole role/new"
        ]
    );
}

#[test]
fn another_text_of_a_policy_is_a_way_for_who_may_attach_it() {
    let world = World::new();
    let policy = json!({ "name": "mine", "document": allow(&["s3:Get*"]) });
    world
        .admin
        .post(&world.at("/policies"), &policy)
        .expect(201);
    let versions = ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"];
    let writer = world.made("writer", &allow(&versions));
    let attach = world.at("/users/writer/attached-policies/mine");
    world.admin.request("PUT", &attach).send().expect(204);
    assert_eq!(
        world.way(&writer),
        None,
        "a guard asks for the right to attach"
    );
    let mine = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": "*",
        "Condition": { "StringEquals": { "iam:PolicyARN": world.arn("policy/mine") } } }] });
    let put = world.at("/users/writer/inline-policies/attach");
    let new = world.admin.with_header("if-none-match", "*");
    new.put(&put, &json!({ "document": mine })).expect(201);
    assert_eq!(
        world.way(&writer).unwrap(),
        ["iam:CreatePolicyVersion policy/mine"]
    );
}

#[test]
fn a_way_leads_through_roles_and_the_shortest_is_told() {
    let world = World::new();
    world.hat("Strong", &["*"]);
    world.hat("Middle", &["iam:PutRolePolicy"]);
    let wearer = world.made("wearer", &to("sts:AssumeRole", &world.arn("role/Strong")));
    assert_eq!(world.way(&wearer).unwrap(), ["sts:AssumeRole role/Strong"]);
    let through = world.made("through", &to("sts:AssumeRole", &world.arn("role/Middle")));
    assert_eq!(
        world.way(&through).unwrap(),
        [
            "sts:AssumeRole role/Middle",
            "iam:PutRolePolicy role/Middle"
        ]
    );
    let trust = world.made(
        "trust",
        &to("iam:UpdateAssumeRolePolicy", &world.arn("role/Strong")),
    );
    assert_eq!(
        world.way(&trust).unwrap(),
        [
            "iam:UpdateAssumeRolePolicy role/Strong",
            "sts:AssumeRole role/Strong"
        ]
    );
    let both = world.made(
        "both",
        &allow(&["sts:AssumeRole", "iam:UpdateAssumeRolePolicy"]),
    );
    assert_eq!(world.way(&both).unwrap(), ["sts:AssumeRole role/Strong"]);
}

#[test]
fn what_the_guards_refuse_is_no_way() {
    let world = World::new();
    let capped = world.made("capped", &allow(&["*"]));
    let cap = json!({ "name": "cap", "document": allow(&["iam:PutUserPolicy", "iam:CreateRole", "iam:PutRolePolicy"]) });
    let cap = world.admin.post(&world.at("/policies"), &cap).expect(201);
    let place = world.at("/users/capped/permissions-boundary");
    let new = world.admin.with_header("if-none-match", "*");
    let body = json!({ "policy_arn": cap.text("/arn") });
    new.put(&place, &body).expect(201);
    assert_eq!(world.way(&capped), None);
    let keys = world.made("keys", &to("iam:CreateAccessKey", "*"));
    assert_eq!(
        world.way(&keys),
        None,
        "the ceiling keeps him from stronger users"
    );
    let security = Security {
        credential_ceiling: false,
        ..Security::default()
    };
    let section = SettingsSection::Security(security);
    world.inside.run(world.account, ChangeSettings { section });
    assert_eq!(
        world.way(&keys).unwrap(),
        ["iam:CreateAccessKey user/admin"]
    );
}
