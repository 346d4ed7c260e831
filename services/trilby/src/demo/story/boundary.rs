//! A permissions boundary caps what a policy allows, and gives nothing itself.

use serde_json::json;

use crate::demo::ask::{Ask, Because};
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    let base = format!("/v1/accounts/{dev}");
    teller.say(
        "Pat's policy allows everything. The boundary beside it is AmazonS3ReadOnlyAccess, the policy that Mary has:\n\
         as a boundary it gives nothing, and lets nothing through that it does not allow itself.",
    )?;
    teller.call(
        Call::post(format!("{base}/users")).by("dev-admin").once("demo-create-user-pat").json(json!({
            "name": "Pat",
            "permissions_boundary": format!("arn:trilby:iam::{dev}:policy/AmazonS3ReadOnlyAccess")
        })),
    )?;
    Ask::of("Pat", "s3:GetObject", "bucket/reports/2026/q3.csv")
        .denied("implicit_deny", Because::layer("identity"))
        .send(teller)?;
    let given = teller.call(
        Call::put(format!("{base}/users/Pat/inline-policies/Everything"))
            .by("dev-admin")
            .once("demo-put-pat-everything")
            .header("If-None-Match", "*")
            .json(json!({"document": {
                "Version": "2012-10-17",
                "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}]
            }}))
            .expect(201),
    )?;
    Ask::of("Pat", "s3:GetObject", "bucket/reports/2026/q3.csv")
        .at_least(&given)
        .allowed(Because::sid("identity", "Everything"))
        .send(teller)?;
    Ask::of("Pat", "s3:DeleteObject", "bucket/reports/2026/q3.csv")
        .at_least(&given)
        .denied("implicit_deny", Because::layer("boundary"))
        .send(teller)
        .map(drop)
}
