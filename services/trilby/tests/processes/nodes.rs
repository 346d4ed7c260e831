//! Whoever ends sessions can wait until every decision process has heard of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trilby_cluster::member::{pause, resume};
use trilby_testkit::http::{Answer, Client};

use crate::acme;
use crate::founded::{Founded, urls};

struct Stage {
    here: Founded,
    mary: Client,
    key: acme::Key,
}

impl Stage {
    fn new() -> Self {
        let here = Founded::start(2);
        acme::create_user(&here.admin, &here.account, "mary");
        acme::attach(
            &here.admin,
            &here.account,
            "mary",
            "system:AdministratorAccess",
        );
        let key = acme::create_key(&here.admin, &here.account, "mary");
        let mary = Self::session(&here, &key);
        Self { here, mary, key }
    }

    fn session(here: &Founded, key: &acme::Key) -> Client {
        let stranger = Client::new(here.cluster.url());
        stranger.with_token(&acme::key_session(&stranger, key))
    }

    /// Ends Mary's sessions and waits for all nodes.
    fn revoke(&self, key: &str) -> (Answer, Duration) {
        let begun = Instant::now();
        let path = self.here.path("/revocations?wait=nodes");
        let answer = self
            .here
            .admin
            .request("POST", &path)
            .header("idempotency-key", &format!("wait-for-all-nodes-{key}"))
            .json(&json!({"user": "mary"}))
            .send()
            .expect(202);
        (answer, begun.elapsed())
    }

    /// What each decision process says to Mary, who carries no position.
    fn stands(&mut self) -> Vec<u16> {
        let question = acme::question("mary", "iam:ListUsers", "account", &self.here.account);
        let urls = urls(&mut self.here.cluster, "decision");
        let ask = |url: String| {
            let mary = self.mary.at(url);
            mary.post("/access/v1/evaluation", &question).status
        };
        urls.into_iter().map(ask).collect()
    }

    fn second(&mut self) -> u32 {
        self.here.cluster.service("decision")[1].id().unwrap()
    }
}

fn nodes(answer: &Answer) -> (bool, u64, usize) {
    let nodes: &Value = &answer.json["nodes"];
    assert!(nodes.is_object(), "{answer:?}");
    (
        nodes["all"].as_bool().unwrap(),
        nodes["acknowledged"].as_u64().unwrap(),
        nodes["missing"].as_array().unwrap().len(),
    )
}

#[test]
#[ignore = "needs services"]
fn when_all_nodes_have_acknowledged_none_of_them_honours_the_session() {
    let mut stage = Stage::new();
    for round in 0..5 {
        stage.mary = Stage::session(&stage.here, &stage.key);
        assert_eq!(stage.stands(), [200, 200]);
        let (answer, took) = stage.revoke(&format!("round-{round}"));
        assert_eq!(nodes(&answer), (true, 2, 0), "{answer:?}");
        assert_eq!(stage.stands(), [401, 401], "after {took:?}");
    }
    // Not asked to wait, nobody is told of nodes.
    let answer = acme::once(&stage.here.admin, "POST", &stage.here.path("/revocations"))
        .json(&json!({"user": "mary"}))
        .send()
        .expect(202);
    assert_eq!(answer.json.get("nodes"), None);
}

#[test]
#[ignore = "needs services"]
fn a_node_that_hears_nothing_is_listed_as_missing() {
    let mut stage = Stage::new();
    assert_eq!(stage.stands(), [200, 200]);
    let deaf = stage.second();
    pause(deaf).unwrap();
    let (answer, took) = stage.revoke("deaf");
    assert_eq!(nodes(&answer), (false, 1, 1), "{answer:?}");
    assert!(took > Duration::from_millis(4_500), "{took:?}");
    assert!(took < Duration::from_secs(7), "{took:?}");
    // It hears again, and who repeats the call is told so.
    resume(deaf).unwrap();
    let (answer, _) = stage.revoke("deaf");
    assert_eq!(answer.headers["idempotency-replayed"], "true");
    assert_eq!(nodes(&answer), (true, 2, 0), "{answer:?}");
    assert_eq!(stage.stands(), [401, 401]);
    // One that was asked to end is not waited for.
    stage.here.cluster.service("decision")[1].stop().unwrap();
    let (answer, took) = stage.revoke("gone");
    assert_eq!(nodes(&answer), (true, 1, 0), "{answer:?}");
    assert!(took < Duration::from_millis(4_500), "{took:?}");
}
