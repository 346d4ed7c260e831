//! Every process, and the database, killed in turn while a small story goes on: what was acknowledged is there exactly
//! once, and every answer is right or a clear 503.

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
}

impl Told {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// Sends until there is another answer than a 503, which must be a clear one.
    fn insist(&self, send: impl Fn() -> Answer) -> Option<Answer> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let answer = send();
            if answer.status != 503 {
                return Some(answer);
            }
            *self.n_refused.lock().unwrap() += 1;
            // RFC 6749 has its own name for it.
            let names = ["code", "error_code"];
            let has_code = names.iter().any(|name| answer.json[*name].is_string());
            if !has_code || !answer.headers.contains_key("retry-after") {
                self.wrong(format!("an unclear 503: {answer:?}"));
            }
            sleep(Duration::from_millis(50));
        }
        self.wrong("no other answer than 503 for a minute".to_owned());
        None
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
    for user in ["mary", "sleeper", "pep"] {
        acme::create_user(&admin, &account, user);
    }
    acme::attach(&admin, &account, "pep", "system:DecisionPointAccess");
    let key = acme::create_key(&admin, &account, "pep");
    let pep = stranger.with_token(&acme::key_session(&stranger, &key));

    let told = Told::default();
    let made = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| write(&told, &admin, &account, &made));
        scope.spawn(|| decide(&told, &admin, &pep, &account));
        scope.spawn(|| log_in(&told, &stranger, &key));
        let killed = kill_in_turn(&mut cluster, &server, &mut run);
        told.stop.store(true, Ordering::SeqCst);
        killed.unwrap();
    });
    let wrong = told.wrong.into_inner().unwrap();
    for one in wrong.iter().take(5) {
        println!("{one}");
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, first: {}",
        wrong.len(),
        wrong[0]
    );
    let made = made.into_inner().unwrap();
    assert!(made.len() > 20, "{}", made.len());
    let found = events(&admin, &account);
    for name in &made {
        assert_eq!(found.get(name), Some(&1), "{name}");
    }
    assert!(found.values().all(|times| *times == 1), "{found:?}");
    run.tell(&[
        ("kills", usize::try_from(4 * run.round()).unwrap()),
        ("acknowledged", made.len()),
        (
            "answers_503",
            usize::try_from(*told.n_refused.lock().unwrap()).unwrap(),
        ),
    ]);
}

/// Each of the processes and the database, in an order of the seed's, at moments of the seed's.
fn kill_in_turn(cluster: &mut Cluster, server: &Server, run: &mut Run) -> anyhow::Result<()> {
    while run.goes_on(ROUNDS) {
        let mut victims = vec!["identity", "token", "decision", "database"];
        while !victims.is_empty() {
            let n = u64::try_from(victims.len())?;
            let victim = victims.swap_remove(usize::try_from(run.random.below(n))?);
            sleep(run.random.millis(200, 1_000));
            let down = run.random.millis(0, 700);
            if victim == "database" {
                server.kill();
                sleep(down);
                server.up_again();
            } else {
                let member = &mut cluster.service(victim)[0];
                member.kill()?;
                sleep(down);
                member.start()?;
                let took = member.wait_ready()?;
                println!("{victim} ready after {} ms", took.as_millis());
            }
            // It comes back whole before the next one goes.
            for member in cluster.members() {
                member.wait_ready()?;
            }
        }
    }
    Ok(())
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
        sleep(Duration::from_millis(20));
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
