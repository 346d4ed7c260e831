//! The broker is gone under the services for a while.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use trilby_cluster::kafka::Broker;
use trilby_testkit::simulation::Run;

use crate::acme;
use crate::founded::{Founded, allowing};
use crate::kafka::{PATIENCE, Relay, settings_at};
use crate::records::until;

/// A change is decided on so soon by every process, or the feed did not bring it.
const SOON: Duration = Duration::from_millis(700);
/// A change is decided on so soon by every process that asks each second.
const ASKED: Duration = Duration::from_secs(2);
/// Changes that are timed while the broker is gone, and afterwards.
const CHANGES: usize = 6;

/// How a change was heard.
struct Heard {
    /// After how long by every process.
    took: Duration,
    /// How many answers were given meanwhile that knew nothing of it.
    n_late: usize,
}

/// Gives Cleo a right or takes it.
fn change(here: &Founded, gives: bool) -> Heard {
    let path = here.path("/users/cleo/inline-policies/own");
    let action = if gives {
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
    let (mut right, mut n_late) = (0, 0);
    while right < 6 {
        let answer = here.may_list_users("cleo", "").expect(200);
        let is_right = answer.json["decision"] == gives;
        right = if is_right { right + 1 } else { 0 };
        n_late += usize::from(!is_right);
        assert!(begun.elapsed() < PATIENCE, "the change is not heard");
    }
    let took = begun.elapsed();
    Heard { took, n_late }
}

/// Changes until so many in a row are heard in time; how many answers knew nothing of those.
fn heard_within(here: &Founded, most: Duration) -> usize {
    let deadline = Instant::now() + PATIENCE;
    let mut heard = Vec::new();
    for n in 0.. {
        let one = change(here, n % 2 == 0);
        if one.took > most {
            heard.clear();
        }
        heard.push(one);
        if heard.len() > CHANGES {
            break;
        }
        assert!(Instant::now() < deadline, "changes are not heard in time");
    }
    let times: Vec<Duration> = heard.iter().skip(1).map(|one| one.took).collect();
    println!("heard after {times:?}");
    heard.iter().skip(1).map(|one| one.n_late).sum()
}

fn ids(here: &mut Founded) -> Vec<Option<u32>> {
    let members = here.cluster.members();
    members.map(|member| member.id()).collect()
}

#[test]
#[ignore = "needs services"]
fn without_a_broker_changes_are_heard_by_asking_and_nothing_starts_again() {
    let mut run = Run::of("F8");
    let folder = TempDir::new().unwrap();
    let mut broker = Broker::start(&folder.path().join("kafka")).unwrap();
    let mut settings = settings_at(&broker.address().to_string());
    settings.push(("TRILBY_LOG__POLL_MS".to_owned(), "1000".to_owned()));
    let mut here = Founded::with(2, settings.clone());
    let relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    acme::create_user(&here.admin, &here.account, "cleo");
    let before = ids(&mut here);
    heard_within(&here, SOON);
    let mut n_late = 0;
    while run.goes_on(1) {
        broker.kill().unwrap();
        // Writes go on, and every one of them is heard of.
        n_late += heard_within(&here, ASKED);
        let n_told = relay.metric("trilby_relay_commits_total");
        if run.is_long() {
            std::thread::sleep(run.random.millis(0, 30_000));
        }
        broker.restart().unwrap();
        until("the relay tells what waited", || {
            relay.metric("trilby_relay_commits_total") > n_told
        });
        heard_within(&here, SOON);
    }
    assert_eq!(ids(&mut here), before);
    here.verify();
    let n_outages = usize::try_from(run.round()).unwrap();
    run.tell(&[("outages", n_outages), ("late_answers", n_late)]);
    // The control: nobody told them.
    assert!(n_late > 0, "a change was known without being asked for");
}
