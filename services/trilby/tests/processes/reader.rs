//! A decision process killed while it reads an account's log, while it folds what is new, while it writes a snapshot.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::json;
use trilby_testkit::http::Answer;
use trilby_testkit::simulation::Run;

use crate::acme;
use crate::database::{rows, sql};
use crate::founded::{Founded, allowing};

const KILLS: u64 = 6;
/// Users, each with a policy of its own: with that the log is long enough for a snapshot.
const USERS: usize = 260;
const WRITERS: usize = 6;
/// Clients that ask at once.
const ASKING: usize = 3;

/// Half of the users may.
fn may(user: usize) -> bool {
    user.is_multiple_of(2)
}

fn populate(here: &Founded) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                loop {
                    let user = next.fetch_add(1, Ordering::SeqCst);
                    if user >= USERS {
                        return;
                    }
                    let name = format!("user-{user}");
                    acme::create_user(&here.admin, &here.account, &name);
                    let action = if may(user) { "docs:Read" } else { "docs:Write" };
                    let path = here.path(&format!("/users/{name}/inline-policies/own"));
                    let put = acme::once(&here.admin, "PUT", &path)
                        .header("if-none-match", "*")
                        .json(&json!({"document": allowing(action)}))
                        .send();
                    assert!((200..300).contains(&put.status), "{put:?}");
                }
            });
        }
    });
}

/// Right, or nothing is said: the process is dead, or says that it cannot say.
fn is_right(answer: &Answer, expected: bool) -> bool {
    match answer.status {
        200 => answer.json["decision"] == expected,
        503 => answer.code().is_some() && answer.headers.contains_key("retry-after"),
        _ => false,
    }
}

#[test]
#[ignore = "needs services"]
fn a_reader_killed_anywhere_reads_the_same_again() {
    let mut run = Run::of("F3");
    let mut here = Founded::start(1);
    populate(&here);
    let path = format!("/accounts/{}/access/v1/evaluation", here.account);
    let database = here.database.admin_url();
    let (wrong, n_right) = (Mutex::new(Vec::new()), AtomicU32::new(0));
    let mut n_snapshots = 0;
    while run.goes_on(KILLS) {
        // The next one that reads writes a snapshot again.
        sql(&database, "delete from snapshot").unwrap();
        let (admin, pep) = (here.admin.clone(), here.pep.clone());
        let member = &mut here.cluster.service("decision")[0];
        member.kill().unwrap();
        member.start().unwrap();
        member.wait_ready().unwrap();
        let direct = pep.at(format!("http://{}", member.api()));
        let stop = AtomicBool::new(false);
        let at = run.random.millis(0, 1_000);
        // Right after the start, or while it folds what is written.
        let right = format!(
            "/v1/accounts/{}/users/user-1/attached-policies/system:ReadOnlyAccess",
            here.account
        );
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0_u32.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let method = if n.is_multiple_of(2) { "PUT" } else { "DELETE" };
                    let changed = acme::once(&admin, method, &right).send();
                    if changed.status != 204 {
                        wrong.lock().unwrap().push(format!("{changed:?}"));
                    }
                }
            });
            for first in 0..ASKING {
                let (stop, wrong, n_right, direct, path) =
                    (&stop, &wrong, &n_right, &direct, &path);
                scope.spawn(move || {
                    for user in (first..).step_by(ASKING).map(|n| n % USERS) {
                        if stop.load(Ordering::SeqCst) {
                            return;
                        }
                        let question =
                            acme::question(&format!("user-{user}"), "docs:Read", "document", "7");
                        // No answer is no wrong one: it may be dead by now.
                        let Ok(answer) = direct.request("POST", path).json(&question).try_send()
                        else {
                            continue;
                        };
                        if is_right(&answer, may(user)) {
                            n_right.fetch_add(1, Ordering::SeqCst);
                        } else {
                            wrong
                                .lock()
                                .unwrap()
                                .push(format!("user-{user}: {answer:?}"));
                        }
                    }
                });
            }
            std::thread::sleep(at);
            member.kill().unwrap();
            stop.store(true, Ordering::SeqCst);
        });
        n_snapshots += rows(&database, "select seq::text from snapshot").len();
        // Whatever it left is read, and is no different from the log.
        here.verify();
        let member = &mut here.cluster.service("decision")[0];
        member.start().unwrap();
        member.wait_ready().unwrap();
        for user in 0..6 {
            let question = acme::question(&format!("user-{user}"), "docs:Read", "document", "7");
            let answer = direct.post(&path, &question).expect(200);
            assert_eq!(answer.json["decision"], may(user), "user-{user}");
        }
    }
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} wrong: {}", wrong.len(), wrong[0]);
    let n_right = usize::try_from(n_right.into_inner()).unwrap();
    run.tell(&[
        ("kills", usize::try_from(run.round()).unwrap()),
        ("right_answers", n_right),
        ("snapshots_left", n_snapshots),
    ]);
    // One that is killed at once answers nothing.
    assert!(n_right > 5, "only {n_right} answers: nothing is shown");
}
