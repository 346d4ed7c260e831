//! Trying out what would come of an outside identity.

use serde_json::{Value, json};
use trilby_issuer::Algorithm;
use trilby_testkit::http::{Answer, Client};
use trilby_testkit::installation::allow;

use crate::outside::{CLIENT, Outside, trusting_provider};

fn admin(outside: &Outside) -> Client {
    outside
        .world
        .another_user(outside.owner, "ann", &allow(&["sts:SimulateWebIdentity"]));
    outside.world.session("ann")
}

fn try_out(outside: &Outside, client: &Client, more: Value) -> Answer {
    let mut body = json!({ "provider": outside.provider() });
    for (member, value) in more.as_object().unwrap() {
        body[member] = value.clone();
    }
    let path = format!("/v1/accounts/{}/simulate/web-identity", outside.owner);
    outside.world.post(client, &path, &body)
}

#[test]
fn a_trial_says_what_would_happen_and_burns_nothing() {
    let outside = Outside::new(json!({ "exposed_claims": ["groups"] }));
    let role = outside.role(outside.owner, "Customer");
    let map = json!({ "rules": [
        { "id": "eng", "priority": 1, "roles": [role], "tags": { "team": "{claim:groups}" },
          "when": [{ "claim": "groups", "op": "contains", "value": "eng" }] },
    ]});
    outside.map(outside.owner, map);
    let ann = admin(&outside);
    let token = outside.token("ana", json!({ "groups": ["eng"] }));
    let answer = try_out(&outside, &ann, json!({ "token": token, "role_arn": role })).expect(200);
    assert_eq!(answer.json["accepted"], true);
    assert_eq!(answer.json["trust"]["decision"], "allow");
    let given = json!([{ "role_arn": role, "rule_ids": ["eng"], "tags": { "team": "eng" } }]);
    assert_eq!(answer.json["role_map"]["roles"], given);
    // The token still opens the role.
    outside.assume(&token, &role, json!({})).expect(200);

    let claims = json!({ "sub": "bob", "aud": "shop-web", "groups": [] });
    let answer = try_out(
        &outside,
        &ann,
        json!({ "claims": claims, "role_arn": role }),
    )
    .expect(200);
    assert_eq!(answer.json["accepted"], true);
    assert_eq!(answer.json["role_map"]["roles"], json!([]));
    assert_eq!(answer.json["trust"]["decision"], "implicit_deny");
    assert_eq!(
        answer.json["trust"]["near_misses"][0]["failed"],
        "condition"
    );
}

#[test]
fn a_trial_asks_of_tags_what_a_login_asks() {
    let outside = Outside::new(json!({ "exposed_claims": ["team"] }));
    let mut trust = trusting_provider(&outside.provider(), json!({}));
    let audience = format!("{}:aud", outside.issuer.url().trim_start_matches("http://"));
    trust["Statement"][0]["Condition"] = json!({ "StringEquals": { audience: CLIENT } });
    trust["Statement"][0]["Action"] = json!("sts:AssumeRoleWithWebIdentity");
    let world = &outside.world;
    world.role(outside.owner, "Customer", &trust);
    let role = world.role_arn(outside.owner, "Customer");
    let map = json!({ "rules": [
        { "id": "all", "priority": 1, "roles": [role], "tags": { "team": "{claim:team}" },
          "when": [{ "claim": "team", "op": "exists" }] },
    ]});
    outside.map(outside.owner, map);
    let ann = admin(&outside);
    let token = || outside.token("ana", json!({ "team": "red" }));
    let try_it = |token: &str| {
        let more = json!({ "token": token, "role_arn": role });
        try_out(&outside, &ann, more).expect(200)
    };
    let answer = try_it(&token());
    assert_eq!(answer.json["trust"]["decision"], "implicit_deny");
    assert_eq!(answer.json["action"], "sts:TagSession");
    let refused = outside
        .assume(&token(), &role, json!({}))
        .expect_problem(403, "access_denied");
    assert_eq!(refused.json["action"], "sts:TagSession");
    // Whom the role does not trust learns nothing of tags.
    let nobody = outside.world.role_arn(outside.owner, "None");
    let refused = outside
        .assume(&token(), &nobody, json!({}))
        .expect_problem(403, "access_denied");
    assert_eq!(refused.json["action"], "sts:AssumeRoleWithWebIdentity");

    // The tags themselves are asked about, as at a login.
    let mut tagging = trust["Statement"][0].clone();
    tagging["Action"] = json!("sts:TagSession");
    tagging["Condition"]["StringEquals"]["trilby:RequestTag/team"] = json!("red");
    trust["Statement"].as_array_mut().unwrap().push(tagging);
    world.trust(outside.owner, "Customer", &trust);
    for (team, decision, status) in [("red", "allow", 200), ("blue", "implicit_deny", 403)] {
        let token = outside.token("ana", json!({ "team": team }));
        let answer = try_it(&token);
        assert_eq!(answer.json["trust"]["decision"], decision, "{team}");
        outside.assume(&token, &role, json!({})).expect(status);
    }
}

#[test]
fn a_trial_takes_a_nonce_and_does_not_use_it_up() {
    let outside = Outside::new(json!({ "nonce": "required" }));
    let role = outside.role(outside.owner, "Customer");
    let ann = admin(&outside);
    let nonce = outside
        .post_nothing("/v1/nonces")
        .expect(201)
        .text("/nonce")
        .to_owned();
    let token = outside.token("ana", json!({ "nonce": nonce }));
    let answer = try_out(&outside, &ann, json!({ "token": token })).expect(200);
    assert_eq!(answer.text("/refused"), "nonce_mismatch");
    let more = json!({ "token": token, "nonce": nonce });
    let answer = try_out(&outside, &ann, more).expect(200);
    assert_eq!(answer.json["accepted"], true);
    outside
        .assume(&token, &role, json!({ "nonce": nonce }))
        .expect(200);
    let more = json!({ "claims": {}, "nonce": nonce });
    try_out(&outside, &ann, more).expect_problem(400, "invalid_parameter");
}

#[test]
fn a_trial_tells_why_a_token_is_not_taken() {
    let outside = Outside::new(json!({}));
    let ann = admin(&outside);
    let refused = |body: Value| {
        let answer = try_out(&outside, &ann, body).expect(200);
        assert_eq!(answer.json["accepted"], false);
        answer.text("/refused").to_owned()
    };
    let claims = outside.claims("ana", json!({}));
    let forged = outside.issuer.forged(Algorithm::Es256, &claims).unwrap();
    assert_eq!(refused(json!({ "token": forged })), "bad_signature");
    let other = outside.token("ana", json!({ "aud": "other" }));
    assert_eq!(refused(json!({ "token": other })), "wrong_audience");
    let claims = json!({ "sub": "ana", "aud": "other" });
    assert_eq!(refused(json!({ "claims": claims })), "wrong_audience");
    assert_eq!(
        refused(json!({ "claims": { "aud": "shop-web" } })),
        "claim_missing"
    );

    let bad = |body: Value| try_out(&outside, &ann, body).expect_problem(400, "invalid_parameter");
    bad(json!({}));
    bad(json!({ "token": "x", "claims": {} }));
    bad(json!({ "claims": {}, "role_arn": "arn:trilby:iam::000000000001:role/X" }));
    // Mary has no such right.
    let mary = outside.world.session("mary");
    try_out(&outside, &mary, json!({ "claims": {} })).expect_problem(403, "access_denied");
}
