//! Starts that are refused, each with one clear line and without a trace; and what a first start makes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use trilby_testkit::http::encode;
use trilby_testkit::spawned::{Ended, Program};

use crate::acme::{Acme, bootstrap, program, root_login};
use crate::folder::{assert_unchanged, contents, copy, mode, settled};
use crate::operations::operations;

/// Fails unless the program ended with 1 and one line that has all of these words.
#[track_caller]
fn assert_refused(ended: &Ended, words: &[&str]) {
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(lines.len(), 1, "more than one line: {ended:?}");
    assert!(lines[0].starts_with("trilby: "), "{ended:?}");
    for word in words {
        assert!(lines[0].contains(word), "`{word}` is missing: {ended:?}");
    }
    assert_eq!(ended.stdout, "", "{ended:?}");
}

/// Runs the program, which must refuse, and looks whether the folder is as it was.
#[track_caller]
fn refuses(program: Program, folder: &Path, words: &[&str]) {
    let before = contents(folder);
    assert_refused(&program.run(), words);
    assert_unchanged(&before, folder);
}

/// A stopped installation with its first account.
fn founded() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let data_dir = folder.path().join("data");
    let mut trilby = program().data_dir(&data_dir).start();
    bootstrap(&trilby.client(), &trilby.printed("tbb_")).expect(201);
    assert!(trilby.stop().status.success());
    (folder, data_dir)
}

#[test]
fn a_port_in_use_is_one_line_and_no_folder() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, setting) in [
        ("--listen", "server.listen"),
        ("--operator-listen", "server.operator_listen"),
    ] {
        let folder = TempDir::new().unwrap();
        let program = program()
            .data_dir(folder.path().join("data"))
            .arg(flag)
            .arg(&address);
        let port = format!("port {}", taken.local_addr().unwrap().port());
        refuses(program, folder.path(), &[&port, "in use", setting]);
    }
}

#[test]
fn a_server_says_where_its_data_are_and_tools_say_what_they_miss() {
    let folder = TempDir::new().unwrap();
    let data_dir = folder.path().join("data");
    let trilby = program().data_dir(&data_dir).start();
    let shown = data_dir.display().to_string();
    assert_eq!(trilby.printed(&shown), shown);
    drop(trilby);
    let file = folder.path().join("a-file");
    fs::write(&file, "not a folder").unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (place, missing) in [
        (folder.path().join("nowhere"), "does not exist"),
        (file, "is not a folder"),
        (empty, "no folder `store`"),
        (data_dir.join("store"), "no folder `store`"),
    ] {
        let shown = place.display().to_string();
        for command in [&["log", "verify"], &["log", "list"], &["admin", "fence"]] {
            let program = command
                .iter()
                .fold(program().data_dir(&place), |program, arg| program.arg(arg));
            let words = ["no store in", &shown, missing, "--data-dir"];
            refuses(program, folder.path(), &words);
        }
    }
}

#[test]
fn a_data_folder_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "not a folder").unwrap();
    let turning = folder.path().join("turning");
    std::os::unix::fs::symlink(&turning, &turning).unwrap();
    let inside = file.join("data");
    for (data_dir, words) in [
        (&file, "is not a folder"),
        (&turning, "cannot read the data folder"),
        (&inside, "is not a folder"),
    ] {
        let shown = data_dir.display().to_string();
        refuses(
            program().data_dir(data_dir),
            folder.path(),
            &[&shown, words],
        );
    }
}

#[test]
fn a_data_folder_of_others_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("holiday.jpg"), "a picture").unwrap();
    let program = program().data_dir(folder.path());
    refuses(program, folder.path(), &["holiday.jpg", "--data-dir"]);
}

#[test]
fn a_data_folder_that_cannot_be_read_is_refused() {
    let folder = TempDir::new().unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        // Root reads everything: there is nothing to be seen.
        println!("skipped: this user reads folders of mode 000");
        return;
    }
    refuses(
        program().data_dir(&closed),
        folder.path(),
        &["cannot read the data folder"],
    );
}

#[test]
fn a_store_that_is_none_is_refused() {
    let (_folder, data_dir) = founded();
    let store = data_dir.join("store/trilby.db");
    for bytes in [
        b"no database, long enough for a header".repeat(100),
        sqlite_of_others(),
    ] {
        fs::write(&store, bytes).unwrap();
        refuses(
            program().data_dir(&data_dir),
            &data_dir,
            &["trilby.db", "not a Trilby store"],
        );
    }
}

/// A database with a table, made by no one of ours: the header and one page, enough to be one.
fn sqlite_of_others() -> Vec<u8> {
    let mut page = vec![0_u8; 4096];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    // Page size, file format, payload fractions.
    page[16..24].copy_from_slice(&[0x10, 0, 1, 1, 0, 64, 32, 32]);
    page[24..28].copy_from_slice(&1_u32.to_be_bytes());
    page[28..32].copy_from_slice(&1_u32.to_be_bytes());
    // Schema format, encoding UTF-8, and the mark of another application.
    page[44..48].copy_from_slice(&4_u32.to_be_bytes());
    page[56..60].copy_from_slice(&1_u32.to_be_bytes());
    page[68..72].copy_from_slice(&0x1234_5678_u32.to_be_bytes());
    page[92..96].copy_from_slice(&1_u32.to_be_bytes());
    // An empty leaf of the schema table.
    page[100] = 0x0d;
    page[105..107].copy_from_slice(&4096_u16.to_be_bytes());
    page
}

#[test]
fn a_second_process_on_a_data_folder_is_refused() {
    let first = program().start();
    let second = program().data_dir(first.data_dir());
    settled(first.data_dir());
    refuses(second, first.data_dir(), &["is in use by process"]);
    first.client().get("/readyz").expect(200);
    // The first one's ticket was not touched.
    bootstrap(&first.client(), &first.printed("tbb_")).expect(201);
}

#[test]
fn a_store_is_not_opened_without_its_keys() {
    let (folder, data_dir) = founded();
    for name in ["store.key", "pepper.key", "kek.key"] {
        let key = data_dir.join("keys").join(name);
        let kept = folder.path().join("kept");
        fs::rename(&key, &kept).unwrap();
        refuses(
            program().data_dir(&data_dir),
            &data_dir,
            &["missing", name, "backup"],
        );
        fs::rename(&kept, &key).unwrap();
    }
    let keys = data_dir.join("keys");
    fs::rename(&keys, folder.path().join("kept")).unwrap();
    refuses(
        program().data_dir(&data_dir),
        &data_dir,
        &["missing", "store.key", "kek.key"],
    );
}

#[test]
fn a_store_is_not_opened_with_the_keys_of_another() {
    let (_folder, data_dir) = founded();
    let (_other, other) = founded();
    let other_key = other.join("keys/store.key");
    fs::copy(&other_key, data_dir.join("keys/store.key")).unwrap();
    refuses(program().data_dir(&data_dir), &data_dir, &["store key"]);
}

#[test]
fn a_key_file_that_is_open_or_damaged_is_refused_without_its_content() {
    let (_folder, data_dir) = founded();
    let key = data_dir.join("keys/kek.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    refuses(
        program().data_dir(&data_dir),
        &data_dir,
        &["kek.key", "chmod 600"],
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "not-a-key-but-perhaps-half-of-one").unwrap();
    refuses(program().data_dir(&data_dir), &data_dir, &["kek.key"]);
    let ended = program().data_dir(&data_dir).run();
    assert!(!ended.stderr.contains("half-of-one"), "{ended:?}");
}

#[test]
fn an_unknown_setting_is_refused_with_a_hint() {
    let folder = TempDir::new().unwrap();
    let data_dir = folder.path().join("data");
    let config = folder.path().join("trilby.toml");
    fs::write(&config, "[server]\nlissten = \"127.0.0.1:0\"\n").unwrap();
    let unknown = [
        (
            program().arg("--config").arg(&config),
            ["lissten", "listen"],
        ),
        (
            program().env("TRILBY_SERVER__LISTN", "127.0.0.1:0"),
            ["TRILBY_SERVER__LISTN", "TRILBY_SERVER__LISTEN"],
        ),
        (
            program().env("TRILBY_DATA_DIR", "/nowhere"),
            ["TRILBY_DATA_DIR", "TRILBY_LOG__DATA_DIR"],
        ),
        (
            program().env("TRILBY_SERVER__WORKERS", "many"),
            ["TRILBY_SERVER__WORKERS", "many"],
        ),
    ];
    for (program, words) in unknown {
        refuses(program.data_dir(&data_dir), folder.path(), &words);
    }
    fs::write(&config, "[server\n").unwrap();
    refuses(
        program().arg("--config").arg(&config).data_dir(&data_dir),
        folder.path(),
        &["trilby.toml", "TOML"],
    );
    let missing = folder.path().join("missing.toml");
    refuses(
        program().arg("--config").arg(&missing).data_dir(&data_dir),
        folder.path(),
        &["missing.toml"],
    );
}

#[test]
fn an_address_that_others_reach_is_not_served_in_clear_by_accident() {
    let folder = TempDir::new().unwrap();
    let program = program()
        .data_dir(folder.path().join("data"))
        .arg("--listen")
        .arg("0.0.0.0:0")
        .env("TRILBY_SERVER__PUBLIC_URL", "https://iam.example.com");
    refuses(program, folder.path(), &["allow_insecure_http"]);
}

#[test]
fn a_first_start_makes_private_files_and_a_ticket_that_opens_once() {
    let mut trilby = program().start();
    let data_dir = trilby.data_dir().to_owned();
    for (name, (file_mode, bytes)) in contents(&data_dir) {
        let expected = if bytes.is_some() { 0o600 } else { 0o700 };
        assert_eq!(file_mode, expected, "{}", name.display());
    }
    assert_eq!(mode(&data_dir), 0o700);
    let ticket = trilby.printed("tbb_");
    let kept = fs::read_to_string(data_dir.join("bootstrap-ticket")).unwrap();
    assert_eq!(kept.trim_end(), ticket);
    assert!(!trilby.stderr().join("\n").contains("tbb_"));

    let client = trilby.client();
    let (kept, last) = ticket.split_at(ticket.len() - 1);
    let other = format!("{kept}{}", if last == "x" { "y" } else { "x" });
    bootstrap(&client, &other).expect_problem(401, "invalid_credentials");
    let account = bootstrap(&client, &ticket).expect(201);
    let account = account.text("/account/id").to_owned();
    assert!(
        !data_dir.join("bootstrap-ticket").exists(),
        "a used ticket is not left lying about"
    );
    for again in [&ticket, &other] {
        bootstrap(&client, again).expect_problem(409, "invalid_state");
    }
    let ended = trilby.stop();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");

    trilby.restart();
    assert!(!trilby.stdout().join("\n").contains("tbb_"));
    assert!(!data_dir.join("bootstrap-ticket").exists());
    bootstrap(&trilby.client(), &ticket).expect_problem(409, "invalid_state");
    root_login(&trilby.client(), &account, crate::acme::ROOT_PASSWORD).expect(200);
    trilby.stop();
    let ended = program().arg("bootstrap").data_dir(&data_dir).run();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("nothing to bootstrap"), "{ended:?}");
}

#[test]
fn the_newest_ticket_is_the_only_one() {
    let mut trilby = program().start();
    let first = trilby.printed("tbb_");
    trilby.stop();
    let data_dir = trilby.data_dir().to_owned();
    let reissued = program().arg("bootstrap").data_dir(&data_dir).run();
    assert!(reissued.status.success(), "{reissued:?}");
    let second = reissued.stdout.trim().to_owned();
    assert!(second.starts_with("tbb_") && second != first);
    trilby.restart();
    let third = trilby.printed("tbb_");
    for void in [&first, &second] {
        bootstrap(&trilby.client(), void).expect_problem(401, "invalid_credentials");
    }
    bootstrap(&trilby.client(), &third).expect(201);
}

/// Whoever waits for the ready line may stop it at once.
#[test]
fn a_process_stopped_as_soon_as_it_is_ready_stops_in_order() {
    let mut trilby = program().start();
    for _ in 0..5 {
        let ended = trilby.stop();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        trilby.restart();
    }
}

#[test]
fn a_second_start_finds_everything_again() {
    let mut acme = Acme::start();
    let path = acme.in_dev("/users");
    crate::acme::create_user(&acme.dev_admin(), &acme.dev.id, "Mary");
    let users = acme.dev_admin().get(&path).expect(200);
    let seq = acme.dev_seq();
    let ended = acme.trilby.stop();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    acme.trilby.restart();
    // Tokens from before are good, and the log stands where it stood.
    assert_eq!(acme.dev_seq(), seq);
    assert_eq!(acme.dev_admin().get(&path).expect(200).json, users.json);
    root_login(&acme.stranger(), &acme.account, crate::acme::ROOT_PASSWORD).expect(200);
}

#[test]
fn a_copied_folder_is_the_same_installation() {
    let (folder, data_dir) = founded();
    let moved = folder.path().join("moved");
    copy(&data_dir, &moved);
    let trilby = program().data_dir(&moved).start();
    assert!(!trilby.stdout().join("\n").contains("tbb_"));
    bootstrap(&trilby.client(), "tbb_").expect_problem(409, "invalid_state");
}

/// No route of a fresh store opens without a token, and no guess does.
#[test]
fn nothing_opens_by_default() {
    let trilby = program().start();
    let client = trilby.client();
    for operation in operations(&client) {
        let path = operation.path_with(|name| match name {
            "account" => "111122223333".to_owned(),
            other => format!("some-{other}"),
        });
        let answer = client.request(operation.method(), &path).send();
        let allowed: &[u16] = match (operation.id.as_str(), operation.is_public()) {
            // A random text that opens nothing: an ID token may have to carry it.
            ("create_nonce", true) => &[201],
            (_, true) => &[200, 400, 401, 404, 405, 415],
            (_, false) => &[401],
        };
        assert!(
            allowed.contains(&answer.status),
            "{} {answer:?}",
            operation.id
        );
        assert!(!answer.body().contains("eyJ"), "{answer:?}");
    }
    for (user, password) in [
        ("admin", "admin"),
        ("root", "root"),
        ("trilby", "trilby"),
        ("root", ""),
        ("admin", "password"),
        ("", ""),
    ] {
        let form = [
            ("grant_type", "urn:trilby:grant-type:console-login"),
            ("account", "111122223333"),
            ("username", user),
            ("password", password),
        ];
        let answer = client.form("/v1/token", &form);
        assert!([400, 401].contains(&answer.status), "{answer:?}");
        let body = json!({"ticket": password, "account_name": "x", "root_email": "a@b.example", "root_password": crate::acme::ROOT_PASSWORD});
        let answer = client.post("/v1/bootstrap", &body);
        assert!([400, 401].contains(&answer.status), "{answer:?}");
        let as_basic = format!("{}:{}", encode(user), encode(password));
        let basic = {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(as_basic)
        };
        let answer = client
            .with_header("authorization", &format!("Basic {basic}"))
            .form("/v1/token", &[("grant_type", "client_credentials")]);
        assert!([400, 401].contains(&answer.status), "{answer:?}");
    }
    // None of it counted: the ticket still opens.
    bootstrap(&client, &trilby.printed("tbb_")).expect(201);
}
