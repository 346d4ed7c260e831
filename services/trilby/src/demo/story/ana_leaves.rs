//! Her rights change, her session is revoked, and the log still knows what was.

use anyhow::Context;
use serde_json::json;

use super::ana::subject;
use super::shop::shopping;
use crate::demo::ask::{Ask, Because};
use crate::demo::login::ANA;
use crate::demo::sessions;
use crate::demo::teller::{Call, Teller};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let prod = teller.memory.fact("prod")?;
    let mine = format!("order/{ANA}/2026-1");
    let ask = |action| Ask::about("Ana", subject(), action, &mine).in_account("prod", "shop");

    teller.say("The shop closes its order book: customers may place orders and read none. The policy is replaced.")?;
    let path = format!("/v1/accounts/{prod}/roles/Customer/inline-policies/Shopping");
    let now = teller.call(Call::get(&path).by("prod-admin"))?;
    let changed = teller.call(
        Call::put(&path)
            .by("prod-admin")
            .once("demo-shopping-closed")
            .header("If-Match", sessions::text(&now.json, "/etag")?)
            .json(json!({"document": shopping(&prod, &["shop:PlaceOrder"])})),
    )?;
    ask("shop:ReadOrder")
        .at_least(&changed)
        .denied("implicit_deny", Because::layer("identity"))
        .send(teller)?;
    teller.say("Asked again as of the position of the first answer, it is the first answer:")?;
    let before = teller.memory.fact("ana_before")?;
    ask("shop:ReadOrder")
        .back_to(&before)
        .allowed(Because::sid("identity", "OwnOrders"))
        .send(teller)?;

    teller.say("Then her session is revoked. Its token is good for most of an hour yet, and worth nothing from here on.")?;
    let me = teller.call(Call::get("/v1/caller-identity").by("ana").quietly())?;
    let session = sessions::text(&me.json, "/session_id")?.to_owned();
    let revoked = teller.call(
        Call::post(format!("/v1/accounts/{prod}/revocations"))
            .by("prod-admin")
            .once("demo-revoke-ana-00")
            .json(json!({"session_id": session}))
            .expect(202),
    )?;
    let seq = sessions::text(&revoked.json, "/seq")?.to_owned();
    let refused = teller.call(
        Call::post(format!("/accounts/{prod}/access/v1/evaluation"))
            .by("shop")
            .header("Trilby-Explain", "explain")
            .header("Trilby-Min-Seq", seq)
            .json(json!({
                "subject": subject(), "action": {"name": "shop:PlaceOrder"}, "resource": {"type": "order", "id": format!("{ANA}/2026-3")}
            }))
            .expect(200),
    )?;
    let message = refused
        .at("/context/trilby/message")
        .as_str()
        .unwrap_or_default();
    teller.check(
        *refused.at("/decision") == json!(false) && message.contains("revoked"),
        "the decision that carries the revocation's position refuses her",
    )?;

    teller.say("Every answer is on record, with its reason and its position:")?;
    let id = refused
        .headers
        .get("trilby-decision-id")
        .context("an answer without an id")?;
    let record = Call::get(format!("/v1/accounts/{prod}/decisions/{id}"))
        .by("prod-admin")
        .on_its_way();
    let record = teller.call(record)?;
    teller.check(
        *record.at("/message") == json!(message),
        "the record says what the answer said",
    )
}
