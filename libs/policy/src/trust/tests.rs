use serde_json::json;

use super::*;
use crate::kind::{Grammar, Kind};

#[test]
fn a_trust_policy_read_as_a_resource_policy_can_still_be_checked() {
    let document = Document::from_value(
        &json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole" },
            { "Effect": "Allow", "Principal": { "AWS": "*", "Federated": ["*"] }, "Action": "sts:AssumeRole" }
        ] }),
        Kind::Resource,
        &Grammar::stored(),
    )
    .unwrap();
    let pointers: Vec<String> = check(&document).into_iter().map(|f| f.pointer).collect();
    assert_eq!(
        pointers,
        [
            "/Statement/1/Principal/AWS",
            "/Statement/1/Principal/Federated"
        ]
    );
}
