//! Pages in browsers that ask: which of them may read the answer.

use std::collections::BTreeSet;

use serde_json::json;
use trilby_account::command::ChangeSettings;
use trilby_account::settings::{Security, SettingsSection};
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::allow;

use crate::world::{World, question};

const SHOP: &str = "https://shop.example";

fn with_a_shop() -> World {
    let world = World::new();
    let security = Security {
        allowed_origins: BTreeSet::from([SHOP.to_owned()]),
        ..Security::default()
    };
    let section = SettingsSection::Security(security);
    world.inside.run(world.account, ChangeSettings { section });
    world
}

fn readable_by(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("vary"), Some("origin"), "{answer:?}");
    answer.header("access-control-allow-origin")
}

fn preflight(client: &Client, path: &str, origin: &str) -> Answer {
    let call = client.request("OPTIONS", path).header("origin", origin);
    call.header("access-control-request-method", "POST").send()
}

#[test]
fn a_page_reads_answers_about_accounts_that_allow_its_origin_and_no_other() {
    let world = with_a_shop();
    let elsewhere = world.inside.account("elsewhere");
    let mary = json!({"type": "user", "id": "mary"});
    let body = question(&mary, "docs:Read");
    let home = world.path("evaluation");
    let foreign = format!("/accounts/{elsewhere}/access/v1/evaluation");
    let from = |origin: &str| world.storefront().with_header("origin", origin);
    let answer = from(SHOP).post(&home, &body).expect(200);
    assert_eq!(readable_by(&answer), Some(SHOP));
    let read = answer.header("access-control-expose-headers").unwrap();
    assert!(read.contains("trilby-seq"), "{read}");
    assert_eq!(
        readable_by(&from(SHOP).post("/access/v1/evaluation", &body)),
        Some(SHOP)
    );
    for origin in [
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.example",
        "https://SHOP.example",
        "null",
        "*",
    ] {
        for path in [home.as_str(), "/access/v1/evaluation"] {
            assert_eq!(readable_by(&from(origin).post(path, &body)), None);
        }
    }
    assert_eq!(readable_by(&from(SHOP).post(&foreign, &body)), None);
    assert_eq!(readable_by(&world.storefront().post(&home, &body)), None);
}

#[test]
fn a_page_reads_why_it_was_refused_too() {
    let world = with_a_shop();
    let client = world.inside.stranger().with_header("origin", SHOP);
    let home = world.path("evaluations");
    let refused = client.post(&home, &json!({}));
    assert_eq!((refused.status, readable_by(&refused)), (401, Some(SHOP)));
    world
        .inside
        .user(world.account, "ben", &allow(&["docs:Read"]));
    let ben = world.inside.as_user(world.account, "ben");
    let refused = ben.with_header("origin", SHOP).post(&home, &json!({}));
    assert_eq!((refused.status, readable_by(&refused)), (403, Some(SHOP)));
}

#[test]
fn a_preflight_is_answered_where_pages_may_ask_and_nowhere_else() {
    let world = with_a_shop();
    let elsewhere = world.inside.account("elsewhere");
    let client = world.inside.stranger();
    let home = world.path("evaluation");
    let asked = preflight(&client, &home, SHOP).expect(204);
    assert_eq!(readable_by(&asked), Some(SHOP));
    assert_eq!(asked.header("access-control-allow-methods"), Some("POST"));
    let sent = asked.header("access-control-allow-headers").unwrap();
    for name in ["authorization", "content-type", "trilby-min-seq"] {
        assert!(sent.split(", ").any(|one| one == name), "{sent}");
    }
    for (path, origin) in [
        (home.clone(), "https://evil.example"),
        (home, "null"),
        (format!("/accounts/{elsewhere}/access/v1/evaluation"), SHOP),
        (
            "/accounts/000000000000/access/v1/evaluation".to_owned(),
            SHOP,
        ),
        ("/accounts/acme/access/v1/evaluation".to_owned(), SHOP),
    ] {
        let refused = preflight(&client, &path, origin).expect(204);
        assert_eq!(readable_by(&refused), None, "{path}");
        assert_eq!(refused.header("access-control-allow-methods"), None);
    }
    // Whose page it is, this path does not say: the answer to the request itself does.
    let asked = preflight(&client, "/access/v1/evaluation", "https://any.example").expect(204);
    assert_eq!(readable_by(&asked), Some("https://any.example"));
    let decisions = format!("/v1/accounts/{}/decisions", world.account);
    for path in [decisions.as_str(), "/v1/simulate"] {
        let none = preflight(&client, path, SHOP).expect_problem(405, "method_not_allowed");
        assert_eq!(none.header("access-control-allow-origin"), None);
    }
}
