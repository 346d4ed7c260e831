//! A role: who may put it on, what it lends, and how it ends by itself.

use serde_json::json;

use crate::demo::sessions::{self, Hat};
use crate::demo::teller::{Call, Teller};

/// The shortest a session may last.
const SHORTEST_S: i64 = 900;

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    let base = format!("/v1/accounts/{dev}");
    teller.say(
        "A role is a hat: it has policies of its own, and a trust policy that says who may put it on.\n\
         `Auditor` lends the reading of everything in acme-dev, and trusts Mary by name.",
    )?;
    teller.call(
        Call::post(format!("{base}/roles"))
            .by("dev-admin")
            .once("demo-create-auditor")
            .json(json!({
                "name": "Auditor",
                "description": "Reads everything, changes nothing",
                "trust_policy": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Sid": "MaryMay", "Effect": "Allow",
                        "Principal": {"AWS": format!("arn:trilby:iam::{dev}:user/Mary")},
                        "Action": "sts:AssumeRole"
                    }]
                }
            })),
    )?;
    teller.call(
        Call::put(format!(
            "{base}/roles/Auditor/attached-policies/system:ReadOnlyAccess"
        ))
        .by("dev-admin")
        .once("demo-attach-auditor")
        .expect(204),
    )?;
    teller.say(
        "Mary and Bob get keys. Neither may list the account's users by their own policies.",
    )?;
    for (user, who) in [("Mary", "mary"), ("Bob", "bob")] {
        sessions::access_key(teller, "dev-admin", &dev, user, who)?;
        sessions::key(teller, who, true)?;
    }
    let users = format!("{base}/users");
    teller.call(Call::get(&users).by("mary").expect(403))?;

    let role = format!("arn:trilby:iam::{dev}:role/Auditor");
    let hat = Hat {
        by: "mary",
        role: &role,
        session: "mary-audits",
        seconds: SHORTEST_S,
        external_id: None,
    };
    teller.say("Mary puts the hat on, for a quarter of an hour.")?;
    hat.put_on(teller, "auditor-first", true)?;
    let me = teller.call(Call::get("/v1/caller-identity").by("auditor-first"))?;
    let arn = format!("arn:trilby:sts::{dev}:assumed-role/Auditor/mary-audits");
    teller.check(
        *me.at("/arn") == json!(arn),
        "she is the Auditor now, and the log knows that it is Mary",
    )?;
    teller.call(Call::get(&users).by("auditor-first"))?;
    teller.call(
        Call::post(&users)
            .by("auditor-first")
            .once("demo-auditor-writes")
            .json(json!({"name": "Mallory"}))
            .expect(403),
    )?;
    teller.say("Bob is not trusted, whatever his own policies say.")?;
    Hat {
        by: "bob",
        session: "bob-audits",
        ..hat
    }
    .is_refused(teller, "the same answer as for a role that does not exist")?;

    if teller.let_time_pass()? {
        let expired = teller.call(Call::get(&users).by("auditor-first").expect(401))?;
        teller.check(
            *expired.at("/code") == "unauthenticated",
            "the hat has worn off; nobody had to take it away",
        )?;
    }
    teller.say("She puts it on again, and reads on.")?;
    hat.put_on(teller, "auditor", true)?;
    teller.call(Call::get(&users).by("auditor")).map(drop)
}
