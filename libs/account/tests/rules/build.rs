//! Commands with everything but what a test is about filled in.

use serde_json::{Value, json};
use trilby_account::command::*;
use trilby_account::{
    GroupRef, Hashing, HolderRef, KnownPrincipals, ManagedPolicyRef, PrincipalId, RoleLimits,
    RoleRef, UserKind, UserRef,
};
use trilby_model::{AccessKeyId, GroupId, RoleId, Tags, UserId};
use trilby_policy::{Document, Kind};
use trilby_testkit::given::{Given, document, policy_document};

pub fn user(name: &str) -> CreateUser {
    CreateUser {
        name: name.parse().unwrap(),
        path: "/".parse().unwrap(),
        kind: UserKind::Human,
        description: None,
        tags: Tags::empty(),
    }
}

pub fn service_user(name: &str) -> CreateUser {
    CreateUser {
        kind: UserKind::Service,
        ..user(name)
    }
}

pub fn group(name: &str) -> CreateGroup {
    CreateGroup {
        name: name.parse().unwrap(),
        path: "/".parse().unwrap(),
        description: None,
        tags: Tags::empty(),
    }
}

pub fn role(name: &str, trusted: &str) -> CreateRole {
    CreateRole {
        name: name.parse().unwrap(),
        path: "/".parse().unwrap(),
        description: None,
        tags: Tags::empty(),
        trust: trust(&json!({ "AWS": trusted })),
        known: KnownPrincipals::default(),
        limits: RoleLimits::default(),
        external_id_waiver: None,
    }
}

/// A role that the account itself is trusted with.
pub fn own_role(name: &str) -> CreateRole {
    role(name, "111122223333")
}

/// A role that whoever a provider vouches for may assume.
pub fn login_role(name: &str, provider: &str) -> CreateRole {
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity"
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    CreateRole {
        trust: document(Kind::Trust, &policy),
        ..own_role(name)
    }
}

pub fn provider(name: &str) -> RegisterProvider {
    let settings = json!({ "issuer": "https://login.acme.example", "audiences": ["app"] });
    RegisterProvider {
        name: name.parse().unwrap(),
        settings: serde_json::from_value(settings).unwrap(),
        keys: None,
    }
}

pub fn trust(principal: &Value) -> Document {
    let statement =
        json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Trust, &policy)
}

pub fn resource_policy(principal: &Value) -> Document {
    let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Resource, &policy)
}

pub fn policy(name: &str) -> CreatePolicy {
    CreatePolicy {
        name: name.parse().unwrap(),
        path: "/".parse().unwrap(),
        description: None,
        tags: Tags::empty(),
        document: policy_document("s3:GetObject"),
    }
}

/// An identity policy whose canonical form has about `bytes` bytes, at least.
pub fn policy_of(bytes: usize) -> Document {
    let action = format!("s3:{}", "x".repeat(100));
    let actions: Vec<String> = (0..bytes.div_ceil(100))
        .map(|n| format!("{action}{n}"))
        .collect();
    let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Identity, &policy)
}

pub fn hashing() -> Hashing {
    Hashing {
        algo: "argon2id".to_owned(),
        params: [("m", 19_456), ("t", 2), ("p", 1), ("v", 19)]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    }
}

pub fn password(user: &str) -> SetUserPassword {
    SetUserPassword {
        user: user.parse().unwrap(),
        hashing: hashing(),
        must_change: false,
        revoke_sessions: true,
        ticket: None,
    }
}

pub fn access_key(user: &str) -> CreateAccessKey {
    CreateAccessKey {
        user: user.parse().unwrap(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
    }
}

pub fn to_user(name: &str) -> HolderRef {
    HolderRef::User(name.parse().unwrap())
}

pub fn to_group(name: &str) -> HolderRef {
    HolderRef::Group(name.parse().unwrap())
}

pub fn to_role(name: &str) -> HolderRef {
    HolderRef::Role(name.parse().unwrap())
}

pub fn customer(policy: &str) -> ManagedPolicyRef {
    ManagedPolicyRef::Customer(policy.parse().unwrap())
}

pub fn system(policy: &str) -> ManagedPolicyRef {
    ManagedPolicyRef::System(policy.parse().unwrap())
}

pub fn attach(holder: HolderRef, policy: ManagedPolicyRef) -> AttachPolicy {
    AttachPolicy { holder, policy }
}

pub fn inline(holder: HolderRef, name: &str, document: Document) -> PutInlinePolicy {
    PutInlinePolicy {
        holder,
        name: name.parse().unwrap(),
        document,
    }
}

pub fn member(group: &str, user: &str) -> AddGroupMember {
    AddGroupMember {
        group: group.parse().unwrap(),
        user: user.parse().unwrap(),
    }
}

pub fn application(name: &str) -> RegisterApplication {
    RegisterApplication {
        name: name.parse().unwrap(),
        description: None,
        tags: Tags::empty(),
    }
}

pub fn resource(application: &str, name: &str) -> PutResource {
    PutResource {
        application: application.parse().unwrap(),
        resource: name.to_owned().try_into().unwrap(),
        description: None,
        owner: None,
        tags: Tags::empty(),
    }
}

pub fn guard(application: &str, name: &str, principal: &Value) -> PutResourcePolicy {
    PutResourcePolicy {
        application: application.parse().unwrap(),
        resource: name.to_owned().try_into().unwrap(),
        document: resource_policy(principal),
        known: KnownPrincipals::default(),
    }
}

pub fn tags(pairs: &[(&str, &str)]) -> Tags {
    let pairs = pairs
        .iter()
        .map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap()));
    Tags::new(pairs).unwrap()
}

pub fn user_id(given: &Given, name: &str) -> UserId {
    let user: UserRef = name.parse().unwrap();
    given.state().user(&user).expect("the user").id.clone()
}

pub fn group_id(given: &Given, name: &str) -> GroupId {
    let group: GroupRef = name.parse().unwrap();
    given.state().group(&group).expect("the group").id.clone()
}

pub fn role_id(given: &Given, name: &str) -> RoleId {
    let role: RoleRef = name.parse().unwrap();
    given.state().role(&role).expect("the role").id.clone()
}

pub fn key_ids(given: &Given, user: &str) -> Vec<AccessKeyId> {
    let user: UserRef = user.parse().unwrap();
    let user = given.state().user(&user).expect("the user");
    user.access_keys.iter().cloned().collect()
}

pub fn principal(given: &Given, user: &str) -> PrincipalId {
    PrincipalId::User(user_id(given, user))
}
