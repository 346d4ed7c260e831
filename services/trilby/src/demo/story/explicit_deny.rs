//! A Deny on Mary beats what her policy and the bucket's policy allow.

use serde_json::json;

use crate::demo::ask::{Ask, Because};
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    teller.say("An inline policy keeps Mary out of everything named confidential, whoever else lets her in.")?;
    teller.call(
        Call::put(format!("/v1/accounts/{dev}/users/Mary/inline-policies/NothingConfidential"))
            .by("dev-admin")
            .once("demo-put-confidential")
            .header("If-None-Match", "*")
            .json(json!({"document": {
                "Version": "2012-10-17",
                "Statement": [{"Sid": "KeepOut", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:trilby:s3:*:*:*/confidential/*"}]
            }}))
            .expect(201),
    )?;
    teller.say(
        "Her own policy would let her read this, and the bucket's policy would let her write that:",
    )?;
    Ask::of(
        "Mary",
        "s3:GetObject",
        "bucket/reports/confidential/salaries.csv",
    )
    .denied("explicit_deny", Because::sid("identity", "KeepOut"))
    .send(teller)?;
    Ask::of(
        "Mary",
        "s3:PutObject",
        "bucket/team-drafts/confidential/merger.md",
    )
    .denied("explicit_deny", Because::sid("identity", "KeepOut"))
    .send(teller)?;
    teller.say("And beside it all is as it was:")?;
    Ask::of("Mary", "s3:PutObject", "bucket/team-drafts/plan.md")
        .allowed(Because::sid("resource", "MaryOwnsTheDrafts"))
        .send(teller)?;
    Ask::many(&[
        ("Mary", "s3:GetObject", "bucket/reports/2026/q3.csv", true),
        ("Mary", "s3:PutObject", "bucket/reports/2026/q3.csv", false),
        (
            "Mary",
            "s3:DeleteObject",
            "bucket/team-drafts/plan.md",
            true,
        ),
        ("Bob", "invoices:Send", "invoice/2026-117", false),
    ])
    .send(teller)
}
