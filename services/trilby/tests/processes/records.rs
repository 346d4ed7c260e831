//! Records of decisions on their way through a real Kafka: from a process that may write nowhere to a relay that stores them.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use trilby_cluster::kafka::Broker;
use trilby_testkit::http::Client;

use crate::acme;
use crate::database::rows;
use crate::founded::Founded;
use crate::kafka::{PATIENCE, Relay, settings, settings_at};

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in time: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A decision's id and whether its record can be read.
pub fn decide(here: &Founded) -> String {
    let answer = here.may_list_users("admin", "").expect(200);
    answer.headers["trilby-decision-id"].clone()
}

pub fn is_recorded(here: &Founded, id: &str) -> bool {
    let found = here.admin.get(&here.path(&format!("/decisions/{id}")));
    assert!([200, 404].contains(&found.status), "{found:?}");
    found.status == 200
}

#[test]
#[ignore = "needs services"]
fn a_decision_is_on_record_as_soon_as_a_relay_has_stored_it() {
    let settings = settings();
    let here = Founded::with(1, settings.clone());
    let start = || Relay::start(&here.database.url(), here.database.password(), &settings);
    let relay = start();
    let id = decide(&here);
    until("the record is stored", || is_recorded(&here, &id));

    drop(relay);
    let id = decide(&here);
    // It has left the decision process: a reader waits for that. Nobody else stores it.
    assert!(!is_recorded(&here, &id));
    let relay = start();
    until("the record is stored later", || is_recorded(&here, &id));
    let list = here.admin.get(&here.path("/decisions")).expect(200);
    let listed = list.json["items"].as_array().unwrap();
    let times = listed.iter().filter(|one| one["id"] == json!(id)).count();
    assert_eq!(times, 1, "{listed:?}");
    until("the relay counts it", || {
        relay.metric("trilby_relay_decisions_total") > 0
    });
}

/// What is asked at once.
const BATCH: usize = 500;

#[test]
#[ignore = "needs services"]
fn decisions_go_on_while_kafka_is_away_and_what_waits_is_bounded() {
    let folder = TempDir::new().unwrap();
    let mut broker = Broker::start(&folder.path().join("kafka")).unwrap();
    let mut settings = settings_at(&broker.address().to_string());
    settings.push(("TRILBY_DECISIONS__RECORDS_MIB".to_owned(), "1".to_owned()));
    let mut here = Founded::with(1, settings.clone());
    let _relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    let id = decide(&here);
    until("the record is stored", || is_recorded(&here, &id));
    broker.kill().unwrap();

    let operator = here.cluster.service("decision")[0].operator();
    let operator = Client::new(format!("http://{operator}"));
    let dropped = || metric(&operator, "trilby_decision_records_dropped_total");
    let question = acme::question("admin", "iam:ListUsers", "account", &here.account);
    let questions = json!({"evaluations": vec![question; BATCH]});
    let path = format!("/accounts/{}/access/v1/evaluations", here.account);
    let (mut n_asked, mut slowest) = (0, Duration::ZERO);
    until("some are dropped", || {
        let begun = Instant::now();
        let answer = here.pep.post(&path, &questions).expect(200);
        slowest = slowest.max(begun.elapsed());
        let answers = answer.json["evaluations"].as_array().unwrap();
        assert!(answers.iter().all(|one| one["decision"] == true));
        n_asked += answers.len();
        dropped() > 0
    });
    println!("{n_asked} asked while Kafka is away, a batch of {BATCH} in at most {slowest:?}");

    broker.restart().unwrap();
    // Those that were held, each once, and no other.
    let count = "select count(*)::text from activity where kind = 'decision.made'";
    let stored = || {
        rows(&here.database.admin_url(), count)[0]
            .parse::<usize>()
            .unwrap()
    };
    let n_dropped = usize::try_from(dropped()).unwrap();
    until("what was held is stored", || {
        stored() >= 1 + n_asked - n_dropped
    });
    assert_eq!(
        (stored(), usize::try_from(dropped()).unwrap()),
        (1 + n_asked - n_dropped, n_dropped)
    );
    assert!(n_dropped < n_asked, "none was held");
    let told = here.logged("decision-1");
    let lines = told.lines().filter(|line| line.contains("were dropped"));
    assert!((1..=9).contains(&lines.count()), "{told}");
    let id = decide(&here);
    until("records are stored again", || is_recorded(&here, &id));
}

/// The value of a metric without labels.
pub fn metric(operator: &Client, name: &str) -> u64 {
    let answer = operator.get("/metrics").expect(200);
    let text = String::from_utf8(answer.bytes).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    value.trim().parse().unwrap()
}
