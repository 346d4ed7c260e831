//! What claims of a token are to conditions and names.

use serde_json::{Value, json};

use crate::outside::{Outside, trusting_provider};

#[test]
fn conditions_see_claims_under_both_names() {
    let outside = Outside::new(json!({ "exposed_claims": ["plan", "/org/id"] }));
    let host = outside
        .issuer
        .url()
        .trim_start_matches("http://")
        .to_owned();
    let condition = json!({
        "StringEquals": {
            format!("{host}:aud"): "shop-web",
            "oidc/login:plan": "gold",
            "oidc/login:org/id": "o7",
            "trilby:FederatedSubject": "ana",
            "trilby:FederatedIssuer": outside.issuer.url(),
            "trilby:FederatedAudience": "shop-web",
            "aws:FederatedProvider": outside.provider(),
            "sts:RoleSessionName": "ana",
        },
        "ForAnyValue:StringEquals": { "oidc/login:amr": "mfa" },
    });
    let role = outside.role_if(outside.owner, "Customer", condition);
    let all = json!({ "plan": "gold", "org": { "id": "o7" }, "amr": ["pwd", "mfa"] });
    outside
        .assume(&outside.token("ana", all.clone()), &role, json!({}))
        .expect(200);
    let session = outside.federated(all.clone());
    let body = json!({ "role_arn": role, "role_session_name": "ana" });
    outside
        .world
        .post(&session, "/v1/assume-role", &body)
        .expect(200);
    for (member, other) in [
        ("plan", json!("free")),
        ("org", json!({ "id": "o8" })),
        ("amr", json!(["pwd"])),
    ] {
        let mut claims = all.clone();
        claims[member] = other;
        outside
            .assume(&outside.token("ana", claims), &role, json!({}))
            .expect_problem(403, "access_denied");
    }
    // An address that the issuer did not verify is no address.
    let condition = json!({ "StringLike": { "oidc/login:email": "*@example.com" } });
    let role = outside.role_if(outside.owner, "Staff", condition);
    for (verified, status) in [
        (json!(true), 200),
        (json!(false), 403),
        (json!("true"), 403),
    ] {
        let claims = json!({ "email": "ana@example.com", "email_verified": verified });
        outside
            .assume(&outside.token("ana", claims), &role, json!({}))
            .expect(status);
    }
}

#[test]
fn names_of_sessions_and_who_is_behind_them_come_from_claims() {
    let settings = json!({ "session_name_claim": "email", "source_identity_claim": "sub" });
    let outside = Outside::new(settings);
    let mut trust = trusting_provider(&outside.provider(), json!({}));
    outside.world.role(outside.owner, "Customer", &trust);
    let role = outside.world.role_arn(outside.owner, "Customer");
    let ask = |claims: Value| {
        let body = json!({ "role_arn": role, "web_identity_token": outside.token("ana", claims) });
        outside.post("/v1/assume-role-with-web-identity", &body)
    };
    let email = json!({ "email": "ana b/c@example.com", "email_verified": true });
    // Who is behind a session is a right of its own.
    ask(email.clone()).expect_problem(403, "access_denied");
    trust["Statement"][0]["Action"] =
        json!(["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"]);
    outside.world.trust(outside.owner, "Customer", &trust);
    let answer = ask(email).expect(200);
    assert!(
        answer
            .text("/assumed_role/arn")
            .ends_with("/Customer/ana-b-c@example.com")
    );
    assert_eq!(answer.text("/source_identity"), "ana");
    ask(json!({})).expect_problem(400, "missing_parameter");
}
