//! Starting: what a process needs, how soon it serves, and how soon an account nobody asked for yet is decided on.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use trilby_testkit::http::Client;

use crate::acme;
use crate::database::{Database, sql};
use crate::founded::{Founded, allowing};

/// Restarts that are timed.
const RESTARTS: usize = 5;
/// Accounts that are asked for cold.
const COLD: usize = 12;
/// Events of each.
const EVENTS: usize = 300;

fn refused(args: &[&str], env: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRILBY_") {
            command.env_remove(name);
        }
    }
    let folder = TempDir::new().unwrap();
    let ended = command
        .args(args)
        .args([
            "--listen",
            "127.0.0.1:0",
            "--operator-listen",
            "127.0.0.1:0",
        ])
        .current_dir(folder.path())
        .envs(env.iter().copied())
        .output()
        .unwrap();
    assert!(!ended.status.success());
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "it left something"
    );
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

#[test]
fn a_service_without_its_settings_does_not_start_and_says_what_is_missing() {
    let store = ("TRILBY_LOG__STORE", "postgres://nobody@127.0.0.1:1/none");
    let url = ("TRILBY_SERVER__PUBLIC_URL", "http://127.0.0.1:8080");
    for role in ["identity", "token", "decision"] {
        assert!(refused(&[role], &[]).contains("--store"));
        assert!(refused(&[role], &[store]).contains("public_url"));
        let error = refused(&[role], &[store, url]);
        assert!(error.contains("TRILBY_STORE_KEY"), "{error}");
        assert_eq!(error.contains("TRILBY_KEK"), role == "token", "{error}");
        assert_eq!(
            error.contains("TRILBY_PEPPER"),
            role != "decision",
            "{error}"
        );
    }
    assert!(refused(&["serve"], &[store]).contains("trilby identity"));
    assert!(refused(&["migrate"], &[store]).contains("TRILBY_STORE_KEY"));
    let password = ("TRILBY_LOG__STORE", "postgres://me:geheim@127.0.0.1:1/none");
    let error = refused(&["decision"], &[password]);
    assert!(
        error.contains("TRILBY_STORE_PASSWORD") && !error.contains("geheim"),
        "{error}"
    );
}

#[test]
#[ignore = "needs services"]
fn a_store_that_was_not_migrated_or_has_another_key_is_refused() {
    let database = Database::fresh();
    let keys = |folder: &TempDir| {
        let made = Command::new(env!("CARGO_BIN_EXE_trilby"))
            .args(["admin", "make-keys"])
            .arg(folder.path().join("keys"))
            .output()
            .unwrap();
        assert!(made.status.success());
        std::fs::read_to_string(folder.path().join("keys/store.key")).unwrap()
    };
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (one, two) = (keys(&one), keys(&two));
    let (url, password) = (database.url(), database.password().unwrap_or_default());
    let with = |key: &str, args: &[&str]| {
        refused(
            args,
            &[
                ("TRILBY_LOG__STORE", url.as_str()),
                ("TRILBY_STORE_PASSWORD", password.as_str()),
                ("TRILBY_SERVER__PUBLIC_URL", "http://127.0.0.1:8080"),
                ("TRILBY_STORE_KEY", key),
            ],
        )
    };
    let error = with(&one, &["decision"]);
    assert!(error.contains("run the migration"), "{error}");
    let migrated = Command::new(env!("CARGO_BIN_EXE_trilby"))
        .arg("migrate")
        .env("TRILBY_LOG__STORE", &url)
        .env("TRILBY_STORE_PASSWORD", &password)
        .env("TRILBY_STORE_KEY", &one)
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    for args in [["decision"], ["migrate"]] {
        let error = with(&two, &args);
        assert!(error.contains("another store key"), "{error}");
        assert!(!error.contains(two.trim()), "{error}");
    }
    // Since a later release writes what this one does not know.
    let raise = "update store_meta set min_reader_level = 2";
    sql(&database.admin_url(), raise).unwrap();
    let error = with(&one, &["decision"]);
    assert!(error.contains("use the newer release"), "{error}");
}

/// Prints figures; what it holds them to is loose, since a debug build on a busy host is slow.
#[test]
#[ignore = "needs services"]
fn killed_processes_are_ready_again_soon_and_cold_accounts_are_decided_on_soon() {
    let mut here = Founded::start(1);
    for name in ["identity", "token", "decision"] {
        let mut took: Vec<u128> = Vec::new();
        for _ in 0..RESTARTS {
            let member = &mut here.cluster.service(name)[0];
            member.kill().unwrap();
            let begun = Instant::now();
            member.start().unwrap();
            member.wait_ready().unwrap();
            took.push(begun.elapsed().as_millis());
        }
        took.sort_unstable();
        println!(
            "restart_ready_ms {name}: median {} worst {}",
            took[RESTARTS / 2],
            took[RESTARTS - 1]
        );
        assert!(took[RESTARTS / 2] < 10_000, "{took:?}");
    }

    // Members of an organization, each with a log of its own, written to its 300 events.
    let organization = acme::once(&here.admin, "POST", "/v1/organizations")
        .json(&json!({"name": "Acme"}))
        .send()
        .expect(201);
    let organization = organization.text("/id").to_owned();
    let stranger = Client::new(here.cluster.url());
    let mut cold = Vec::new();
    for n in 0..COLD {
        let member = acme::once(
            &here.admin,
            "POST",
            &format!("/v1/organizations/{organization}/accounts"),
        )
        .json(&json!({"name": format!("member-{n}")}))
        .send()
        .expect(201);
        let account = member.text("/account_id").to_owned();
        let session = here
            .admin
            .post(
                "/v1/assume-role",
                &json!({"role_arn": member.text("/access_role_arn"), "role_session_name": "cold"}),
            )
            .expect(200);
        let admin = stranger.with_token(session.text("/credentials/session_token"));
        let users = format!("/v1/accounts/{account}/users");
        let mut seq = 0;
        for user in 0.. {
            let name = format!("user-{user}");
            let made = acme::create_user(&admin, &account, &name);
            seq = acme::seq_number(made.seq(), &account);
            let path = format!("{users}/{name}/inline-policies/own");
            let put = acme::once(&admin, "PUT", &path)
                .header("if-none-match", "*")
                .json(&json!({"document": allowing("docs:Read")}))
                .send();
            assert!((200..300).contains(&put.status), "{put:?}");
            if seq >= u64::try_from(EVENTS).unwrap() {
                break;
            }
        }
        assert!(seq >= u64::try_from(EVENTS).unwrap());
        cold.push((
            account,
            session.text("/credentials/session_token").to_owned(),
        ));
    }
    let decision = &mut here.cluster.service("decision")[0];
    decision.kill().unwrap();
    decision.start().unwrap();
    decision.wait_ready().unwrap();
    let direct = Client::new(format!("http://{}", decision.api()));
    let mut took: Vec<Duration> = Vec::new();
    for (account, token) in &cold {
        let path = format!("/accounts/{account}/access/v1/evaluation");
        let question = acme::question("user-3", "docs:Read", "document", "7");
        let asked = direct.with_token(token);
        let begun = Instant::now();
        let answer = asked.post(&path, &question);
        took.push(begun.elapsed());
        assert_eq!(answer.expect(200).json["decision"], true);
    }
    took.sort_unstable();
    println!(
        "cold_account_ms: median {:.1} p99 {:.1}",
        took[COLD / 2].as_secs_f64() * 1_000.0,
        took[COLD - 1].as_secs_f64() * 1_000.0
    );
    assert!(took[COLD / 2] < Duration::from_secs(2), "{took:?}");
}
