//! The services over one Postgres, hearing of each other's commits through a relay and a real Kafka.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use trilby_testkit::http::Client;

use crate::acme;
use crate::founded::{Founded, allowing};

/// A commit is decided on so soon by every process, or the feed did not bring it: asked for news they would be later.
const SOON: Duration = Duration::from_millis(700);
/// How often a store is asked where the feed is silent, in milliseconds.
const POLL_MS: &str = "2000";
const CHANGES: usize = 8;
pub const PATIENCE: Duration = Duration::from_secs(60);

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

#[test]
#[ignore = "needs services"]
fn a_change_reaches_every_decision_process_through_kafka() {
    let settings = settings();
    let here = Founded::with(2, settings.clone());
    let _relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    acme::create_user(&here.admin, &here.account, "cleo");
    let path = here.path("/users/cleo/inline-policies/own");
    // The services may have found the topics a little later than the relay made them: asked for news they are right as
    // well, but not so often in a row so soon.
    let deadline = Instant::now() + PATIENCE;
    let mut times = Vec::new();
    for n in 0.. {
        let action = if n % 2 == 0 {
            "iam:ListUsers"
        } else {
            "iam:ListRoles"
        };
        let before = acme::once(&here.admin, "GET", &path).send();
        let put = acme::once(&here.admin, "PUT", &path);
        let put = match before.headers.get("etag") {
            Some(etag) => put.header("if-match", etag),
            None => put.header("if-none-match", "*"),
        };
        let put = put.json(&json!({"document": allowing(action)})).send();
        assert!((200..300).contains(&put.status), "{put:?}");
        let begun = Instant::now();
        // Requests go to both decision processes in turn: so many right answers in a row, and neither is late.
        let mut right = 0;
        while right < 6 {
            let answer = here.may_list_users("cleo", "").expect(200);
            right = if answer.json["decision"] == (n % 2 == 0) {
                right + 1
            } else {
                0
            };
            assert!(
                Instant::now() < deadline,
                "changes are not heard in time: {times:?}"
            );
        }
        if begun.elapsed() > SOON {
            times.clear();
        }
        times.push(begun.elapsed());
        if times.len() > CHANGES {
            break;
        }
    }
    println!("heard after {times:?}");
}
