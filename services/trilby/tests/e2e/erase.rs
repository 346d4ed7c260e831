//! What is kept about a person and an account is erased, and the chains go on verifying.

use std::path::Path;

use serde_json::json;
use trilby_testkit::spawned::Ended;

use crate::acme::{
    ROOT_EMAIL, ROOT_PASSWORD, attach, bootstrap, create_key, create_user, key_session, once,
    program, root_login,
};
use crate::folder::contents;

/// Names a browser, so that it is found wherever it is kept.
const BROWSER: &str = "telltale-browser/7";

fn run(data_dir: &Path, args: &[&str]) -> Ended {
    let program = program().data_dir(data_dir);
    args.iter()
        .fold(program, |program, arg| program.arg(arg))
        .run()
}

#[track_caller]
fn said<'a>(ended: &'a Ended, words: &str) -> &'a str {
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains(words), "{ended:?}");
    &ended.stdout
}

#[track_caller]
fn refused(ended: &Ended, words: &str) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains(words), "{ended:?}");
}

/// Whether these bytes are in any file of a folder.
fn holds(folder: &Path, text: &str) -> bool {
    let files = contents(folder);
    let mut bytes = files.values().filter_map(|(_, bytes)| bytes.as_ref());
    bytes.any(|bytes| {
        let mut places = bytes.windows(text.len());
        places.any(|place| place == text.as_bytes())
    })
}

#[test]
fn a_person_and_then_an_account_are_erased_and_the_log_is_sound() {
    let mut trilby = program().start();
    let data_dir = trilby.data_dir().to_owned();
    let stranger = trilby.client();
    let account = bootstrap(&stranger, &trilby.printed("tbb_")).expect(201);
    let account = account.text("/account/id").to_owned();
    let root = root_login(&stranger, &account, ROOT_PASSWORD).expect(200);
    let root = stranger.with_token(root.text("/access_token"));
    let mary = create_user(&root, &account, "mary").text("/id").to_owned();
    attach(&root, &account, "mary", "system:AdministratorAccess");
    let as_mary = key_session(&stranger, &create_key(&root, &account, "mary"));
    let as_mary = stranger
        .with_token(&as_mary)
        .with_header("user-agent", BROWSER);
    let bob = create_user(&as_mary, &account, "bob")
        .text("/id")
        .to_owned();
    create_user(&as_mary, &account, "eve");
    trilby.stop();
    assert!(holds(&data_dir, BROWSER) && holds(&data_dir, ROOT_EMAIL));
    let erase = |user: &str| run(&data_dir, &["admin", "erase-subject", &account, user]);
    refused(&erase(&mary), "still there; delete it first");
    refused(&erase("TUSR00000000000000000"), "never had a user");
    refused(
        &run(&data_dir, &["admin", "erase-log", &account, "--yes"]),
        "only a closed one",
    );

    trilby.restart();
    let path = format!("/v1/accounts/{account}/users/mary?cascade=true&i_know=true");
    once(&root, "DELETE", &path).send().expect(204);
    trilby.stop();
    assert!(holds(&data_dir, BROWSER), "deletion alone erases it not");
    said(&erase(&mary), "the origin of requests (2)");
    assert!(!holds(&data_dir, BROWSER));
    said(&erase(&mary), "erased before");
    said(&run(&data_dir, &["log", "verify"]), "sound: ");

    // The fact is in the log, and everything else is as it was.
    trilby.restart();
    let events = root.get(&format!("/v1/accounts/{account}/log")).expect(200);
    let erased = events.json["items"].as_array().unwrap().iter();
    let erased: Vec<_> = erased
        .filter(|event| event["etype"] == "user.erased")
        .collect();
    assert_eq!(erased.len(), 1, "{events:?}");
    assert_eq!(erased[0]["data"], json!({ "user": mary }));
    root.get(&format!("/v1/accounts/{account}/users/bob"))
        .expect(200);
    let path = format!("/v1/accounts/{account}/close");
    once(&root, "POST", &path).send().expect(200);
    trilby.stop();
    refused(
        &run(&data_dir, &["admin", "erase-log", &account]),
        "`--yes` does it",
    );
    assert!(holds(&data_dir, &bob));
    let erase_log = &["admin", "erase-log", &account, "--yes"];
    said(&run(&data_dir, erase_log), "is erased");
    said(&run(&data_dir, erase_log), "was erased before");
    assert!(!holds(&data_dir, ROOT_EMAIL) && !holds(&data_dir, &bob));
    said(&run(&data_dir, &["log", "verify"]), "sound: ");
    trilby.restart();
    let login = root_login(&stranger, &account, ROOT_PASSWORD);
    assert_eq!(login.status, 401, "{login:?}");
    trilby.stop();
}
