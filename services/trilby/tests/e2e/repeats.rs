//! Every operation that changes something, done and repeated: the answer is as described, the repetition is the same
//! answer and no second change.

#[path = "repeats/accounts.rs"]
mod accounts;
#[path = "repeats/organizations.rs"]
mod organizations;
#[path = "repeats/people.rs"]
mod people;
#[path = "repeats/providers.rs"]
pub mod providers;
#[path = "repeats/roles.rs"]
mod roles;
#[path = "repeats/settings.rs"]
mod settings;
#[path = "repeats/stage.rs"]
mod stage;
#[path = "repeats/step.rs"]
mod step;

use std::collections::BTreeSet;

use serde_json::json;

use crate::acme::{Acme, program, seq_number};
use stage::Stage;

/// Operations without a step, and why.
const EXEMPT: [(&str, &str); 9] = [
    (
        "put_login_profile",
        "takes no key: no receipt keeps the hash of a password",
    ),
    (
        "assume_role",
        "changes no rights: each call is a session of its own",
    ),
    ("evaluate", "asks"),
    ("list_escalation_paths", "asks"),
    ("evaluate_batch", "asks"),
    ("evaluate_in_account", "asks"),
    ("evaluate_batch_in_account", "asks"),
    ("simulate", "asks"),
    ("simulate_web_identity", "asks"),
];

#[test]
fn every_change_is_as_described_and_done_once() {
    let issuer = providers::issuer();
    let trilby = program()
        .env("TRILBY_TOKENS__PRIVATE_ISSUER_HOSTS", issuer.url())
        .start();
    let mut stage = Stage::new(Acme::found(trilby));
    people::live(&mut stage);
    roles::live(&mut stage);
    providers::live(&mut stage, &issuer);
    settings::live(&mut stage);
    checked_without_writing(&stage.acme);
    organizations::live(&mut stage);
    accounts::live(&mut stage);
    let exempt: BTreeSet<&str> = EXEMPT.iter().map(|(id, _)| *id).collect();
    let missing = stage.missing();
    let unnamed: Vec<&&str> = missing.iter().filter(|id| !exempt.contains(*id)).collect();
    assert!(unnamed.is_empty(), "no step for {unnamed:?}");
    let needless: Vec<&&str> = exempt.iter().filter(|id| !missing.contains(*id)).collect();
    assert!(needless.is_empty(), "exempt for nothing: {needless:?}");
}

/// `validate_only` says what would be wrong and writes nothing.
fn checked_without_writing(acme: &Acme) {
    let client = acme.dev_admin();
    let before = seq_number(&acme.dev_seq(), &acme.dev.id);
    let path = acme.in_dev("/policies?validate_only=true");
    let bad = json!({"Effect": "Maybe"});
    let good = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"});
    for (statement, is_good) in [(bad, false), (good, true)] {
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        let body = json!({"name": "New", "document": document});
        let answer = client.post(&path, &body).expect(200);
        assert_eq!(answer.json["valid"], is_good, "{answer:?}");
    }
    assert_eq!(seq_number(&acme.dev_seq(), &acme.dev.id), before);
}
