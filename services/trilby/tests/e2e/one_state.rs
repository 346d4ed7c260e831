//! An answer that rests on two accounts of one organization rests on one state of it, whatever is written meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use trilby_testkit::http::{Call, Client};

use crate::acme::{Acme, attach, create_user, once, question};

/// Answers that are asked again.
const BATCHES: usize = 60;
/// Questions about the asker's own account, before the other account is read.
const OWN_FIRST: usize = 150;

/// What is put is put where nothing was.
fn change<'a>(admin: &'a Client, method: &str, path: &str) -> Call<'a> {
    let call = once(admin, method, path);
    match method {
        "PUT" => call.header("if-none-match", "*"),
        _ => call,
    }
}

/// acme-prod has a document that Mary of acme-dev may read. Gives the question whether she may.
fn shared_document(acme: &Acme) -> Value {
    let (dev, prod) = (&acme.dev.id, &acme.prod.id);
    create_user(&acme.dev_admin(), dev, "Mary");
    attach(&acme.dev_admin(), dev, "Mary", "system:AdministratorAccess");
    let admin = acme.prod_admin();
    let write = |method: &str, rest: &str, body: Value| {
        let path = format!("/v1/accounts/{prod}/applications{rest}");
        let answer = change(&admin, method, &path).json(&body).send();
        assert!((200..300).contains(&answer.status), "{answer:?}");
    };
    let mary = format!("arn:trilby:iam::{dev}:user/Mary");
    write("POST", "", json!({"name": "docs"}));
    write("PUT", "/docs/resources/page/1", json!({}));
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": mary}, "Action": "docs:Read",
        "Resource": format!("arn:trilby:docs::{prod}:page/1"),
    }]});
    write(
        "PUT",
        "/docs/resources/page/1/policy",
        json!({"document": document}),
    );
    question(&mary, "docs:Read", "page", "1")
}

/// A control policy that forbids it, and where it is attached to acme-dev.
fn cap(acme: &Acme) -> String {
    let base = format!("/v1/organizations/{}", acme.organization);
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "docs:*", "Resource": "*"}]});
    let made = once(&acme.admin(), "POST", &format!("{base}/control-policies"))
        .json(&json!({"name": "Cap", "kind": "scp", "document": document}))
        .send()
        .expect(201);
    let (id, dev) = (made.text("/id"), &acme.dev.id);
    format!("{base}/targets/{dev}/control-policies/{id}")
}

#[test]
fn a_batch_over_two_accounts_is_what_its_position_says() {
    let acme = Acme::start();
    let mary = shared_document(&acme);
    let attachment = cap(&acme);
    let pep = acme.prod_admin();
    let path = |what: &str| format!("/accounts/{}/access/v1/{what}", acme.prod.id);
    let own = question("Nobody", "docs:Read", "page", "1");
    let mut asked = vec![own; OWN_FIRST];
    asked.push(mary.clone());
    let batch = json!({"evaluations": asked});
    let stop = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        scope.spawn(|| {
            let admin = acme.admin();
            while !stop.load(Ordering::SeqCst) {
                let attached = change(&admin, "PUT", &attachment).send();
                assert!((200..300).contains(&attached.status), "{attached:?}");
                let detach = once(&admin, "DELETE", &attachment);
                detach
                    .header("if-match", attached.etag())
                    .send()
                    .expect(204);
            }
        });
        let answers: Vec<(String, bool)> = (0..BATCHES)
            .map(|_| {
                let answer = pep.post(&path("evaluations"), &batch).expect(200);
                let last = &answer.json["evaluations"][OWN_FIRST]["decision"];
                (answer.seq().to_owned(), last.as_bool().unwrap())
            })
            .collect();
        stop.store(true, Ordering::SeqCst);
        answers
    });
    for (seq, decision) in &answers {
        let past = pep.with_header("trilby-at-seq", seq);
        let again = past.post(&path("evaluation"), &mary).expect(200);
        assert_eq!(again.json["decision"], *decision, "{seq}");
    }
    let n_allowed = answers.iter().filter(|(_, decision)| *decision).count();
    assert!((1..BATCHES).contains(&n_allowed), "{n_allowed}");
}
