//! The database is gone for a while.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use trilby_cluster::Cluster;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::simulation::Run;

use crate::acme;
use crate::database::Server;
use crate::founded::{config, found};

/// Longest a process may take to notice.
const NOTICED: Duration = Duration::from_secs(60);

/// How long the database is gone in the long form.
const DOWN: Duration = Duration::from_secs(60);

/// A 503 that says what it is and when to ask again.
pub fn is_clear(refused: &Answer) {
    assert_eq!(refused.status, 503, "{refused:?}");
    let names = ["code", "error_code"];
    assert!(
        names.iter().any(|name| refused.json[*name].is_string())
            && refused.headers.contains_key("retry-after"),
        "{refused:?}"
    );
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < NOTICED, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs services"]
fn accounts_in_memory_are_decided_on_without_a_database_and_nothing_else_is_claimed() {
    let run = Run::of("F9");
    let (goes_on, mut n_decided) = (run.clock(), 0);
    let server = Server::start();
    let folder = TempDir::new().unwrap();
    let mut cluster = Cluster::start(&config(folder.path(), server.url(), None, 1)).unwrap();
    let stranger = Client::new(cluster.url());
    let (account, admin) = found(&stranger, cluster.ticket().unwrap());
    acme::create_user(&admin, &account, "mary");
    acme::attach(&admin, &account, "mary", "system:ReadOnlyAccess");
    // News may be older than the database is gone.
    let settings = format!("/v1/accounts/{account}/settings/decisions");
    let longer = acme::once(&admin, "PUT", &settings)
        .json(&json!({"max_stale": 5 * DOWN.as_secs(), "when_stale": "deny"}))
        .send();
    assert!((200..300).contains(&longer.status), "{longer:?}");
    let seq = admin
        .get(&format!("/v1/accounts/{account}/users/mary"))
        .expect(200)
        .seq()
        .to_owned();
    let path = format!("/accounts/{account}/access/v1/evaluation");
    let question = acme::question("mary", "iam:ListUsers", "account", &account);
    let asked = admin.with_header("trilby-min-seq", &seq);
    assert_eq!(
        asked.post(&path, &question).expect(200).json["decision"],
        true
    );
    let operator = |cluster: &mut Cluster, name: &str| {
        Client::new(format!("http://{}", cluster.service(name)[0].operator()))
    };
    let (identity, decision) = (
        operator(&mut cluster, "identity"),
        operator(&mut cluster, "decision"),
    );

    server.kill();
    let went = Instant::now();
    while n_decided < 50 || went.elapsed() < DOWN && goes_on(false) {
        let answer = asked.post(&path, &question).expect(200);
        assert_eq!(answer.json["decision"], true, "{answer:?}");
        n_decided += 1;
    }
    // A position that nobody has is not decided on.
    let ahead = format!("{account}@999999");
    is_clear(
        &admin
            .with_header("trilby-min-seq", &ahead)
            .post(&path, &question),
    );
    let write = || {
        acme::once(&admin, "POST", &format!("/v1/accounts/{account}/users"))
            .json(&json!({"name": "nobody"}))
            .send()
    };
    is_clear(&write());
    is_clear(&acme::root_login(&stranger, &account, acme::ROOT_PASSWORD));
    wait_for("identity says that it is not ready", || {
        identity.get("/readyz").status == 503
    });
    // Decisions go on, and say by now how old their news are.
    assert_eq!(decision.get("/readyz").status, 200);
    let is_late = || {
        let answer = asked.post(&path, &question).expect(200);
        assert_eq!(answer.json["decision"], true, "{answer:?}");
        answer.headers.contains_key("trilby-stale")
    };
    wait_for("decisions say that their news are old", is_late);

    server.up_again();
    wait_for("identity is ready again", || {
        identity.get("/readyz").status == 200
    });
    wait_for("writes go through again", || write().status == 201);
    wait_for("decisions have fresh news again", || !is_late());
    run.tell(&[("decided_meanwhile", n_decided)]);
}
