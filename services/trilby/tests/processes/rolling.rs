//! A restart of every process, one after the other, that no client notices.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use trilby_testkit::http::Answer;

use crate::acme;
use crate::founded::Founded;

/// Fewer logins a second than strangers of one address may have of one process, however fast it is.
pub const BETWEEN_LOGINS: Duration = Duration::from_millis(50);

#[test]
#[ignore = "needs services"]
fn a_rolling_restart_under_load_fails_no_request() {
    let mut here = Founded::start(2);
    acme::create_user(&here.admin, &here.account, "mary");
    acme::attach(&here.admin, &here.account, "mary", "system:ReadOnlyAccess");
    let key = acme::create_key(&here.admin, &here.account, "mary");
    let seq = here
        .admin
        .get(&here.path("/users/mary"))
        .expect(200)
        .seq()
        .to_owned();
    let stranger = trilby_testkit::http::Client::new(here.cluster.url());
    let (admin, pep, account) = (here.admin.clone(), here.pep.clone(), here.account.clone());
    let stop = AtomicBool::new(false);
    let (n_answers, wrong) = (AtomicU32::new(0), Mutex::new(Vec::new()));
    let note = |answer: &Answer| {
        n_answers.fetch_add(1, Ordering::SeqCst);
        if !(200..300).contains(&answer.status) {
            wrong.lock().unwrap().push(format!("{answer:?}"));
        }
    };
    let each = |ask: &dyn Fn(u32) -> Answer| {
        let mut n = 0;
        while !stop.load(Ordering::SeqCst) {
            note(&ask(n));
            n += 1;
        }
    };
    let users = format!("/v1/accounts/{account}/users");
    let write = |n: u32| {
        // Below the quota of an account, and above what a restart can hide.
        let name = format!("user-{}", n % 200);
        match n < 200 {
            true => acme::once(&admin, "POST", &users)
                .json(&json!({"name": name}))
                .send(),
            false => admin.get(&format!("{users}/{name}")),
        }
    };
    let decide = |_: u32| {
        let path = format!("/accounts/{account}/access/v1/evaluation");
        let question = acme::question("mary", "iam:ListUsers", "account", &account);
        let answer = pep
            .with_header("trilby-min-seq", &seq)
            .post(&path, &question);
        if answer.status == 200 && answer.json["decision"] != true {
            wrong.lock().unwrap().push(format!("{answer:?}"));
        }
        answer
    };
    let login = |_: u32| {
        std::thread::sleep(BETWEEN_LOGINS);
        acme::key_login(&stranger, &key)
    };
    std::thread::scope(|scope| {
        scope.spawn(|| each(&write));
        scope.spawn(|| each(&decide));
        scope.spawn(|| each(&login));
        let restarted = here.cluster.rolling_restart();
        stop.store(true, Ordering::SeqCst);
        restarted.unwrap();
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{} of {:?}: {}",
        wrong.len(),
        n_answers,
        wrong[0]
    );
    println!(
        "{} answers, none but good ones",
        n_answers.load(Ordering::SeqCst)
    );
    assert!(n_answers.load(Ordering::SeqCst) > 100);
}
