use serde_json::json;
use trilby_testkit::installation::allow;

use super::organizations::Founded;

#[test]
fn units_are_made_below_the_root_and_below_each_other() {
    let acme = Founded::new();
    let made = acme
        .root()
        .post(&acme.at("/units"), &json!({ "name": "Production" }));
    let made = made.expect(201);
    let id = made.text("/id").to_owned();
    assert_eq!(made.text("/kind"), "unit");
    assert_eq!(made.text("/parent_id"), acme.root_id());
    assert_eq!(made.text("/control_policies/0/id"), "system:FullAccess");
    let arn = format!(
        "arn:trilby:organizations::{}:unit/{}/{id}",
        acme.acme.account, acme.id
    );
    assert_eq!(made.text("/arn"), arn);
    let path = acme.at(&format!("/units/{id}"));
    assert_eq!(made.header("location").unwrap(), path);
    let below = acme.unit("Databases", &id);
    let read = acme.root().get(&path).expect(200);
    assert_eq!(read.json, made.json);
    assert_eq!(read.etag(), made.etag());
    let listed = acme.root().get(&acme.at("/units")).expect(200);
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 3);
    let children = acme.at(&format!("/units?parent_id={id}"));
    let children = acme.root().get(&children).expect(200);
    assert_eq!(children.text("/items/0/id"), below);
    assert_eq!(children.json["items"].as_array().unwrap().len(), 1);
    let root = acme.at(&format!("/units/{}", acme.root_id()));
    assert_eq!(acme.root().get(&root).expect(200).text("/kind"), "root");
}

#[test]
fn units_and_members_move_and_only_empty_units_go() {
    let acme = Founded::new();
    let (one, two) = (
        acme.unit("One", acme.root_id()),
        acme.unit("Two", acme.root_id()),
    );
    let member = acme.member("acme-prod");
    let (one_at, two_at) = (format!("/units/{one}"), format!("/units/{two}"));
    let root = acme.root();
    let into = |parent: &str| json!({ "parent_id": parent });
    let moved = root.post(&acme.at(&format!("{two_at}/move")), &into(&one));
    assert_eq!(moved.expect(200).text("/parent_id"), one);
    root.post(&acme.at(&format!("{one_at}/move")), &into(&two))
        .expect_problem(409, "invalid_state");
    let moved = root.post(&acme.at(&format!("/accounts/{member}/move")), &into(&two));
    assert_eq!(moved.expect(200).text("/parent_id"), two);
    let inside = root.get(&acme.at(&format!("/accounts?parent_id={two}")));
    assert_eq!(inside.expect(200).text("/items/0/account_id"), member);
    for at in [&one_at, &two_at] {
        let held = root
            .delete(&acme.at(at))
            .expect_problem(409, "delete_conflict");
        assert_eq!(held.json["blockers"].as_array().unwrap().len(), 1);
    }
    root.post(
        &acme.at(&format!("/accounts/{member}/move")),
        &into(acme.root_id()),
    )
    .expect(200);
    root.delete(&acme.at(&two_at)).expect(204);
    root.delete(&acme.at(&one_at)).expect(204);
    root.get(&acme.at(&one_at)).expect_problem(404, "not_found");
}

#[test]
fn units_are_renamed_by_whoever_read_them_last() {
    let acme = Founded::new();
    let path = acme.at(&format!("/units/{}", acme.unit("Prod", acme.root_id())));
    let old = acme.root().get(&path).expect(200).etag().to_owned();
    let fresh = acme.root().with_header("if-match", &old);
    let renamed = fresh
        .patch(&path, &json!({ "name": "Production" }))
        .expect(200);
    assert_eq!(renamed.text("/name"), "Production");
    fresh
        .patch(&path, &json!({ "name": "Again" }))
        .expect_problem(412, "etag_mismatch");
    let root = acme.at(&format!("/units/{}", acme.root_id()));
    acme.root()
        .patch(&root, &json!({ "name": "Top" }))
        .expect_problem(409, "invalid_state");
}

#[test]
fn a_move_needs_the_right_at_both_ends() {
    let acme = Founded::new();
    let (one, two) = (
        acme.unit("One", acme.root_id()),
        acme.unit("Two", acme.root_id()),
    );
    let member = acme.member("acme-prod");
    let at = acme.at(&format!("/accounts/{member}/move"));
    let arn = |rest: &str| format!("arn:trilby:organizations::{}:{rest}", acme.acme.account);
    let unit = |id: &str| arn(&format!("unit/{}/{id}", acme.id));
    let account = arn(&format!("account/{}/{member}", acme.id));
    let policy = |resources: &[String]| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "organizations:GetAccount", "Resource": "*" },
            { "Effect": "Allow", "Action": "organizations:MoveAccount", "Resource": resources },
        ] })
    };
    let all = [account, unit(acme.root_id()), unit(&one)];
    let into = |parent: &str| json!({ "parent_id": parent });
    for (n, missing) in all.iter().enumerate() {
        let some: Vec<String> = all.iter().filter(|arn| *arn != missing).cloned().collect();
        let mover = acme.acme.user(&format!("mover-{n}"), &policy(&some));
        mover
            .post(&at, &into(&one))
            .expect_problem(403, "access_denied");
    }
    let mover = acme.acme.user("mover", &policy(&all));
    mover
        .post(&at, &into(&two))
        .expect_problem(403, "access_denied");
    mover
        .post(&at, &into("ou-00000000"))
        .expect_problem(403, "access_denied");
    mover.post(&at, &into(&one)).expect(200);
}

#[test]
fn nobody_learns_of_units_without_the_right_to_read_them() {
    let acme = Founded::new();
    let path = acme.at(&format!("/units/{}", acme.unit("Prod", acme.root_id())));
    let nobody = acme.acme.user("nobody", &json!(null));
    let absent = acme.at("/units/ou-00000000");
    for path in [&path, &absent] {
        nobody.get(path).expect_problem(404, "not_found");
        nobody.delete(path).expect_problem(404, "not_found");
    }
    let deleter = acme
        .acme
        .user("deleter", &allow(&["organizations:DeleteUnit"]));
    deleter.delete(&absent).expect_problem(404, "not_found");
    deleter.delete(&path).expect(204);
}
