//! `trilby log …` of a shared store: beside its processes, from it into a folder, and back into another database.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use trilby_cluster::Cluster;
use trilby_testkit::http::Client;

use crate::acme;
use crate::database::{Database, rows, sql};
use crate::founded::{config, found};

struct Tools<'a> {
    keys: &'a Path,
    password: Option<String>,
}

impl Tools<'_> {
    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
        command.args(args);
        command.env("TRILBY_KEYS__STORE_FILE", self.keys.join("store.key"));
        command.env("TRILBY_KEYS__PEPPER_FILE", self.keys.join("pepper.key"));
        if let Some(password) = &self.password {
            command.env("TRILBY_STORE_PASSWORD", password);
        }
        command.output().unwrap()
    }

    /// What it said, if it went well.
    fn said(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
#[ignore = "needs services"]
fn a_shared_store_is_verified_exported_and_copied_there_and_back() {
    let (database, other) = (Database::fresh(), Database::fresh());
    let folder = TempDir::new().unwrap();
    let config = config(folder.path(), database.url(), database.password(), 1);
    let cluster = Cluster::start(&config).unwrap();
    let (account, admin) = found(
        &Client::new(cluster.url()),
        cluster.ticket().expect("an empty store"),
    );
    acme::create_user(&admin, &account, "mary");
    let keys = folder.path().join("keys");
    let tools = Tools {
        keys: &keys,
        password: database.password(),
    };
    let (store, copied) = (database.url(), other.url());
    // While its processes run.
    assert!(
        tools
            .said(&["log", "verify", "--store", &store])
            .starts_with("sound")
    );
    // The keys are apart from the store; without them it is not called sound.
    let keyless = Tools {
        keys: &folder.path().join("nowhere"),
        password: database.password(),
    };
    let verdict = keyless.run(&["log", "verify", "--store", &store]);
    assert_eq!(verdict.status.code(), Some(3), "{verdict:?}");
    let told = String::from_utf8(verdict.stdout).unwrap();
    assert!(told.contains("\nincomplete: "), "{told}");
    let exported = tools.said(&["log", "export", &account, "--store", &store]);
    assert!(exported.contains("user.created"), "{exported}");
    cluster.stop().unwrap();

    let heads = tools.said(&["log", "list", "--store", &store]);
    let dir = folder.path().join("copy");
    let dir = dir.to_str().unwrap();
    tools.said(&["log", "copy", dir, "--store", &store]);
    assert_eq!(tools.said(&["log", "list", "--data-dir", dir]), heads);
    tools.said(&["log", "copy", &copied, "--data-dir", dir]);
    assert_eq!(tools.said(&["log", "list", "--store", &copied]), heads);
    assert!(
        tools
            .said(&["log", "verify", "--store", &copied])
            .starts_with("sound")
    );
    assert_eq!(
        tools.said(&["log", "export", &account, "--store", &copied]),
        exported
    );
    let again = tools.run(&["log", "copy", &copied, "--data-dir", dir]);
    assert!(!again.status.success(), "it is not empty any more");

    // A store of another cluster is looked at, and not written to before it is fenced.
    sql(
        &other.admin_url(),
        "update store_meta set pg_system_id = pg_system_id + 1",
    )
    .unwrap();
    assert!(
        tools
            .said(&["log", "verify", "--store", &copied])
            .starts_with("sound")
    );
    let refused = tools.run(&["bootstrap", "--store", &copied]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("fence it"),
        "{refused:?}"
    );
    let fenced = tools.said(&["admin", "fence", "--store", &copied]);
    assert!(fenced.contains("was of incarnation 1,"), "{fenced}");
    let refused = tools.run(&["bootstrap", "--store", &copied]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("has accounts"),
        "{refused:?}"
    );

    // One byte of an event in the middle.
    let flip = "update event set body = set_byte(body, 40, get_byte(body, 40) # 1) where seq = 3";
    sql(&other.admin_url(), flip).unwrap();
    let broken = tools.run(&["log", "verify", "--store", &copied]);
    assert_eq!(broken.status.code(), Some(2));
    let told = String::from_utf8(broken.stdout).unwrap();
    assert!(
        told.contains(&format!("broken: log {account} seq 3")),
        "{told}"
    );
}

#[test]
#[ignore = "needs services"]
fn a_person_is_erased_beside_the_processes_and_so_is_an_account() {
    let database = Database::fresh();
    let folder = TempDir::new().unwrap();
    let config = config(folder.path(), database.url(), database.password(), 1);
    let cluster = Cluster::start(&config).unwrap();
    let stranger = Client::new(cluster.url());
    let (account, admin) = found(&stranger, cluster.ticket().expect("an empty store"));
    let mary = acme::create_user(&admin, &account, "mary");
    let mary = mary.text("/id").to_owned();
    acme::attach(&admin, &account, "mary", "system:AdministratorAccess");
    let key = acme::create_key(&admin, &account, "mary");
    let as_mary = stranger.with_token(&acme::key_session(&stranger, &key));
    acme::create_user(&as_mary, &account, "bob");
    let (keys, store) = (folder.path().join("keys"), database.url());
    let tools = Tools {
        keys: &keys,
        password: database.password(),
    };
    let erase = ["admin", "erase-subject", &account, &mary, "--store", &store];
    let refused = tools.run(&erase);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let path = format!("/v1/accounts/{account}/users/mary?cascade=true");
    acme::once(&admin, "DELETE", &path).send().expect(204);
    let kept = || {
        let query = format!(
            "select subject from personal join log_head using (log_id) where public_id = '{account}'"
        );
        rows(&database.admin_url(), &query).len()
    };
    let n_before = kept();
    let said = tools.said(&erase);
    assert!(said.contains("the origin of requests (1)"), "{said}");
    assert_eq!(kept(), n_before - 1);
    let is_sound = || {
        let verdict = tools.said(&["log", "verify", "--store", &store]);
        assert!(verdict.starts_with("sound"), "{verdict}");
    };
    is_sound();
    // The processes go on, and the fact is in the log.
    acme::create_user(&admin, &account, "eve");
    let log = admin
        .get(&format!("/v1/accounts/{account}/log"))
        .expect(200);
    assert!(log.json.to_string().contains("user.erased"), "{log:?}");

    let root = acme::root_login(&stranger, &account, acme::ROOT_PASSWORD).expect(200);
    let root = stranger.with_token(root.text("/access_token"));
    let close = format!("/v1/accounts/{account}/close");
    acme::once(&root, "POST", &close).send().expect(200);
    let erase = ["admin", "erase-log", &account, "--yes", "--store", &store];
    let untold = tools.run(&erase);
    let told = String::from_utf8_lossy(&untold.stderr).into_owned();
    assert!(told.contains("are not told to all processes yet"), "{told}");
    sql(&database.admin_url(), "delete from outbox").unwrap();
    tools.said(&erase);
    assert_eq!(kept(), 0);
    // Those that still hold the account write nothing of it.
    let login = acme::root_login(&stranger, &account, acme::ROOT_PASSWORD);
    assert_eq!(login.status, 401, "{login:?}");
    let snapshots = format!(
        "select snapshot.seq::text from snapshot join log_head using (log_id) where public_id = '{account}'"
    );
    let written = rows(&database.admin_url(), &snapshots);
    assert!(written.is_empty(), "{written:?}");
    is_sound();
    cluster.stop().unwrap();
}
