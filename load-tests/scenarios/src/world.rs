//! An installation of processes, and member accounts of one organization in it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;
use tempfile::TempDir;
use trilby_cluster::database::fresh;
use trilby_cluster::{Cluster, Config as ClusterConfig, Kafka};

use crate::api::{Api, text};

const DATABASE: &str = "trilby_bench_scenarios";

/// Of an installation that lives for minutes, on loopback.
const ROOT_EMAIL: &str = "root@load.example";
const ROOT_PASSWORD: &str = "seven green lamps at the pier";
/// Longer than a run.
const SESSION_S: u32 = 3_600;

/// How an installation is made.
pub struct Recipe<'a> {
    /// A login at a server that may make databases.
    pub server: &'a str,
    pub program: &'a Path,
    pub dir: &'a Path,
    /// Brokers that carry the news.
    pub kafka: Option<&'a str>,
    /// Processes of each service; absent: as many as the topology says.
    pub replicas: Option<usize>,
    /// Settings of every process.
    pub env: Vec<(String, String)>,
}

/// A running installation. It is killed when this is dropped.
pub struct World {
    pub cluster: Cluster,
    _folder: TempDir,
}

/// A member account.
pub struct Account {
    pub id: String,
    /// A session of the role that administers it.
    pub token: String,
}

impl World {
    pub fn start(recipe: &Recipe<'_>) -> anyhow::Result<Self> {
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
            kafka: recipe.kafka.map(|brokers| Kafka {
                brokers: brokers.to_owned(),
                topic_prefix: format!("scenarios-{}", std::process::id()),
            }),
            replicas: recipe.replicas,
            nodes: None,
            env: recipe.env.clone(),
        })?;
        Ok(Self {
            cluster,
            _folder: folder,
        })
    }

    /// Where the processes of a service are reached, without the proxy between: it would be what is measured.
    pub fn addresses(&mut self, service: &str) -> Vec<SocketAddr> {
        let members = self.cluster.service(service).iter();
        members.map(|one| one.api()).collect()
    }

    /// A caller of the whole cluster.
    pub fn api(&self) -> anyhow::Result<Api> {
        let url = self.cluster.url();
        let address = url.strip_prefix("http://").unwrap_or(&url);
        Ok(Api::at(address.parse()?))
    }

    /// Founds the installation and an organization with so many members.
    pub fn accounts(&self, n_accounts: usize) -> anyhow::Result<Vec<Account>> {
        let ticket = self.cluster.ticket().context("an empty store")?;
        let mut nobody = self.api()?;
        let founded = nobody.post(
            "/v1/bootstrap",
            &json!({"ticket": ticket, "account_name": "load", "root_email": ROOT_EMAIL, "root_password": ROOT_PASSWORD}),
        )?;
        let account = text(&founded, "/account/id")?;
        let password = ROOT_PASSWORD.replace(' ', "%20");
        let session = nobody.form(
            "/v1/token",
            &format!("grant_type=urn:trilby:grant-type:console-login&account={account}&username={ROOT_EMAIL}&password={password}"),
        )?;
        let mut root = nobody.with_token(&text(&session, "/access_token")?);
        let users = format!("/v1/accounts/{account}/users");
        root.post(&users, &json!({"name": "admin", "kind": "service"}))?;
        root.put(&format!(
            "{users}/admin/attached-policies/system:AdministratorAccess"
        ))?;
        let key = root.post(&format!("{users}/admin/access-keys"), &json!({}))?;
        let session = nobody.form(
            "/v1/token",
            &format!(
                "grant_type=client_credentials&client_id={}&client_secret={}",
                text(&key, "/access_key_id")?,
                text(&key, "/secret")?
            ),
        )?;
        let mut admin = nobody.with_token(&text(&session, "/access_token")?);
        let organization = admin.post("/v1/organizations", &json!({"name": "Load"}))?;
        let members = format!("/v1/organizations/{}/accounts", text(&organization, "/id")?);
        let member = |n| member(&mut admin, &members, n);
        (0..n_accounts).map(member).collect()
    }

    /// Resident memory of every process, in MiB, and the most it has been. Linux only.
    pub fn memory(&mut self) -> Vec<Memory> {
        let of = |member: &mut trilby_cluster::member::Member| {
            let status = format!("/proc/{}/status", member.id()?);
            let status = std::fs::read_to_string(status).ok()?;
            Some(Memory {
                process: member.name().to_owned(),
                resident_mib: mebibytes(&status, "VmRSS:")?,
                peak_mib: mebibytes(&status, "VmHWM:")?,
            })
        };
        self.cluster.members().filter_map(of).collect()
    }
}

/// What a process has in memory.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Memory {
    pub process: String,
    pub resident_mib: u64,
    pub peak_mib: u64,
}

/// A size that the kernel tells in kB.
fn mebibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1_024)
}

fn member(admin: &mut Api, members: &str, n: usize) -> anyhow::Result<Account> {
    let made = admin.post(members, &json!({"name": format!("member-{n}")}))?;
    let session = admin.post(
        "/v1/assume-role",
        &json!({
            "role_arn": text(&made, "/access_role_arn")?,
            "role_session_name": SESSION,
            "duration_seconds": SESSION_S,
        }),
    )?;
    Ok(Account {
        id: text(&made, "/account_id")?,
        token: text(&session, "/credentials/session_token")?,
    })
}

/// What the administrators' sessions are called.
pub const SESSION: &str = "load";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_from_what_the_kernel_tells() {
        let status = "VmPeak:\t  9 kB\nVmHWM:\t 4096 kB\nVmRSS:\t    2048 kB\n";
        assert_eq!(mebibytes(status, "VmRSS:"), Some(2));
        assert_eq!(mebibytes(status, "VmHWM:"), Some(4));
        assert_eq!(mebibytes(status, "VmSwap:"), None);
    }
}
