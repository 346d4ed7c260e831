//! A role in another account, and the id that its owner wants to hear.

use serde_json::json;

use crate::demo::sessions::{self, Hat};
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    let prod = teller.memory.fact("prod")?;
    teller.say(
        "Across accounts both sides must say yes: the role's trust policy in acme-prod, and Mary's own policies in acme-dev.\n\
         acme-prod issues an external id besides. It is no secret: it tells for whom Mary acts, so that nobody can send her\n\
         on an errand of his own.",
    )?;
    let issued = teller.call(
        Call::post(format!("/v1/accounts/{prod}/external-ids"))
            .by("prod-admin")
            .once("demo-issue-external-id")
            .json(json!({"description": "Deployments from acme-dev"})),
    )?;
    let external_id = sessions::text(&issued.json, "/external_id")?.to_owned();
    teller.call(
        Call::post(format!("/v1/accounts/{prod}/roles"))
            .by("prod-admin")
            .once("demo-create-deployer")
            .json(json!({
                "name": "Deployer",
                "trust_policy": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Principal": {"AWS": format!("arn:trilby:iam::{dev}:user/Mary")},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"sts:ExternalId": external_id}}
                    }]
                }
            })),
    )?;
    let role = format!("arn:trilby:iam::{prod}:role/Deployer");
    let hat = Hat {
        by: "mary",
        role: &role,
        session: "release-42",
        seconds: 3600,
        external_id: Some(&external_id),
    };
    teller.say("The role trusts her, but her own account does not send her yet.")?;
    let too_early = Hat {
        session: "too-early",
        ..hat
    };
    too_early.is_refused(teller, "trust alone does not reach across accounts")?;
    teller.call(
        Call::put(format!(
            "/v1/accounts/{dev}/users/Mary/inline-policies/MayDeploy"
        ))
        .by("dev-admin")
        .once("demo-put-may-deploy")
        .header("If-None-Match", "*")
        .json(json!({"document": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}]
        }}))
        .expect(201),
    )?;
    teller.say("Now both say yes, if she names the external id.")?;
    Hat {
        external_id: None,
        session: "errand-of-another",
        ..hat
    }
    .is_refused(
        teller,
        "without the external id the trust policy does not match",
    )?;
    hat.put_on(teller, "deployer", true)?;
    let me = teller.call(Call::get("/v1/caller-identity").by("deployer"))?;
    teller.check(
        *me.at("/account") == json!(prod)
            && *me.at("/chain/0/arn") == json!(format!("arn:trilby:iam::{dev}:user/Mary")),
        "she acts in acme-prod, and the session says where it came from",
    )
}
