//! Mistakes at the start: what no waiting mends is told at once, and what may pass is waited for without a port open.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::database::{Database, sql};

/// Longest that saying no may take on a busy host: well below what a process waits for its store.
const AT_ONCE: Duration = Duration::from_secs(30);
/// Longest until a process has begun to wait.
const BEGUN: Duration = Duration::from_secs(30);

const URL: &str = "http://127.0.0.1:8080";

/// An installation that was not started yet: a migrated store, its keys, and a login for each service.
pub struct Installation {
    pub database: Database,
    pub folder: TempDir,
    login: String,
}

const PASSWORD: &str = "seven-green-lamps";

impl Installation {
    pub fn new() -> Installation {
        let database = Database::fresh();
        let folder = TempDir::new().unwrap();
        let login = database.url().rsplit_once('/').unwrap().1.to_owned();
        let here = Installation {
            database,
            folder,
            login,
        };
        let made = trilby(&["admin", "make-keys", &here.file("keys")], &[]);
        assert_eq!(made.code, Some(0), "{}", made.errors);
        let migrated = here.administer(&["migrate"]);
        assert_eq!(migrated.code, Some(0), "{}", migrated.errors);
        let make = format!(
            "create role {0}_in login password '{PASSWORD}' in role \
             trilby_identity, trilby_token, trilby_decision, trilby_sink; \
             create role {0}_out login password '{PASSWORD}'",
            here.login
        );
        sql(&here.database.admin_url(), &make).unwrap();
        here
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn admin(&self) -> String {
        self.database.password().unwrap_or_default()
    }

    /// The store's URL, of a login that is a member of each service's role.
    pub fn url(&self) -> String {
        self.url_of("in")
    }

    fn url_of(&self, login: &str) -> String {
        let (_, rest) = self.database.url().split_once('@').map(owned).unwrap();
        format!("postgres://{}_{login}@{rest}", self.login)
    }

    /// A command to its end, with all keys.
    pub fn run(&self, args: &[&str], more: &[(&str, &str)], store: &str, password: &str) -> Ended {
        let env = self.env(more, store, password);
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, &**value)).collect();
        trilby(args, &env)
    }

    fn env<'a>(
        &self,
        more: &[(&'a str, &str)],
        store: &str,
        password: &str,
    ) -> Vec<(&'a str, String)> {
        let mut env = vec![
            ("TRILBY_LOG__STORE", store.to_owned()),
            ("TRILBY_SERVER__PUBLIC_URL", URL.to_owned()),
            ("TRILBY_KEYS__STORE_FILE", self.file("keys/store.key")),
            ("TRILBY_KEYS__PEPPER_FILE", self.file("keys/pepper.key")),
            ("TRILBY_KEYS__KEK_FILE", self.file("keys/kek.key")),
        ];
        if !password.is_empty() {
            env.push(("TRILBY_STORE_PASSWORD", password.to_owned()));
        }
        env.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        env
    }

    /// What the database's owner does.
    pub fn administer(&self, args: &[&str]) -> Ended {
        self.run(args, &[], &self.database.url(), &self.admin())
    }

    /// A service as it should be, but for these variables.
    pub fn service(&self, name: &str, more: &[(&str, &str)]) -> Ended {
        self.run(&[name], more, &self.url(), PASSWORD)
    }
}

fn owned((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

impl Drop for Installation {
    fn drop(&mut self) {
        for login in ["in", "out"] {
            let drop = format!("drop role {}_{login}", self.login);
            sql(&self.database.admin_url(), &drop).ok();
        }
    }
}

/// How a process ended, or that it was still there; then it was ended.
pub struct Ended {
    pub code: Option<i32>,
    pub errors: String,
    pub output: String,
    /// It serves: it was stopped when it said so.
    pub ready: bool,
}

fn start(args: &[&str], env: &[(&str, &str)]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRILBY_") {
            command.env_remove(name);
        }
    }
    command
        .args(args)
        .env("TRILBY_SERVER__LISTEN", "127.0.0.1:0")
        .env("TRILBY_SERVER__OPERATOR_LISTEN", "127.0.0.1:0")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lines as they come; the channel closes with the stream.
fn lines(stream: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

/// Runs it until it ends, is ready, or has taken too long.
pub fn trilby(args: &[&str], env: &[(&str, &str)]) -> Ended {
    let mut child = start(args, env);
    let output = lines(child.stdout.take().unwrap());
    let errors = lines(child.stderr.take().unwrap());
    let (deadline, mut told, mut ready, mut code) =
        (Instant::now() + AT_ONCE, String::new(), false, None);
    while Instant::now() < deadline {
        for line in output.try_iter() {
            ready |= line.starts_with("trilby is ready");
            told.push_str(&line);
            told.push('\n');
        }
        if let Some(status) = child.try_wait().unwrap() {
            code = status.code();
            break;
        }
        if ready {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().ok();
    child.wait().unwrap();
    told.extend(output.iter().map(|line| line + "\n"));
    Ended {
        code,
        errors: errors.iter().map(|line| line + "\n").collect(),
        output: told,
        ready,
    }
}

#[test]
#[ignore = "needs services"]
fn what_no_waiting_mends_is_told_at_once() {
    let here = Installation::new();
    let refused = |store: &str, password: &str, said: &[&str]| {
        for name in ["identity", "decision"] {
            let ended = here.run(&[name], &[], store, password);
            assert_eq!(ended.code, Some(1), "{name}: {}", ended.errors);
            for what in said {
                assert!(ended.errors.contains(what), "{name}: {}", ended.errors);
            }
            assert!(!ended.errors.contains("waiting"), "{}", ended.errors);
            assert!(!ended.errors.contains(PASSWORD), "{}", ended.errors);
        }
    };
    let good = here.service("identity", &[]);
    assert!(good.ready, "{}", good.errors);
    refused(&here.url(), "wrong", &["password authentication failed"]);
    refused(
        &here.url(),
        "",
        &["log.password_file", "TRILBY_STORE_PASSWORD"],
    );
    let (before, _) = here.url().rsplit_once('/').map(owned).unwrap();
    refused(
        &format!("{before}/no_such_database"),
        PASSWORD,
        &["no_such_database"],
    );
    refused(
        &format!("{}?sslmode=require", here.url()),
        PASSWORD,
        &["does not support TLS"],
    );
    refused(&here.url_of("out"), PASSWORD, &["no member of the role"]);
}

#[test]
#[ignore = "needs services"]
fn a_store_that_does_not_answer_is_waited_for_with_no_port_open() {
    let here = Installation::new();
    let api = trilby_cluster::member::free_address().unwrap();
    let operator = trilby_cluster::member::free_address().unwrap();
    let (key, nobody) = (
        here.file("keys/store.key"),
        trilby_cluster::member::free_address().unwrap(),
    );
    let mut child = start(
        &["decision"],
        &[
            ("TRILBY_LOG__STORE", &format!("postgres://me@{nobody}/none")),
            ("TRILBY_SERVER__PUBLIC_URL", URL),
            ("TRILBY_KEYS__STORE_FILE", &key),
            ("TRILBY_SERVER__LISTEN", &api.to_string()),
            ("TRILBY_SERVER__OPERATOR_LISTEN", &operator.to_string()),
        ],
    );
    let errors = lines(child.stderr.take().unwrap());
    let waits = std::iter::from_fn(|| errors.recv_timeout(BEGUN).ok())
        .any(|line| line.contains("waiting for it"));
    let refuses = |address: SocketAddr| TcpStream::connect(address).is_err();
    let refused = [refuses(api), refuses(operator)];
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(waits);
    assert_eq!(refused, [true, true]);
}

#[test]
#[ignore = "needs services"]
fn a_process_of_other_keys_or_of_another_address_than_the_first_is_refused() {
    let here = Installation::new();
    let others = trilby(&["admin", "make-keys", &here.file("others")], &[]);
    assert_eq!(others.code, Some(0), "{}", others.errors);
    for name in ["token", "identity", "decision"] {
        let good = here.service(name, &[]);
        assert!(good.ready, "{name}: {}", good.errors);
    }
    let (pepper, kek) = (here.file("others/pepper.key"), here.file("others/kek.key"));
    let refused = |name: &str, variable: &str, value: &str, said: &str| {
        let ended = here.service(name, &[(variable, value)]);
        assert_eq!(ended.code, Some(1), "{name}: {}", ended.errors);
        assert!(ended.errors.contains(said), "{name}: {}", ended.errors);
    };
    for name in ["identity", "token"] {
        refused(name, "TRILBY_KEYS__PEPPER_FILE", &pepper, "the pepper");
    }
    refused("token", "TRILBY_KEYS__KEK_FILE", &kek, "the KEK");
    let another = ("TRILBY_SERVER__PUBLIC_URL", "http://127.0.0.1:9");
    for name in ["identity", "token", "decision"] {
        refused(name, another.0, another.1, URL);
    }
    let forgotten = here.administer(&["admin", "forget", "public-url"]);
    assert_eq!(forgotten.code, Some(0), "{}", forgotten.errors);
    let moved = here.service("decision", &[another]);
    assert!(moved.ready, "{}", moved.errors);
    let left_behind = here.service("identity", &[]);
    assert_eq!(left_behind.code, Some(1));
}

#[test]
#[ignore = "needs services"]
fn a_store_in_use_and_one_that_nobody_restored_are_not_fenced_by_mistake() {
    let here = Installation::new();
    let env = here.env(&[], &here.url(), PASSWORD);
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, &**value)).collect();
    let mut child = start(&["identity"], &env);
    let output = lines(child.stdout.take().unwrap());
    let ready = output.recv_timeout(BEGUN);
    let refused = here.administer(&["admin", "forget", "public-url"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused
            .errors
            .contains("nothing was forgotten: processes are connected"),
        "{}",
        refused.errors
    );
    let refused = here.administer(&["admin", "fence"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(ready.is_ok_and(|line| line.starts_with("trilby is ready")));
    assert_eq!(refused.code, Some(1));
    let place = here.database.url();
    let place = place.rsplit_once('@').unwrap().1;
    for what in [place, "incarnation 1", "trilby_identity", "--yes"] {
        assert!(refused.errors.contains(what), "{}", refused.errors);
    }
    // Its connections end with it.
    let deadline = Instant::now() + AT_ONCE;
    let refused = loop {
        let refused = here.administer(&["admin", "fence"]);
        if !refused.errors.contains("are connected") || Instant::now() > deadline {
            break refused;
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(refused.code, Some(1));
    assert!(refused.errors.contains("restored"), "{}", refused.errors);
    let fenced = here.administer(&["admin", "fence", "--yes"]);
    assert_eq!(fenced.code, Some(0), "{}", fenced.errors);
    for what in [place, "was of incarnation 1,"] {
        assert!(fenced.output.contains(what), "{}", fenced.output);
    }
    let first = incarnation(&fenced.output);
    let restored = "update store_meta set pg_system_id = pg_system_id + 1";
    sql(&here.database.admin_url(), restored).unwrap();
    let fenced = here.administer(&["admin", "fence"]);
    assert!(incarnation(&fenced.output) > first, "{}", fenced.errors);
}

/// What a fence said last. It is no small number: another fence of the same backup has given that.
fn incarnation(said: &str) -> u32 {
    let (_, number) = said.trim().rsplit_once("incarnation ").expect(said);
    let number = number.trim_end_matches('.').parse().unwrap();
    assert!(number > 200_000_000, "{said}");
    number
}
