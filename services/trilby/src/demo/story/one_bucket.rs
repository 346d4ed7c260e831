//! A resource-based policy that names Mary on one bucket.

use serde_json::json;

use crate::demo::ask::{Ask, Because};
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    let bucket = format!("/v1/accounts/{dev}/applications/s3/resources/bucket/team-drafts");
    teller
        .say("The bucket `team-drafts` is registered, and its own policy names Mary with s3:*.")?;
    teller.call(
        Call::put(&bucket)
            .by("dev-admin")
            .once("demo-register-drafts")
            .json(json!({"tags": {"team": "editors"}}))
            .expect(201),
    )?;
    teller.call(
        Call::put(format!("{bucket}/policy"))
            .by("dev-admin")
            .once("demo-put-bucket-policy")
            .header("If-None-Match", "*")
            .json(json!({
                "document": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Sid": "MaryOwnsTheDrafts",
                        "Effect": "Allow",
                        "Principal": {"AWS": format!("arn:trilby:iam::{dev}:user/Mary")},
                        "Action": "s3:*",
                        "Resource": [
                            format!("arn:trilby:s3::{dev}:bucket/team-drafts"),
                            format!("arn:trilby:s3::{dev}:bucket/team-drafts/*")
                        ]
                    }]
                }
            }))
            .expect(201),
    )?;
    teller.say("There she may write, and only there.")?;
    Ask::of("Mary", "s3:PutObject", "bucket/team-drafts/plan.md")
        .allowed(Because::sid("resource", "MaryOwnsTheDrafts"))
        .send(teller)?;
    Ask::of("Mary", "s3:PutObject", "bucket/reports/2026/q3.csv")
        .denied("implicit_deny", Because::layer("identity"))
        .send(teller)?;
    Ask::of("Mary", "s3:PutObject", "bucket/team-drafts-archive/plan.md")
        .denied("implicit_deny", Because::layer("identity"))
        .send(teller)
        .map(drop)
}
