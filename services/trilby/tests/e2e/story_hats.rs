//! What the story tells of roles and caps, asked from scratch.

use serde_json::json;

use crate::story::Story;

pub fn assert_hold(story: &Story) {
    assert_auditor(story);
    assert_boundary(story);
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
