//! Sessions of the story: who logs in how, and where the token is kept.
//!
//! Tokens expire while the story is remembered, so each of these can be repeated on a later run.

use anyhow::Context;
use serde_json::{Value, json};
use trilby_service::clock::{EntropySource, SystemEntropy};

use super::teller::{Call, Teller};

const FORM: &str = "application/x-www-form-urlencoded";

/// The text at a JSON pointer of an answer.
pub fn text<'a>(json: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    json.pointer(pointer)
        .and_then(Value::as_str)
        .with_context(|| format!("the answer has no text at {pointer}: {json}"))
}

/// Root's console login, in the management account.
pub fn root(teller: &mut Teller<'_>, aloud: bool) -> anyhow::Result<()> {
    let account = teller.memory.fact("account")?;
    console(teller, "root", &account, super::ROOT_EMAIL, aloud)
}

/// A console login; the password lies in `<who>.password`, the form with it in `<who>.form`.
pub fn console(
    teller: &mut Teller<'_>,
    who: &str,
    account: &str,
    username: &str,
    aloud: bool,
) -> anyhow::Result<()> {
    let form = format!(
        "grant_type=urn%3Atrilby%3Agrant-type%3Aconsole-login&account={account}&username={}&password={}&duration_seconds=3600",
        username.replace('@', "%40"),
        teller.secret(&format!("{who}.password"))?.trim_end()
    );
    let file = format!("{who}.form");
    teller.keep_secret(&file, &form)?;
    let call = Call::post("/v1/token").file(&file, FORM).expect(200);
    let answer = teller.call(if aloud { call } else { call.quietly() })?;
    keep_token(teller, who, text(&answer.json, "/access_token")?)
}

/// 26 random letters and digits.
pub fn random_password() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567899";
    let seed = SystemEntropy.seed();
    seed.iter()
        .take(26)
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|byte| char::from(*byte))
        .collect()
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

/// A role that somebody puts on: how, and where the session is kept.
#[derive(Debug, Clone, Copy)]
pub struct Hat<'a> {
    /// Who puts it on: the name of a credential.
    pub by: &'a str,
    /// ARN of the role.
    pub role: &'a str,
    /// What the session is called.
    pub session: &'a str,
    /// How long it lasts.
    pub seconds: i64,
    /// What the role's owner wants to hear.
    pub external_id: Option<&'a str>,
}

impl Hat<'_> {
    /// The request, whatever comes of it.
    pub fn call(self) -> Call {
        let mut body = json!({
            "role_arn": self.role, "role_session_name": self.session, "duration_seconds": self.seconds,
        });
        if let (Some(external_id), Some(members)) = (self.external_id, body.as_object_mut()) {
            members.insert("external_id".to_owned(), json!(external_id));
        }
        Call::post("/v1/assume-role").by(self.by).json(body)
    }

    /// Puts it on and keeps the session as `who`.
    pub fn put_on(self, teller: &mut Teller<'_>, who: &str, aloud: bool) -> anyhow::Result<()> {
        let call = self.call().expect(200);
        let answer = teller.call(if aloud { call } else { call.quietly() })?;
        let token = text(&answer.json, "/credentials/session_token")?;
        keep_token(teller, who, token)
    }

    /// Is refused it, as everyone is who may not.
    pub fn is_refused(self, teller: &mut Teller<'_>, fact: &str) -> anyhow::Result<()> {
        let refused = teller.call(self.call().expect(403))?;
        teller.check(*refused.at("/code") == "access_denied", fact)
    }
}

/// The administrator's role session in a member account, `dev` or `prod`.
pub fn member_admin(teller: &mut Teller<'_>, member: &str, aloud: bool) -> anyhow::Result<()> {
    let role = teller.memory.fact(&format!("{member}_role"))?;
    let hat = Hat {
        by: "admin",
        role: &role,
        session: "demo-admin",
        seconds: 3600,
        external_id: None,
    };
    hat.put_on(teller, &format!("{member}-admin"), aloud)
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
    for who in ["admin", "storefront", "mary", "bob", "shop"] {
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

/// Keeps a session's token as the credential `who`, and by itself for bodies that hold it.
pub fn keep_token(teller: &Teller<'_>, who: &str, token: &str) -> anyhow::Result<()> {
    teller.keep_secret(&format!("{who}.token"), token)?;
    teller.keep_secret(
        &format!("{who}.auth"),
        &format!("Authorization: Bearer {token}\n"),
    )
}

fn base64_standard(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
