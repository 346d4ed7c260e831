//! The services as processes over Postgres, asked as a client asks: how soon one is ready again after it was killed, and how
//! soon it decides on an account that it has not in memory.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use trilby_cluster::database::fresh;
use trilby_cluster::{Cluster, Config as ClusterConfig};

use crate::Plan;
use crate::report::{Figures, median};

const DATABASE: &str = "trilby_bench_processes";

/// Events of a cold account.
const EVENTS: usize = 300;

/// Callers that fill the accounts.
const FILLERS: usize = 8;

/// Of an installation that lives for minutes, on loopback.
const ROOT_EMAIL: &str = "root@load.example";
const ROOT_PASSWORD: &str = "seven green lamps at the pier";

pub async fn measure(
    server: &str,
    program: &Path,
    dir: &Path,
    plan: &Plan,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let (store, password) = fresh(server, DATABASE).await?;
    std::fs::create_dir_all(dir)?;
    let folder = tempfile::tempdir_in(dir)?;
    let config = ClusterConfig {
        binary: program.to_owned(),
        folder: PathBuf::from(folder.path()),
        store,
        password,
        listen: "127.0.0.1:0".parse()?,
        kafka: None,
        replicas: Some(1),
        nodes: None,
        env: Vec::new(),
    };
    let plan = *plan;
    let found = tokio::task::spawn_blocking(move || all(&config, &plan)).await??;
    figures.extend(found);
    Ok(())
}

fn all(config: &ClusterConfig, plan: &Plan) -> anyhow::Result<Figures> {
    let mut cluster = Cluster::start(config)?;
    let ticket = cluster.ticket().context("an empty store")?.to_owned();
    let cold = accounts(&cluster.url(), &ticket, plan.cold_accounts)?;
    let mut figures = Figures::new();
    let mut slowest = 0.0_f64;
    for name in ["identity", "token", "decision"] {
        let mut took = Vec::new();
        for _ in 0..plan.restarts {
            let member = cluster.service(name).first_mut().context("a process")?;
            member.kill()?;
            let begun = Instant::now();
            member.start()?;
            member.wait_ready()?;
            took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        figures.insert(format!("restart_ready_ms_{name}"), median(&took));
        slowest = slowest.max(median(&took));
    }
    figures.insert("restart_ready_ms".to_owned(), slowest);

    // It was just started: it has none of the accounts.
    let decision = cluster
        .service("decision")
        .first_mut()
        .context("a process")?;
    let base = format!("http://{}", decision.api());
    let agent = agent();
    let mut took = Vec::new();
    for one in &cold {
        let client = Client::of(&agent, &base, &one.token);
        let begun = Instant::now();
        let answer = client.post(&one.evaluation(), &question(&one.id))?;
        took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        ensure!(
            answer.pointer("/decision") == Some(&Value::Bool(true)),
            "{answer}"
        );
    }
    took.sort_by(f64::total_cmp);
    let p99 = took
        .get((took.len() * 99).div_ceil(100).saturating_sub(1))
        .copied();
    figures.insert("cold_account_p99_ms".to_owned(), p99.context("accounts")?);
    figures.insert("cold_account_median_ms".to_owned(), median(&took));
    cluster.stop()?;
    Ok(figures)
}

/// An account that the decision process is to meet for the first time.
struct Cold {
    id: String,
    token: String,
}

impl Cold {
    fn evaluation(&self) -> String {
        format!("/accounts/{}/access/v1/evaluation", self.id)
    }
}

fn question(account: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": "user-3"},
        "action": {"name": "iam:ListUsers"},
        "resource": {"type": "account", "id": account},
    })
}

/// Members of one organization, each written to over the API until its log has so many events.
fn accounts(base: &str, ticket: &str, n_accounts: usize) -> anyhow::Result<Vec<Cold>> {
    let agent = agent();
    let nobody = Client::of(&agent, base, "");
    let founded = nobody.post(
        "/v1/bootstrap",
        &json!({"ticket": ticket, "account_name": "load", "root_email": ROOT_EMAIL, "root_password": ROOT_PASSWORD}),
    )?;
    let account = text(&founded, "/account/id")?;
    let root = nobody.login(&account)?;
    let root = Client::of(&agent, base, &root);
    let made = root.post(
        &format!("/v1/accounts/{account}/users"),
        &json!({"name": "admin", "kind": "service"}),
    )?;
    ensure!(made.pointer("/id").is_some() || made.is_object(), "{made}");
    root.put(&format!(
        "/v1/accounts/{account}/users/admin/attached-policies/system:AdministratorAccess"
    ))?;
    let key = root.post(
        &format!("/v1/accounts/{account}/users/admin/access-keys"),
        &json!({}),
    )?;
    let session = nobody.key_session(&text(&key, "/access_key_id")?, &text(&key, "/secret")?)?;
    let admin = Client::of(&agent, base, &session);
    let organization = admin.post("/v1/organizations", &json!({"name": "Load"}))?;
    let members = format!("/v1/organizations/{}/accounts", text(&organization, "/id")?);
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let mut fillers = Vec::new();
        for _ in 0..FILLERS {
            fillers.push(scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= n_accounts {
                        return anyhow::Ok(());
                    }
                    let cold = filled(&admin, &members, n)?;
                    made.lock()
                        .map_err(|_| anyhow::anyhow!("a filler failed"))?
                        .push(cold);
                }
            }));
        }
        fillers.into_iter().try_for_each(|filler| {
            filler
                .join()
                .map_err(|_| anyhow::anyhow!("a filler failed"))?
        })
    })?;
    made.into_inner()
        .map_err(|_| anyhow::anyhow!("a filler failed"))
}

fn filled(admin: &Client<'_>, members: &str, n: usize) -> anyhow::Result<Cold> {
    let member = admin.post(members, &json!({"name": format!("member-{n}")}))?;
    let id = text(&member, "/account_id")?;
    let session = admin.post(
        "/v1/assume-role",
        &json!({"role_arn": text(&member, "/access_role_arn")?, "role_session_name": "cold"}),
    )?;
    let token = text(&session, "/credentials/session_token")?;
    let own = Client::of(admin.agent, admin.base, &token);
    let users = format!("/v1/accounts/{id}/users");
    for user in 0..EVENTS {
        own.post(&users, &json!({"name": format!("user-{user}")}))?;
    }
    own.put(&format!(
        "{users}/user-3/attached-policies/system:ReadOnlyAccess"
    ))?;
    Ok(Cold { id, token })
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(std::time::Duration::from_secs(60)))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .into()
}

struct Client<'a> {
    agent: &'a ureq::Agent,
    base: &'a str,
    token: String,
}

impl<'a> Client<'a> {
    fn of(agent: &'a ureq::Agent, base: &'a str, token: &str) -> Self {
        Self {
            agent,
            base,
            token: token.to_owned(),
        }
    }

    /// Under a key of its own.
    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .header("idempotency-key", &uuid());
        if !self.token.is_empty() {
            request = request.header("authorization", &format!("Bearer {}", self.token));
        }
        read(path, request.send(body.to_string()))
    }

    fn put(&self, path: &str) -> anyhow::Result<()> {
        let request = self
            .agent
            .put(format!("{}{path}", self.base))
            .header("authorization", &format!("Bearer {}", self.token));
        read(path, request.send_empty()).map(drop)
    }

    fn login(&self, account: &str) -> anyhow::Result<String> {
        self.form(&[
            ("grant_type", "urn:trilby:grant-type:console-login"),
            ("account", account),
            ("username", ROOT_EMAIL),
            ("password", ROOT_PASSWORD),
        ])
    }

    fn key_session(&self, id: &str, secret: &str) -> anyhow::Result<String> {
        self.form(&[
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
        ])
    }

    fn form(&self, fields: &[(&str, &str)]) -> anyhow::Result<String> {
        let path = "/v1/token";
        let request = self.agent.post(format!("{}{path}", self.base));
        let answer = read(path, request.send_form(fields.iter().copied()))?;
        text(&answer, "/access_token")
    }
}

fn read(
    path: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> anyhow::Result<Value> {
    let mut answer = answer.with_context(|| format!("{path}: no answer"))?;
    let body = answer.body_mut().read_to_string()?;
    ensure!(
        answer.status().is_success(),
        "{path} answered {}: {body}",
        answer.status()
    );
    Ok(serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn uuid() -> String {
    static N: AtomicUsize = AtomicUsize::new(0);
    format!("load-test-key-{:010}", N.fetch_add(1, Ordering::Relaxed))
}

fn text(answer: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the answer has no text at {pointer}"))
}
