//! Sessions of the story: who logs in how, and where the token is kept.
//!
//! Tokens expire while the story is remembered, so each of these can be repeated on a later run.

use anyhow::Context;
use serde_json::{Value, json};

use super::teller::{Call, Teller};

const FORM: &str = "application/x-www-form-urlencoded";

/// The text at a JSON pointer of an answer.
pub fn text<'a>(json: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    json.pointer(pointer)
        .and_then(Value::as_str)
        .with_context(|| format!("the answer has no text at {pointer}: {json}"))
}

/// Root's console login; the form with the password lies in `root.form`.
pub fn root(teller: &mut Teller<'_>, aloud: bool) -> anyhow::Result<()> {
    let account = teller.memory.fact("account")?;
    let form = format!(
        "grant_type=urn%3Atrilby%3Agrant-type%3Aconsole-login&account={account}&username={}&password={}",
        super::ROOT_EMAIL.replace('@', "%40"),
        teller.secret("root.password")?.trim_end()
    );
    teller.keep_secret("root.form", &form)?;
    let call = Call::post("/v1/token").file("root.form", FORM).expect(200);
    let answer = teller.call(if aloud { call } else { call.quietly() })?;
    keep_token(teller, "root", text(&answer.json, "/access_token")?)
}

/// A key session; the key lies in `<who>.key` as a Basic credential.
pub fn key(teller: &mut Teller<'_>, who: &str, aloud: bool) -> anyhow::Result<()> {
    teller.keep_secret(
        "client-credentials.form",
        "grant_type=client_credentials&duration_seconds=3600",
    )?;
    let call = Call::post("/v1/token")
        .by(&format!("{who}-key"))
        .file("client-credentials.form", FORM)
        .expect(200);
    let answer = teller.call(if aloud { call } else { call.quietly() })?;
    keep_token(teller, who, text(&answer.json, "/access_token")?)
}

/// The administrator's role session in a member account, `dev` or `prod`.
pub fn member_admin(teller: &mut Teller<'_>, member: &str, aloud: bool) -> anyhow::Result<()> {
    let role = teller.memory.fact(&format!("{member}_role"))?;
    let call = Call::post("/v1/assume-role")
        .by("admin")
        .json(
            json!({"role_arn": role, "role_session_name": "demo-admin", "duration_seconds": 3600}),
        )
        .expect(200);
    let answer = teller.call(if aloud { call } else { call.quietly() })?;
    keep_token(
        teller,
        &format!("{member}-admin"),
        text(&answer.json, "/credentials/session_token")?,
    )
}

/// Makes an access key for a user and keeps it; a key made by an earlier run is kept as it is.
pub fn access_key(
    teller: &mut Teller<'_>,
    by: &str,
    account: &str,
    user: &str,
    who: &str,
) -> anyhow::Result<()> {
    let fact = format!("{who}_key");
    if teller.memory.knows(&fact) {
        return Ok(());
    }
    let answer = teller.call(
        Call::post(format!("/v1/accounts/{account}/users/{user}/access-keys"))
            .by(by)
            .once(format!("demo-key-{who}-{}", teller.memory.run()))
            .json(json!({})),
    )?;
    let id = text(&answer.json, "/access_key_id")?.to_owned();
    let secret = text(&answer.json, "/secret")
        .context("the key's secret is shown once, and this was not the first time")?;
    let basic = base64_standard(format!("{id}:{secret}").as_bytes());
    teller.keep_secret(
        &format!("{who}-key.auth"),
        &format!("Authorization: Basic {basic}\n"),
    )?;
    teller.memory.remember(&fact, &id)
}

/// Renews every session an earlier run has opened.
pub fn renew(teller: &mut Teller<'_>) -> anyhow::Result<()> {
    for who in ["admin", "storefront"] {
        if teller.memory.knows(&format!("{who}_key")) {
            key(teller, who, false)?;
        }
    }
    for member in ["dev", "prod"] {
        if teller.memory.knows(&format!("{member}_role")) {
            member_admin(teller, member, false)?;
        }
    }
    Ok(())
}

fn keep_token(teller: &Teller<'_>, who: &str, token: &str) -> anyhow::Result<()> {
    teller.keep_secret(
        &format!("{who}.auth"),
        &format!("Authorization: Bearer {token}\n"),
    )
}

fn base64_standard(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
