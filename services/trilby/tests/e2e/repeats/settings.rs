//! The settings of an account.

use serde_json::json;

use super::stage::Stage;
use super::step::step;

/// Each group once.
pub fn live(stage: &mut Stage) {
    stage.does_all([
        step(
            "put_password_policy_settings",
            &[],
            json!({"length_min": 20}),
        ),
        step(
            "put_security_settings",
            &[],
            json!({"locked_tag_keys": ["cost-centre"]}),
        ),
        step("put_token_settings", &[], json!({"chain_age_max": 3600})),
        step("put_decision_settings", &[], json!({"max_stale": 30})),
    ]);
}
