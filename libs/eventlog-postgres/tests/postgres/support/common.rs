//! What the tests of this backend share: a database for each test, copied from one that was migrated once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use serde_json::json;
use tokio_postgres::{Client, Config, NoTls};
use trilby_eventlog::conformance;
pub use trilby_eventlog::conformance::{account, at, event};
use trilby_eventlog::{Activity, Commit, EventLog, Head};
use trilby_eventlog_postgres::{Options, Postgres, Role, migrate};
use trilby_model::Timestamp;

/// Where the server is: a login that may make databases and roles.
const ADDRESS: &str = "TRILBY_TEST_DATABASE_URL";

/// Where the migrations are.
const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");

static TEMPLATE: OnceLock<String> = OnceLock::new();
static N_DATABASES: AtomicU32 = AtomicU32::new(0);

pub fn server() -> String {
    std::env::var(ADDRESS)
        .unwrap_or_else(|_| panic!("{ADDRESS} is not set: `cargo xtask services up` tells it"))
}

fn config(database: &str) -> Config {
    let mut config: Config = server().parse().unwrap();
    config.dbname(database);
    config
}

/// The server's URL with another database.
pub fn url_of(database: &str) -> String {
    let server = server();
    let (address, settings) = server.split_once('?').unwrap_or((&server, ""));
    let (before, _) = address.rsplit_once('/').expect("a URL with a database");
    match settings {
        "" => format!("{before}/{database}"),
        settings => format!("{before}/{database}?{settings}"),
    }
}

pub async fn connect(database: &str) -> Client {
    let (client, connection) = config(database).connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Does something in a runtime of its own: a test's is not there when it ends.
fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(work)
    };
    std::thread::spawn(run).join().unwrap()
}

fn template() -> &'static str {
    TEMPLATE.get_or_init(|| apart(make_template()))
}

async fn make_template() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    // Another with every change of the migrations, so that a server left running gets a new template.
    let files = std::fs::read_dir(MIGRATIONS).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).unwrap().hash(&mut hasher);
    }
    let name = format!("trilby_template_{:016x}", hasher.finish());
    let client = connect("postgres").await;
    // Two test programs that begin at once make one template.
    client
        .batch_execute("select pg_advisory_lock(7271)")
        .await
        .unwrap();
    let found = client
        .query_opt("select 1 from pg_database where datname = $1", &[&name])
        .await
        .unwrap();
    if found.is_none() {
        let making = format!("{name}_making");
        client
            .batch_execute(&format!("drop database if exists {making} with (force)"))
            .await
            .unwrap();
        client
            .batch_execute(&format!("create database {making} template template0"))
            .await
            .unwrap();
        migrate(&url_of(&making), Some([1; 32])).await.unwrap();
        // Whoever was connected is gone when this succeeds.
        let rename = format!("alter database {making} rename to {name}");
        while client.batch_execute(&rename).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    name
}

/// A database that goes with its last user.
pub struct Database {
    pub name: String,
    pub url: String,
}

impl Database {
    pub fn new() -> Self {
        let n = N_DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("trilby_test_{}_{n}", std::process::id());
        let made = (name.clone(), template().to_owned());
        apart(async move {
            let (name, template) = made;
            let client = connect("postgres").await;
            let drop = format!("drop database if exists {name} with (force)");
            client.batch_execute(&drop).await.unwrap();
            let create = format!("create database {name} template {template}");
            client.batch_execute(&create).await.unwrap();
        });
        let url = url_of(&name);
        Self { name, url }
    }

    pub fn options(&self, role: Role) -> Options {
        let mut options = Options::new(&self.url, role);
        options.store_key_fingerprint = Some([1; 32]);
        options
    }

    pub async fn open(&self, role: Role) -> Postgres {
        Postgres::open(&self.options(role)).await.unwrap()
    }

    pub async fn client(&self) -> Client {
        connect(&self.name).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        apart(async move {
            let client = connect("postgres").await;
            let drop = format!("drop database if exists {name} with (force)");
            // Left behind, it only takes room.
            let _ = client.batch_execute(&drop).await;
        });
    }
}

/// A commit of so many events that fits the log as it stands.
pub async fn commit(store: &dyn EventLog, n: u64, n_events: u64) -> Commit {
    let events = (0..n_events).map(event).collect();
    let entry = conformance::entry(store, &account(n), events).await;
    Commit::new(at(0), json!({}), salt(), vec![entry])
}

/// Random enough that no two commits are the same.
pub fn salt() -> [u8; 32] {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).unwrap();
    salt
}

pub async fn append(store: &dyn EventLog, n: u64, n_events: u64) -> Head {
    let commit = commit(store, n, n_events).await;
    store.append(commit).await.unwrap().heads.remove(0)
}

pub fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::from_micros(since.as_micros().try_into().unwrap())
}

/// A record of the first account.
pub fn activity(at: Timestamp, id: &str) -> Activity {
    Activity {
        log: account(1),
        at,
        kind: "test".to_owned(),
        id: id.to_owned(),
        body: b"{}".to_vec(),
    }
}
