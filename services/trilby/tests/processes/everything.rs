//! F4 with all there is: the story on a cluster that hears through Kafka, while every service, the relay, the broker and
//! the database are killed in turn, and others write, decide and log in.

use tempfile::TempDir;
use trilby_cluster::kafka::Broker;
use trilby_testkit::http::Client;
use trilby_testkit::simulation::Run;

use crate::acme;
use crate::database::{Server, rows};
use crate::founded::{config, urls, verify};
use crate::kafka::{Relay, Subject, changes_are_heard_soon, settings_at};
use crate::kills::{Load, Mortal, Mortals};
use crate::records::until;
use crate::story::{EVENTS, chapters, founder, in_peace, stage, tell};

/// Times that each of them is killed.
const ROUNDS: u64 = 2;
/// Processes of each service.
const REPLICAS: usize = 2;

impl Mortal for &mut Broker {
    fn kill(&mut self) {
        Broker::kill(self).unwrap();
    }

    fn start(&mut self) {
        self.restart().unwrap();
    }
}

/// Decides on every node, and waits until all of that is on record: what decision processes held for a broker that was away
/// has arrived, and the relay stores again. Killed before, they would lose it, which they may, and which the story would wait
/// for in vain.
fn records_arrive(load: &Load, nodes: &[String]) {
    let ids: Vec<String> = nodes.iter().map(|node| decide(load, node).0).collect();
    for (node, id) in nodes.iter().zip(ids) {
        let record = format!("/v1/accounts/{}/decisions/{id}", load.account);
        until("records of decisions arrive", || {
            load.admin.at(node).get(&record).status == 200
        });
    }
}

/// Id and position of an answer.
fn decide(load: &Load, node: &str) -> (String, u64) {
    let path = format!("/accounts/{}/access/v1/evaluation", load.account);
    let question = acme::question("pep", "iam:ListUsers", "account", &load.account);
    let ask = || load.pep.at(node).post(&path, &question);
    let mut answer = None;
    until("it is answered", || {
        answer = Some(ask()).filter(|answer| answer.status != 503);
        answer.is_some()
    });
    let answer = answer.unwrap().expect(200);
    let id = answer.headers["trilby-decision-id"].clone();
    (id, acme::seq_number(answer.seq(), &load.account))
}

/// The relay, and what those before it have told.
struct Relayed {
    store: String,
    settings: Vec<(String, String)>,
    relay: Option<Relay>,
    n_told: usize,
}

impl Relayed {
    fn n_told(&self) -> usize {
        let told = |relay: &Relay| relay.metric("trilby_relay_commits_total");
        self.n_told + usize::try_from(self.relay.as_ref().map_or(0, told)).unwrap()
    }
}

impl Mortal for Relayed {
    fn kill(&mut self) {
        self.n_told = self.n_told();
        self.relay = None;
    }

    fn start(&mut self) {
        self.relay = Some(Relay::start(&self.store, None, &self.settings));
    }
}

#[test]
#[ignore = "needs services"]
fn the_story_holds_while_kafka_and_everything_else_dies_in_turn() {
    let mut run = Run::of("F4");
    let in_peace = in_peace();
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    let mut broker = Broker::start(&folder.path().join("kafka")).unwrap();
    let settings = settings_at(&broker.address().to_string());
    let mut config = config(folder.path(), server.url(), None, REPLICAS);
    config.env.extend(settings.clone());
    let (mut cluster, port) = stage(config);
    let mut relay = Relayed {
        store: server.url(),
        settings,
        relay: None,
        n_told: 0,
    };
    relay.start();
    let (url, nodes) = (cluster.url(), urls(&mut cluster, "decision"));
    let stranger = Client::new(&url);
    let (load, kills, told) = std::thread::scope(|scope| {
        let telling = scope.spawn(|| tell(folder.path(), &url, port));
        let mut founded = None;
        until("the story has begun", || {
            founded = founder(folder.path(), &stranger);
            founded.is_some()
        });
        let (account, admin) = founded.unwrap();
        let load = Load::prepare(stranger, &account, admin);
        let kills = {
            let mut kafka = &mut broker;
            let mut mortals = Mortals::new(&mut cluster, &server)
                .and("kafka", &mut kafka)
                .and("relay", &mut relay)
                .after(|| records_arrive(&load, &nodes));
            load.while_there_is(|| mortals.die(&mut run, ROUNDS));
            mortals.kills
        };
        (load, kills, telling.join().unwrap())
    });

    let told = told.unwrap();
    assert_eq!(chapters(&told), in_peace.n_chapters, "{told}");
    // The load wrote to the first account as well.
    let of_story = |events: &[String]| -> Vec<String> {
        let events = events.iter().filter(|line| !line.starts_with("first "));
        events.cloned().collect()
    };
    assert_eq!(
        of_story(&rows(&server.url(), EVENTS)),
        of_story(&in_peace.events)
    );
    let outbox = "select count(*)::text from outbox";
    until("all is told", || rows(&server.url(), outbox) == ["0"]);
    let head = format!(
        "select seq::text from log_head where public_id = '{}'",
        load.account
    );
    let head: u64 = rows(&server.url(), &head)[0].parse().unwrap();
    until("every process is where the log is", || {
        nodes.iter().all(|node| decide(&load, node).1 == head)
    });
    // As they are, they hear again.
    acme::create_user(&load.admin, &load.account, "cleo");
    let cleo = Subject {
        account: &load.account,
        user: "cleo",
        nodes: &nodes,
    };
    let times = changes_are_heard_soon(&load.admin, &load.pep, &cleo);
    println!("heard after {times:?}");
    verify(folder.path(), &server.url(), None);

    let (n_told, seen) = (relay.n_told(), load.check());
    let mut counts = vec![
        ("stories", 1),
        ("acknowledged", seen.n_made),
        ("answers_503", seen.n_refused),
        ("commits_told", n_told),
    ];
    let names = [
        "identity", "token", "decision", "database", "kafka", "relay",
    ];
    counts.extend(names.map(|name| (name, kills.get(name).copied().unwrap_or(0))));
    run.tell(&counts);
    for (what, count) in &counts {
        assert!(*count > 0, "{what}: nothing is shown");
    }
}
