use serde_json::json;
use trilby_testkit::http::encode;

use super::Acme;

#[test]
fn a_resource_is_registered_replaced_and_deleted() {
    let acme = Acme::new();
    let path = acme.bucket();
    let made = acme.root.get(&path).expect(200);
    assert_eq!(
        made.text("/arn"),
        format!("arn:trilby:s3::{}:bucket/drafts", acme.account)
    );
    assert_eq!(made.text("/type"), "bucket");
    assert_eq!(made.text("/id"), "drafts");
    assert_eq!(made.json["has_policy"], false);
    let mary = acme
        .installation
        .user(acme.account, "mary", &json!(null))
        .to_string();
    let arn = format!("arn:trilby:iam::{}:user/mary", acme.account);
    for owner in [mary.as_str(), arn.as_str()] {
        let body = json!({"tags": {"team": "blue"}, "owner": owner, "description": "drafts"});
        let replaced = acme.root.put(&path, &body).expect(200);
        assert_eq!(replaced.text("/owner"), mary);
        assert_eq!(replaced.json["tags"], json!({"team": "blue"}));
    }
    let bare = acme.root.put(&path, &json!({})).expect(200);
    assert_eq!(bare.json["tags"], json!({}));
    assert_eq!(bare.json.get("owner"), None);
    acme.root
        .put(&path, &json!({"owner": "nobody"}))
        .expect_problem(400, "invalid_principal");
    let strict = acme
        .root
        .request("PUT", &path)
        .header("if-none-match", "*")
        .json(&json!({}))
        .send();
    strict.expect_problem(412, "etag_mismatch");
    acme.root.delete(&path).expect(204);
    acme.root.get(&path).expect_problem(404, "not_found");
}

#[test]
fn an_id_may_hold_slashes() {
    let acme = Acme::new();
    acme.bucket();
    let path = acme.path(&format!(
        "applications/s3/resources/object/{}",
        encode("drafts/2026/plan.md")
    ));
    let made = acme.root.put(&path, &json!({})).expect(201);
    assert_eq!(made.text("/id"), "drafts/2026/plan.md");
    assert_eq!(
        made.text("/arn"),
        format!("arn:trilby:s3::{}:object/drafts/2026/plan.md", acme.account)
    );
    assert_eq!(acme.root.get(&path).expect(200).json, made.json);
}

#[test]
fn resources_are_listed_by_type_and_id() {
    let acme = Acme::new();
    acme.bucket();
    for (kind, id) in [("bucket", "archive"), ("queue", "a"), ("Bucket", "z")] {
        acme.root
            .put(
                &acme.path(&format!("applications/s3/resources/{kind}/{id}")),
                &json!({}),
            )
            .expect(201);
    }
    let mut walked = Vec::new();
    let mut next = acme.path("applications/s3/resources?limit=2");
    loop {
        let page = acme.root.get(&next).expect(200);
        for item in page.json["items"].as_array().unwrap() {
            walked.push(format!(
                "{}/{}",
                item["type"].as_str().unwrap(),
                item["id"].as_str().unwrap()
            ));
        }
        match page.json["next_cursor"].as_str() {
            Some(cursor) => {
                next = acme.path(&format!(
                    "applications/s3/resources?limit=2&cursor={}",
                    encode(cursor)
                ))
            }
            None => break,
        }
    }
    assert_eq!(
        walked,
        ["Bucket/z", "bucket/archive", "bucket/drafts", "queue/a"]
    );
    let buckets = acme
        .root
        .get(&acme.path("applications/s3/resources?type=bucket"))
        .expect(200);
    assert_eq!(buckets.json["items"].as_array().unwrap().len(), 2);
    acme.root
        .get(&acme.path("applications/ghost/resources"))
        .expect_problem(404, "not_found");
}

#[test]
fn bad_names_are_told() {
    let acme = Acme::new();
    acme.bucket();
    let bad_type = acme
        .root
        .put(&acme.path("applications/s3/resources/a%20b/x"), &json!({}));
    assert_eq!(
        bad_type
            .expect_problem(400, "invalid_name")
            .text("/errors/0/parameter"),
        "type"
    );
    let long = "x".repeat(600);
    let bad_id = acme.root.put(
        &acme.path(&format!("applications/s3/resources/bucket/{long}")),
        &json!({}),
    );
    assert_eq!(
        bad_id
            .expect_problem(400, "invalid_name")
            .text("/errors/0/parameter"),
        "id"
    );
    acme.root
        .put(
            &acme.path("applications/ghost/resources/bucket/x"),
            &json!({}),
        )
        .expect_problem(404, "not_found");
}

#[test]
fn rights_on_a_resource_can_be_bound_to_its_tags() {
    let acme = Acme::new();
    let path = acme.bucket();
    acme.root
        .put(&path, &json!({"tags": {"team": "blue"}}))
        .expect(200);
    acme.root
        .put(
            &acme.path("applications/s3/resources/bucket/other"),
            &json!({}),
        )
        .expect(201);
    let blue = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Action": ["registry:GetResource", "registry:DeleteResource"], "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}},
        }],
    });
    let mary = acme.user("mary", &blue);
    mary.delete(&acme.path("applications/s3/resources/bucket/other"))
        .expect_problem(404, "not_found");
    mary.delete(&path).expect(204);
}
