//! F10: the store is taken back under processes that run, and they hear of it through Kafka.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::simulation::Run;

use crate::acme;
use crate::database::{Database, rows, sql};
use crate::founded::{Founded, urls};
use crate::kafka::{Relay, settings};
use crate::records::until;

/// A copy of a database, from which it can be taken back.
struct Backup<'a> {
    of: &'a Database,
    copy: String,
}

impl<'a> Backup<'a> {
    fn of(of: &'a Database) -> Self {
        let (name, server) = of.place();
        let copy = format!("{name}_backup");
        copied(server, name, &copy);
        Self { of, copy }
    }

    /// Puts the copy in the place of the database, fenced, as one step for whoever is connected.
    fn restore(&self, folder: &Path) {
        let (name, server) = self.of.place();
        let restored = format!("{name}_restored");
        copied(server, &self.copy, &restored);
        let store = self.of.url().replace(name, &restored);
        let mut fence = Command::new(env!("CARGO_BIN_EXE_trilby"));
        fence.args(["admin", "fence", "--yes", "--store", &store]);
        fence.env("TRILBY_KEYS__STORE_FILE", folder.join("keys/store.key"));
        fence.env("TRILBY_KEYS__PEPPER_FILE", folder.join("keys/pepper.key"));
        if let Some(password) = self.of.password() {
            fence.env("TRILBY_STORE_PASSWORD", password);
        }
        let fenced = fence.output().unwrap();
        assert!(fenced.status.success(), "{fenced:?}");
        close(server, &restored);
        close(server, name);
        let swap = format!(
            "drop database {name}; alter database {restored} rename to {name};
             alter database {name} allow_connections true"
        );
        sql(server, &swap).unwrap();
    }
}

impl Drop for Backup<'_> {
    fn drop(&mut self) {
        let (_, server) = self.of.place();
        sql(server, &format!("drop database {} with (force)", self.copy)).ok();
    }
}

fn copied(server: &str, from: &str, to: &str) {
    close(server, from);
    let copy = format!(
        "create database {to} template {from}; alter database {from} allow_connections true"
    );
    sql(server, &copy).unwrap();
}

/// Nobody is connected, and nobody can.
fn close(server: &str, name: &str) {
    sql(
        server,
        &format!("alter database {name} allow_connections false"),
    )
    .unwrap();
    let cut = format!(
        "select count(pg_terminate_backend(pid))::text from pg_stat_activity where datname = '{name}'"
    );
    until("nobody is connected", || rows(server, &cut) == ["0"]);
}

/// Requests go to both decision processes in turn: so many of the same in a row, and none decides otherwise.
const IN_A_ROW: usize = 8;

fn decides(here: &Founded, user: &str, wanted: bool) -> bool {
    (0..IN_A_ROW).all(|_| {
        let answer = here.may_list_users(user, "");
        answer.status == 200 && answer.json["decision"] == json!(wanted)
    })
}

/// Whether each process of identity, token and decision refuses each of these sessions.
fn all_refuse(here: &Founded, processes: &[Vec<String>; 3], sessions: &[&Client]) -> bool {
    let [identity, token, decision] = processes;
    let users = here.path("/users");
    let question = acme::question("cleo", "iam:ListUsers", "account", &here.account);
    let refuses = |session: &Client| {
        let statuses = [
            identity
                .iter()
                .map(|url| session.at(url).get(&users).status)
                .collect::<Vec<_>>(),
            token
                .iter()
                .map(|url| session.at(url).get("/v1/caller-identity").status)
                .collect(),
            decision
                .iter()
                .map(|url| {
                    session
                        .at(url)
                        .post("/access/v1/evaluation", &question)
                        .status
                })
                .collect(),
        ];
        statuses.concat().iter().all(|status| *status == 401)
    };
    sessions.iter().all(|session| refuses(session))
}

#[test]
#[ignore = "needs services"]
fn what_a_restored_store_has_lost_counts_nowhere_any_more() {
    let mut run = Run::of("F10");
    let settings = settings();
    let mut here = Founded::with(2, settings.clone());
    let _relay = Relay::start(&here.database.url(), here.database.password(), &settings);
    acme::create_user(&here.admin, &here.account, "cleo");
    // For new sessions, when those from before are ended.
    let [admin, pep] =
        ["admin", "pep"].map(|user| acme::create_key(&here.admin, &here.account, user));
    until("cleo may not", || decides(&here, "cleo", false));
    for n in 0..run.random.below(12) {
        acme::create_user(&here.admin, &here.account, &format!("kept-{n}"));
    }
    let backup = Backup::of(&here.database);
    until("the processes have the store again", || {
        decides(&here, "cleo", false)
    });
    let path = here.path("/users/cleo/attached-policies/system:ReadOnlyAccess");
    let mut lost = String::new();
    until("a right is given", || {
        let given = acme::once(&here.admin, "PUT", &path).send();
        if given.status == 204 {
            given.seq().clone_into(&mut lost);
        }
        given.status == 204
    });
    // And some that are lost with it.
    let n_more = run.random.below(12);
    for n in 0..n_more {
        acme::create_user(&here.admin, &here.account, &format!("lost-{n}"));
    }
    until("cleo may", || decides(&here, "cleo", true));
    let outbox = "select count(*)::text from outbox";
    until("all is told", || {
        rows(&here.database.admin_url(), outbox) == ["0"]
    });

    let stranger = Client::new(here.cluster.url());
    // One that has seen what is going to be lost.
    let late = stranger.with_token(&acme::key_session(&stranger, &admin));
    late.get(&here.path("/users")).expect(200);

    // No process starts again, nobody writes, and no question carries a position.
    backup.restore(here.folder());
    // What a session from before has seen need not be there any more: none counts, whatever it had seen.
    let processes =
        ["identity", "token", "decision"].map(|service| urls(&mut here.cluster, service));
    until("sessions from before are ended in every process", || {
        all_refuse(&here, &processes, &[&here.admin, &here.pep, &late])
    });
    [here.admin, here.pep] = [&admin, &pep].map(|key| {
        // The connections were cut: whoever logs in first may be told to come again.
        until("a login", || acme::key_login(&stranger, key).status == 200);
        stranger.with_token(&acme::key_session(&stranger, key))
    });
    here.admin.get(&here.path("/users")).expect(200);
    until("cleo may not any more", || decides(&here, "cleo", false));
    let told = |name| here.logged(name).contains("the store was taken back");
    assert!(told("decision-1") && told("decision-2"));
    // The store does not have the commit, which is as much as to say that it is lost; with another in its place it still is.
    let is_lost = |answer: Answer| assert_eq!(answer.json["code"], "timeline_lost", "{answer:?}");
    is_lost(here.may_list_users("cleo", &lost).expect(409));
    let mut n_users = 0;
    until("the log has grown past it", || {
        n_users += 1;
        let body = json!({ "name": format!("user-{n_users}") });
        let made = acme::once(&here.admin, "POST", &here.path("/users"))
            .json(&body)
            .send();
        let seq = |token: &str| acme::seq_number(token, &here.account);
        made.status == 201 && seq(made.seq()) > seq(&lost)
    });
    is_lost(here.may_list_users("cleo", &lost).expect(409));
    assert!(decides(&here, "cleo", false));
    // A right that is given now counts as ever.
    acme::attach(&here.admin, &here.account, "cleo", "system:ReadOnlyAccess");
    until("cleo may again", || decides(&here, "cleo", true));
    here.verify();
    run.tell(&[("lost_commits", usize::try_from(1 + n_more).unwrap())]);
}
