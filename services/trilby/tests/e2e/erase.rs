//! What is kept about a person and an account is erased, and the chains go on verifying.

use std::path::Path;

use serde_json::json;
use trilby_testkit::http::Client;
use trilby_testkit::spawned::Ended;

use crate::acme::{
    Acme, ROOT_EMAIL, ROOT_PASSWORD, attach, bootstrap, create_key, create_user, key_session, once,
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

/// A new administrator: the user's id, and the token of a session by a key.
fn administrator(admin: &Client, account: &str, name: &str) -> (String, String) {
    let id = create_user(admin, account, name).text("/id").to_owned();
    attach(admin, account, name, "system:AdministratorAccess");
    (id, key_session(admin, &create_key(admin, account, name)))
}

/// The account acme-dev gets a root user, who signs in, and leaves the organization.
fn leave(acme: &Acme) -> Client {
    let path = format!(
        "/v1/organizations/{}/accounts/{}",
        acme.organization, acme.dev.id
    );
    let opened = once(&acme.admin(), "POST", &format!("{path}/root-credential"))
        .json(&json!({ "root_email": ROOT_EMAIL }))
        .send()
        .expect(201);
    let password = json!({ "ticket": opened.text("/ticket"), "new_password": ROOT_PASSWORD });
    let stranger = acme.stranger();
    stranger.post("/v1/password", &password).expect(200);
    once(&acme.admin(), "DELETE", &path).send().expect(204);
    let root = root_login(&stranger, &acme.dev.id, ROOT_PASSWORD).expect(200);
    stranger.with_token(root.text("/access_token"))
}

#[test]
fn requests_that_wrote_to_other_logs_are_erased_and_an_erased_account_never_was() {
    const OTHER_BROWSER: &str = "telltale-other/8";
    let mut acme = Acme::start();
    let data_dir = acme.trilby.data_dir().to_owned();
    let (account, dev) = (acme.account.clone(), acme.dev.id.clone());
    let (mary, marys) = administrator(&acme.dev_admin(), &dev, "mary");
    let (olga, olgas) = administrator(&acme.admin(), &account, "olga");
    let bob = create_user(&acme.dev_admin(), &dev, "bob");
    let bob = bob.text("/id").to_owned();
    let dev_root = leave(&acme);

    // One writes to the organization's log, the other to that of the suspended account.
    let path = format!("/v1/organizations/{}/invitations", acme.organization);
    let invited = once(&acme.admin(), "POST", &path)
        .json(&json!({ "account_id": dev }))
        .send()
        .expect(201);
    let invitation = invited.text("/id").to_owned();
    let path = format!("/v1/accounts/{dev}/invitations/{invitation}/decline");
    let as_mary = acme.stranger().with_token(&marys);
    let as_mary = as_mary.with_header("user-agent", BROWSER);
    once(&as_mary, "POST", &path).send().expect(204);
    let as_olga = acme.trilby.operator().with_token(&olgas);
    let as_olga = as_olga.with_header("user-agent", OTHER_BROWSER);
    let path = format!("/operator/v1/accounts/{}/suspend", acme.prod.id);
    once(&as_olga, "POST", &path)
        .json(&json!({}))
        .send()
        .expect(200);
    for (client, account, user) in [(&dev_root, &dev, "mary"), (&acme.admin(), &account, "olga")] {
        let path = format!("/v1/accounts/{account}/users/{user}?cascade=true");
        once(client, "DELETE", &path).send().expect(204);
    }
    let path = format!("/v1/accounts/{dev}/close");
    once(&dev_root, "POST", &path).send().expect(200);
    let resume = format!("/operator/v1/accounts/{dev}/resume");
    let resumed = |acme: &Acme| once(&acme.operator(), "POST", &resume).send();
    resumed(&acme).expect_problem(409, "invalid_state");
    acme.trilby.stop();

    assert!(holds(&data_dir, BROWSER) && holds(&data_dir, OTHER_BROWSER));
    let erase = |account: &str, user: &str| {
        let args = ["admin", "erase-subject", account, user];
        said(&run(&data_dir, &args), "the origin of requests (1)");
    };
    erase(&dev, &mary);
    assert!(!holds(&data_dir, BROWSER) && holds(&data_dir, OTHER_BROWSER));
    erase(&account, &olga);
    assert!(!holds(&data_dir, OTHER_BROWSER));

    // Nobody runs who would have to be told of that first.
    assert!(holds(&data_dir, &bob));
    let erase_log = &["admin", "erase-log", &dev, "--yes"];
    said(&run(&data_dir, erase_log), "is erased");
    assert!(!holds(&data_dir, &bob));
    said(&run(&data_dir, &["log", "verify"]), "sound: ");
    acme.trilby.restart();
    resumed(&acme).expect_problem(404, "not_found");
    acme.trilby.stop();
}
