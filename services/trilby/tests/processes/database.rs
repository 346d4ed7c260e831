//! Databases of the tests' own: a fresh one in the server that is there, or a server that may be killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where the tests' server is: `postgres://user:password@host:port/database`, of a user who may make databases.
const SERVER: &str = "TRILBY_TEST_DATABASE_URL";

/// Runs SQL, statement by statement. Errors as text.
pub fn sql(url: &str, statements: &str) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.map_err(|error| format!("{error:?}"))?;
        tokio::spawn(connection);
        for statement in statements.split(';').filter(|text| !text.trim().is_empty()) {
            let done = client.batch_execute(statement).await;
            done.map_err(|error| format!("{error:?}"))?;
        }
        Ok(())
    })
}

/// What a query of one column of text finds.
pub fn rows(url: &str, query: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) = connected.unwrap();
        tokio::spawn(connection);
        let found = client.query(query, &[]).await.unwrap();
        found.iter().map(|row| row.get(0)).collect()
    })
}

/// A database of one test.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// An empty one. Panics if there is no server.
    pub fn fresh() -> Database {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} is not set: `cargo xtask services up` starts a server and says where")
        });
        let n = MADE.fetch_add(1, Ordering::SeqCst);
        let name = format!("trilby_processes_{}_{n}", std::process::id());
        sql(&server, &format!("create database {name}")).unwrap();
        Database { server, name }
    }

    /// User and password of the server's URL.
    fn login(&self) -> (&str, Option<&str>) {
        let authority = self.server.split("://").nth(1).unwrap();
        let login = authority.split('@').next().unwrap();
        match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        }
    }

    pub fn password(&self) -> Option<String> {
        self.login().1.map(str::to_owned)
    }

    /// Its own name, and where databases are made.
    #[cfg(feature = "kafka")]
    pub fn place(&self) -> (&str, &str) {
        (&self.name, &self.server)
    }

    /// With the password: of a user who may do anything.
    pub fn admin_url(&self) -> String {
        let (before, _) = self.server.rsplit_once('/').unwrap();
        format!("{before}/{}", self.name)
    }

    /// Without the password.
    pub fn url(&self) -> String {
        let host = self.server.split('@').nth(1).unwrap();
        let host = host.split('/').next().unwrap();
        format!("postgres://{}@{host}/{}", self.login().0, self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What cannot be removed stays for whoever looks after the server.
        sql(
            &self.server,
            &format!("drop database {} with (force)", self.name),
        )
        .ok();
    }
}

/// A server of one test, which may be killed. It refuses to run as root, so root runs it as another.
pub struct Server {
    folder: TempDir,
    binaries: PathBuf,
    port: u16,
}

/// Who runs it for root.
const UNPRIVILEGED: &str = "postgres";

impl Server {
    /// Panics if there are no binaries.
    pub fn start() -> Server {
        let folder = TempDir::new().unwrap();
        let port = trilby_cluster::member::free_address().unwrap().port();
        let server = Server {
            binaries: binaries(),
            folder,
            port,
        };
        if is_root() {
            let owned = Command::new("chown")
                .arg(UNPRIVILEGED)
                .arg(server.folder.path())
                .status();
            assert!(owned.unwrap().success());
        }
        let data = server.data();
        server.run(
            "initdb",
            &["-D", &data, "-U", "trilby", "-A", "trust", "-N"],
        );
        server.up();
        server
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command
                    .args([
                        "--reuid",
                        UNPRIVILEGED,
                        "--regid",
                        UNPRIVILEGED,
                        "--clear-groups",
                    ])
                    .arg(program);
                command
            }
            false => Command::new(program),
        }
    }

    fn run(&self, program: &str, args: &[&str]) {
        let mut command = self.command(program);
        let done = command
            .args(args)
            .current_dir("/")
            .stdout(Stdio::null())
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// Starts it and waits until it takes connections.
    pub fn up(&self) {
        let log = self.folder.path().join("log").display().to_string();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200",
            self.port
        );
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.data(),
                "-l",
                &log,
                "-o",
                &options,
                "-w",
                "start",
            ],
        );
    }

    /// Kills the postmaster as `kill -9` does, and what it left behind ends by itself.
    pub fn kill(&self) {
        let pid = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        assert!(
            Command::new("kill")
                .args(["-9", &pid])
                .status()
                .unwrap()
                .success()
        );
        let deadline = Instant::now() + Duration::from_secs(30);
        while Path::new(&format!("/proc/{pid}")).exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Its children notice that it is gone; a new one does not start beside them.
        std::thread::sleep(Duration::from_millis(500));
    }

    /// After [`Server::kill`].
    pub fn up_again(&self) {
        for _ in 0..20 {
            let log = self.folder.path().join("log").display().to_string();
            let options = format!(
                "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200",
                self.port
            );
            let mut start = self.command("pg_ctl");
            let started = start
                .args([
                    "-D",
                    &self.data(),
                    "-l",
                    &log,
                    "-o",
                    &options,
                    "-w",
                    "start",
                ])
                .current_dir("/")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if started.unwrap().success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        panic!("the server does not start again");
    }

    /// Without a password.
    pub fn url(&self) -> String {
        format!("postgres://trilby@{}", self.place())
    }

    /// Its address and its database, as they stand in a URL.
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}/postgres", self.port)
    }

    /// From now on only `trilby` needs no password.
    pub fn demand_passwords(&self) {
        let rules = "host all trilby 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        let file = self.folder.path().join("data/pg_hba.conf");
        std::fs::write(file, rules).unwrap();
        self.run("pg_ctl", &["-D", &self.data(), "reload"]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["-D", &self.data(), "-m", "immediate", "stop"])
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok();
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    lines.any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"))
}

/// The newest Postgres of this host.
fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| {
            versions
                .map(|version| version.unwrap().path().join("bin"))
                .collect()
        })
        .unwrap_or_default();
    found.retain(|folder| folder.join("initdb").exists());
    found.sort();
    found
        .pop()
        .expect("Postgres's own programs are in /usr/lib/postgresql")
}
