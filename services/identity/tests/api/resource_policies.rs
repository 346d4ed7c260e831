use serde_json::{Value, json};
use trilby_testkit::installation::allow;

use super::Acme;

fn naming(principal: &str) -> Value {
    json!({"document": {"Version": "2012-10-17", "Statement": [
        {"Sid": "Named", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:*", "Resource": "*"}]}})
}

#[test]
fn a_policy_is_put_read_replaced_and_deleted_by_its_etag() {
    let acme = Acme::new();
    let path = format!("{}/policy", acme.bucket());
    acme.installation.user(acme.account, "mary", &json!(null));
    let mary = format!("arn:trilby:iam::{}:user/mary", acme.account);
    acme.root.get(&path).expect_problem(404, "not_found");
    acme.root
        .put(&path, &naming(&mary))
        .expect_problem(428, "precondition_required");
    let made = acme
        .root
        .request("PUT", &path)
        .header("if-none-match", "*")
        .json(&naming(&mary))
        .send()
        .expect(201);
    assert_eq!(
        made.json["document"]["Statement"][0]["Principal"],
        json!({"AWS": [mary]})
    );
    assert_eq!(
        acme.root.get(&path).expect(200).json["document"],
        made.json["document"]
    );
    let resource = acme
        .root
        .get(path.strip_suffix("/policy").unwrap())
        .expect(200);
    assert_eq!(resource.json["has_policy"], true);

    let replace = |etag: &str| {
        acme.root
            .request("PUT", &path)
            .header("if-match", etag)
            .json(&naming(&acme.account.to_string()))
            .send()
    };
    let replaced = replace(made.etag()).expect(200);
    replace(made.etag()).expect_problem(412, "etag_mismatch");
    acme.root
        .delete(path.strip_suffix("/policy").unwrap())
        .expect_problem(409, "delete_conflict");
    acme.root
        .request("DELETE", &path)
        .header("if-match", replaced.etag())
        .send()
        .expect(204);
    acme.root.get(&path).expect_problem(404, "not_found");
}

#[test]
fn whom_it_names_must_exist() {
    let acme = Acme::new();
    let path = format!("{}/policy", acme.bucket());
    let other = acme.installation.account("Other");
    acme.installation.user(other, "bob", &json!(null));
    let put = |principal: &str| {
        acme.root
            .request("PUT", &path)
            .header("if-none-match", "*")
            .json(&naming(principal))
            .send()
    };
    for nobody in [
        format!("arn:trilby:iam::{}:user/nobody", acme.account),
        format!("arn:trilby:iam::{other}:user/nobody"),
        format!("arn:trilby:iam::{other}:role/bob"),
        "arn:trilby:iam::999999999999:root".to_owned(),
        "TUSR2N7Q4M5K8R1T3V6W9".to_owned(),
    ] {
        let refused = put(&nobody);
        assert_eq!(refused.status, 400, "{nobody}: {refused:?}");
    }
    // Of another account, found through its own log.
    put(&format!("arn:trilby:iam::{other}:user/bob")).expect(201);
}

#[test]
fn who_takes_over_a_name_takes_no_trust_along() {
    let acme = Acme::new();
    let path = format!("{}/policy", acme.bucket());
    let id = acme
        .installation
        .user(acme.account, "mary", &json!(null))
        .to_string();
    let mary = format!("arn:trilby:iam::{}:user/mary", acme.account);
    acme.root
        .request("PUT", &path)
        .header("if-none-match", "*")
        .json(&naming(&mary))
        .send()
        .expect(201);
    let delete = trilby_account::command::DeleteUser {
        user: "mary".parse().unwrap(),
        cascade: true,
    };
    acme.installation.run(acme.account, delete);
    acme.installation.user(acme.account, "mary", &json!(null));
    let shown = acme.root.get(&path).expect(200);
    assert_eq!(
        shown.json["document"]["Statement"][0]["Principal"]["AWS"],
        json!([id])
    );
    // Saved again as it is shown, it lets nobody in by accident: it is refused.
    let body = json!({"document": shown.json["document"]});
    let again = acme
        .root
        .request("PUT", &path)
        .header("if-match", shown.etag())
        .json(&body)
        .send();
    again.expect_problem(400, "invalid_principal");
}

#[test]
fn root_repairs_a_policy_that_locks_everyone_out() {
    let acme = Acme::new();
    let bucket = acme.bucket();
    let path = format!("{bucket}/policy");
    let admin = acme.user("admin", &allow(&["*"]));
    let closed = json!({"document": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}});
    let put = admin
        .request("PUT", &path)
        .header("if-none-match", "*")
        .json(&closed)
        .send()
        .expect(201);
    assert_eq!(admin.get(&path).status, 404);
    assert_eq!(
        admin
            .request("DELETE", &path)
            .header("if-match", put.etag())
            .send()
            .status,
        404
    );
    // Root repairs the policy, and nothing else.
    assert_eq!(
        acme.root.delete(&format!("{bucket}?cascade=true")).status,
        404
    );
    acme.root.get(&path).expect(200);
    acme.root
        .request("DELETE", &path)
        .header("if-match", put.etag())
        .send()
        .expect(204);
    admin.get(&bucket).expect(200);
}

#[test]
fn statements_about_something_else_are_warned_of() {
    let acme = Acme::new();
    let path = format!("{}/policy", acme.bucket());
    let elsewhere = json!({"document": {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": acme.account.to_string()}, "Action": "s3:*",
        "Resource": format!("arn:trilby:s3::{}:bucket/other", acme.account)}]}});
    let tried = acme
        .root
        .request("PUT", &format!("{path}?validate_only=true"))
        .header("if-none-match", "*")
        .json(&elsewhere)
        .send()
        .expect(200);
    assert!(
        !tried.json["findings"].as_array().unwrap().is_empty(),
        "{tried:?}"
    );
    acme.root.get(&path).expect_problem(404, "not_found");
}
