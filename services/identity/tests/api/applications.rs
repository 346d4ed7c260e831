use serde_json::json;
use trilby_testkit::installation::allow;

use super::Acme;

#[test]
fn an_application_is_made_read_listed_changed_and_deleted() {
    let acme = Acme::new();
    let body =
        json!({"name": "invoices", "description": "what customers owe", "tags": {"team": "blue"}});
    let made = acme
        .root
        .post(&acme.path("applications"), &body)
        .expect(201);
    assert_eq!(
        made.text("/arn"),
        format!("arn:trilby:registry::{}:application/invoices", acme.account)
    );
    assert_eq!(made.json["resource_count"], 0);
    let path = acme.path("applications/invoices");
    assert_eq!(made.header("location").unwrap(), path);
    assert_eq!(acme.root.get(&path).expect(200).json, made.json);
    acme.root
        .post(&acme.path("applications"), &body)
        .expect_problem(409, "already_exists");
    let changed = acme
        .root
        .patch(&path, &json!({"description": null}))
        .expect(200);
    assert_eq!(changed.json.get("description"), None);
    acme.root
        .post(&acme.path("applications"), &json!({"name": "s3"}))
        .expect(201);
    let listed = acme
        .root
        .get(&acme.path("applications?limit=1"))
        .expect(200);
    assert_eq!(listed.text("/items/0/name"), "invoices");
    assert!(listed.json["next_cursor"].is_string());
    acme.root.delete(&path).expect(204);
    acme.root.get(&path).expect_problem(404, "not_found");
}

#[test]
fn reserved_and_malformed_names_are_refused() {
    let acme = Acme::new();
    for name in ["iam", "sts", "trilby", "aws", "Invoices", "", "9lives"] {
        let refused = acme
            .root
            .post(&acme.path("applications"), &json!({"name": name}));
        assert_eq!(
            refused
                .expect_problem(400, "invalid_name")
                .text("/errors/0/pointer"),
            "/name"
        );
    }
}

#[test]
fn a_catalogue_is_replaced_whole() {
    let acme = Acme::new();
    acme.root
        .post(&acme.path("applications"), &json!({"name": "invoices"}))
        .expect(201);
    let path = acme.path("applications/invoices/actions");
    let empty = acme.root.get(&path).expect(200);
    assert_eq!(empty.json["actions"], json!({}));
    assert_eq!(empty.header("etag"), None);
    let body = json!({
        "actions": {"Read": {"description": "reads", "resource_types": ["invoice"]}, "Ping": {}},
        "resource_types": ["invoice"],
        "condition_keys": ["Amount"],
    });
    let put = acme.root.put(&path, &body).expect(200);
    assert_eq!(
        put.json["actions"]["Read"]["resource_types"],
        json!(["invoice"])
    );
    assert_eq!(acme.root.get(&path).expect(200).etag(), put.etag());
    let dangling = json!({"actions": {"Read": {"resource_types": ["ghost"]}}});
    acme.root
        .put(&path, &dangling)
        .expect_problem(400, "invalid_parameter");
    let stale = acme
        .root
        .request("PUT", &path)
        .header("if-match", "\"s1\"")
        .json(&body)
        .send();
    stale.expect_problem(412, "etag_mismatch");
    acme.root
        .get(&acme.path("applications/ghost/actions"))
        .expect_problem(404, "not_found");
}

#[test]
fn an_application_takes_its_resources_along_only_with_the_right_to_each() {
    let acme = Acme::new();
    let bucket = acme.bucket();
    let application = acme.path("applications/s3");
    acme.root
        .delete(&application)
        .expect_problem(409, "delete_conflict");
    let janitor = acme.user(
        "janitor",
        &allow(&["registry:GetApplication", "registry:DeleteApplication"]),
    );
    let refused = janitor
        .delete(&format!("{application}?cascade=true"))
        .expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "registry:DeleteResource");
    acme.root
        .delete(&format!("{application}?cascade=true"))
        .expect(204);
    acme.root.get(&bucket).expect_problem(404, "not_found");
}

#[test]
fn parallel_creations_cannot_pass_the_quota() {
    let acme = Acme::new();
    let make = |name: &str| {
        acme.root
            .post(&acme.path("applications"), &json!({"name": name}))
            .status
    };
    for n in 0..49 {
        assert_eq!(make(&format!("app{n}")), 201);
    }
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let make = &make;
        let makers: Vec<_> = (0..64)
            .map(|n| scope.spawn(move || make(&format!("late{n}"))))
            .collect();
        makers
            .into_iter()
            .map(|maker| maker.join().unwrap())
            .collect()
    });
    let made = statuses.iter().filter(|status| **status == 201).count();
    let refused = statuses.iter().filter(|status| **status == 409).count();
    assert_eq!((made, refused), (1, 63), "{statuses:?}");
}
