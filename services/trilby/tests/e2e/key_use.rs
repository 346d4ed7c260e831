//! An administrator sees which access keys are used, and which nobody would miss.

use serde_json::json;

use crate::acme::{Acme, create_key};

#[test]
fn a_key_says_in_which_hour_it_was_last_used_and_says_it_after_a_restart() {
    let mut acme = Acme::start();
    let (used, _) = acme.nobody("robot");
    let idle = create_key(&acme.dev_admin(), &acme.dev.id, "robot");
    let asked = |id: &str| acme.in_dev(&format!("/users/robot/access-keys/{id}/last-used"));
    let (of_used, of_idle) = (asked(&used.id), asked(&idle.id));
    let told = acme.dev_admin().get(&of_used).expect(200);
    let at = told.text("/last_used_at").to_owned();
    assert!(at.ends_with(":00:00.000Z"), "{at}");
    let never = acme.dev_admin().get(&of_idle).expect(200);
    assert_eq!(never.json, json!({ "access_key_id": idle.id }));
    acme.trilby.stop();
    acme.trilby.restart();
    let later = acme.dev_admin().get(&of_used).expect(200);
    assert_eq!(later.text("/last_used_at"), at);
}
