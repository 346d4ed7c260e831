//! Nonces of logins.

use serde_json::json;

use crate::outside::Outside;

#[test]
fn a_nonce_binds_a_login_to_who_began_it() {
    let outside = Outside::new(json!({ "nonce": "required" }));
    let role = outside.role(outside.owner, "Customer");
    let give = || {
        outside
            .post_nothing("/v1/nonces")
            .expect(201)
            .text("/nonce")
            .to_owned()
    };
    let nonce = give();
    let token = |nonce: &str| outside.token("ana", json!({ "nonce": nonce }));
    let ask = |token: &str, nonce: &str| outside.assume(token, &role, json!({ "nonce": nonce }));
    let without = outside
        .assume(&token(&nonce), &role, json!({}))
        .expect_problem(400, "nonce_mismatch");
    assert!(without.text("/detail").contains("none came"), "{without:?}");
    let another = ask(&token(&nonce), &give()).expect_problem(400, "nonce_mismatch");
    assert_ne!(another.text("/detail"), without.text("/detail"));
    ask(&token("own"), "own").expect_problem(400, "nonce_mismatch");
    ask(&token(&nonce), &nonce).expect(200);
    ask(&token(&nonce), &nonce).expect_problem(400, "nonce_mismatch");
    let old = give();
    outside.world.inside.clock().advance_seconds(301);
    ask(&token(&old), &old).expect_problem(400, "nonce_mismatch");
}
