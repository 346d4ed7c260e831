//! A customer logs in, sees which hats there are for her, puts one on, and the shop asks what she may do.

use anyhow::Context;
use serde_json::{Value, json};

use crate::demo::ask::{Ask, Because};
use crate::demo::login::{ANA, CLIENT};
use crate::demo::sessions::{self, Hat};
use crate::demo::teller::{Answer, Call, Teller, token_of};

pub fn tell(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    let prod = teller.memory.fact("prod")?;
    let dev = teller.memory.fact("dev")?;
    let provider = teller.memory.fact("provider")?;
    teller.say(
        "Ana wants to shop. The shop takes a nonce from Trilby, so that nobody can slip it somebody else's login, and sends her browser\n\
         to the issuer. It comes back with an ID token behind the `#`.",
    )?;
    let nonce = teller.call(Call::post("/v1/nonces"))?;
    let nonce = sessions::text(&nonce.json, "/nonce")?.to_owned();
    let back = log_in(teller, &nonce, "RS256")?;
    teller.keep_secret("ana-login.token", id_token(&back)?)?;

    teller.say(
        "The shop hands the token to Trilby, which checks issuer, key, signature, audience, times and nonce, and gives a session that\n\
         proves who she is and can do nothing but put on roles.",
    )?;
    let federated = teller.call(Call::post("/v1/federated-sessions").json(json!({
        "provider": provider, "web_identity_token": token_of("ana-login"), "nonce": nonce, "duration_seconds": 3600
    })))?;
    sessions::keep_token(
        teller,
        "ana-known",
        sessions::text(&federated.json, "/credentials/session_token")?,
    )?;
    teller.check(
        *federated.at("/subject") == ANA,
        "Trilby knows her as the issuer does",
    )?;

    teller.say("Which roles are there for her, in which accounts?")?;
    let roles = teller.call(Call::get("/v1/assumable-roles").by("ana-known"))?;
    let mut listed: Vec<&str> = roles
        .at("/roles")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|role| role["role_arn"].as_str())
        .collect();
    listed.sort_unstable();
    let customer = |account: &str| format!("arn:trilby:iam::{account}:role/Customer");
    let mut due = [customer(&prod), customer(&dev)];
    due.sort_unstable();
    teller.check(
        listed == due,
        "Customer in acme-prod and Customer in acme-dev, and no other",
    )?;

    teller.say("She shops in acme-prod.")?;
    let role = customer(&prod);
    let hat = Hat {
        by: "ana-known",
        role: &role,
        session: "ana",
        seconds: 3600,
        external_id: None,
    };
    hat.put_on(teller, "ana", true)?;

    teller.say("The shop sends her token along with its question, and the answer is about her.")?;
    let subject = subject();
    let mine = format!("order/{ANA}/2026-1");
    let first = Ask::about("Ana", subject.clone(), "shop:ReadOrder", &mine)
        .in_account("prod", "shop")
        .allowed(Because::sid("identity", "OwnOrders"))
        .send(teller)?;
    teller.memory.remember(
        "ana_before",
        first
            .headers
            .get("trilby-seq")
            .context("an answer without its position")?,
    )?;
    Ask::about(
        "Ana",
        subject.clone(),
        "shop:ReadOrder",
        "order/ben-0815/2026-2",
    )
    .in_account("prod", "shop")
    .denied("implicit_deny", Because::layer("identity"))
    .send(teller)?;
    Ask::about("Ana", subject, "shop:RefundOrder", &mine)
        .in_account("prod", "shop")
        .denied("explicit_deny", Because::sid("identity", "NoRefundsOnline"))
        .send(teller)?;

    teller.say("The issuer changes its keys, and she logs in once more, now by ES256. Trilby reads the new keys by itself.")?;
    teller.issuer().rotate()?;
    let back = log_in(teller, "n-0S6_WzA2Mj", "ES256")?;
    teller.keep_secret("ana-again.token", id_token(&back)?)?;
    let again = teller.call(
        Call::post("/v1/assume-role-with-web-identity")
            .json(json!({
                "role_arn": customer(&dev), "role_session_name": "ana", "web_identity_token": token_of("ana-again"), "duration_seconds": 3600
            }))
            .expect(200),
    )?;
    sessions::keep_token(
        teller,
        "ana-dev",
        sessions::text(&again.json, "/credentials/session_token")?,
    )
}

/// The subject of the shop's questions: the session whose token comes along.
pub fn subject() -> Value {
    json!({"type": "session", "id": "ana", "properties": {"token": token_of("ana")}})
}

fn log_in(teller: &mut Teller<'_>, nonce: &str, algorithm: &str) -> anyhow::Result<Answer> {
    let url = format!(
        "{}/authorize?response_type=id_token&scope=openid&client_id={CLIENT}&redirect_uri=http://127.0.0.1/shop&login_hint=ana\
         &id_token_signed_response_alg={algorithm}&nonce={nonce}",
        teller.issuer().url()
    );
    teller.call(Call::get(url).expect(302))
}

fn id_token(back: &Answer) -> anyhow::Result<&str> {
    let location = back
        .headers
        .get("location")
        .context("the login did not come back")?;
    let (_, fragment) = location
        .split_once("#id_token=")
        .context("the login brought no token")?;
    Ok(fragment.split('&').next().unwrap_or_default())
}
