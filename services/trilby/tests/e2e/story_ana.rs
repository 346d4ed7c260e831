//! What the story tells of a customer who logs in elsewhere, asked from scratch.

use serde_json::{Value, json};
use trilby_testkit::http::{Answer, Client};

use crate::story::Story;

/// Who she is to the issuer.
pub const ANA: &str = "ana-4711";

pub fn assert_hold(story: &Story) {
    assert_sessions(story);
    assert_rights(story);
    assert_history(story);
    assert_record(story);
}

/// The revoked session is worth nothing, the other one stands, and the one that only proves who she is opens nothing.
fn assert_sessions(story: &Story) {
    let identity = "/v1/caller-identity";
    story
        .by("ana")
        .get(identity)
        .expect_problem(401, "unauthenticated");
    let me = story.by("ana-dev").get(identity).expect(200);
    assert_eq!(me.text("/account"), story.fact("dev"));
    assert!(me.text("/arn").ends_with(":assumed-role/Customer/ana"));
    let prod = story.fact("prod");
    for path in ["users", "decisions", "oidc-providers"] {
        let path = format!("/v1/accounts/{prod}/{path}");
        let known = story.by("ana-known").get(&path);
        known.expect_problem(401, "unauthenticated");
    }
    let asked = question(&subject(story, "ana-known"), "shop:ReadOrder", ANA);
    let answer = ask(&story.by("shop"), prod, &asked);
    assert_eq!(answer.json["decision"], false, "{answer:?}");
}

fn assert_rights(story: &Story) {
    let ana = subject(story, "ana-dev");
    assert_customers_rights(&story.by("storefront"), story.fact("dev"), &ana);
    let revoked = question(&subject(story, "ana"), "shop:PlaceOrder", ANA);
    let answer = ask(&story.by("shop"), story.fact("prod"), &revoked);
    assert_eq!(answer.json["decision"], false, "{answer:?}");
    assert!(answer.text("/context/trilby/message").contains("revoked"));
}

/// Her own orders and no others, and no refunds; each answer says why.
pub fn assert_customers_rights(shop: &Client, account: &str, ana: &Value) {
    for (action, whose, outcome, sid) in [
        ("shop:ReadOrder", ANA, "allow", Some("OwnOrders")),
        ("shop:ReadOrder", "ben-0815", "implicit_deny", None),
        (
            "shop:RefundOrder",
            ANA,
            "explicit_deny",
            Some("NoRefundsOnline"),
        ),
    ] {
        let answer = ask(shop, account, &question(ana, action, whose));
        let reason = &answer.json["context"]["trilby"];
        assert_eq!(
            answer.json["decision"],
            outcome == "allow",
            "{action} {whose}: {answer:?}"
        );
        assert_eq!(reason["decision"], outcome, "{answer:?}");
        assert_eq!(reason["layer"], "identity", "{answer:?}");
        assert_eq!(reason["deciding"][0]["sid"].as_str(), sid, "{answer:?}");
    }
}

/// The role could read orders then, and cannot now.
fn assert_history(story: &Story) {
    let prod = story.fact("prod");
    let customer = json!({"type": "role", "id": "Customer", "properties": {"customer": ANA}});
    let asked = question(&customer, "shop:ReadOrder", ANA);
    let now = ask(&story.by("shop"), prod, &asked);
    assert_eq!(now.json["decision"], false, "{now:?}");
    let before = story.fact("ana_before");
    let then = story.by("shop").with_header("trilby-at-seq", before);
    let then = ask(&then, prod, &asked);
    assert_eq!(then.json["decision"], true, "{then:?}");
    assert_eq!(then.seq(), before);
}

/// What was decided about her is on record, and no token is.
fn assert_record(story: &Story) {
    let prod = story.fact("prod");
    let path = format!("/v1/accounts/{prod}/decisions?decision=implicit_deny&limit=1000");
    let listed = story.by("prod-admin").get(&path).expect(200);
    let items = listed.json["items"].as_array().unwrap();
    let revoked = |item: &Value| item["message"].as_str().unwrap().contains("revoked");
    assert!(items.iter().any(revoked), "{listed:?}");
    assert!(!listed.body().contains("eyJ"), "{listed:?}");
}

fn subject(story: &Story, who: &str) -> Value {
    session(story.read(&format!("{who}.token")).trim_end())
}

/// The subject of a question: whoever has this token.
pub fn session(token: &str) -> Value {
    json!({"type": "session", "id": "ana", "properties": {"token": token}})
}

pub fn question(subject: &Value, action: &str, whose: &str) -> Value {
    json!({
        "subject": subject,
        "action": {"name": action},
        "resource": {"type": "order", "id": format!("{whose}/2026-1")},
    })
}

/// Asks for a decision and its reason.
pub fn ask(client: &Client, account: &str, question: &Value) -> Answer {
    client
        .with_header("trilby-explain", "explain")
        .post(
            &format!("/accounts/{account}/access/v1/evaluation"),
            question,
        )
        .expect(200)
}
