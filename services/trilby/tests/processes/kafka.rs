//! The services over one Postgres, hearing of each other's commits through a relay and a real Kafka.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use trilby_cluster::member::{pause, resume};
use trilby_testkit::http::Client;

use crate::acme;
use crate::founded::{Founded, urls};

/// A commit is decided on so soon by every process, or the feed did not bring it: asked for news they would be later.
pub const SOON: Duration = Duration::from_millis(700);
/// How often a store is asked where the feed is silent, in milliseconds.
const POLL_MS: &str = "2000";
const CHANGES: usize = 8;
pub const PATIENCE: Duration = Duration::from_secs(120);

/// `trilby relay`, killed when it is dropped.
pub struct Relay {
    child: Child,
    operator: Client,
}

impl Relay {
    /// Starts one and waits until it is ready.
    pub fn start(store: &str, password: Option<String>, env: &[(String, String)]) -> Self {
        // It has no API: a port that is taken is no harm.
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
        command
            .args(["relay", "--store", store])
            .args(["--listen", &listen, "--operator-listen", "127.0.0.1:0"])
            .envs(env.iter().cloned())
            .stdout(Stdio::piped());
        if let Some(password) = password {
            command.env("TRILBY_STORE_PASSWORD", password);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next().expect("a ready line").unwrap();
        let operator = ready.strip_prefix("trilby is ready: operator ");
        let operator = operator.unwrap_or_else(|| panic!("{ready}"));
        let operator = Client::new(operator.trim());
        let relay = Self { child, operator };
        let deadline = Instant::now() + PATIENCE;
        while relay.operator.get("/readyz").status != 200 {
            assert!(Instant::now() < deadline, "the relay is not ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        relay
    }

    /// Stops it where it is.
    pub fn pause(&self) {
        pause(self.child.id()).unwrap();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        resume(self.child.id()).unwrap();
    }

    /// The value of one of its metrics.
    pub fn metric(&self, name: &str) -> u64 {
        crate::records::metric(&self.operator, name)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Settings of every process: topics of this test's own.
pub fn settings() -> Vec<(String, String)> {
    let broker = std::env::var("TRILBY_TEST_KAFKA")
        .expect("TRILBY_TEST_KAFKA: `cargo xtask services up` tells it");
    settings_at(&broker)
}

/// The same at another broker.
pub fn settings_at(broker: &str) -> Vec<(String, String)> {
    let prefix = format!("test-{}", uuid::Uuid::new_v4().simple());
    [
        ("TRILBY_KAFKA__BROKERS", broker.to_owned()),
        ("TRILBY_KAFKA__TOPIC_PREFIX", prefix),
        ("TRILBY_LOG__POLL_MS", POLL_MS.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// Gives a user a right and takes it, until so many changes in a row were decided on [`SOON`] by each of these processes.
/// How soon the last were.
pub fn changes_are_heard_soon(admin: &Client, pep: &Client, of: &Subject<'_>) -> Vec<Duration> {
    let Subject {
        account,
        user,
        nodes,
    } = of;
    let path = format!("/accounts/{account}/access/v1/evaluation");
    let question = acme::question(user, "iam:ListUsers", "account", account);
    let says =
        |node: &String| pep.at(node).post(&path, &question).expect(200).json["decision"] == true;
    // The services may have found the topics a little later than the relay made them: asked for news they are right as
    // well, but not so often in a row so soon.
    let deadline = Instant::now() + PATIENCE;
    let mut times = Vec::new();
    for gives in [true, false].into_iter().cycle() {
        of.may_read(admin, gives);
        let begun = Instant::now();
        for node in *nodes {
            while says(node) != gives {
                assert!(
                    Instant::now() < deadline,
                    "changes are not heard in time: {times:?}"
                );
            }
        }
        let took = begun.elapsed();
        assert!(nodes.iter().all(|node| says(node) == gives), "it was known");
        match took > SOON {
            true => times.clear(),
            false => times.push(took),
        }
        if times.len() >= CHANGES && !gives {
            break;
        }
    }
    times
}

/// Who is asked about, and where.
pub struct Subject<'a> {
    pub account: &'a str,
    pub user: &'a str,
    pub nodes: &'a [String],
}

impl Subject<'_> {
    /// Gives or takes the right; tells where the log stands then.
    pub fn may_read(&self, admin: &Client, may: bool) -> String {
        let Self { account, user, .. } = self;
        let path =
            format!("/v1/accounts/{account}/users/{user}/attached-policies/system:ReadOnlyAccess");
        let method = if may { "PUT" } else { "DELETE" };
        let changed = acme::once(admin, method, &path).send().expect(204);
        changed.seq().to_owned()
    }
}

#[test]
#[ignore = "needs services"]
fn a_change_reaches_every_decision_process_through_kafka() {
    let settings = settings();
    let mut here = Founded::with(2, settings.clone());
    let _relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    acme::create_user(&here.admin, &here.account, "cleo");
    let nodes = urls(&mut here.cluster, "decision");
    let cleo = Subject {
        account: &here.account,
        user: "cleo",
        nodes: &nodes,
    };
    let times = changes_are_heard_soon(&here.admin, &here.pep, &cleo);
    println!("heard after {times:?}");
}
