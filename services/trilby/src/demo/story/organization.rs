//! The organization, two member accounts, and the role that opens each.

use serde_json::json;

use crate::demo::sessions;
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    teller.say("The account founds the organization Acme and becomes its management account.")?;
    let answer = teller.call(
        Call::post("/v1/organizations")
            .by("admin")
            .once("demo-found-acme-00")
            .json(json!({"name": "Acme"})),
    )?;
    let organization = sessions::text(&answer.json, "/id")?.to_owned();
    teller.memory.remember("organization", &organization)?;

    for (fact, name) in [("dev", "acme-dev"), ("prod", "acme-prod")] {
        let answer = teller.call(
            Call::post(format!("/v1/organizations/{organization}/accounts"))
                .by("admin")
                .once(format!("demo-create-{name}"))
                .json(json!({"name": name})),
        )?;
        teller
            .memory
            .remember(fact, sessions::text(&answer.json, "/account_id")?)?;
        teller.memory.remember(
            &format!("{fact}_role"),
            sessions::text(&answer.json, "/access_role_arn")?,
        )?;
    }

    teller.say(
        "Members have no password. The administrator puts on the role OrganizationAccountAccessRole:\n\
         a hat that lends its permissions for a while.",
    )?;
    sessions::member_admin(teller, "dev", true)?;
    sessions::member_admin(teller, "prod", true)?;
    let me = teller.call(Call::get("/v1/caller-identity").by("dev-admin"))?;
    let dev = teller.memory.fact("dev")?;
    teller.check(
        *me.at("/account") == json!(dev),
        "in acme-dev the administrator is a role session of that account",
    )
}
