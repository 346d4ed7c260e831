//! A Postgres server of one test's own, to be killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use trilby_cluster::member::free_address;

const MAKE: &str = r#"
set -eu
cd "$1"
"$2/initdb" -D data -U trilby --auth=trust -E UTF8 --no-locale -N --wal-segsize=1 > log
printf "port = %s\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfull_page_writes = on\n%s" "$3" "$4" >> data/postgresql.conf
"#;

pub struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    is_root: bool,
    port: u16,
}

/// The newest installed server's programs.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .expect("the programs of a Postgres server: apt-get install postgresql")
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    found.sort();
    found.pop().expect("a Postgres server")
}

fn quiet(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "{command:?}");
}

impl Cluster {
    pub fn start() -> Self {
        Self::with("/var/tmp", "")
    }

    /// One below this folder, with further settings, a line each.
    pub fn with(below: &str, settings: &str) -> Self {
        let told = Command::new("id").arg("-u").output().unwrap().stdout;
        let is_root = told.trim_ascii() == b"0";
        // Its user must get there.
        let folder = tempfile::tempdir_in(below).unwrap();
        let cluster = Self {
            port: free_address().unwrap().port(),
            programs: programs(),
            is_root,
            folder,
        };
        if is_root {
            quiet(
                Command::new("chown")
                    .arg("postgres")
                    .arg(cluster.folder.path()),
            );
        }
        let mut make = cluster.command("sh");
        make.args(["-c", MAKE, "sh"]).arg(cluster.folder.path());
        make.arg(&cluster.programs).arg(cluster.port.to_string());
        quiet(make.arg(settings));
        cluster.run();
        cluster
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://trilby@127.0.0.1:{}/{database}", self.port)
    }

    /// A folder beside the data, `data` itself among them.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = if self.is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program.as_ref());
            command
        } else {
            Command::new(program.as_ref())
        };
        command.current_dir("/");
        command
    }

    /// Starts the server, and waits until it has recovered.
    pub fn run(&self) {
        let mut start = self.command(self.programs.join("pg_ctl"));
        start.arg("-D").arg(self.folder.path().join("data"));
        start.arg("-l").arg(self.folder.path().join("server.log"));
        let status = start.args(["-w", "-s", "-t", "120", "start"]).status();
        if !status.unwrap().success() {
            let log = fs::read_to_string(self.folder.path().join("server.log"));
            panic!("the server does not start: {}", log.unwrap_or_default());
        }
    }

    /// From now on it takes no connection without TLS.
    pub fn require_tls(&self, certificate: &str, key: &str) {
        let data = self.folder.path().join("data");
        let write = |name: &str, text: &str| {
            let file = data.join(name);
            fs::write(&file, text).unwrap();
            quiet(Command::new("chmod").arg("600").arg(&file));
            if self.is_root {
                quiet(Command::new("chown").arg("postgres").arg(&file));
            }
        };
        write("server.crt", certificate);
        write("server.key", key);
        write("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
        let settings = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        write("postgresql.conf", &format!("{settings}\nssl = on\n"));
        let mut restart = self.command(self.programs.join("pg_ctl"));
        restart.arg("-D").arg(&data).args(["-w", "-s", "restart"]);
        restart.arg("-l").arg(self.folder.path().join("server.log"));
        quiet(&mut restart);
    }

    /// Ends the server and all its backends at once, as they are.
    pub fn kill(&self) {
        let pid = fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        // Stopped first, so that it makes no more of them.
        quiet(Command::new("kill").args(["-STOP", &pid]));
        let children = Command::new("pgrep")
            .args(["-P", &pid])
            .output()
            .unwrap()
            .stdout;
        let children = String::from_utf8(children).unwrap();
        let mut kill = Command::new("kill");
        kill.arg("-9").arg(&pid).args(children.split_whitespace());
        // A backend may have ended by itself in between.
        let _ = kill.stderr(Stdio::null()).status();
        while children
            .split_whitespace()
            .chain([pid.as_str()])
            .any(is_running)
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Where nobody asks after a dead process its number stays taken, and the next server would take it for a living one.
        fs::remove_file(self.folder.path().join("data/postmaster.pid")).unwrap();
    }
}

fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Not one that has ended and was not asked after.
    !stat.is_empty() && !stat.contains(") Z ")
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.command(self.programs.join("pg_ctl"));
        stop.arg("-D").arg(self.folder.path().join("data"));
        stop.args(["-m", "immediate", "-w", "-s", "stop"]);
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
