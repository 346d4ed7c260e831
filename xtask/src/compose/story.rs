//! A short story: the first account, a user with a policy, an application that asks, and what passes the proxy and what does not.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::{Trial, ids, inspect};
use crate::command;

const EVALUATION: &str = "/access/v1/evaluation";
const ROOT: &str = "root@trial.example";
/// Of an installation that lives for minutes, on loopback. Written in a form as it is.
const PASSWORD: &str = "a-password-of-a-trial-25-letters-long";
/// An address for documentation, which no client has.
const NOBODY: &str = "203.0.113.9";
/// A little more than a service reads (`server.body_limit_bytes`).
const TOO_LARGE: usize = 1024 * 1024 + 1;

/// The application, and what it asks.
pub struct Application(Client);

impl Application {
    /// Whether Mary may do this.
    pub fn ask(&self, action: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.0.post_with(EVALUATION, headers, &question(action))
    }

    /// Both answers are as they should be.
    pub fn decides(&self) -> anyhow::Result<()> {
        let read = self.ask("docs:Read", &[])?.is(200, "Mary reads")?;
        let delete = self.ask("docs:Delete", &[])?.is(200, "Mary deletes")?;
        ensure!(read.decision() == Some(true), "{}", read.json);
        ensure!(delete.decision() == Some(false), "{}", delete.json);
        Ok(())
    }
}

fn question(action: &str) -> Value {
    json!({
        "subject": { "type": "user", "id": "Mary" },
        "action": { "name": action },
        "resource": { "type": "document", "id": "handbook" },
    })
}

fn policy(name: &str, statement: Value) -> Value {
    json!({ "name": name, "document": { "Version": "2012-10-17", "Statement": [statement] } })
}

pub fn tell(trial: &Trial) -> anyhow::Result<Application> {
    let anyone = Client::new(trial.url());
    anyone.get("/readyz")?.is(200, "ready")?;
    anyone
        .get("/metrics")?
        .is(404, "the operator's pages are not here")?;
    let (root, account) = found(trial, &anyone)?;
    furnish(&root, &account)?;
    let key = make_key(&root, &account)?;
    let application = Application(log_in(&anyone, &key)?);
    application.decides()?;
    explain(&application)?;
    pass_the_proxy(trial, &root, &account, &application)?;
    revoke(&root, &account, &key, &application)?;
    let application = Application(log_in(&anyone, &key)?);
    application.decides()?;
    Ok(application)
}

/// The first account by the ticket, and a session of its root.
fn found(trial: &Trial, anyone: &Client) -> anyhow::Result<(Client, String)> {
    let mut ticket = trial.compose(&["exec", "-T", "identity", "trilby", "bootstrap"]);
    println!("$ {}", command::show(&ticket));
    let ticket = command::quiet(&mut ticket)?;
    let first = json!({
        "ticket": ticket.trim(), "account_name": "trial", "root_email": ROOT, "root_password": PASSWORD,
    });
    let founded = anyone.post("/v1/bootstrap", &first)?.is(201, "bootstrap")?;
    let account = founded.text("/account/id")?;
    let again = anyone.post("/v1/bootstrap", &first)?;
    ensure!(
        again.status / 100 == 4,
        "the ticket is good twice: {}",
        again.json
    );
    println!("the same ticket again: {}", again.status);
    let login = anyone.form(
        "/v1/token",
        &[
            ("grant_type", "urn:trilby:grant-type:console-login"),
            ("account", &account),
            ("username", ROOT),
            ("password", PASSWORD),
        ],
    )?;
    let token = login.is(200, "root logs in")?.text("/access_token")?;
    Ok((anyone.with_token(token), format!("/v1/accounts/{account}")))
}

/// An application, a user with a policy, and a service user that may ask.
fn furnish(root: &Client, account: &str) -> anyhow::Result<()> {
    let make = |of: &str, body: Value| {
        let path = format!("{account}/{of}");
        root.post(&path, &body)?
            .is(201, &format!("POST …/{of} {body}"))
    };
    make("applications", json!({ "name": "docs" }))?;
    make("users", json!({ "name": "Mary" }))?;
    make("users", json!({ "name": "my-app", "kind": "service" }))?;
    let reading =
        json!({ "Sid": "Reading", "Effect": "Allow", "Action": "docs:Read*", "Resource": "*" });
    make("policies", policy("ReadDocs", reading))?;
    for (user, policy) in [
        ("Mary", "ReadDocs"),
        ("my-app", "system:DecisionPointAccess"),
    ] {
        let attached = format!("{account}/users/{user}/attached-policies/{policy}");
        root.put(&attached)?
            .is(204, &format!("{policy} is attached to {user}"))?;
    }
    Ok(())
}

/// The application's key.
struct Key {
    id: String,
    secret: String,
}

/// Made once, though it is asked for twice.
fn make_key(root: &Client, account: &str) -> anyhow::Result<Key> {
    let path = format!("{account}/users/my-app/access-keys");
    let name = [("idempotency-key", "trial-my-app-key-1")];
    let made = root.post_with(&path, &name, &json!({}))?.is(201, "a key")?;
    let again = root
        .post_with(&path, &name, &json!({}))?
        .is(201, "the same key again")?;
    let id = made.text("/access_key_id")?;
    ensure!(again.text("/access_key_id")? == id, "a second key was made");
    let replayed = again.header("idempotency-replayed");
    ensure!(
        replayed == Some("true"),
        "it does not say that it was told before"
    );
    Ok(Key {
        id,
        secret: made.text("/secret")?,
    })
}

fn log_in(anyone: &Client, key: &Key) -> anyhow::Result<Client> {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", key.id.as_str()),
        ("client_secret", key.secret.as_str()),
    ];
    let session = anyone.form("/v1/token", &fields)?;
    let token = session
        .is(200, "the application logs in")?
        .text("/access_token")?;
    Ok(anyone.with_token(token))
}

/// Reasons and positions pass the proxy, there and back.
fn explain(application: &Application) -> anyhow::Result<()> {
    let explained = application.ask("docs:Read", &[("trilby-explain", "explain")])?;
    let explained = explained.is(200, "with reasons")?;
    ensure!(
        explained.json.to_string().contains("Reading"),
        "{}",
        explained.json
    );
    let position = explained.header("trilby-seq").context("no Trilby-Seq")?;
    let least = [("trilby-min-seq", position)];
    application
        .ask("docs:Read", &least)?
        .is(200, "at least as new")?;
    // Another hash: the header is read.
    let (before, _) = position.rsplit_once('.').context("a position has a hash")?;
    let other = format!("{before}.{}", "A".repeat(22));
    let refused = application.ask("docs:Read", &[("trilby-min-seq", &other)])?;
    ensure!(
        refused.status / 100 == 4,
        "a position that is none: {}",
        refused.status
    );
    println!("at least as new as what is no position: {}", refused.status);
    Ok(())
}

/// Whose request it is the proxy says, and not the client; what is too large is refused by a service.
fn pass_the_proxy(
    trial: &Trial,
    root: &Client,
    account: &str,
    application: &Application,
) -> anyhow::Result<()> {
    let front = format!(
        "{{{{(index .NetworkSettings.Networks \"{}_front\").IPAddress}}}}",
        super::PROJECT
    );
    let proxy = ids(trial, "proxy")?;
    let proxy = inspect(trial, proxy.first().context("a proxy")?, &front)?;
    println!("the proxy is {proxy}");
    // The only one whose word the services take.
    ensure!(proxy == format!("{}.2", super::FRONT), "it has another's");
    let spoof = [
        ("x-forwarded-for", NOBODY),
        ("forwarded", "for=203.0.113.9"),
    ];
    for (name, from, expected) in [
        ("NotFromElsewhere", vec![NOBODY, proxy.as_str()], 200),
        ("NotFromAnywhere", vec!["0.0.0.0/0", "::/0"], 403),
    ] {
        let not_from = json!({
            "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "IpAddress": { "aws:SourceIp": from } },
        });
        let policies = format!("{account}/policies");
        root.post(&policies, &policy(name, not_from))?
            .is(201, name)?;
        let attached = format!("{account}/users/my-app/attached-policies/{name}");
        let written = root
            .put(&attached)?
            .is(204, &format!("{name} is attached"))?;
        let least = written.header("trilby-seq").context("no Trilby-Seq")?;
        let mut headers = vec![("trilby-min-seq", least)];
        headers.extend(spoof);
        application
            .ask("docs:Read", &headers)?
            .is(expected, "asked in the name of another address")?;
        root.delete(&attached)?
            .is(204, &format!("{name} is detached"))?;
    }
    let large = json!({ "context": { "text": "a".repeat(TOO_LARGE) } });
    let refused = application
        .0
        .post(EVALUATION, &large)?
        .is(413, "too large")?;
    ensure!(
        refused.json.get("code").is_some(),
        "that is no service's answer: {}",
        refused.json
    );
    Ok(())
}

/// Sessions of the key end everywhere, and those that begin afterwards are good.
fn revoke(
    root: &Client,
    account: &str,
    key: &Key,
    application: &Application,
) -> anyhow::Result<()> {
    let path = format!("{account}/revocations?wait=nodes");
    let name = [("idempotency-key", "trial-revocation-1")];
    let revoked = root.post_with(&path, &name, &json!({ "access_key": key.id }))?;
    let revoked = revoked.is(202, "the sessions of the key are ended")?;
    let nodes = revoked.json.pointer("/nodes").context("no nodes")?;
    println!("honoured by {nodes}");
    ensure!(nodes.get("all") == Some(&json!(true)), "not by all");
    let position = revoked.text("/seq")?;
    for _ in 0..8 {
        application
            .ask("docs:Read", &[])?
            .is(401, "the ended session asks")?;
    }
    let least = [("trilby-min-seq", position.as_str())];
    application
        .ask("docs:Read", &least)?
        .is(401, "and with the position")?;
    application
        .0
        .get("/v1/caller-identity")?
        .is(401, "and who it is")?;
    Ok(())
}
