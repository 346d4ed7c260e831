//! How accounts come to an organization and leave it, and how all of them end.

use serde_json::{Value, json};
use trilby_testkit::http::Client;

use super::stage::Stage;
use super::step::step;
use crate::acme::{ROOT_EMAIL, ROOT_PASSWORD, root_login};

const MEMBER: [(&str, &str); 1] = [("account", "{member}")];

/// A member leaves, is invited, declines, and comes back; then accounts and the organization end.
pub fn live(stage: &mut Stage) {
    let member = stage.known("member").to_owned();
    let opened = json!({"root_email": ROOT_EMAIL});
    let opened = stage.does(&step("enable_root_credential", &MEMBER, opened));
    let password = json!({"ticket": opened.text("/ticket"), "new_password": ROOT_PASSWORD});
    let stranger = stage.acme.stranger();
    stranger.post("/v1/password", &password).expect(200);
    stage.does(&step("remove_member_account", &MEMBER, Value::Null));
    let root = root_login(&stranger, &member, ROOT_PASSWORD).expect(200);
    let root = stranger.with_token(root.text("/access_token"));
    invitations(stage, &root);
    let prod = [("account", "{prod}")];
    let reason = json!({"reason": "moving house"});
    let suspended = step("suspend_account", &prod, reason);
    let suspended = stage.ends_as(&stage.acme.prod_admin(), &suspended);
    assert_eq!(suspended.text("/status"), "suspended");
    out_of_service_and_back(stage, &prod);
    let dev = [("account", "{account}")];
    for leaving in [MEMBER, prod, dev] {
        stage.does(&step("remove_member_account", &leaving, Value::Null));
    }
    let closed = stage.ends_as(&root, &step("close_account", &MEMBER, Value::Null));
    assert_eq!(closed.text("/status"), "closed");
    stage.does(&step("delete_organization", &[], Value::Null));
    let again = step("create_organization", &[], json!({"name": "Acme again"}));
    stage.does_as(&stage.acme.admin(), &again);
}

/// The operator, on its own port, and nobody on the API's.
fn out_of_service_and_back(stage: &mut Stage, account: &[(&'static str, &'static str)]) {
    let operator = stage.acme.operator();
    let path = format!("/operator/v1/accounts/{}/resume", stage.acme.prod.id);
    let elsewhere = stage.acme.admin().request("POST", &path).send();
    elsewhere.expect_problem(404, "not_found");
    let member = stage.acme.trilby.operator();
    let member = member.with_token(&stage.acme.dev.admin);
    let refused = member.request("POST", &path).send();
    refused.expect_problem(404, "not_found");
    let resume = step("resume_account", account, Value::Null);
    let resumed = stage.does_as(&operator, &resume);
    assert_eq!(resumed.text("/status"), "active");
    let suspend = step("suspend_any_account", account, json!({}));
    let suspended = stage.does_as(&operator, &suspend);
    assert_eq!(suspended.text("/status"), "suspended");
}

fn invitations(stage: &mut Stage, root: &Client) {
    let invite = |stage: &mut Stage| {
        let body = json!({"account_id": "{member}"});
        let sent = stage.does(&step("create_invitation", &[], body));
        stage.know("invitation", sent.text("/id"));
        stage.know("ticket", sent.text("/ticket"));
    };
    invite(stage);
    stage.does_as(root, &step("decline_invitation", &MEMBER, Value::Null));
    invite(stage);
    stage.does(&step("delete_invitation", &[], Value::Null));
    invite(stage);
    let accepted = step("accept_invitation", &MEMBER, json!({"ticket": "{ticket}"}));
    stage.does_as(root, &accepted);
}
