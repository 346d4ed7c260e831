//! From the bootstrap ticket to an administrator's session.

use serde_json::json;

use crate::demo::sessions;
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    teller.say(
        "A new installation has no account and no password. It has one bootstrap ticket, good once and for half an hour.\n\
         It makes the first account and its root user. (The body holds secrets, so it is sent from a file.)",
    )?;
    let account =
        teller.call(Call::post("/v1/bootstrap").file("bootstrap.json", "application/json"))?;
    teller
        .memory
        .remember("account", sessions::text(&account.json, "/account/id")?)?;

    teller.say("Root logs in with its password, to make an administrator and then be put away.")?;
    sessions::root(teller, true)?;
    let account = teller.memory.fact("account")?;
    let users = format!("/v1/accounts/{account}/users");
    teller.call(
        Call::post(&users)
            .by("root")
            .once("demo-create-user-admin")
            .json(json!({"name": "admin"})),
    )?;
    teller.call(
        Call::put(format!(
            "{users}/admin/attached-policies/system:AdministratorAccess"
        ))
        .by("root")
        .once("demo-attach-admin-rights")
        .expect(204),
    )?;
    sessions::access_key(teller, "root", &account, "admin", "admin")?;

    teller.say("The administrator's key opens a session. Every token expires; every token comes from here.")?;
    sessions::key(teller, "admin", true)
}
