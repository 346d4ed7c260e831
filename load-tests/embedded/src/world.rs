//! What the requests are about, set up over the REST API as any newcomer would: an account, an administrator, an application
//! `docs`, Mary who may read, and a program that may ask.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::client::Client;

/// Of an installation that lives for minutes, on loopback.
const ROOT_EMAIL: &str = "root@load.example";
const ROOT_PASSWORD: &str = "seven green lamps at the pier";

/// Longer than any run.
const SESSION_S: u32 = 3_600;

/// The account and the sessions in it.
pub struct World {
    /// Where the server is.
    pub base: String,
    account: Tenant,
    program: String,
}

/// An account and a session that may change anything in it.
pub struct Tenant {
    id: String,
    token: String,
}

impl Tenant {
    /// A client that may change anything in the account.
    pub fn admin(&self, base: &str) -> Client {
        Client::new(base).with_token(&self.token)
    }

    /// Path of the users.
    pub fn users(&self) -> String {
        format!("/v1/accounts/{}/users", self.id)
    }
}

/// A question, and the answer that is right.
pub struct Question {
    body: Vec<u8>,
    allowed: bool,
}

impl World {
    /// Takes the first account with the ticket and fills it.
    pub fn set_up(base: &str, ticket: &str) -> anyhow::Result<World> {
        let nobody = Client::new(base);
        let founded = nobody.post(
            "/v1/bootstrap",
            &json!({"ticket": ticket, "account_name": "load", "root_email": ROOT_EMAIL, "root_password": ROOT_PASSWORD}),
        )?;
        let account = text(&founded, "/account/id")?;
        let login = format!(
            "grant_type=urn%3Atrilby%3Agrant-type%3Aconsole-login&account={account}&username={}&password={}",
            ROOT_EMAIL.replace('@', "%40"),
            ROOT_PASSWORD.replace(' ', "+"),
        );
        let session = nobody.form("/v1/token", &login)?;
        let root = Client::new(base).with_token(&text(&session, "/access_token")?);
        let at = format!("/v1/accounts/{account}");

        root.post(&format!("{at}/users"), &json!({"name": "Mary"}))?;
        root.post(&format!("{at}/applications"), &json!({"name": "docs"}))?;
        root.post(
            &format!("{at}/policies"),
            &json!({"name": "ReadDocs", "document": {"Version": "2012-10-17", "Statement": [
                {"Sid": "Reading", "Effect": "Allow", "Action": "docs:Read*", "Resource": "*"}]}}),
        )?;
        root.put(&format!("{at}/users/Mary/attached-policies/ReadDocs"))?;
        let admin = user_with_session(base, &root, &at, "admin", "system:AdministratorAccess")?;
        let program = user_with_session(base, &root, &at, "program", "system:DecisionPointAccess")?;
        Ok(World {
            base: base.to_owned(),
            account: Tenant {
                id: account,
                token: admin,
            },
            program,
        })
    }

    /// A client that has no right and needs none.
    pub fn stranger(&self) -> Client {
        Client::new(&self.base)
    }

    /// Founds an organization with this many member accounts, and puts on the role that opens each.
    pub fn tenants(&self, n_tenants: u32) -> anyhow::Result<Vec<Tenant>> {
        let admin = self.account.admin(&self.base);
        let organization = admin.post("/v1/organizations", &json!({"name": "Load"}))?;
        let accounts = format!("/v1/organizations/{}/accounts", text(&organization, "/id")?);
        let tenant = |number| {
            let name = format!("tenant-{number}");
            let key = format!("load-test-account-{number}");
            let member = admin.post_once(&accounts, &key, &json!({"name": name}))?;
            let session = admin.post(
                "/v1/assume-role",
                &json!({
                    "role_arn": text(&member, "/access_role_arn")?,
                    "role_session_name": "load",
                    "duration_seconds": SESSION_S,
                }),
            )?;
            Ok(Tenant {
                id: text(&member, "/account_id")?,
                token: text(&session, "/credentials/session_token")?,
            })
        };
        (1..=n_tenants).map(tenant).collect()
    }

    /// A client that may ask for decisions.
    pub fn program(&self) -> Client {
        Client::new(&self.base).with_token(&self.program)
    }

    /// Path of the question.
    pub fn evaluation(&self) -> String {
        format!("/accounts/{}/access/v1/evaluation", self.account.id)
    }
}

impl Question {
    /// One that Mary's policy allows, and one that nothing allows.
    pub fn both() -> [Question; 2] {
        [("docs:Read", true), ("docs:Delete", false)].map(|(action, allowed)| {
            let body = json!({
                "subject": {"type": "user", "id": "Mary"},
                "action": {"name": action},
                "resource": {"type": "document", "id": "handbook"},
            });
            Question {
                body: body.to_string().into_bytes(),
                allowed,
            }
        })
    }

    /// Asks; anything but the right answer is an error.
    pub fn ask(&self, client: &Client, path: &str) -> anyhow::Result<()> {
        let answer: Value = serde_json::from_slice(&client.post_bytes(path, &self.body)?)?;
        ensure!(
            answer.pointer("/decision").and_then(Value::as_bool) == Some(self.allowed),
            "a wrong decision: {answer}"
        );
        Ok(())
    }
}

/// Makes a service user with one system policy, and answers a token of a session with its access key.
fn user_with_session(
    base: &str,
    root: &Client,
    at: &str,
    name: &str,
    policy: &str,
) -> anyhow::Result<String> {
    root.post(
        &format!("{at}/users"),
        &json!({"name": name, "kind": "service"}),
    )?;
    root.put(&format!("{at}/users/{name}/attached-policies/{policy}"))?;
    let key = root.post_once(
        &format!("{at}/users/{name}/access-keys"),
        &format!("load-test-key-of-{name}"),
        &json!({}),
    )?;
    let holder =
        Client::new(base).with_key(&text(&key, "/access_key_id")?, &text(&key, "/secret")?);
    let session = holder.form(
        "/v1/token",
        &format!("grant_type=client_credentials&duration_seconds={SESSION_S}"),
    )?;
    text(&session, "/access_token")
}

fn text(answer: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the answer has no text at {pointer}"))
}
