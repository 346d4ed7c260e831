//! Every process, and the database, killed in turn while a small story goes on: what was acknowledged is there exactly
//! once, and every answer is right or a clear 503. The load and the killing are shared with those who kill more.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use trilby_cluster::Cluster;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::simulation::Run;

use crate::acme;
use crate::database::Server;
use crate::founded::{config, found};
use crate::rolling::BETWEEN_LOGINS;

/// Times that each process, and the database, is killed.
const ROUNDS: u64 = 2;
/// Longest a request is repeated before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Users that the writer makes at most: below the quota of an account.
const USERS_MAX: u32 = 400;

/// What the tellers share: when to stop, and what should not have been.
#[derive(Default)]
struct Told {
    stop: AtomicBool,
    wrong: Mutex<Vec<String>>,
    n_refused: Mutex<u32>,
    n_conflicts: Mutex<u32>,
}

impl Told {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// Sends until there is another answer than a 503, which must be a clear one, or that others write at the same time.
    fn insist(&self, send: impl Fn() -> Answer) -> Option<Answer> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let answer = send();
            let n_so_far = match (answer.status, answer.code()) {
                (503, _) => &self.n_refused,
                (409, Some("write_conflict")) => &self.n_conflicts,
                _ => return Some(answer),
            };
            *n_so_far.lock().unwrap() += 1;
            // RFC 6749 has its own name for it.
            let names = ["code", "error_code"];
            let has_code = names.iter().any(|name| answer.json[*name].is_string());
            if !has_code || !answer.headers.contains_key("retry-after") {
                self.wrong(format!("an unclear refusal: {answer:?}"));
            }
            sleep(Duration::from_millis(50));
        }
        self.wrong("no other answer than a refusal for a minute".to_owned());
        None
    }
}

/// Those who write, decide and log in, and what they need: an account of which nobody else changes these users.
pub struct Load {
    pub account: String,
    stranger: Client,
    pub admin: Client,
    pub pep: Client,
    key: acme::Key,
    told: Told,
    made: Mutex<Vec<String>>,
}

/// What came of a load.
pub struct Seen {
    /// Changes that were acknowledged, each of them found exactly once.
    pub n_made: usize,
    /// Answers that said: not now.
    pub n_refused: usize,
    /// And those that said: too many writers at once.
    pub n_conflicts: usize,
}

impl Load {
    /// Makes the users in an account, as an administrator of it.
    pub fn prepare(stranger: Client, account: &str, admin: Client) -> Self {
        for user in ["mary", "sleeper", "pep"] {
            acme::create_user(&admin, account, user);
        }
        acme::attach(&admin, account, "pep", "system:DecisionPointAccess");
        let key = acme::create_key(&admin, account, "pep");
        let pep = stranger.with_token(&acme::key_session(&stranger, &key));
        Self {
            account: account.to_owned(),
            stranger,
            admin,
            pep,
            key,
            told: Told::default(),
            made: Mutex::default(),
        }
    }

    /// Goes on as long as something else does.
    pub fn while_there_is<T>(&self, something: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            scope.spawn(|| write(&self.told, &self.admin, &self.account, &self.made));
            scope.spawn(|| decide(&self.told, &self.admin, &self.pep, &self.account));
            scope.spawn(|| log_in(&self.told, &self.stranger, &self.key));
            // Whatever becomes of it, the others end.
            let end = End(&self.told);
            let done = something();
            drop(end);
            done
        })
    }

    /// Panics if an answer was wrong, or what was acknowledged is not there exactly once.
    pub fn check(self) -> Seen {
        let wrong = self.told.wrong.into_inner().unwrap();
        for one in wrong.iter().take(5) {
            println!("{one}");
        }
        assert!(
            wrong.is_empty(),
            "{} wrong, first: {}",
            wrong.len(),
            wrong[0]
        );
        let made = self.made.into_inner().unwrap();
        assert!(made.len() > 20, "{}", made.len());
        let found = events(&self.admin, &self.account);
        for name in &made {
            assert_eq!(found.get(name), Some(&1), "{name}");
        }
        assert!(found.values().all(|times| *times == 1), "{found:?}");
        let count = |n: Mutex<u32>| usize::try_from(n.into_inner().unwrap()).unwrap();
        Seen {
            n_made: made.len(),
            n_refused: count(self.told.n_refused),
            n_conflicts: count(self.told.n_conflicts),
        }
    }
}

/// Tells the tellers to stop, also when what they were told about has panicked.
struct End<'a>(&'a Told);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

#[test]
#[ignore = "needs services"]
fn whatever_dies_nothing_acknowledged_is_lost_and_nothing_wrong_is_answered() {
    let mut run = Run::of("F4");
    let server = Server::start();
    let folder = TempDir::new().unwrap();
    let mut cluster = Cluster::start(&config(folder.path(), server.url(), None, 1)).unwrap();
    let stranger = Client::new(cluster.url());
    let (account, admin) = found(&stranger, cluster.ticket().unwrap());
    let load = Load::prepare(stranger, &account, admin);
    let mut mortals = Mortals::new(&mut cluster, &server);
    load.while_there_is(|| mortals.die(&mut run, ROUNDS));
    let n_kills = mortals.kills.values().sum();
    let seen = load.check();
    run.tell(&[
        ("kills", n_kills),
        ("acknowledged", seen.n_made),
        ("answers_503", seen.n_refused),
        ("conflicts", seen.n_conflicts),
    ]);
}

/// What can be killed besides the services and the database.
pub trait Mortal {
    /// At once, as `kill -9` does.
    fn kill(&mut self);
    /// Starts it again, and waits until it is at work.
    fn start(&mut self);
}

/// Everything that dies.
pub struct Mortals<'a> {
    cluster: &'a mut Cluster,
    server: &'a Server,
    others: Vec<(&'static str, &'a mut dyn Mortal)>,
    /// Waits until all of it is at work again.
    until_whole: Box<dyn Fn() + 'a>,
    /// Whose turn is still to come.
    left: Vec<&'static str>,
    /// How often each was killed.
    pub kills: BTreeMap<&'static str, usize>,
}

const DATABASE: &str = "database";
const SERVICES: [&str; 3] = ["identity", "token", "decision"];

impl<'a> Mortals<'a> {
    pub fn new(cluster: &'a mut Cluster, server: &'a Server) -> Self {
        Self {
            cluster,
            server,
            others: Vec::new(),
            until_whole: Box::new(|| {}),
            left: Vec::new(),
            kills: BTreeMap::new(),
        }
    }

    /// And another.
    pub fn and(mut self, name: &'static str, other: &'a mut dyn Mortal) -> Self {
        self.others.push((name, other));
        self
    }

    /// Nobody dies before this is over.
    pub fn after(mut self, until_whole: impl Fn() + 'a) -> Self {
        self.until_whole = Box::new(until_whole);
        self
    }

    fn names(&self) -> Vec<&'static str> {
        let others = self.others.iter().map(|(name, _)| *name);
        SERVICES
            .into_iter()
            .chain([DATABASE])
            .chain(others)
            .collect()
    }

    /// Each dies so often.
    pub fn die(&mut self, run: &mut Run, rounds: u64) {
        while run.goes_on(rounds) {
            for _ in self.names() {
                self.one_dies(run);
            }
        }
    }

    /// Kills one whose turn it is, chosen by the seed at a moment of the seed's, and brings it back.
    pub fn one_dies(&mut self, run: &mut Run) {
        if self.left.is_empty() {
            self.left = self.names();
        }
        let victim = self.left.swap_remove(below(run, self.left.len()));
        sleep(run.random.millis(200, 1_000));
        let begun = Instant::now();
        self.kill(victim, run);
        // It comes back whole before the next one goes.
        for member in self.cluster.members() {
            member.wait_ready().unwrap();
        }
        (self.until_whole)();
        println!("{victim} was away for {} ms", begun.elapsed().as_millis());
        *self.kills.entry(victim).or_default() += 1;
    }

    fn kill(&mut self, victim: &'static str, run: &mut Run) {
        let down = run.random.millis(0, 700);
        if victim == DATABASE {
            self.server.kill();
            sleep(down);
            self.server.up_again();
        } else if let Some((_, other)) = self.others.iter_mut().find(|(name, _)| *name == victim) {
            other.kill();
            sleep(down);
            other.start();
        } else {
            let members = self.cluster.service(victim);
            let member = &mut members[below(run, members.len())];
            member.kill().unwrap();
            sleep(down);
            member.start().unwrap();
        }
    }
}

fn below(run: &mut Run, n: usize) -> usize {
    let n = u64::try_from(n).unwrap();
    usize::try_from(run.random.below(n)).unwrap()
}

/// Makes users, and revocations, which nothing but their keys keeps from being made twice.
fn write(told: &Told, admin: &Client, account: &str, made: &Mutex<Vec<String>>) {
    for n in 0_u32.. {
        if !told.goes_on() {
            return;
        }
        let name = format!("kill-{n}");
        let (collection, body, status) = match n % 4 == 0 || n >= USERS_MAX {
            true => (
                "revocations",
                json!({"user": "sleeper", "reason": name}),
                202,
            ),
            false => ("users", json!({"name": name}), 201),
        };
        let path = format!("/v1/accounts/{account}/{collection}");
        let key = format!("kill-in-turn-{n:010}");
        let send = || {
            admin
                .request("POST", &path)
                .header("idempotency-key", &key)
                .json(&body)
                .send()
        };
        match told.insist(send) {
            Some(answer) if answer.status == status => made.lock().unwrap().push(name),
            Some(answer) => told.wrong(format!("{name}: {answer:?}")),
            None => {}
        }
    }
}

/// Gives and takes a right, and asks for it at least as new as that.
fn decide(told: &Told, admin: &Client, pep: &Client, account: &str) {
    let right =
        format!("/v1/accounts/{account}/users/mary/attached-policies/system:ReadOnlyAccess");
    let path = format!("/accounts/{account}/access/v1/evaluation");
    let question = acme::question("mary", "iam:ListUsers", "account", account);
    let mut n = 0_u32;
    while told.goes_on() {
        let gives = n.is_multiple_of(2);
        n += 1;
        let method = if gives { "PUT" } else { "DELETE" };
        let key = format!("kill-right-{n:012}");
        let send = || {
            admin
                .request(method, &right)
                .header("idempotency-key", &key)
                .send()
        };
        let Some(changed) = told.insist(send) else {
            return;
        };
        if changed.status != 204 {
            told.wrong(format!("{method} {n}: {changed:?}"));
            return;
        }
        let asked = pep.with_header("trilby-min-seq", changed.seq());
        for _ in 0..3 {
            let Some(answer) = told.insist(|| asked.post(&path, &question)) else {
                return;
            };
            if answer.status != 200 || answer.json["decision"] != gives {
                told.wrong(format!("{method} {n} at {}: {answer:?}", changed.seq()));
            }
        }
    }
}

fn log_in(told: &Told, stranger: &Client, key: &acme::Key) {
    while told.goes_on() {
        match told.insist(|| acme::key_login(stranger, key)) {
            Some(answer) if answer.status == 200 => {}
            Some(answer) => told.wrong(format!("login: {answer:?}")),
            None => {}
        }
        sleep(BETWEEN_LOGINS);
    }
}

/// How often each name of the writer's stands in the log.
fn events(admin: &Client, account: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = admin
            .get(&format!(
                "/v1/accounts/{account}/log?after={after}&limit=100"
            ))
            .expect(200);
        let items = page.json["items"].as_array().unwrap();
        let Some(last) = items.last() else {
            return found;
        };
        after = last["seq"]
            .as_u64()
            .or_else(|| last["seq"].as_str().and_then(|seq| seq.parse().ok()))
            .unwrap();
        for event in items {
            let data: &Value = &event["data"];
            let name = ["name", "reason"]
                .iter()
                .find_map(|member| data[*member].as_str());
            if let Some(name) = name.filter(|name| name.starts_with("kill-")) {
                *found.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
}
