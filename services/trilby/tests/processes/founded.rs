//! A cluster with an account, its administrator, a reader, and an enforcement point.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use trilby_cluster::{Cluster, Config};
use trilby_testkit::http::{Answer, Client};

use crate::acme;
use crate::database::Database;

/// How a cluster of the tests is made.
pub fn config(folder: &Path, store: String, password: Option<String>, replicas: usize) -> Config {
    Config {
        binary: env!("CARGO_BIN_EXE_trilby").into(),
        folder: folder.to_owned(),
        store,
        password,
        listen: "127.0.0.1:0".parse().unwrap(),
        kafka: None,
        replicas: Some(replicas),
        nodes: None,
        env: vec![("TRILBY_SERVER__WORKERS".to_owned(), "2".to_owned())],
    }
}

/// See the module.
pub struct Founded {
    pub cluster: Cluster,
    pub account: String,
    pub admin: Client,
    /// Asks for decisions.
    pub pep: Client,
    pub database: Database,
    folder: TempDir,
}

impl Founded {
    /// With so many processes of each service.
    pub fn start(replicas: usize) -> Founded {
        Self::with(replicas, Vec::new())
    }

    /// The same with more settings.
    pub fn with(replicas: usize, settings: Vec<(String, String)>) -> Founded {
        let database = Database::fresh();
        let folder = TempDir::new().unwrap();
        let mut config = config(folder.path(), database.url(), database.password(), replicas);
        config.env.extend(settings);
        let cluster = Cluster::start(&config).unwrap();
        let stranger = Client::new(cluster.url());
        let (account, admin) = found(&stranger, cluster.ticket().expect("an empty store"));
        acme::create_user(&admin, &account, "pep");
        acme::attach(&admin, &account, "pep", "system:DecisionPointAccess");
        let key = acme::create_key(&admin, &account, "pep");
        let pep = stranger.with_token(&acme::key_session(&stranger, &key));
        Founded {
            cluster,
            account,
            admin,
            pep,
            database,
            folder,
        }
    }

    /// Verifies the whole log; panics unless it is sound.
    pub fn verify(&self) {
        verify(
            self.folder.path(),
            &self.database.url(),
            self.database.password(),
        );
    }

    /// The folder of its keys and logs.
    #[cfg(feature = "kafka")]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a process has logged so far: `token-1`.
    pub fn logged(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{name}.log"))).unwrap()
    }

    /// Path below the account.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}{rest}", self.account)
    }

    /// May this user read everything? Asked for at least this position, if one is given.
    pub fn may_list_users(&self, user: &str, min_seq: &str) -> Answer {
        let path = format!("/accounts/{}/access/v1/evaluation", self.account);
        let question = acme::question(user, "iam:ListUsers", "account", &self.account);
        match min_seq {
            "" => self.pep.post(&path, &question),
            min_seq => self
                .pep
                .with_header("trilby-min-seq", min_seq)
                .post(&path, &question),
        }
    }
}

/// Verifies the whole log of a cluster with its keys in this folder, as an operator does; panics unless it is sound.
pub fn verify(folder: &Path, store: &str, password: Option<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
    command.args(["log", "verify", "--store", store]);
    command.env("TRILBY_KEYS__STORE_FILE", folder.join("keys/store.key"));
    command.env("TRILBY_KEYS__PEPPER_FILE", folder.join("keys/pepper.key"));
    if let Some(password) = password {
        command.env("TRILBY_STORE_PASSWORD", password);
    }
    let verified = command.output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

/// Where each process of a service serves, without the proxy between.
pub fn urls(cluster: &mut Cluster, service: &str) -> Vec<String> {
    let members = cluster.service(service).iter();
    members.map(|one| format!("http://{}", one.api())).collect()
}

/// From the ticket to an administrator: account and client.
pub fn found(stranger: &Client, ticket: &str) -> (String, Client) {
    let made = acme::bootstrap(stranger, ticket).expect(201);
    let account = made.text("/account/id").to_owned();
    let root = acme::root_login(stranger, &account, acme::ROOT_PASSWORD).expect(200);
    let root = stranger.with_token(root.text("/access_token"));
    acme::create_user(&root, &account, "admin");
    acme::attach(&root, &account, "admin", "system:AdministratorAccess");
    let key = acme::create_key(&root, &account, "admin");
    let admin = stranger.with_token(&acme::key_session(stranger, &key));
    (account, admin)
}

/// A policy that allows one action on everything.
pub fn allowing(action: &str) -> serde_json::Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
    })
}
