//! An identity-based policy in AWS's own JSON, and the application that asks.

use serde_json::json;

use crate::demo::ask::{Ask, Because};
use crate::demo::sessions;
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    let base = format!("/v1/accounts/{dev}");

    teller.say("In acme-dev: an application `s3`, the user Mary, and AmazonS3ReadOnlyAccess as AWS writes it.")?;
    teller.call(
        Call::post(format!("{base}/applications"))
            .by("dev-admin")
            .once("demo-register-app-s3")
            .json(json!({"name": "s3", "description": "Buckets and what is in them"})),
    )?;
    teller.call(
        Call::post(format!("{base}/users"))
            .by("dev-admin")
            .once("demo-create-user-mary")
            .json(json!({"name": "Mary"})),
    )?;
    teller.call(
        Call::post(format!("{base}/policies")).by("dev-admin").once("demo-create-s3-reading").json(json!({
            "name": "AmazonS3ReadOnlyAccess",
            "document": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Action": ["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"],
                    "Resource": "*"
                }]
            }
        })),
    )?;
    teller.call(
        Call::put(format!(
            "{base}/users/Mary/attached-policies/AmazonS3ReadOnlyAccess"
        ))
        .by("dev-admin")
        .once("demo-attach-s3-reading")
        .expect(204),
    )?;

    teller.say(
        "The application that asks (the enforcement point) is a user too: it may ask for decisions and their reasons,\n\
         and nothing else.",
    )?;
    teller.call(
        Call::post(format!("{base}/users"))
            .by("dev-admin")
            .once("demo-create-storefront")
            .json(json!({"name": "storefront", "kind": "service"})),
    )?;
    teller.call(
        Call::put(format!(
            "{base}/users/storefront/attached-policies/system:DecisionPointAccess"
        ))
        .by("dev-admin")
        .once("demo-attach-decisions")
        .expect(204),
    )?;
    sessions::access_key(teller, "dev-admin", &dev, "storefront", "storefront")?;
    sessions::key(teller, "storefront", true)?;

    teller.say("May Mary read? May she write? The application asks, and asks why.")?;
    Ask::of("Mary", "s3:GetObject", "bucket/reports/2026/q3.csv")
        .allowed(Because::statement("identity", "AmazonS3ReadOnlyAccess", 0))
        .send(teller)?;
    Ask::of("Mary", "s3:GetObject", "bucket/holiday-photos/beach.jpg")
        .allowed(Because::statement("identity", "AmazonS3ReadOnlyAccess", 0))
        .send(teller)?;
    Ask::of("Mary", "s3:PutObject", "bucket/reports/2026/q3.csv")
        .denied("implicit_deny", Because::layer("identity"))
        .send(teller)
        .map(drop)
}
