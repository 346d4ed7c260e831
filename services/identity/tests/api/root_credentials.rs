use serde_json::json;
use trilby_credential::CredentialKind;
use trilby_model::{AccountId, LogId};

use super::organizations::Founded;
use super::world::{credential, kept};

fn filed(acme: &Founded, member: AccountId) -> Option<trilby_eventlog::Credential> {
    let inside = &acme.acme.installation;
    let kind = CredentialKind::PasswordTicket;
    credential(inside, &LogId::Account(member), &member.to_string(), kind)
}

#[test]
fn root_of_a_member_gets_a_ticket_that_only_its_holder_knows() {
    let acme = Founded::new();
    let member = acme.bare_member("acme-prod");
    let path = acme.at(&format!("/accounts/{member}/root-credential"));
    acme.root()
        .post(&path, &json!({}))
        .expect_problem(400, "invalid_parameter");
    acme.root()
        .post(&path, &json!({ "root_email": "no address" }))
        .expect_problem(400, "invalid_name");
    let keyed = acme
        .root()
        .with_header("idempotency-key", "enable-root-of-prod-1");
    let body = json!({ "root_email": "root@example.com" });
    let made = keyed.post(&path, &body).expect(201);
    let ticket = made.text("/ticket").to_owned();
    assert!(
        ticket.starts_with(&format!("tbr_{member}_{member}_")),
        "{ticket}"
    );
    for log in [made.seq().contains(&acme.id), made.seq().contains(&member)] {
        assert!(log, "{}", made.seq());
    }
    let again = keyed.post(&path, &body).expect(201);
    assert_eq!(again.json["ticket"], json!(null));
    assert_eq!(again.json["ticket_withheld"], json!(true));
    let account: AccountId = member.parse().unwrap();
    let inside = &acme.acme.installation;
    for log in [
        LogId::Account(account),
        LogId::Organization(acme.id.parse().unwrap()),
    ] {
        let kept = kept(inside, &log);
        assert!(!kept.contains(&ticket) && !kept.contains("root@example.com"));
    }
    assert_eq!(filed(&acme, account).unwrap().generation, 1);
    let shown = acme.root().get(&acme.at(&format!("/accounts/{member}")));
    assert_eq!(shown.expect(200).json["root_credential"], json!(true));
    // The next one voids it; the address is known by then.
    acme.root().post(&path, &json!({})).expect(201);
    assert_eq!(filed(&acme, account).unwrap().generation, 2);
    acme.root().delete(&path).expect(204);
    assert!(filed(&acme, account).is_none());
    acme.root().delete(&path).expect_problem(404, "not_found");
}

#[test]
fn the_management_accounts_own_root_is_not_opened_so() {
    let acme = Founded::new();
    let management = acme.acme.account;
    let path = acme.at(&format!("/accounts/{management}/root-credential"));
    let body = json!({ "root_email": "root@example.com" });
    acme.root()
        .post(&path, &body)
        .expect_problem(409, "invalid_state");
    acme.root()
        .delete(&path)
        .expect_problem(409, "invalid_state");
    let other = acme.acme.installation.account("Other");
    let path = acme.at(&format!("/accounts/{other}/root-credential"));
    acme.root()
        .post(&path, &body)
        .expect_problem(404, "not_found");
}
