//! One self-contained question to the evaluator: no account is read, nothing is stored.

use serde_json::json;

use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    teller.say("Any policy can be tried with a request of its own; `trilby simulate` does the same offline.")?;
    let case = json!({
        "id": "a-boundary-caps",
        "request": {
            "principal": "arn:aws:iam::111122223333:user/Mary",
            "action": "s3:PutObject",
            "resource": "arn:aws:s3:::reports/2026/q3.csv",
            "resource_account": "111122223333"
        },
        "policies": {
            "identity": [{"name": "Everything", "document": {
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}],
            "boundary": [{"name": "ReadingOnly", "document": {
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}}]
        }
    });
    let answer = teller.call(
        Call::post("/v1/simulate")
            .by("admin")
            .json(case)
            .expect(200),
    )?;
    teller.check(
        *answer.at("/decision") == "implicit_deny" && *answer.at("/layer") == "boundary",
        "the permissions boundary does not allow it, so neither does the policy under it",
    )
}
