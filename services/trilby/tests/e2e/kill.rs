//! `kill -9` in the middle of writes, fifty times: nothing acknowledged is lost, nothing is done twice.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};

use crate::acme::{Acme, program};

const ROUNDS: u32 = 50;
const WRITERS: u32 = 4;

/// Most writes of a writer in a round: keeps the accounts below their quotas.
const WRITES_MAX: u32 = 24;

/// The kill comes at some moment of this.
const WRITING: Duration = Duration::from_millis(250);

/// One write: what it makes, and the key under which it may be repeated.
#[derive(Debug, Clone)]
struct Write {
    account: String,
    kind: Kind,
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    User,
    Group,
    /// Has no name that could be taken: only its key keeps it from being done twice.
    Revocation,
}

impl Write {
    fn new(account: &str, writer: u32, round: u32, n: u32) -> Write {
        let kind = match n % 12 {
            5 => Kind::Group,
            2 | 8 => Kind::Revocation,
            _ => Kind::User,
        };
        Write {
            account: account.to_owned(),
            kind,
            name: format!("w{writer}-r{round}-n{n}"),
        }
    }

    fn send(&self, client: &Client) -> Result<Answer, String> {
        let (collection, body) = match self.kind {
            Kind::User => ("users", json!({"name": self.name})),
            Kind::Group => ("groups", json!({"name": self.name})),
            Kind::Revocation => (
                "revocations",
                json!({"user": "sleeper", "reason": self.name}),
            ),
        };
        client
            .request(
                "POST",
                &format!("/v1/accounts/{}/{collection}", self.account),
            )
            .header("idempotency-key", &format!("kill-test-{:0>20}", self.name))
            .json(&body)
            .try_send()
            .map_err(|error| error.to_string())
    }

    fn is_made(&self, answer: &Answer) -> bool {
        let status = match self.kind {
            Kind::User | Kind::Group => 201,
            Kind::Revocation => 202,
        };
        answer.status == status
    }

    /// What the event is called, and where in it the name stands.
    fn event(&self) -> &'static str {
        match self.kind {
            Kind::User => "user.created",
            Kind::Group => "group.created",
            Kind::Revocation => "user.sessions_revoked",
        }
    }
}

/// What writers know of their writes.
#[derive(Default)]
struct Known {
    acknowledged: Vec<(Write, Answer)>,
    /// Sent, and no answer came.
    open: Vec<Write>,
    /// Answers that should not be.
    wrong: Vec<String>,
}

#[test]
fn fifty_kills_lose_nothing_acknowledged_and_repeat_nothing() {
    let seed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .subsec_nanos();
    println!("seed {seed}");
    let mut random = u64::from(seed) | 1;
    let mut acme = Acme::start();
    for (client, member) in [
        (acme.dev_admin(), &acme.dev),
        (acme.prod_admin(), &acme.prod),
    ] {
        crate::acme::create_user(&client, &member.id, "sleeper");
    }
    let mut made: Vec<Write> = Vec::new();
    let mut n_open = 0;
    for round in 0..ROUNDS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let moment = Duration::from_micros(random % u64::try_from(WRITING.as_micros()).unwrap());
        let known = write_until_killed(&mut acme, round, moment);
        assert!(known.wrong.is_empty(), "round {round}: {:?}", known.wrong);
        acme.trilby.restart();
        n_open += known.open.len();
        for (write, answer) in &known.acknowledged {
            assert_there_once(&acme, write, answer, round);
        }
        for write in &known.open {
            retry(&acme, write, round);
        }
        made.extend(known.acknowledged.into_iter().map(|(write, _)| write));
        made.extend(known.open);
    }
    println!("{} writes, {n_open} of them cut off", made.len());
    assert!(
        made.len() >= ROUNDS as usize * 4,
        "only {} writes",
        made.len()
    );
    assert!(n_open >= 10, "only {n_open} kills met a write");
    assert_log_has_each_once(&mut acme, &made);
}

/// Writers write; after `moment` the program is gone.
fn write_until_killed(acme: &mut Acme, round: u32, moment: Duration) -> Known {
    let known = Mutex::new(Known::default());
    let accounts = [
        (acme.dev_admin(), acme.dev.id.clone()),
        (acme.prod_admin(), acme.prod.id.clone()),
    ];
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (client, account) = &accounts[writer as usize % 2];
            let known = &known;
            scope.spawn(move || {
                for n in 0..WRITES_MAX {
                    let write = Write::new(account, writer, round, n);
                    let answer = write.send(client);
                    let mut known = known.lock().unwrap();
                    match answer {
                        Ok(answer) if write.is_made(&answer) => {
                            known.acknowledged.push((write, answer));
                        }
                        Ok(answer) => known.wrong.push(format!("{write:?}: {answer:?}")),
                        Err(_) => {
                            known.open.push(write);
                            return;
                        }
                    }
                }
            });
        }
        std::thread::sleep(moment);
        acme.trilby.kill();
    });
    known.into_inner().unwrap()
}

fn client_of<'a>(acme: &Acme, write: &'a Write) -> (Client, &'a str) {
    match write.account == acme.dev.id {
        true => (acme.dev_admin(), &write.account),
        false => (acme.prod_admin(), &write.account),
    }
}

/// It is there as it was acknowledged, and repeating it gives the same answer again.
fn assert_there_once(acme: &Acme, write: &Write, answer: &Answer, round: u32) {
    let (client, account) = client_of(acme, write);
    let collection = match write.kind {
        Kind::User => "users",
        Kind::Group => "groups",
        Kind::Revocation => {
            // Nothing to be read by name: the repetition shows it, and the log at the end.
            let again = write.send(&client).unwrap();
            assert_eq!(
                again.header("idempotency-replayed"),
                Some("true"),
                "{again:?}"
            );
            assert_eq!(again.text("/seq"), answer.text("/seq"), "round {round}");
            return;
        }
    };
    let path = format!("/v1/accounts/{account}/{collection}/{}", write.name);
    let found = client.get(&path).expect(200);
    assert_eq!(found.text("/id"), answer.text("/id"), "round {round}");
}

/// Nobody knows whether it was done; under the same key it is done by now, once.
fn retry(acme: &Acme, write: &Write, round: u32) {
    let (client, _) = client_of(acme, write);
    let first = write.send(&client).unwrap();
    assert!(write.is_made(&first), "round {round}: {first:?}");
    let second = write.send(&client).unwrap();
    assert_eq!(second.status, first.status, "{second:?}");
    assert_eq!(second.json, first.json, "round {round}");
    assert_eq!(
        second.header("idempotency-replayed"),
        Some("true"),
        "{second:?}"
    );
}

/// The chain is sound, no seq is missing, and every write is one event.
fn assert_log_has_each_once(acme: &mut Acme, made: &[Write]) {
    acme.trilby.kill();
    let data_dir = acme.trilby.data_dir().to_owned();
    let command = |args: &[&str]| {
        let program = args
            .iter()
            .fold(program().data_dir(&data_dir), |program, arg| {
                program.arg(arg)
            });
        let ended = program.run();
        assert_eq!(
            ended.status.code(),
            Some(0),
            "{args:?}: {} {}",
            ended.stdout,
            ended.stderr
        );
        ended.stdout
    };
    let verdict = command(&["log", "verify"]);
    assert!(verdict.starts_with("sound: "), "{verdict}");
    let begun = Instant::now();
    for account in [&acme.dev.id, &acme.prod.id] {
        let export = command(&["log", "export", account]);
        let mut expected: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for write in made.iter().filter(|write| write.account == **account) {
            *expected.entry((write.event(), &write.name)).or_default() += 1;
        }
        assert_eq!(
            events_of_writers(&export),
            expected
                .into_iter()
                .map(|((event, name), n)| ((event.to_owned(), name.to_owned()), n))
                .collect()
        );
    }
    println!("read the logs in {:?}", begun.elapsed());
}

/// How often each write of a writer is in an export; fails if a seq is missing or repeated.
fn events_of_writers(export: &str) -> BTreeMap<(String, String), u32> {
    let mut found = BTreeMap::new();
    let mut lines = export
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let manifest = lines.next().unwrap();
    let mut seq = 0;
    for event in lines {
        seq += 1;
        assert_eq!(event["seq"], seq, "the log has a gap");
        let body = hex_decoded(event["body"].as_str().unwrap());
        let body: Value = serde_json::from_slice(&body).unwrap();
        let name = ["name", "reason"]
            .iter()
            .find_map(|member| body["data"][member].as_str());
        let Some(name) = name.filter(|name| name.starts_with('w') && name.contains("-r")) else {
            continue;
        };
        let key = (event["etype"].as_str().unwrap().to_owned(), name.to_owned());
        *found.entry(key).or_default() += 1;
    }
    assert_eq!(manifest["seq"], seq);
    found
}

fn hex_decoded(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
