//! Writes, each followed by a read at another process that carries the write's token: none is given what was before. The
//! small form of `cargo xtask pairs`.

use std::sync::atomic::{AtomicUsize, Ordering};

use trilby_testkit::http::{Answer, Client};

use crate::acme;
use crate::founded::{Founded, urls};
use crate::kafka::{Relay, Subject, changes_are_heard_soon, settings};
use crate::records::metric;

/// Writers, each with a user of its own.
const WRITERS: usize = 4;
/// Pairs with a token of each of them.
const PAIRS_EACH: usize = 76;
/// Pairs of the control: over before a process that hears nothing begins to ask the store.
const CONTROL: usize = 4;
/// Times a read is asked again that was refused as being behind: refused is not stale.
const ATTEMPTS_MAX: u32 = 50;
/// Reads that had to wait for what they asked for, as a decision process counts them.
const WAITS: &str = "trilby_position_waits_total";

struct Stage {
    here: Founded,
    identity: Vec<String>,
    nodes: Vec<String>,
    operators: Vec<Client>,
    n_refused: AtomicUsize,
}

impl Stage {
    fn start(settings: Vec<(String, String)>) -> Self {
        let mut here = Founded::with(2, settings);
        let operators = here.cluster.service("decision").iter();
        let operators = operators.map(|one| Client::new(format!("http://{}", one.operator())));
        Self {
            operators: operators.collect(),
            identity: urls(&mut here.cluster, "identity"),
            nodes: urls(&mut here.cluster, "decision"),
            n_refused: AtomicUsize::new(0),
            here,
        }
    }

    fn subject<'a>(&'a self, user: &'a str) -> Subject<'a> {
        Subject {
            account: &self.here.account,
            user,
            nodes: &self.nodes,
        }
    }

    fn n_waits(&self) -> u64 {
        let of = |operator| metric(operator, WAITS);
        self.operators.iter().map(of).sum()
    }

    /// So many writes of one user's right, each read at another process. How many reads were given what was before.
    fn pairs(&self, user: &str, n_pairs: usize, carries: bool) -> usize {
        let mut n_stale = 0;
        for n in 0..n_pairs {
            let (identity, node) = (&self.identity[n % 2], &self.nodes[n / 2 % 2]);
            let may = n % 2 == 0;
            let seq = self
                .subject(user)
                .may_read(&self.here.admin.at(identity), may);
            let says = self.read(node, user, carries.then_some(&seq));
            if says.json["decision"] != may {
                n_stale += 1;
                println!("carrying {carries} at {seq}: {says:?}");
            }
        }
        n_stale
    }

    fn read(&self, node: &str, user: &str, seq: Option<&String>) -> Answer {
        let path = format!("/accounts/{}/access/v1/evaluation", self.here.account);
        let question = acme::question(user, "iam:ListUsers", "account", &self.here.account);
        let mut pep = self.here.pep.at(node);
        if let Some(seq) = seq {
            pep = pep.with_header("trilby-min-seq", seq);
        }
        for _ in 0..ATTEMPTS_MAX {
            let answer = pep.post(&path, &question);
            if answer.status != 503 {
                return answer.expect(200);
            }
            self.n_refused.fetch_add(1, Ordering::SeqCst);
        }
        panic!("a read was refused {ATTEMPTS_MAX} times");
    }
}

#[test]
#[ignore = "needs services"]
fn with_kafka_nobody_who_carries_a_write_s_token_is_given_what_was_before() {
    let settings = settings();
    let stage = Stage::start(settings.clone());
    let here = &stage.here;
    let relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    let users: Vec<String> = (0..WRITERS).map(|n| format!("probe-{n}")).collect();
    for user in &users {
        acme::create_user(&here.admin, &here.account, user);
    }
    changes_are_heard_soon(&here.admin, &here.pep, &stage.subject(&users[0]));

    let before = stage.n_waits();
    let n_stale: usize = std::thread::scope(|scope| {
        let stage = &stage;
        let mut writers = Vec::new();
        for user in &users {
            writers.push(scope.spawn(move || stage.pairs(user, PAIRS_EACH, true)));
        }
        writers.into_iter().map(|one| one.join().unwrap()).sum()
    });
    let n_waits = stage.n_waits() - before;

    // While nobody tells the news, and nobody has noticed yet.
    relay.pause();
    let n_control_stale = stage.pairs(&users[0], CONTROL, false);
    let n_late_stale = stage.pairs(&users[1], CONTROL, true);
    let n_late_waits = stage.n_waits() - before - n_waits;
    relay.resume();
    println!(
        "{} pairs: {n_stale} stale, {n_waits} waited, {} refused and asked again; without the news \
         {CONTROL} pairs: {n_late_stale} stale, {n_late_waits} waited; without a token as well {n_control_stale} stale",
        WRITERS * PAIRS_EACH,
        stage.n_refused.load(Ordering::SeqCst),
    );
    assert_eq!((n_stale, n_late_stale), (0, 0));
    assert!(n_control_stale > 0, "nobody was late: nothing is shown");
    assert!(
        n_waits > 0 && n_late_waits > 0,
        "nobody had to wait: nothing is shown"
    );
}
