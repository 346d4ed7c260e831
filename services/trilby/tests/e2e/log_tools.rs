//! What an operator does with a store: verify, list, copy, export; and what a running process tells about itself.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use trilby_testkit::http::Client;
use trilby_testkit::spawned::Ended;

use crate::acme::{Acme, create_user, program, question, root_login, seq_number};
use crate::raw;

/// A command about the store in a folder.
fn log(data_dir: &Path, args: &[&str]) -> Ended {
    let program = program().data_dir(data_dir).arg("log");
    args.iter()
        .fold(program, |program, arg| program.arg(arg))
        .run()
}

#[track_caller]
fn done(ended: &Ended) -> &str {
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    &ended.stdout
}

#[test]
fn a_store_is_looked_after_while_a_server_writes_to_it() {
    let acme = Acme::start();
    let data_dir = acme.trilby.data_dir().to_owned();
    create_user(&acme.dev_admin(), &acme.dev.id, "first");
    let kept = acme
        .dev_admin()
        .get(&acme.in_dev(""))
        .expect(200)
        .seq()
        .to_owned();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                create_user(&acme.dev_admin(), &acme.dev.id, &format!("user-{n}"));
                n += 1;
            }
            n
        });
        let watched = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            tools_agree(&acme, &data_dir, &kept);
        }));
        stop.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() >= 5);
        watched.unwrap();
    });
}

fn tools_agree(acme: &Acme, data_dir: &Path, kept: &str) {
    let verdict = log(data_dir, &["verify", "--kept", kept]);
    assert!(done(&verdict).starts_with("sound: "), "{verdict:?}");
    let report = log(data_dir, &["verify", "--json", "--log", &acme.dev.id]);
    let report: Value = serde_json::from_str(done(&report)).unwrap();
    assert_eq!(report["status"], "ok", "{report}");

    let list = log(data_dir, &["list"]);
    let listed: Vec<&str> = done(&list)
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    for expected in [
        &acme.account,
        &acme.organization,
        &acme.dev.id,
        &acme.prod.id,
        &"platform".to_owned(),
    ] {
        assert!(listed.contains(&expected.as_str()), "{list:?}");
    }
    assert_eq!(listed.len(), 5, "{list:?}");

    let folder = TempDir::new().unwrap();
    for command in ["copy", "rebuild"] {
        let copy = folder.path().join(command);
        let copied = log(data_dir, &[command, copy.to_str().unwrap()]);
        assert!(done(&copied).starts_with("copied 5 logs"), "{copied:?}");
        let again = log(data_dir, &[command, copy.to_str().unwrap()]);
        assert_eq!(again.status.code(), Some(1), "{again:?}");
        copy_serves(acme, data_dir, &copy, kept);
    }

    // The file begins like one of SQLite's, and holds nothing of it any more.
    let broken = folder.path().join("broken");
    done(&log(data_dir, &["copy", broken.to_str().unwrap()]));
    garble(&broken.join("store/trilby.db"));
    let verdict = log(&broken, &["verify"]);
    assert_eq!(verdict.status.code(), Some(2), "{verdict:?}");
    assert!(verdict.stdout.starts_with("broken: "), "{verdict:?}");

    let exports = folder.path().join("exports");
    fs::create_dir(&exports).unwrap();
    for name in listed {
        let export = log(data_dir, &["export", name]);
        let lines = done(&export).lines().count();
        assert!(lines >= 2, "{name}: {lines} lines");
        python_accepts(folder.path(), &export.stdout, kept, name);
        fs::write(exports.join(format!("{name}.jsonl")), &export.stdout).unwrap();
    }
    exports_are_sound(&exports, acme, kept);
    let unknown = log(data_dir, &["export", "000000000001"]);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
    let no_log = log(data_dir, &["verify", "--log", "yesterday"]);
    assert_eq!(no_log.status.code(), Some(1), "{no_log:?}");
}

/// Exports are verified where neither the store nor its keys are.
fn exports_are_sound(exports: &Path, acme: &Acme, kept: &str) {
    let nowhere = exports.join("no-store");
    let offline = |place: &Path, more: &[&str]| {
        let args = [&["verify", "--offline", place.to_str().unwrap()], more].concat();
        log(&nowhere, &args)
    };
    let all = offline(exports, &["--kept", kept]);
    let last = done(&all).lines().last().unwrap().to_owned();
    assert!(last.starts_with("sound: 5 logs, "), "{all:?}");
    assert!(
        all.stdout
            .contains("left out, wholly or in part: commits, receipts"),
        "{all:?}"
    );
    assert!(!nowhere.exists());

    // A position of a log that is not among the files proves nothing.
    let platform = exports.join("platform.jsonl");
    let one = offline(&platform, &["--kept", kept, "--json"]);
    assert_eq!(one.status.code(), Some(3), "{one:?}");
    let report: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(
        (&report["status"], &report["logs"]),
        (&json!("incomplete"), &json!(1))
    );

    let dev = exports.join(format!("{}.jsonl", acme.dev.id));
    let text = fs::read_to_string(&dev).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.remove(2);
    let broken = exports.join("broken.jsonl");
    fs::write(&broken, lines.join("\n")).unwrap();
    for place in [&broken, exports] {
        let verdict = offline(place, &[]);
        assert_eq!(verdict.status.code(), Some(2), "{verdict:?}");
        let named = format!("broken: log {} seq 2:", acme.dev.id);
        assert!(verdict.stdout.contains(&named), "{verdict:?}");
    }
    fs::remove_file(broken).unwrap();

    let unread = offline(&exports.join("nothing-here"), &[]);
    assert_eq!(unread.status.code(), Some(1), "{unread:?}");
    let both = offline(exports, &["--log", "platform"]);
    assert!(both.stderr.contains("cannot be used with"), "{both:?}");
}

/// What cannot be compared without the store key is named, in the text, the JSON and the exit status; what was found broken
/// without it is broken all the same.
#[test]
fn without_the_store_key_a_store_is_not_called_sound() {
    let mut acme = Acme::start();
    create_user(&acme.dev_admin(), &acme.dev.id, "the-telltale-user");
    let key = acme.trilby.data_dir().join("keys/store.key");
    assert!(acme.trilby.stop().status.success());
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    done(&log(
        acme.trilby.data_dir(),
        &["copy", copy.to_str().unwrap()],
    ));
    let left_out =
        "left out, wholly or in part: claims, trusting, personal, fold, snapshots, revocations\n";

    let verdict = log(&copy, &["verify"]);
    assert_eq!(verdict.status.code(), Some(3), "{verdict:?}");
    assert!(verdict.stdout.contains("keys.store_file"), "{verdict:?}");
    assert!(verdict.stdout.contains(left_out), "{verdict:?}");
    assert!(
        verdict.stdout.contains("\nincomplete: 5 logs"),
        "{verdict:?}"
    );
    let report = log(&copy, &["verify", "--json"]);
    assert_eq!(report.status.code(), Some(3), "{report:?}");
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(
        (&report["status"], &report["unchecked"]),
        (
            &json!("incomplete"),
            &json!([
                "claims",
                "trusting",
                "personal",
                "fold",
                "snapshots",
                "revocations"
            ])
        )
    );

    // The key may lie elsewhere; another store's is none.
    let with_key = |key: &Path| {
        let command = program()
            .data_dir(&copy)
            .env("TRILBY_KEYS__STORE_FILE", key.to_str().unwrap());
        command.arg("log").arg("verify").run()
    };
    assert!(done(&with_key(&key)).starts_with("sound: "));
    let other = program().start();
    let verdict = with_key(&other.data_dir().join("keys/store.key"));
    assert_eq!(verdict.status.code(), Some(3), "{verdict:?}");
    assert!(verdict.stdout.contains("another store key"), "{verdict:?}");

    // Whoever asks for a part is told what that leaves out, and is not failed for it.
    let part = log(&copy, &["verify", "--since", "1"]);
    assert!(done(&part).starts_with(left_out), "{part:?}");
    assert!(part.stdout.contains("\nsound: "), "{part:?}");
    // Whoever has seen a seq that is not there has seen another history.
    let beyond = &["verify", "--log", &acme.dev.id, "--since", "1000000"];
    let lost = log(&copy, beyond);
    assert_eq!(lost.status.code(), Some(2), "{lost:?}");
    assert!(lost.stdout.contains("the log ends at seq "), "{lost:?}");
    let lost = log(&copy, &["verify", "--since", "1000000"]);
    assert_eq!(lost.status.code(), Some(3), "{lost:?}");
    assert!(lost.stdout.contains("no log reaches seq "), "{lost:?}");
    let one = log(acme.trilby.data_dir(), &["verify", "--log", &acme.dev.id]);
    assert!(
        done(&one).starts_with("left out, wholly or in part: activity\nsound: "),
        "{one:?}"
    );

    change_bytes(
        &copy.join("store/trilby.db"),
        b"the-telltale-user",
        b"the-telltale-uzer",
    );
    let verdict = log(&copy, &["verify"]);
    assert_eq!(verdict.status.code(), Some(2), "{verdict:?}");
    assert!(verdict.stdout.contains(left_out), "{verdict:?}");
}

/// Leaves the first 100 bytes of a file.
fn garble(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    bytes.iter_mut().skip(100).for_each(|byte| *byte = 0xa5);
    fs::write(file, bytes).unwrap();
}

/// With the keys beside it, the copy is the installation.
fn copy_serves(acme: &Acme, data_dir: &Path, copy: &Path, kept: &str) {
    crate::folder::copy(&data_dir.join("keys"), &copy.join("keys"));
    let verdict = log(copy, &["verify", "--kept", kept]);
    assert!(done(&verdict).starts_with("sound: "), "{verdict:?}");
    let served = program()
        .data_dir(copy)
        .env("TRILBY_SERVER__PUBLIC_URL", &acme.trilby.url())
        .start();
    let admin = served.client().with_token(&acme.dev.admin);
    admin.get(&acme.in_dev("/users/first")).expect(200);
    root_login(&served.client(), &acme.account, crate::acme::ROOT_PASSWORD).expect(200);
}

/// The second verifier, written from the specification alone, agrees.
fn python_accepts(folder: &Path, export: &str, kept: &str, log: &str) {
    let of_log = kept
        .split(',')
        .find(|position| position.split('@').next() == Some(log));
    let Some(ended) = verify_py(folder, export, of_log.unwrap_or_default()) else {
        return;
    };
    assert!(ended.status.success(), "{ended:?}");
}

/// `verify.py` on an export; none if this host has no Python.
fn verify_py(folder: &Path, export: &str, kept: &str) -> Option<std::process::Output> {
    let found = Command::new("python3")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: there is no python3 to run libs/eventlog/verify.py");
        return None;
    }
    let file = folder.join("export.jsonl");
    fs::write(&file, export).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../libs/eventlog/verify.py");
    let mut command = Command::new("python3");
    command.arg(script);
    for position in kept.split(',').filter(|position| !position.is_empty()) {
        command.args(["--kept", position]);
    }
    Some(command.arg(&file).output().unwrap())
}

#[test]
fn a_changed_byte_is_found_and_named() {
    let mut acme = Acme::start();
    let made = create_user(&acme.dev_admin(), &acme.dev.id, "the-telltale-user");
    let seq = seq_number(made.seq(), &acme.dev.id);
    create_user(&acme.dev_admin(), &acme.dev.id, "one-after");
    let kept = acme
        .dev_admin()
        .get(&acme.in_dev(""))
        .expect(200)
        .seq()
        .to_owned();
    assert!(acme.trilby.stop().status.success());
    let data_dir = acme.trilby.data_dir().to_owned();
    done(&log(&data_dir, &["verify"]));

    let n_changed = change_bytes(
        &data_dir.join("store/trilby.db"),
        b"the-telltale-user",
        b"the-telltale-uzer",
    );
    assert!(n_changed >= 1, "the name is not in the store as text");
    let verdict = log(&data_dir, &["verify"]);
    assert_eq!(verdict.status.code(), Some(2), "{verdict:?}");
    let named = format!("broken: log {} seq {seq}:", acme.dev.id);
    assert!(
        verdict.stdout.contains(&named),
        "`{named}` is not in {verdict:?}"
    );
    assert!(
        verdict
            .stdout
            .lines()
            .last()
            .unwrap()
            .starts_with("BROKEN: "),
        "{verdict:?}"
    );
    let untouched = log(&data_dir, &["verify", "--log", &acme.prod.id]);
    assert_eq!(untouched.status.code(), Some(0), "{untouched:?}");

    let folder = TempDir::new().unwrap();
    let export = log(&data_dir, &["export", &acme.dev.id]);
    if let Some(ended) = verify_py(folder.path(), &export.stdout, &kept) {
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&ended.stdout),
            String::from_utf8_lossy(&ended.stderr)
        );
        assert!(said.contains(&format!("seq {seq}")), "{said}");
    }
}

/// Replaces every occurrence in a file; both have one length.
fn change_bytes(file: &Path, from: &[u8], to: &[u8]) -> usize {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(file).unwrap();
    let found: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    for at in &found {
        bytes[*at..at + to.len()].copy_from_slice(to);
    }
    fs::write(file, bytes).unwrap();
    found.len()
}

#[test]
fn a_lost_end_is_found_by_a_kept_position() {
    let mut acme = Acme::start();
    create_user(&acme.dev_admin(), &acme.dev.id, "early");
    acme.trilby.stop();
    let folder = TempDir::new().unwrap();
    let old = folder.path().join("old");
    crate::folder::copy(acme.trilby.data_dir(), &old);
    acme.trilby.restart();
    create_user(&acme.dev_admin(), &acme.dev.id, "late");
    let kept = acme
        .dev_admin()
        .get(&acme.in_dev(""))
        .expect(200)
        .seq()
        .to_owned();
    // Sound in itself, and not the store that the position was answered by.
    done(&log(&old, &["verify"]));
    let verdict = log(&old, &["verify", "--kept", &kept]);
    assert_eq!(verdict.status.code(), Some(2), "{verdict:?}");
    assert!(verdict.stdout.contains(&acme.dev.id), "{verdict:?}");
    done(&log(acme.trilby.data_dir(), &["verify", "--kept", &kept]));
}

#[test]
fn a_command_about_no_store_makes_none() {
    let folder = TempDir::new().unwrap();
    let data_dir = folder.path().join("data");
    for args in [
        &["verify"][..],
        &["list"],
        &["export", "platform"],
        &["copy", "/nowhere/at/all"],
        &["rebuild", "/nowhere/at/all"],
    ] {
        let ended = log(&data_dir, args);
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains("no store"), "{ended:?}");
        assert!(!data_dir.exists(), "{args:?}");
    }
}

#[test]
fn the_operators_port_has_the_documented_metrics() {
    let acme = Acme::start();
    let (_, token) = acme.nobody("pep");
    crate::acme::attach(
        &acme.dev_admin(),
        &acme.dev.id,
        "pep",
        "system:DecisionPointAccess",
    );
    let pep = acme.stranger().with_token(&token);
    for user in ["pep", "nobody-at-all"] {
        pep.post(
            "/access/v1/evaluation",
            &question(user, "s3:GetObject", "bucket", "x"),
        )
        .expect(200);
    }
    root_login(&acme.stranger(), &acme.account, "a wrong password it is").expect(401);
    let operator = acme.trilby.operator();
    let scraped = operator.get("/metrics").expect(200);
    assert!(
        scraped
            .header("content-type")
            .unwrap()
            .starts_with("text/plain"),
        "{scraped:?}"
    );
    let text = scraped.body();
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/METRICS.md"))
            .unwrap();
    let names: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert!(names.len() >= 10, "{document}");
    let missing: Vec<&&str> = names
        .iter()
        .filter(|name| !text.contains(&format!("# TYPE {name} ")))
        .collect();
    assert!(
        missing.is_empty(),
        "documented and not served: {missing:?}\n{text}"
    );
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        assert!(names.contains(&name), "served and not documented: {name}");
    }
    assert!(
        text.contains("trilby_http_requests_total{operation=\"evaluate\",status=\"200\"} 2"),
        "{text}"
    );
    for secret in [&acme.dev.id, &acme.account, "nobody-at-all", "eyJ"] {
        assert!(!text.contains(secret), "{secret} is in the metrics");
    }
    // The operator's port is no second way in, and the API's port shows no metrics.
    acme.stranger()
        .get("/metrics")
        .expect_problem(404, "not_found");
    operator.get("/v1/caller-identity").expect(404);
}

#[test]
fn both_ports_say_that_they_live_and_are_ready() {
    let trilby = program().start();
    for client in [trilby.client(), trilby.operator()] {
        assert_eq!(client.get("/livez").expect(200).text("/status"), "live");
        assert_eq!(client.get("/readyz").expect(200).text("/status"), "ready");
    }
}

#[test]
fn a_stopping_process_answers_what_it_has_begun() {
    let mut acme = Acme::start();
    let body = json!({"name": "in-flight"}).to_string();
    let mut request = raw::connect(&acme.trilby.url());
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        acme.in_dev("/users"),
        acme.dev.admin,
        body.len()
    );
    let (first, rest) = body.split_at(5);
    request
        .write_all(format!("{head}{first}").as_bytes())
        .unwrap();
    wait_for_in_flight(&acme.trilby.operator());
    let url = acme.trilby.url();
    let asked = Command::new("kill")
        .args(["-TERM", &acme.trilby.id().to_string()])
        .status()
        .unwrap();
    assert!(asked.success());
    wait_until_closed(&url);
    request.write_all(rest.as_bytes()).unwrap();
    let answer = raw::finish(&mut request).expect("no answer to what was begun");
    assert_eq!(answer.status, 201, "{answer:?}");

    let ended = acme.trilby.stop();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    acme.trilby.restart();
    acme.dev_admin()
        .get(&acme.in_dev("/users/in-flight"))
        .expect(200);
}

fn wait_for_in_flight(operator: &Client) {
    for _ in 0..500 {
        let text = operator.get("/metrics").expect(200).body();
        let line = text
            .lines()
            .find(|line| line.starts_with("trilby_http_requests_in_flight "))
            .unwrap_or_default();
        // The scrape itself is one.
        if line.ends_with(" 2") {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the request never began");
}

fn wait_until_closed(url: &str) {
    let address = url.strip_prefix("http://").unwrap();
    for _ in 0..500 {
        if std::net::TcpStream::connect(address).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it still takes connections");
}
