//! Control policies: what they may say, where they are attached, and the last one of a level.

use serde_json::json;
use trilby_account::organization::{
    AttachControlPolicy, ControlKind, ControlPolicyName, CreateControlPolicy,
    CreateControlPolicyVersion, DeleteControlPolicy, DeleteControlPolicyVersion,
    DetachControlPolicy, SetDefaultControlPolicyVersion, TargetRef, UpdateControlPolicy,
};
use trilby_account::{Precondition, Rejection};
use trilby_policy::{Document, Kind};
use trilby_testkit::given::document;

use crate::organization_units::Tree;

fn scp(action: &str) -> Document {
    let statement = json!({ "Effect": "Deny", "Action": action, "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Scp, &policy)
}

fn rcp(action: &str) -> Document {
    let statement =
        json!({ "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    document(Kind::Rcp, &policy)
}

fn policy(name: &str) -> CreateControlPolicy {
    CreateControlPolicy {
        kind: ControlKind::Scp,
        name: name.parse().unwrap(),
        description: None,
        document: scp("docs:Delete*"),
    }
}

fn own(name: &str) -> ControlPolicyName {
    ControlPolicyName::Own(name.parse().unwrap())
}

fn full_access() -> ControlPolicyName {
    ControlPolicyName::System("FullAccess".parse().unwrap())
}

fn attach(target: &TargetRef, policy: ControlPolicyName) -> AttachControlPolicy {
    let target = target.clone();
    AttachControlPolicy { target, policy }
}

fn detach(target: &TargetRef, policy: ControlPolicyName) -> DetachControlPolicy {
    let target = target.clone();
    DetachControlPolicy { target, policy }
}

fn root(tree: &Tree) -> TargetRef {
    TargetRef::Node(tree.root())
}

#[test]
fn the_last_service_control_policy_of_a_level_stays() {
    let mut tree = Tree::new();
    let parent = tree.root();
    let unit = TargetRef::Node(tree.unit("Production", &parent));
    let (account, _) = tree.member("acme-prod");
    tree.with(policy("keep"));
    for target in [root(&tree), unit, TargetRef::Account(account)] {
        assert_eq!(tree.code(detach(&target, full_access())), "invalid_state");
        tree.with(attach(&target, own("keep")));
        tree.with(detach(&target, full_access()));
        assert_eq!(tree.code(detach(&target, own("keep"))), "invalid_state");
        assert_eq!(tree.code(detach(&target, full_access())), "not_found");
        tree.with(attach(&target, full_access()));
        tree.with(detach(&target, own("keep")));
    }
}

#[test]
fn a_resource_control_policy_may_be_the_last_of_its_kind() {
    let mut tree = Tree::new();
    tree.with(CreateControlPolicy {
        kind: ControlKind::Rcp,
        document: rcp("docs:Delete*"),
        ..policy("resources")
    });
    let root = root(&tree);
    tree.with(attach(&root, own("resources")));
    // It does not count as a service control policy either.
    assert_eq!(tree.code(detach(&root, full_access())), "invalid_state");
    tree.with(detach(&root, own("resources")));
}

#[test]
fn a_node_has_five_policies_of_a_kind_at_most() {
    let mut tree = Tree::new();
    let root = root(&tree);
    for n in 0..5 {
        tree.with(policy(&format!("p{n}")));
    }
    for n in 0..4 {
        tree.with(attach(&root, own(&format!("p{n}"))));
    }
    assert_eq!(tree.code(attach(&root, own("p4"))), "limit_exceeded");
    tree.with(CreateControlPolicy {
        kind: ControlKind::Rcp,
        document: rcp("docs:*"),
        ..policy("of-another-kind")
    });
    tree.with(attach(&root, own("of-another-kind")));
}

#[test]
fn a_document_must_be_of_its_kind() {
    let mut tree = Tree::new();
    let wrong = CreateControlPolicy {
        document: rcp("docs:*"),
        ..policy("wrong")
    };
    assert_eq!(tree.code(wrong), "malformed_policy");
    let wrong = CreateControlPolicy {
        kind: ControlKind::Rcp,
        ..policy("wrong")
    };
    assert_eq!(tree.code(wrong), "malformed_policy");
    tree.with(policy("right"));
    let version = CreateControlPolicyVersion {
        policy: "right".parse().unwrap(),
        document: rcp("docs:*"),
        set_as_default: true,
    };
    assert_eq!(tree.code(version), "malformed_policy");
}

#[test]
fn a_document_has_5120_bytes_at_most() {
    let mut tree = Tree::new();
    let actions: Vec<String> = (0..60)
        .map(|n| format!("docs:{}{n}", "x".repeat(90)))
        .collect();
    let statement = json!({ "Effect": "Deny", "Action": actions, "Resource": "*" });
    let long = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let long = CreateControlPolicy {
        document: document(Kind::Scp, &long),
        ..policy("long")
    };
    let Err(Rejection::LimitExceeded { limit, .. }) = tree.when(long) else {
        panic!()
    };
    assert_eq!(limit, 5_120);
}

#[test]
fn versions_come_into_force_where_the_policy_is_attached() {
    let mut tree = Tree::new();
    tree.with(policy("keep"));
    let keep = "keep".parse().unwrap();
    tree.with(CreateControlPolicyVersion {
        policy: keep,
        document: scp("docs:*"),
        set_as_default: false,
    });
    let in_force = |tree: &Tree| {
        let policy = tree.organization.control_policy(&"keep".parse().unwrap());
        policy.unwrap().in_force().unwrap().text.document.clone()
    };
    assert!(in_force(&tree).contains("docs:Delete*"));
    let set = |version| SetDefaultControlPolicyVersion {
        policy: "keep".parse().unwrap(),
        version,
    };
    tree.with(set(2));
    assert!(!in_force(&tree).contains("docs:Delete*"));
    assert_eq!(tree.when(set(2)).unwrap(), []);
    assert_eq!(tree.code(set(3)), "not_found");
    let drop = |version| DeleteControlPolicyVersion {
        policy: "keep".parse().unwrap(),
        version,
    };
    assert_eq!(tree.code(drop(2)), "invalid_state");
    tree.with(drop(1));
    assert_eq!(tree.code(set(1)), "not_found");
}

#[test]
fn a_policy_that_is_attached_cannot_be_deleted() {
    let mut tree = Tree::new();
    tree.with(policy("keep"));
    let root = root(&tree);
    tree.with(attach(&root, own("keep")));
    let delete = || DeleteControlPolicy {
        policy: "keep".parse().unwrap(),
    };
    let Err(Rejection::DeleteConflict { blockers, .. }) = tree.when(delete()) else {
        panic!()
    };
    assert_eq!(blockers[0].id, root.to_string());
    tree.with(detach(&root, own("keep")));
    tree.with(delete());
    assert_eq!(tree.code(attach(&root, own("keep"))), "not_found");
}

#[test]
fn names_are_unique_and_are_no_ids() {
    let mut tree = Tree::new();
    tree.with(policy("keep"));
    assert_eq!(tree.code(policy("KEEP")), "already_exists");
    assert_eq!(tree.code(policy("p-4k7m2xq9")), "invalid_name");
    let described = UpdateControlPolicy {
        policy: "Keep".parse().unwrap(),
        description: Some(Some("nobody deletes".parse().unwrap())),
    };
    tree.with(described.clone());
    assert_eq!(tree.when(described).unwrap(), []);
}

#[test]
fn attachments_are_compared_with_the_node_that_was_read() {
    let mut tree = Tree::new();
    tree.with(policy("keep"));
    let root = root(&tree);
    let seen = tree.organization.root().unwrap().stamp.changed;
    let absent = tree.when_if(Precondition::Absent, attach(&root, own("keep")));
    let events = absent.unwrap();
    tree.after(&events);
    let again = tree.when_if(Precondition::Absent, attach(&root, own("keep")));
    assert_eq!(again.unwrap_err().code(), "etag_mismatch");
    let stale = tree.when_if(Precondition::Unchanged(seen), detach(&root, own("keep")));
    assert_eq!(stale.unwrap_err().code(), "etag_mismatch");
    let now = tree.organization.root().unwrap().stamp.changed;
    assert!(
        tree.when_if(Precondition::Unchanged(now), detach(&root, own("keep")))
            .is_ok()
    );
}

#[test]
fn the_full_access_of_resources_is_everywhere_and_attached_nowhere() {
    let mut tree = Tree::new();
    let root = root(&tree);
    for name in ["ResourceFullAccess", "AdministratorAccess", "Nothing"] {
        let policy = ControlPolicyName::System(name.parse().unwrap());
        assert_eq!(tree.code(attach(&root, policy)), "not_found");
    }
    let nowhere = TargetRef::Account("999999999999".parse().unwrap());
    assert_eq!(tree.code(attach(&nowhere, full_access())), "not_found");
}
