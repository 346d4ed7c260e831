//! A service control policy on a unit of the organization caps the accounts below it: everyone in them, root too.

use serde_json::json;

use crate::demo::ask::{Ask, Because};
use crate::demo::sessions;
use crate::demo::teller::{Call, Teller};

/// Root of acme-lab.
const EMAIL: &str = "lab-root@acme.example";

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let organization = teller.memory.fact("organization")?;
    let base = format!("/v1/organizations/{organization}");
    teller
        .say("The organization is a tree. A unit `Labs` gets an account of its own, acme-lab.")?;
    let unit = teller.call(
        Call::post(format!("{base}/units"))
            .by("admin")
            .once("demo-create-unit-labs")
            .json(json!({"name": "Labs"})),
    )?;
    let unit = sessions::text(&unit.json, "/id")?.to_owned();
    let account = teller.call(
        Call::post(format!("{base}/accounts"))
            .by("admin")
            .once("demo-create-acme-lab")
            .json(json!({"name": "acme-lab"})),
    )?;
    let lab = sessions::text(&account.json, "/account_id")?.to_owned();
    teller.memory.remember("lab", &lab)?;
    teller.call(
        Call::post(format!("{base}/accounts/{lab}/move"))
            .by("admin")
            .once("demo-move-lab-to-labs")
            .json(json!({"parent_id": unit}))
            .expect(200),
    )?;

    teller.say(
        "A member's root has no password until the management account gives it a way in: a ticket that sets one, once.",
    )?;
    let ticket = teller.call(
        Call::post(format!("{base}/accounts/{lab}/root-credential"))
            .by("admin")
            .once(format!("demo-lab-root-{}", teller.memory.run()))
            .json(json!({"root_email": EMAIL})),
    )?;
    set_password(teller, &lab, ticket.at("/ticket").as_str())?;
    sessions::console(teller, "lab-root", &lab, EMAIL, true)?;
    teller.say("Root may do everything in its account.")?;
    let users = format!("/v1/accounts/{lab}/users");
    teller.call(
        Call::post(&users)
            .by("lab-root")
            .once("demo-create-user-robin")
            .json(json!({"name": "Robin"})),
    )?;
    let robin = format!("arn:trilby:iam::{lab}:user/Robin");
    let root = json!({"type": "account", "id": lab});
    let may_make_keys = || {
        let ask = Ask::about(
            "root of acme-lab",
            root.clone(),
            "iam:CreateAccessKey",
            &robin,
        );
        ask.in_account("lab", "lab-root")
    };
    let before = may_make_keys()
        .allowed(Because::layer("identity"))
        .send(teller)?;

    teller.say("Unless the organization caps it. No access keys in Labs, whoever makes them:")?;
    let policy = teller.call(
        Call::post(format!("{base}/control-policies")).by("admin").once("demo-create-no-keys").json(json!({
            "kind": "scp",
            "name": "NoKeysInLabs",
            "document": {
                "Version": "2012-10-17",
                "Statement": [{"Sid": "NoKeys", "Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*"}]
            }
        })),
    )?;
    let policy = sessions::text(&policy.json, "/id")?.to_owned();
    let capped = teller.call(
        Call::put(format!("{base}/targets/{unit}/control-policies/{policy}"))
            .by("admin")
            .once("demo-attach-no-keys")
            .header("If-None-Match", "*")
            .expect(204),
    )?;
    teller.call(
        Call::post(format!("{users}/Robin/access-keys"))
            .by("lab-root")
            .once("demo-lab-root-makes-key")
            .json(json!({}))
            .expect(403),
    )?;
    teller.say("Why not? Root asks, too.")?;
    may_make_keys()
        .at_least(&capped)
        .denied("explicit_deny", Because::sid("scp", "NoKeys"))
        .send(teller)?;
    Ask::about("root of acme-lab", root.clone(), "iam:UpdateUser", &robin)
        .in_account("lab", "lab-root")
        .allowed(Because::layer("identity"))
        .send(teller)?;
    teller.say("The log remembers. As of the position that the first answer came from, the answer is what it was:")?;
    let position = before
        .headers
        .get("trilby-seq")
        .cloned()
        .unwrap_or_default();
    teller.memory.remember("lab_before", &position)?;
    may_make_keys()
        .back_to(&position)
        .allowed(Because::layer("identity"))
        .send(teller)
        .map(drop)
}

/// Sets root's password by the ticket; the body holds both, so it lies in a file. Done once, by whichever run gets so far.
fn set_password(teller: &mut Teller<'_>, lab: &str, ticket: Option<&str>) -> anyhow::Result<()> {
    if teller.memory.knows("lab_root") {
        return Ok(());
    }
    if let Some(ticket) = ticket {
        let password = sessions::random_password();
        teller.keep_secret("lab-root.password", &password)?;
        let body = json!({"ticket": ticket, "new_password": password});
        teller.keep_secret("lab-root-password.json", &body.to_string())?;
    }
    teller.call(
        Call::post("/v1/password")
            .file("lab-root-password.json", "application/json")
            .expect(200),
    )?;
    teller.memory.remember("lab_root", lab)
}
