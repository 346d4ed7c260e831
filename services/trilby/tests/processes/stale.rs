//! What real decision processes answer while their news are late, gone or worth nothing (`tokens` 9.3, `event-log` C4): right,
//! marked with its age, or 503.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use trilby_cluster::kafka::Broker;
use trilby_cluster::member::{Member, Recipe, free_address};
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::simulation::Run;

use crate::acme;
use crate::founded::{Founded, urls};
use crate::kafka::{Relay, Subject, changes_are_heard_soon, settings_at};
use crate::outage::is_clear;
use crate::records::until;
use crate::wire::{Way, Wire};

/// News older than this are said to be old.
const LATE: Duration = Duration::from_secs(5);
/// A process that asks the store knows what happened after so long (`event-log` F8).
const ASKED: Duration = Duration::from_secs(2);
/// `max_stale` of the accounts: of one that refuses beyond it, and of one that goes on.
const REFUSES_AFTER: Duration = Duration::from_secs(8);
const GOES_ON_AFTER: Duration = Duration::from_secs(5);
/// A process that cannot know where a log stands says so in half a second, and a busy host in a little more.
const NOT_KNOWN: Duration = Duration::from_millis(1_500);

/// An installation with a broker of its own, whose relay asks the store through a wire.
struct Stage {
    here: Founded,
    broker: Broker,
    relay: Option<Relay>,
    wire: Wire,
    settings: Vec<(String, String)>,
    _folder: TempDir,
}

impl Stage {
    fn start(replicas: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let broker = Broker::start(&folder.path().join("kafka")).unwrap();
        let mut settings = settings_at(&broker.address().to_string());
        settings.push(("TRILBY_LOG__POLL_MS".to_owned(), "1000".to_owned()));
        let here = Founded::with(replicas, settings.clone());
        let mut stage = Self {
            wire: Wire::to(server_of(&here.database.url())),
            here,
            broker,
            relay: None,
            settings,
            _folder: folder,
        };
        stage.start_relay();
        acme::create_user(&stage.here.admin, &stage.here.account, "cleo");
        stage
    }

    fn start_relay(&mut self) {
        let password = self.here.database.password();
        self.relay = Some(Relay::start(&self.store(), password, &self.settings));
    }

    /// The store behind the wire.
    fn store(&self) -> String {
        let url = self.here.database.url();
        url.replace(&server_of(&url), &self.wire.address().to_string())
    }

    fn cleo<'a>(&'a self, nodes: &'a [String]) -> Subject<'a> {
        Subject {
            account: &self.here.account,
            user: "cleo",
            nodes,
        }
    }

    /// Somebody who may do everything, until the sessions are revoked.
    fn somebody(&self, name: &str) -> Client {
        let (admin, account) = (&self.here.admin, &self.here.account);
        acme::create_user(admin, account, name);
        acme::attach(admin, account, name, "system:AdministratorAccess");
        let stranger = Client::new(self.here.cluster.url());
        let key = acme::create_key(admin, account, name);
        stranger.with_token(&acme::key_session(&stranger, &key))
    }

    fn revoke(&self, name: &str) {
        let path = self.here.path("/revocations");
        let revoked = acme::once(&self.here.admin, "POST", &path);
        revoked.json(&json!({ "user": name })).send().expect(202);
    }

    /// A decision process that asks the store through the wire, as it is started by hand.
    fn another(&mut self) -> Member {
        let keys = self.here.folder().join("keys/store.key");
        let mut env = vec![
            ("TRILBY_LOG__STORE", self.store()),
            ("TRILBY_KEYS__STORE_FILE", keys.display().to_string()),
            ("TRILBY_SERVER__PUBLIC_URL", self.here.cluster.url()),
            ("TRILBY_SERVER__WORKERS", "2".to_owned()),
        ];
        let password = self.here.database.password();
        env.extend(password.map(|password| ("TRILBY_STORE_PASSWORD", password)));
        let env = env
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let mut member = Member::new(Recipe {
            name: "decision-9".to_owned(),
            binary: env!("CARGO_BIN_EXE_trilby").into(),
            command: "decision".to_owned(),
            env: env.chain(self.settings.clone()).collect(),
            log: self.here.folder().join("decision-9.log"),
            api: free_address().unwrap(),
            operator: free_address().unwrap(),
        });
        member.start().unwrap();
        member.wait_ready().unwrap();
        member
    }
}

/// `host:port` of a URL.
fn server_of(url: &str) -> String {
    let after = url.rsplit_once('@').unwrap().1;
    after.split(['/', '?']).next().unwrap().to_owned()
}

fn set_decisions(admin: &Client, account: &str, max_stale: Duration, when_stale: &str) {
    let path = format!("/v1/accounts/{account}/settings/decisions");
    let body = json!({"max_stale": max_stale.as_secs(), "when_stale": when_stale});
    let set = acme::once(admin, "PUT", &path).json(&body).send();
    assert!((200..300).contains(&set.status), "{set:?}");
}

/// What was seen of answers that would be others if the process knew all.
#[derive(Debug, Default)]
struct Old {
    n_unmarked: usize,
    n_marked: usize,
    n_refused: usize,
}

impl Old {
    /// Holds an answer against what is owed to whoever asked so long after the change was acknowledged. Whether it was the
    /// new one.
    fn takes(
        &mut self,
        asked: Duration,
        answer: &Answer,
        is_new: bool,
        most: Option<Duration>,
    ) -> bool {
        if is_new {
            return true;
        }
        if answer.status == 503 {
            is_clear(answer);
            assert_eq!(answer.code(), Some("revocation_state_stale"), "{answer:?}");
            assert!(most.is_some(), "it goes on: {answer:?}");
            self.n_refused += 1;
            return false;
        }
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(
            most.is_none_or(|most| asked <= most),
            "asked {asked:?} after the change, and decided on: {answer:?}"
        );
        let marked = age_of(answer);
        // A mark is in whole seconds.
        let owed = (asked > LATE).then_some(asked.as_secs());
        assert!(
            marked >= owed,
            "asked {asked:?} after the change, and not marked so: {answer:?}"
        );
        match marked {
            Some(_) => self.n_marked += 1,
            None => self.n_unmarked += 1,
        }
        false
    }
}

/// What `Trilby-Stale` says, in seconds.
fn age_of(answer: &Answer) -> Option<u64> {
    answer
        .header("trilby-stale")
        .map(|age| age.parse().unwrap())
}

/// Whether an account may still be listed by Cleo, by this process.
fn ask(pep: &Client, node: &str, account: &str) -> Answer {
    let path = format!("/accounts/{account}/access/v1/evaluation");
    let question = acme::question("cleo", "iam:ListUsers", "account", account);
    pep.at(node).post(&path, &question)
}

/// Whether a session is taken, by this process.
fn use_session(bearer: &Client, node: &str, account: &str) -> Answer {
    let question = acme::question("cleo", "iam:ListUsers", "account", account);
    bearer.at(node).post("/access/v1/evaluation", &question)
}

/// How old the process says that its news are.
fn lag_s(operator: &Client) -> f64 {
    let text = operator.get("/metrics").expect(200).body();
    let mut lines = text.lines();
    let lag = lines.find_map(|line| line.strip_prefix("trilby_revocation_lag_seconds "));
    lag.unwrap().parse().unwrap()
}

/// What becomes of the news.
#[derive(Debug, Clone, Copy)]
enum Lost {
    BrokerDies,
    BrokerHangs,
    RelayDies,
    RelayHangs,
}

impl Stage {
    fn lose(&mut self, what: Lost) {
        match what {
            Lost::BrokerDies => self.broker.kill().unwrap(),
            Lost::BrokerHangs => self.broker.pause().unwrap(),
            Lost::RelayDies => self.relay = None,
            Lost::RelayHangs => self.relay.as_ref().unwrap().pause(),
        }
    }

    fn find(&mut self, what: Lost) {
        match what {
            Lost::BrokerDies => self.broker.restart().unwrap(),
            Lost::BrokerHangs => self.broker.resume().unwrap(),
            Lost::RelayDies => self.start_relay(),
            Lost::RelayHangs => self.relay.as_ref().unwrap().resume(),
        }
    }

    /// How often each process of two has said that the feed is of no use.
    fn n_silent(&self) -> [usize; 2] {
        ["decision-1", "decision-2"].map(|name| self.here.logged(name).matches(SILENT).count())
    }

    /// Whether both go by the feed, as each said last.
    fn is_heard(&self) -> bool {
        ["decision-1", "decision-2"].iter().all(|name| {
            let log = self.here.logged(name);
            log.rfind(HEARS) >= log.rfind(SILENT)
        })
    }
}

const SILENT: &str = "the feed is silent or has lost something";
const HEARS: &str = "the feed tells the news";

/// Changes that are asked for in each outage.
const CHANGES: usize = 3;

#[test]
#[ignore = "needs services"]
fn whatever_kafka_and_its_relay_lose_the_store_is_asked_in_time() {
    let run = Run::of("F8");
    let mut stage = Stage::start(2);
    let nodes = urls(&mut stage.here.cluster, "decision");
    let (admin, pep) = (stage.here.admin.clone(), stage.here.pep.clone());
    let account = stage.here.account.clone();
    changes_are_heard_soon(&admin, &pep, &stage.cleo(&nodes));
    let (mut n_changes, mut old) = (0, Old::default());
    for lost in [
        Lost::BrokerDies,
        Lost::BrokerHangs,
        Lost::RelayDies,
        Lost::RelayHangs,
    ] {
        // Of an outage that began before the last one ended nothing would be said.
        until("the feed is heard", || stage.is_heard());
        let before = stage.n_silent();
        let name = format!("{lost:?}");
        let (mary, paul) = (
            stage.somebody(&format!("mary-{name}")),
            stage.somebody(&format!("paul-{name}")),
        );
        for (bearer, node) in [(&mary, 0), (&mary, 1), (&paul, 0), (&paul, 1)] {
            use_session(bearer, &nodes[node], &account).expect(200);
        }
        stage.lose(lost);
        // Nobody has noticed yet.
        stage.revoke(&format!("mary-{name}"));
        let revoked = Instant::now();
        for node in &nodes {
            until("a session is over", || {
                let asked = revoked.elapsed();
                let answer = use_session(&mary, node, &account);
                let is_new = answer.status == 401;
                old.takes(asked, &answer, is_new, Some(Duration::MAX))
            });
        }
        let noticed = revoked.elapsed();
        // From now on the store is asked, each second.
        stage.revoke(&format!("paul-{name}"));
        let mut slowest = Duration::ZERO;
        for gives in [true, false].into_iter().cycle().take(CHANGES) {
            stage.cleo(&nodes).may_read(&admin, gives);
            let changed = Instant::now();
            for node in &nodes {
                until("a change is known", || {
                    let answer = ask(&pep, node, &account).expect(200);
                    assert_eq!(age_of(&answer), None, "{answer:?}");
                    answer.json["decision"] == gives
                });
            }
            slowest = slowest.max(changed.elapsed());
            n_changes += 1;
        }
        for node in &nodes {
            assert_eq!(use_session(&paul, node, &account).status, 401);
        }
        assert!(slowest <= ASKED, "{name}: known after {slowest:?}");
        for member in stage.here.cluster.service("decision") {
            let operator = Client::new(format!("http://{}", member.operator()));
            assert_eq!(operator.get("/readyz").status, 200);
        }
        if matches!(lost, Lost::BrokerDies) {
            // One that starts now knows what is over before it is asked.
            let member = &mut stage.here.cluster.service("decision")[1];
            member.kill().unwrap();
            member.start().unwrap();
            member.wait_ready().unwrap();
            assert_eq!(use_session(&mary, &nodes[1], &account).status, 401);
        }
        stage.find(lost);
        let back = Instant::now();
        until("the feed is heard again", || stage.is_heard());
        let heard = back.elapsed();
        changes_are_heard_soon(&admin, &pep, &stage.cleo(&nodes));
        let silent = stage.n_silent();
        assert!((0..2).all(|node| silent[node] > before[node]), "{name}");
        println!(
            "{name}: noticed after {noticed:?}, then known after {slowest:?}; heard again after {heard:?}"
        );
    }
    run.tell(&[
        ("outages", 4),
        ("changes_asked_for", n_changes),
        ("answers_before_it_was_noticed", old.n_unmarked),
    ]);
    assert!(old.n_unmarked > 0, "nobody was late: nothing is shown");
}

/// Why a process that the store is cut off from hears nothing from Kafka either.
#[derive(Debug, Clone, Copy)]
enum Why {
    /// The relay is cut off with it: the broker is there, and nobody has anything to tell.
    BlindRelay,
    DeadBroker,
}

#[test]
#[ignore = "needs services"]
fn without_store_and_kafka_an_answer_tells_its_age_and_ends_at_what_its_account_allows() {
    let run = Run::of("F9");
    let mut stage = Stage::start(1);
    let node = stage.another();
    let url = format!("http://{}", node.api());
    let operator = Client::new(format!("http://{}", node.operator()));
    let all: Vec<String> = urls(&mut stage.here.cluster, "decision")
        .into_iter()
        .chain([url.clone()])
        .collect();
    let (admin, pep) = (stage.here.admin.clone(), stage.here.pep.clone());
    let account = stage.here.account.clone();
    set_decisions(&admin, &account, REFUSES_AFTER, "deny");
    // Another account, which would rather have old answers than none.
    let organization = acme::once(&admin, "POST", "/v1/organizations")
        .json(&json!({"name": "Acme"}))
        .send()
        .expect(201);
    let open = acme::member(&admin, organization.text("/id"), "open");
    let open_admin = admin.with_token(&open.admin);
    set_decisions(&open_admin, &open.id, GOES_ON_AFTER, "allow_until_exp");
    acme::create_user(&open_admin, &open.id, "cleo");
    let open_cleo = Subject {
        account: &open.id,
        user: "cleo",
        nodes: &all,
    };

    let (mut refusing, mut going_on) = (Old::default(), Old::default());
    for (nth, (why, way)) in [(Why::BlindRelay, Way::Held), (Why::DeadBroker, Way::Cut)]
        .into_iter()
        .enumerate()
    {
        let mary = stage.somebody(&format!("mary-{nth}"));
        changes_are_heard_soon(&admin, &pep, &stage.cleo(&all));
        for (account, admin) in [(&account, &admin), (&open.id, &open_admin)] {
            let given = Subject {
                account,
                user: "cleo",
                nodes: &all,
            }
            .may_read(admin, true);
            let asked = admin.with_header("trilby-min-seq", &given);
            assert_eq!(
                ask(&asked, &url, account).expect(200).json["decision"],
                true
            );
        }
        use_session(&mary, &url, &account).expect(200);

        if matches!(why, Why::DeadBroker) {
            stage.broker.kill().unwrap();
        }
        stage.wire.set(way);
        let taken = stage.cleo(&all).may_read(&admin, false);
        open_cleo.may_read(&open_admin, false);
        stage.revoke(&format!("mary-{nth}"));
        let changed = Instant::now();
        let end = REFUSES_AFTER + Duration::from_secs(3);
        while changed.elapsed() < end {
            let asked = changed.elapsed();
            let answer = use_session(&mary, &url, &account);
            assert!(!refusing.takes(asked, &answer, false, Some(REFUSES_AFTER)));
            let asked = changed.elapsed();
            let answer = ask(&pep, &url, &account);
            let is_new = answer.status == 200 && answer.json["decision"] == false;
            assert!(!refusing.takes(asked, &answer, is_new, Some(REFUSES_AFTER)));
            let asked = changed.elapsed();
            let answer = ask(&open_admin, &url, &open.id);
            let is_new = answer.status == 200 && answer.json["decision"] == false;
            assert!(!going_on.takes(asked, &answer, is_new, None));
            // Where the log stands is known to whoever asks; this process cannot tell.
            let begun = Instant::now();
            is_clear(&ask(
                &pep.with_header("trilby-min-seq", &taken),
                &url,
                &account,
            ));
            assert!(begun.elapsed() < NOT_KNOWN, "{:?}", begun.elapsed());
        }
        assert!(
            lag_s(&operator) > LATE.as_secs_f64(),
            "{}",
            lag_s(&operator)
        );
        assert_eq!(operator.get("/readyz").status, 200);

        if matches!(why, Why::DeadBroker) {
            stage.broker.restart().unwrap();
        }
        stage.wire.set(Way::Open);
        let back = Instant::now();
        until("what happened is known", || {
            let decided = ask(&pep, &url, &account);
            let open_decided = ask(&open_admin, &url, &open.id);
            let is_known = |answer: &Answer| {
                answer.status == 200 && answer.json["decision"] == false && age_of(answer).is_none()
            };
            use_session(&mary, &url, &account).status == 401
                && is_known(&decided)
                && is_known(&open_decided)
        });
        println!("{why:?}, {way:?}: known after {:?}", back.elapsed());
    }
    println!("{refusing:?}, {going_on:?}");
    changes_are_heard_soon(&admin, &pep, &stage.cleo(&all));
    run.tell(&[
        ("unmarked", refusing.n_unmarked),
        ("marked", refusing.n_marked),
        ("refused", refusing.n_refused),
        ("marked_for_who_goes_on", going_on.n_marked),
    ]);
    for count in [
        refusing.n_unmarked,
        refusing.n_marked,
        refusing.n_refused,
        going_on.n_marked,
    ] {
        assert!(count > 0, "nothing is shown");
    }
}
