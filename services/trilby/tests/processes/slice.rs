//! What one process writes, the others decide by.

use serde_json::json;

use crate::acme;
use crate::founded::{Founded, urls};

#[test]
#[ignore = "needs services"]
fn a_decision_process_decides_by_what_identity_wrote() {
    let mut here = Founded::start(1);
    acme::create_user(&here.admin, &here.account, "mary");
    let before = here
        .admin
        .get(&here.path("/users/mary"))
        .expect(200)
        .seq()
        .to_owned();
    let refused = here.may_list_users("mary", &before).expect(200);
    assert_eq!(refused.json["decision"], false, "{refused:?}");
    let path = here.path("/users/mary/attached-policies/system:ReadOnlyAccess");
    let attached = acme::once(&here.admin, "PUT", &path).send();
    assert_eq!(attached.status, 204, "{attached:?}");
    let allowed = here.may_list_users("mary", attached.seq()).expect(200);
    assert_eq!(allowed.json["decision"], true, "{allowed:?}");
    // The record is on file, written by a database role that can write nothing else.
    let id = allowed.headers["trilby-decision-id"].clone();
    let recorded = here
        .admin
        .get(&here.path(&format!("/decisions/{id}")))
        .expect(200);
    assert_eq!(recorded.text("/decision"), "allow", "{recorded:?}");
    // As it was, asked of a process that has never seen it so.
    let decision = &mut here.cluster.service("decision")[0];
    decision.kill().unwrap();
    decision.start().unwrap();
    decision.wait_ready().unwrap();
    let history = format!("/accounts/{}/access/v1/evaluation", here.account);
    let question = acme::question("mary", "iam:ListUsers", "account", &here.account);
    let then = here
        .admin
        .with_header("trilby-at-seq", &before)
        .post(&history, &question)
        .expect(200);
    assert_eq!(then.json["decision"], false, "{then:?}");
    // What it does not serve, it says who does.
    let decision = &urls(&mut here.cluster, "decision")[0];
    let elsewhere = here.admin.at(decision).get(&here.path("/users/mary"));
    let elsewhere = elsewhere.expect_problem(404, "not_found");
    assert_eq!(elsewhere.text("/service"), "identity");
    let nowhere = here.admin.at(decision).get("/v1/nothing");
    let nowhere = nowhere.expect_problem(404, "not_found");
    assert!(nowhere.json.get("service").is_none(), "{nowhere:?}");
}

#[test]
#[ignore = "needs services"]
fn a_revocation_ends_a_session_in_every_process() {
    // What nobody told is asked for so seldom that no process hears of it by itself while the test asks.
    let slow = vec![("TRILBY_LOG__POLL_MS".to_owned(), "2000".to_owned())];
    let mut here = Founded::with(2, slow);
    acme::create_user(&here.admin, &here.account, "mary");
    acme::attach(
        &here.admin,
        &here.account,
        "mary",
        "system:AdministratorAccess",
    );
    let key = acme::create_key(&here.admin, &here.account, "mary");
    let stranger = trilby_testkit::http::Client::new(here.cluster.url());
    let mary = stranger.with_token(&acme::key_session(&stranger, &key));
    let question = acme::question("mary", "iam:ListUsers", "account", &here.account);
    let users = here.path("/users");
    let ask = |service: &str, one: &trilby_testkit::http::Client| match service {
        "decision" => one.post("/access/v1/evaluation", &question),
        "identity" => one.get(&users),
        _ => one.get("/v1/caller-identity"),
    };
    // Each process by itself: each has served this session, and knows all that it rests on as it was.
    let services = ["identity", "token", "decision"];
    let processes: Vec<(&str, String)> = services
        .into_iter()
        .flat_map(|service| {
            urls(&mut here.cluster, service)
                .into_iter()
                .map(move |url| (service, url))
        })
        .collect();
    assert_eq!(processes.len(), 6);
    for (service, url) in &processes {
        for _ in 0..2 {
            ask(service, &mary.at(url)).expect(200);
        }
    }
    let revoked = acme::once(&here.admin, "POST", &here.path("/revocations"))
        .json(&json!({"user": "mary", "reason": "left"}))
        .send()
        .expect(202);
    // Whoever carries the position is refused at once, by every replica of every service. Those that ask the store the least
    // first, before they could have heard.
    let with_position = mary.with_header("trilby-min-seq", revoked.text("/seq"));
    for (service, url) in processes.iter().rev() {
        ask(service, &with_position.at(url)).expect(401);
    }
    for service in services.repeat(2) {
        ask(service, &with_position).expect(401);
    }
    // And a moment later whoever does not.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    for _ in 0..6 {
        mary.get(&here.path("/users")).expect(401);
        mary.get("/v1/caller-identity").expect(401);
    }
}
