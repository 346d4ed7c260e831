use serde_json::json;
use trilby_testkit::http::encode;

use super::Acme;

#[test]
fn an_alias_is_put_read_listed_and_deleted() {
    let acme = Acme::new();
    let mary = acme
        .installation
        .user(acme.account, "mary", &json!(null))
        .to_string();
    let bob = acme
        .installation
        .user(acme.account, "bob", &json!(null))
        .to_string();
    let subject = encode("https://idp.example/|CiRmZDA2");
    let path = acme.path(&format!("subject-aliases/federated_user/{subject}"));
    let made = acme
        .root
        .put(&path, &json!({"principal": mary}))
        .expect(201);
    assert_eq!(made.text("/id"), "https://idp.example/|CiRmZDA2");
    assert_eq!(made.text("/type"), "federated_user");
    assert_eq!(made.text("/principal_id"), mary);
    let arn = format!("arn:trilby:iam::{}:user/bob", acme.account);
    let moved = acme.root.put(&path, &json!({"principal": arn})).expect(200);
    assert_eq!(moved.text("/principal_id"), bob);
    assert_eq!(moved.text("/principal_arn"), arn);
    assert_eq!(acme.root.get(&path).expect(200).json, moved.json);
    acme.root
        .put(&path, &json!({"principal": "nobody"}))
        .expect_problem(400, "invalid_principal");
    acme.root
        .put(&path, &json!({"principal": "TUSR2N7Q4M5K8R1T3V6W9"}))
        .expect_problem(400, "invalid_principal");
    acme.root
        .put(
            &acme.path("subject-aliases/a%20b/x"),
            &json!({"principal": mary}),
        )
        .expect_problem(400, "invalid_parameter");
    let listed = acme.root.get(&acme.path("subject-aliases")).expect(200);
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
    acme.root.delete(&path).expect(204);
    acme.root.get(&path).expect_problem(404, "not_found");
    acme.root.delete(&path).expect_problem(404, "not_found");
}

#[test]
fn the_right_is_asked_of_whom_the_subject_means_before_and_after() {
    let acme = Acme::new();
    acme.installation.user(acme.account, "mary", &json!(null));
    acme.installation.user(acme.account, "boss", &json!(null));
    let on_mary = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["iam:GetSubjectAlias", "iam:PutSubjectAlias"],
        "Resource": [format!("arn:trilby:iam::{}:user/mary", acme.account), format!("arn:trilby:iam::{}:account", acme.account)],
    }]});
    let helper = acme.user("helper", &on_mary);
    let arn =
        |name: &str| json!({"principal": format!("arn:trilby:iam::{}:user/{name}", acme.account)});
    let (mine, theirs) = (
        acme.path("subject-aliases/user/m"),
        acme.path("subject-aliases/user/b"),
    );
    helper.put(&mine, &arn("mary")).expect(201);
    assert_eq!(helper.put(&mine, &arn("boss")).status, 404);
    acme.root.put(&theirs, &arn("boss")).expect(201);
    assert_eq!(helper.put(&theirs, &arn("mary")).status, 403);
}
