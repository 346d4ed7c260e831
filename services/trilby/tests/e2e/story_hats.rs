//! What the story tells of roles and caps, asked from scratch.

use serde_json::{Value, json};
use trilby_testkit::http::Answer;

use crate::story::Story;

pub fn assert_hold(story: &Story) {
    assert_auditor(story);
    assert_boundary(story);
    assert_deployer(story);
    assert_labs(story);
}

/// Mary may put the hat on and Bob may not; the first session has ended, the second reads and does not write.
fn assert_auditor(story: &Story) {
    let dev = story.fact("dev");
    let users = format!("/v1/accounts/{dev}/users");
    let role = format!("arn:trilby:iam::{dev}:role/Auditor");
    let asked =
        json!({"role_arn": role, "role_session_name": "from-outside", "duration_seconds": 900});
    let worn = story.by("mary").post("/v1/assume-role", &asked).expect(200);
    let fresh = story
        .by("mary")
        .with_token(worn.text("/credentials/session_token"));
    for auditor in [fresh, story.by("auditor")] {
        auditor.get(&users).expect(200);
        auditor
            .post(&users, &json!({"name": "Mallory"}))
            .expect_problem(403, "access_denied");
    }
    story
        .by("bob")
        .post("/v1/assume-role", &asked)
        .expect_problem(403, "access_denied");
    story
        .by("mary")
        .get(&users)
        .expect_problem(403, "access_denied");
    let first = story.by("auditor-first");
    first.get(&users).expect_problem(401, "unauthenticated");
}

fn assert_boundary(story: &Story) {
    let allowed = story.ask("Pat", "s3:GetObject", "bucket", "reports/2026/q3.csv");
    assert_eq!(allowed.json["decision"], true, "{allowed:?}");
    let capped = story.ask("Pat", "s3:DeleteObject", "bucket", "reports/2026/q3.csv");
    assert_eq!(
        capped.text("/context/trilby/layer"),
        "boundary",
        "{capped:?}"
    );
    assert_eq!(capped.json["decision"], false, "{capped:?}");
}

/// Both accounts must say yes, and the trust policy wants to hear the external id.
fn assert_deployer(story: &Story) {
    let prod = story.fact("prod");
    let ids = format!("/v1/accounts/{prod}/external-ids");
    let ids = story.by("prod-admin").get(&ids).expect(200);
    let external_id = ids.text("/items/0/external_id");
    let role = format!("arn:trilby:iam::{prod}:role/Deployer");
    let asked = |external_id: Option<&str>| {
        let mut asked = json!({"role_arn": role, "role_session_name": "from-outside"});
        if let Some(external_id) = external_id {
            asked["external_id"] = json!(external_id);
        }
        asked
    };
    let mary = story.by("mary");
    let worn = mary
        .post("/v1/assume-role", &asked(Some(external_id)))
        .expect(200);
    let worn = mary.with_token(worn.text("/credentials/session_token"));
    for deployer in [worn, story.by("deployer")] {
        let me = deployer.get("/v1/caller-identity").expect(200);
        assert_eq!(me.text("/account"), prod);
    }
    for wrong in [None, Some("ext-00000000000000000000000000000000")] {
        let refused = mary.post("/v1/assume-role", &asked(wrong));
        refused.expect_problem(403, "access_denied");
    }
    let bob = story
        .by("bob")
        .post("/v1/assume-role", &asked(Some(external_id)));
    bob.expect_problem(403, "access_denied");
}

/// The unit's policy caps root of the account below it, now and not before.
fn assert_labs(story: &Story) {
    let lab = story.fact("lab");
    let root = story.by("lab-root");
    let users = format!("/v1/accounts/{lab}/users");
    root.get(&users).expect(200);
    crate::acme::once(&root, "POST", &format!("{users}/Robin/access-keys"))
        .json(&json!({}))
        .send()
        .expect_problem(403, "access_denied");
    let ask = |header: &str, value: &str| -> Answer {
        root.with_header("trilby-explain", "explain")
            .with_header(header, value)
            .post(
                &format!("/accounts/{lab}/access/v1/evaluation"),
                &about_root(lab),
            )
            .expect(200)
    };
    let now = ask("accept", "application/json");
    assert_eq!(now.json["decision"], false, "{now:?}");
    assert_eq!(now.text("/context/trilby/deciding/0/sid"), "NoKeys");
    assert_eq!(now.text("/context/trilby/layer"), "scp");
    let then = ask("trilby-at-seq", story.fact("lab_before"));
    assert_eq!(then.json["decision"], true, "{then:?}");
    assert_eq!(then.seq(), story.fact("lab_before"));
}

fn about_root(lab: &str) -> Value {
    json!({
        "subject": {"type": "account", "id": lab},
        "action": {"name": "iam:CreateAccessKey"},
        "resource": {"type": "any", "id": format!("arn:trilby:iam::{lab}:user/Robin")},
    })
}
