//! Rights that come and go with a group.

use serde_json::json;

use crate::demo::ask::{Ask, Because};
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let dev = teller.memory.fact("dev")?;
    let base = format!("/v1/accounts/{dev}");
    teller.say("The group Billing may work with invoices. Bob is nobody in particular.")?;
    teller.call(
        Call::post(format!("{base}/applications"))
            .by("dev-admin")
            .once("demo-register-invoices")
            .json(json!({"name": "invoices", "description": "What customers owe"})),
    )?;
    teller.call(
        Call::post(format!("{base}/groups"))
            .by("dev-admin")
            .once("demo-create-billing")
            .json(json!({"name": "Billing"})),
    )?;
    teller.call(
        Call::put(format!("{base}/groups/Billing/inline-policies/Invoices"))
            .by("dev-admin")
            .once("demo-put-invoices-1")
            .header("If-None-Match", "*")
            .json(json!({"document": {
                "Version": "2012-10-17",
                "Statement": [{"Sid": "WorkWithInvoices", "Effect": "Allow", "Action": ["invoices:Read", "invoices:Send"], "Resource": "*"}]
            }}))
            .expect(201),
    )?;
    teller.call(
        Call::post(format!("{base}/users"))
            .by("dev-admin")
            .once("demo-create-user-bob")
            .json(json!({"name": "Bob"})),
    )?;
    Ask::of("Bob", "invoices:Send", "invoice/2026-117")
        .denied("implicit_deny", Because::layer("identity"))
        .send(teller)?;

    teller.say("He joins the group.")?;
    let joined = teller.call(
        Call::put(format!("{base}/groups/Billing/members/Bob"))
            .by("dev-admin")
            .once("demo-bob-joins-0001")
            .expect(204),
    )?;
    Ask::of("Bob", "invoices:Send", "invoice/2026-117")
        .at_least(&joined)
        .allowed(Because::sid("identity", "WorkWithInvoices"))
        .send(teller)?;

    teller.say("He leaves it. The position in the log that the change returned goes along with the question.")?;
    let left = teller.call(
        Call::delete(format!("{base}/groups/Billing/members/Bob"))
            .by("dev-admin")
            .once("demo-bob-leaves-0001"),
    )?;
    Ask::of("Bob", "invoices:Send", "invoice/2026-117")
        .at_least(&left)
        .denied("implicit_deny", Because::layer("identity"))
        .send(teller)
        .map(drop)
}
