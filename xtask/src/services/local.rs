//! Postgres from this machine's own programs, in a folder of its own.
//!
//! They refuse to run as root; then they run as the user `postgres`, or else `nobody`, in a folder below `/var/tmp` which
//! all work trees of the machine share.

use std::env;
use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::{command, workspace};

/// Makes a cluster in the folder `$1` with the programs of `$2`, for the port `$3`, with the settings `$4`. The password is
/// made here, so that no command line shows it.
const MAKE: &str = r#"
set -eu
umask 077
cd "$1"
rm -rf data password
head -c 18 /dev/urandom | od -An -v -tx1 | tr -d ' \n' > password
"$2/initdb" -D data -U trilby --auth=scram-sha-256 --pwfile=password -E UTF8 --no-locale -N > log
printf 'port = %s\n%s\n' "$3" "$4" >> data/postgresql.conf
printf '%s' "$3" > port
"#;

/// A server of ours.
pub struct Server {
    /// Of its folder.
    pub name: &'static str,
    /// What it runs with.
    settings: &'static str,
    /// Whether its flushes can be made to take longer.
    has_slow_flush: bool,
}

/// What makes flushes take longer, its library and the file that says how long, in the server's folder.
const SLOW_FLUSH: &str = include_str!("slow_flush.c");
const SLOW_FLUSH_LIBRARY: &str = "slow_flush.so";
const SLOW_FLUSH_FILE: &str = "flush_us";

/// For tests: what it writes need not outlive the machine's power, only its own end.
pub const TESTS: Server = Server {
    name: "postgres",
    settings: "listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
full_page_writes = off
autovacuum_naptime = '1s'",
    has_slow_flush: false,
};

/// For measuring: as one would run it.
pub const BENCH: Server = Server {
    name: "postgres-bench",
    settings: "listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = '512MB'
max_wal_size = '4GB'
checkpoint_timeout = '30min'",
    has_slow_flush: false,
};

/// The same, with the flush as slow as is asked for.
pub const BENCH_LOG: Server = Server {
    name: "postgres-bench-log",
    settings: BENCH.settings,
    has_slow_flush: true,
};

/// How long a listening server may take to say so.
const CONNECT: Duration = Duration::from_secs(2);

/// Where the newest installed server's programs are.
pub fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).collect::<Vec<_>>();
    let newest = found.into_iter().rev().map(|(_, dir)| dir);
    newest
        .chain(in_path)
        .find(|dir| dir.join("initdb").is_file() && dir.join("pg_ctl").is_file())
}

/// A folder for the server, and as whom it runs.
struct Place {
    folder: PathBuf,
    /// None: as we are.
    user: Option<String>,
}

impl Place {
    fn find(root: &Path, name: &str) -> anyhow::Result<Self> {
        let is_root = command::quiet(Command::new("id").arg("-u"))?.trim() == "0";
        if !is_root {
            return Ok(Self {
                folder: workspace::target_dir(root).join("services").join(name),
                user: None,
            });
        }
        let has_user = command::quiet(Command::new("id").args(["-u", "postgres"])).is_ok();
        let user = if has_user { "postgres" } else { "nobody" };
        Ok(Self {
            folder: PathBuf::from("/var/tmp/trilby-services").join(name),
            user: Some(user.to_owned()),
        })
    }

    /// Makes the folder, for its user alone, in one that is ours.
    fn make(&self) -> anyhow::Result<()> {
        let parent = self.folder.parent().context("a folder has a parent")?;
        fs::create_dir_all(parent)?;
        if let Some(user) = &self.user {
            ensure!(
                fs::symlink_metadata(parent)?.uid() == 0,
                "`{}` is somebody else's",
                parent.display()
            );
            let mut install = Command::new("install");
            install.args(["-d", "-m", "700", "-o", user]);
            command::quiet(install.arg(&self.folder))?;
        } else {
            fs::create_dir_all(&self.folder)?;
        }
        Ok(())
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = match &self.user {
            None => return Command::new(program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]);
                command
            }
        };
        command.arg(program).current_dir("/");
        command
    }

    /// Puts there what makes flushes take longer, which it does not yet.
    fn make_slow_flush(&self) -> anyhow::Result<()> {
        let source = self.folder.join("slow_flush.c");
        fs::write(&source, SLOW_FLUSH)?;
        let mut compile = Command::new("cc");
        compile.args(["-O2", "-shared", "-fPIC", "-o"]);
        compile.arg(self.folder.join(SLOW_FLUSH_LIBRARY));
        command::quiet(compile.arg(&source).arg("-ldl"))?;
        fs::write(self.folder.join(SLOW_FLUSH_FILE), "0")?;
        Ok(())
    }

    /// The URL, if the server listens.
    fn url(&self) -> Option<String> {
        let read = |name| fs::read_to_string(self.folder.join(name)).ok();
        let (port, password) = (read("port")?, read("password")?);
        let port: u16 = port.trim().parse().ok()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&address, CONNECT).ok()?;
        let password = password.trim();
        Some(format!("postgres://trilby:{password}@{address}/postgres"))
    }
}

/// Starts the server if it is not running; gives its URL.
pub fn up(root: &Path, server: &Server) -> anyhow::Result<String> {
    let place = Place::find(root, server.name)?;
    if let Some(url) = place.url() {
        return Ok(url);
    }
    let programs = programs().context("there are no programs of Postgres")?;
    place.make()?;
    // Two who start it at once start one.
    let lock = File::create(place.folder.with_extension("lock"))?;
    lock.lock()?;
    if let Some(url) = place.url() {
        return Ok(url);
    }
    let data = place.folder.join("data");
    if server.has_slow_flush {
        place.make_slow_flush()?;
    }
    if !is_of(&programs, &data) || start(&place, &programs, server).is_err() {
        let port = trilby_cluster::member::free_address()?.port();
        let mut make = place.command("sh");
        make.args(["-c", MAKE, "sh"]).arg(&place.folder);
        make.arg(&programs)
            .arg(port.to_string())
            .arg(server.settings);
        command::quiet(&mut make).context("cannot make a Postgres cluster")?;
        start(&place, &programs, server)?;
    }
    place
        .url()
        .context("Postgres has started and does not listen")
}

/// Whether a cluster was made by the same major version as these programs.
fn is_of(programs: &Path, data: &Path) -> bool {
    let version = fs::read_to_string(data.join("PG_VERSION")).unwrap_or_default();
    let told = command::quiet(Command::new(programs.join("postgres")).arg("--version"));
    let told = told.unwrap_or_default();
    let major = told
        .split([' ', '.'])
        .find(|word| word.parse::<u32>().is_ok());
    !version.trim().is_empty() && major == Some(version.trim())
}

fn start(place: &Place, programs: &Path, server: &Server) -> anyhow::Result<()> {
    let mut start = place.command(programs.join("pg_ctl"));
    if server.has_slow_flush {
        start.env("LD_PRELOAD", place.folder.join(SLOW_FLUSH_LIBRARY));
        start.env("TRILBY_FLUSH_FILE", place.folder.join(SLOW_FLUSH_FILE));
    }
    start.arg("-D").arg(place.folder.join("data"));
    start.arg("-l").arg(place.folder.join("log"));
    start.args(["-w", "-s", "start"]);
    // The server would hold a pipe open for as long as it runs.
    start
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let status = start.status().context("cannot run pg_ctl")?;
    ensure!(
        status.success(),
        "Postgres does not start: see `{}`",
        place.folder.join("log").display()
    );
    Ok(())
}

/// Keeps the server for one who measures, until the file is dropped: from others who measure, and from being taken down. `None`:
/// somebody has it.
pub fn hold(root: &Path, server: &Server) -> anyhow::Result<Option<File>> {
    let folder = Place::find(root, server.name)?.folder;
    fs::create_dir_all(folder.parent().context("a folder has a parent")?)?;
    let file = File::create(folder.with_extension("held"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Stops the server and removes its folder, if there is one.
pub fn down(root: &Path, server: &Server) -> anyhow::Result<()> {
    let place = Place::find(root, server.name)?;
    let data = place.folder.join("data");
    if !data.exists() {
        return Ok(());
    }
    if data.join("postmaster.pid").exists()
        && let Some(programs) = programs()
    {
        let mut stop = place.command(programs.join("pg_ctl"));
        stop.arg("-D")
            .arg(&data)
            .args(["-m", "fast", "-w", "-s", "stop"]);
        command::quiet(&mut stop)?;
    }
    fs::remove_dir_all(&place.folder)?;
    Ok(())
}

/// The file that says how many microseconds each of the server's flushes takes at least.
pub fn flush_file(root: &Path, server: &Server) -> anyhow::Result<PathBuf> {
    Ok(Place::find(root, server.name)?.folder.join(SLOW_FLUSH_FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_measured_is_nobody_elses() {
        let root = workspace::root().unwrap();
        let server = Server {
            name: "held-by-a-test",
            settings: "",
            has_slow_flush: false,
        };
        let held = hold(&root, &server).unwrap().unwrap();
        assert!(hold(&root, &server).unwrap().is_none());
        drop(held);
        assert!(hold(&root, &server).unwrap().is_some());
    }
}
