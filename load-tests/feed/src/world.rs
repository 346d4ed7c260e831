//! An installation of processes, and accounts in it whose people gain and lose a right.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, anyhow};
use serde_json::json;
use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};
use trilby_cluster::cluster::Kafka;
use trilby_cluster::database::fresh;
use trilby_cluster::{Cluster, Config as ClusterConfig};

use crate::client::{Answer, Client};

const DATABASE: &str = "trilby_bench_feed";

/// Of an installation that lives for minutes, on loopback.
const ROOT_EMAIL: &str = "root@load.example";
const ROOT_PASSWORD: &str = "seven green lamps at the pier";

/// Callers that make accounts.
const MAKERS: usize = 8;

/// A running installation.
pub struct World {
    pub cluster: Cluster,
    /// Where identity, and each decision process, is reached without the proxy between.
    pub identity: Vec<String>,
    pub nodes: Vec<String>,
    /// Operator's ports of the decision processes.
    pub operators: Vec<String>,
    pub accounts: Vec<Account>,
    /// Who founded the accounts, and may put on the role that administers each.
    pub founder: Client,
    _folder: TempDir,
}

/// How an installation is made.
pub struct Recipe<'a> {
    /// A login at a server that may make databases.
    pub server: &'a str,
    pub program: &'a Path,
    pub dir: &'a Path,
    pub env: Vec<(String, String)>,
    pub kafka: Option<Kafka>,
    pub replicas: usize,
    /// Of the decision service.
    pub nodes: usize,
    pub accounts: usize,
}

/// A member account.
#[derive(Clone)]
pub struct Account {
    pub id: String,
    pub role_arn: String,
    /// Its administrator.
    pub admin: Client,
    evaluation: String,
    question: String,
}

impl Account {
    /// Gives or takes the right of this user.
    pub fn set(&self, identity: &str, user: &str, may: bool) -> anyhow::Result<Answer> {
        let path = format!(
            "/v1/accounts/{}/users/{user}/attached-policies/system:ReadOnlyAccess",
            self.id
        );
        self.admin.at(identity).put_or_delete(&path, may)
    }

    /// What a process says about `probe`.
    pub fn ask(&self, node: &str, min_seq: Option<&str>) -> anyhow::Result<Answer> {
        let asking = self.admin.at(node);
        asking.ask(&self.evaluation, &self.question, min_seq)
    }

    /// The same, asked under another session.
    pub fn ask_as(&self, caller: &Client, node: &str) -> anyhow::Result<Answer> {
        caller.at(node).ask(&self.evaluation, &self.question, None)
    }
}

impl World {
    pub fn start(recipe: &Recipe<'_>) -> anyhow::Result<Self> {
        let (mut cluster, folder) = processes(recipe)?;
        let ticket = cluster.ticket().context("an empty store")?.to_owned();
        let (founder, accounts) = accounts(&cluster.url(), &ticket, recipe.accounts)?;
        let mut at = |name: &str| -> Vec<String> {
            let members = cluster.service(name).iter();
            members.map(|one| format!("http://{}", one.api())).collect()
        };
        let (identity, nodes) = (at("identity"), at("decision"));
        let operators = cluster.service("decision").iter();
        let operators = operators.map(|one| format!("http://{}", one.operator()));
        Ok(Self {
            identity,
            nodes,
            operators: operators.collect(),
            cluster,
            accounts,
            founder,
            _folder: folder,
        })
    }

    /// The sum over the decision processes of a counter, whatever its labels.
    pub fn count(&self, name: &str) -> anyhow::Result<f64> {
        let mut sum = 0.0;
        for operator in &self.operators {
            let text = Client::new(operator).get_text("/metrics")?;
            let lines = text.lines().filter(|line| line.starts_with(name));
            sum += lines
                .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                .sum::<f64>();
        }
        Ok(sum)
    }
}

/// All processes of an installation over an empty database, and their folder.
pub fn processes(recipe: &Recipe<'_>) -> anyhow::Result<(Cluster, TempDir)> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (store, password) = runtime.block_on(fresh(recipe.server, DATABASE))?;
    std::fs::create_dir_all(recipe.dir)?;
    let folder = tempfile::tempdir_in(recipe.dir)?;
    let cluster = Cluster::start(&ClusterConfig {
        binary: recipe.program.to_owned(),
        folder: PathBuf::from(folder.path()),
        store,
        password,
        listen: "127.0.0.1:0".parse()?,
        kafka: recipe.kafka.clone(),
        replicas: Some(recipe.replicas),
        nodes: Some(recipe.nodes),
        env: recipe.env.clone(),
    })?;
    Ok((cluster, folder))
}

/// The database of the processes, with the server's own login.
pub async fn connect(server: &str) -> anyhow::Result<tokio_postgres::Client> {
    let mut config: Config = server.parse().context("the URL")?;
    let (client, connection) = config.dbname(DATABASE).connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// So many members of one organization, and who founded it.
fn accounts(base: &str, ticket: &str, n_accounts: usize) -> anyhow::Result<(Client, Vec<Account>)> {
    let nobody = Client::new(base);
    let founded = nobody.post(
        "/v1/bootstrap",
        &json!({"ticket": ticket, "account_name": "load", "root_email": ROOT_EMAIL, "root_password": ROOT_PASSWORD}),
    )?;
    let account = founded.text("/account/id")?;
    let password = ROOT_PASSWORD.replace(' ', "%20");
    let root = nobody.form(
        "/v1/token",
        &format!("grant_type=urn:trilby:grant-type:console-login&account={account}&username={ROOT_EMAIL}&password={password}"),
    )?;
    let root = nobody.with_token(&root.text("/access_token")?);
    let users = format!("/v1/accounts/{account}/users");
    root.post(&users, &json!({"name": "admin", "kind": "service"}))?;
    root.put_or_delete(
        &format!("{users}/admin/attached-policies/system:AdministratorAccess"),
        true,
    )?;
    let key = root.post(&format!("{users}/admin/access-keys"), &json!({}))?;
    let session = nobody.form(
        "/v1/token",
        &format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            key.text("/access_key_id")?,
            key.text("/secret")?
        ),
    )?;
    let admin = nobody.with_token(&session.text("/access_token")?);
    let organization = admin.post("/v1/organizations", &json!({"name": "Load"}))?;
    let members = format!("/v1/organizations/{}/accounts", organization.text("/id")?);
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let make = || {
            while next.fetch_add(1, Ordering::Relaxed) < n_accounts {
                let account = member(&admin, &members)?;
                let mut made = made.lock().map_err(|_| anyhow!("a maker failed"))?;
                made.push(account);
            }
            anyhow::Ok(())
        };
        let makers: Vec<_> = (0..MAKERS).map(|_| scope.spawn(make)).collect();
        let mut ended = makers.into_iter().map(|maker| maker.join());
        ended.try_for_each(|ended| ended.map_err(|_| anyhow!("a maker failed"))?)
    })?;
    let made = made.into_inner().map_err(|_| anyhow!("a maker failed"))?;
    Ok((admin, made))
}

fn member(admin: &Client, members: &str) -> anyhow::Result<Account> {
    static N: AtomicUsize = AtomicUsize::new(0);
    let n = N.fetch_add(1, Ordering::Relaxed);
    let member = admin.post(members, &json!({"name": format!("member-{n}")}))?;
    let (id, role_arn) = (
        member.text("/account_id")?,
        member.text("/access_role_arn")?,
    );
    let session = assume(admin, &role_arn)?;
    let own = admin.with_token(&session.text("/credentials/session_token")?);
    for user in ["probe", "other"] {
        own.post(
            &format!("/v1/accounts/{id}/users"),
            &json!({ "name": user }),
        )?;
    }
    let question = json!({
        "subject": {"type": "user", "id": "probe"},
        "action": {"name": "iam:ListUsers"},
        "resource": {"type": "account", "id": id},
    });
    Ok(Account {
        evaluation: format!("/accounts/{id}/access/v1/evaluation"),
        question: question.to_string(),
        admin: own,
        role_arn,
        id,
    })
}

/// A new session of the role that administers a member.
pub fn assume(admin: &Client, role_arn: &str) -> anyhow::Result<Answer> {
    admin.post(
        "/v1/assume-role",
        &json!({"role_arn": role_arn, "role_session_name": "load"}),
    )
}
