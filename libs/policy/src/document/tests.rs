use serde_json::json;

use super::*;

fn resource(value: &serde_json::Value) -> Document {
    Document::from_value(value, Kind::Resource, &Grammar::trusted()).unwrap()
}

#[test]
fn the_canonical_form_stores_arrays_and_text() {
    let document = resource(&json!({
        "Statement": {
            "Sid": "",
            "Resource": "arn:aws:s3:::b/*",
            "Action": "s3:GetObject",
            "Principal": { "AWS": "arn:aws:iam::111111111111:root" },
            "Effect": "Allow",
            "Condition": {
                "NumericEquals": { "s3:n": 10.50 },
                "Bool": { "aws:SecureTransport": true },
                "StringLike": {}
            }
        },
        "Id": "an id"
    }));
    assert_eq!(
        document.canonical(),
        r#"{"Id":"an id","Statement":[{"Action":["s3:GetObject"],"Condition":{"Bool":{"aws:SecureTransport":["true"]},"NumericEquals":{"s3:n":["10.5"]}},"Effect":"Allow","Principal":{"AWS":["111111111111"]},"Resource":["arn:aws:s3:::b/*"]}],"Version":"2008-10-17"}"#
    );
    assert_eq!(document.size(), document.canonical().len());
    assert_eq!(resource(&document.to_value()), document);
}

#[test]
fn numbers_keep_their_text() {
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*",
        "Condition":{"NumericEquals":{"app:n":[9007199254740993.000000000000000001, 1E2]}}}}"#;
    let document = Document::parse(text, Kind::Identity, &Grammar::stored()).unwrap();
    assert!(
        document
            .canonical()
            .contains(r#"["9007199254740993.000000000000000001","1E2"]"#)
    );
}

#[test]
fn white_space_does_not_count() {
    let tight = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"]}]}"#;
    let loose = tight.replace(',', " ,\n  ").replace(':', " : ");
    let read = |text: &str| Document::parse(text, Kind::Identity, &Grammar::stored()).unwrap();
    assert_eq!(read(&loose), read(tight));
    assert_eq!(read(&loose).size(), tight.len());
}

#[test]
fn named_users_and_roles_are_listed_once() {
    let document = resource(&json!({ "Version": "2012-10-17", "Statement": [
        {
            "Effect": "Allow", "Action": "*",
            "Principal": {
                "AWS": [
                    "arn:aws:iam::111111111111:user/ana",
                    "arn:aws:iam::111111111111:root",
                    "arn:aws:iam::222222222222:role/team/Dev",
                    "arn:aws:sts::222222222222:assumed-role/Dev/s",
                    "*"
                ],
                "Service": "backup.example"
            }
        },
        {
            "Effect": "Deny", "Action": "*",
            "NotPrincipal": { "AWS": ["arn:aws:iam::111111111111:user/ana", "arn:aws:iam::111111111111:user/bob"] }
        },
        { "Effect": "Deny", "Action": "*", "Principal": "*" }
    ] }));
    let arns: Vec<String> = document
        .principal_arns()
        .into_iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        arns,
        [
            "arn:aws:iam::111111111111:user/ana",
            "arn:aws:iam::222222222222:role/team/Dev",
            "arn:aws:iam::111111111111:user/bob",
        ]
    );
}

#[test]
fn a_principal_that_is_gone_keeps_its_id() {
    let id = format!("TUSR{}", "0".repeat(17));
    let document = resource(&json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Principal": { "AWS": id }
    } }));
    assert_eq!(
        document.aws_principals().collect::<Vec<_>>(),
        [&AwsPrincipal::Unresolved(id.clone())]
    );
    assert!(document.canonical().contains(&id));
}
