use serde_json::json;

use super::{Acme, document, reading};

#[test]
fn an_inline_policy_is_made_replaced_and_deleted_by_its_etag() {
    let acme = Acme::new();
    acme.installation.user(acme.account, "mary", &json!(null));
    acme.installation
        .group(acme.account, "billing", &json!(null));
    for holder in ["users/mary", "groups/billing"] {
        let path = acme.path(&format!("{holder}/inline-policies/Reading"));
        let body = json!({"document": reading()});
        acme.root
            .put(&path, &body)
            .expect_problem(428, "precondition_required");
        let create = || {
            acme.root
                .request("PUT", &path)
                .header("if-none-match", "*")
                .json(&body)
                .send()
        };
        let made = create().expect(201);
        assert_eq!(made.text("/name"), "Reading");
        assert_eq!(made.json["document"]["Statement"][0]["Effect"], "Allow");
        create().expect_problem(412, "etag_mismatch");

        let replace = |etag: &str| {
            acme.root
                .request("PUT", &path)
                .header("if-match", etag)
                .json(&json!({"document": document("s3:List*")}))
                .send()
        };
        let replaced = replace(made.etag()).expect(200);
        assert_ne!(replaced.etag(), made.etag());
        replace(made.etag()).expect_problem(412, "etag_mismatch");
        let read = acme.root.get(&path).expect(200);
        assert_eq!(read.json["document"], replaced.json["document"]);
        assert_eq!(read.etag(), replaced.etag());
        assert_eq!(read.text("/etag"), read.etag());

        let listed = acme
            .root
            .get(&acme.path(&format!("{holder}/inline-policies")))
            .expect(200);
        assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed.json["items"][0].get("document"), None);

        acme.root
            .delete(&path)
            .expect_problem(428, "precondition_required");
        acme.root
            .request("DELETE", &path)
            .header("if-match", read.etag())
            .send()
            .expect(204);
        acme.root.get(&path).expect_problem(404, "not_found");
    }
}

#[test]
fn of_two_writers_with_one_etag_one_wins() {
    let acme = Acme::new();
    acme.installation.user(acme.account, "mary", &json!(null));
    let path = acme.path("users/mary/inline-policies/Reading");
    let made = acme
        .root
        .request("PUT", &path)
        .header("if-none-match", "*")
        .json(&json!({"document": reading()}))
        .send();
    let etag = made.expect(201).etag().to_owned();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|n| {
                let (root, path, etag) = (acme.root.clone(), path.clone(), etag.clone());
                scope.spawn(move || {
                    let body = json!({"document": document(&format!("s3:Do{n}"))});
                    root.request("PUT", &path)
                        .header("if-match", &etag)
                        .json(&body)
                        .send()
                        .status
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 412).count(),
        7,
        "{statuses:?}"
    );
}

#[test]
fn bad_names_and_documents_are_told() {
    let acme = Acme::new();
    acme.installation.user(acme.account, "mary", &json!(null));
    let put = |name: &str, body: &serde_json::Value| {
        let path = acme.path(&format!("users/mary/inline-policies/{name}"));
        acme.root
            .request("PUT", &path)
            .header("if-none-match", "*")
            .json(body)
            .send()
    };
    let refused = put("a%20b", &json!({"document": reading()})).expect_problem(400, "invalid_name");
    assert_eq!(refused.text("/errors/0/parameter"), "name");
    let principal = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]});
    let refused =
        put("Reading", &json!({"document": principal})).expect_problem(400, "malformed_policy");
    assert!(
        refused
            .text("/errors/0/pointer")
            .starts_with("/document/Statement/0")
    );
    let actions: Vec<String> = (0..200).map(|n| format!("s3:GetSomething{n}")).collect();
    let large = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let refused = put("Reading", &json!({"document": large})).expect_problem(409, "limit_exceeded");
    assert_eq!(refused.text("/quota"), "user_inline_policy_bytes");
    let path = acme.path("users/mary/inline-policies/Reading?validate_only=true");
    // The quota counts what is there already.
    let half: Vec<String> = (0..60).map(|n| format!("s3:GetSomething{n:03}")).collect();
    let half = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": half, "Resource": "*"}]});
    let put_half = put("Half", &json!({"document": half})).expect(201);
    let tried = acme
        .root
        .request("PUT", &path)
        .header("if-none-match", "*")
        .json(&json!({"document": half}))
        .send()
        .expect(200);
    assert_eq!(tried.json["valid"], false, "{tried:?}");
    acme.root
        .with_header("if-match", put_half.etag())
        .delete(&acme.path("users/mary/inline-policies/Half"))
        .expect(204);
    let tried = acme
        .root
        .request("PUT", &path)
        .header("if-none-match", "*")
        .json(&json!({"document": reading()}))
        .send();
    assert_eq!(tried.expect(200).json["valid"], true);
    acme.root
        .get(&acme.path("users/mary/inline-policies/Reading"))
        .expect_problem(404, "not_found");
    acme.root
        .get(&acme.path("users/nobody/inline-policies"))
        .expect_problem(404, "not_found");
}
