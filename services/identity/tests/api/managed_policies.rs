use serde_json::json;
use trilby_testkit::http::encode;
use trilby_testkit::installation::allow;

use super::{Acme, document, reading};

#[test]
fn a_policy_is_made_read_listed_changed_and_deleted() {
    let acme = Acme::new();
    let body = json!({
        "name": "Reading", "path": "/team/", "description": "reads", "tags": {"team": "blue"}, "document": reading(),
    });
    let made = acme.root.post(&acme.path("policies"), &body).expect(201);
    let arn = format!("arn:trilby:iam::{}:policy/team/Reading", acme.account);
    assert_eq!(made.text("/arn"), arn);
    assert_eq!(made.text("/scope"), "customer");
    assert_eq!(made.text("/default_version"), "v1");
    assert_eq!(
        made.json["document"]["Statement"][0]["Action"],
        json!(["s3:Get*"])
    );
    assert_eq!(made.json["attachment_count"], 0);
    assert_eq!(made.json["tags"], json!({"team": "blue"}));
    assert_eq!(
        made.header("location").unwrap(),
        acme.path(&format!("policies/{}", made.text("/id")))
    );

    for name in ["Reading", "READING", made.text("/id")] {
        let read = acme
            .root
            .get(&acme.path(&format!("policies/{name}")))
            .expect(200);
        assert_eq!(read.json, made.json, "{name}");
        assert_eq!(read.etag(), made.etag());
    }
    let policy = acme.path("policies/Reading");
    let changed = acme
        .root
        .patch(&policy, &json!({"description": null}))
        .expect(200);
    assert_eq!(changed.json.get("description"), None);
    assert_ne!(changed.etag(), made.etag());
    acme.root
        .request("PATCH", &policy)
        .header("if-match", made.etag())
        .json(&json!({"description": "other"}))
        .send()
        .expect_problem(412, "etag_mismatch");

    acme.root.delete(&policy).expect(204);
    acme.root.get(&policy).expect_problem(404, "not_found");
    acme.root.delete(&policy).expect_problem(404, "not_found");
}

#[test]
fn names_are_one_whatever_their_case_and_never_ids() {
    let acme = Acme::new();
    acme.policy("Reading");
    let again = json!({"name": "reading", "document": reading()});
    acme.root
        .post(&acme.path("policies"), &again)
        .expect_problem(409, "already_exists");
    let id = json!({"name": "TPOL2N7Q4M5K8R1T3V6W9", "document": reading()});
    acme.root
        .post(&acme.path("policies"), &id)
        .expect_problem(400, "invalid_name");
    let spaced = json!({"name": "a b", "document": reading()});
    let refused = acme
        .root
        .post(&acme.path("policies"), &spaced)
        .expect_problem(400, "invalid_name");
    assert_eq!(refused.text("/errors/0/pointer"), "/name");
}

#[test]
fn a_malformed_document_is_refused_with_its_places() {
    let acme = Acme::new();
    let text = "{\"name\": \"Bad\",\n \"document\": {\"Version\": \"2012-10-17\", \"Statement\": [\n  {\"Effect\": \"Alow\", \"Action\": \"s3:Get*\", \"Resource\": \"*\"}]}}";
    let refused = acme
        .root
        .request("POST", &acme.path("policies"))
        .header("content-type", "application/json")
        .body(text)
        .send()
        .expect_problem(400, "malformed_policy");
    assert_eq!(
        refused.text("/errors/0/pointer"),
        "/document/Statement/0/Effect"
    );
    assert_eq!(refused.json["errors"][0]["line"], 3);
    assert!(
        refused.text("/errors/0/detail").contains("Allow"),
        "{refused:?}"
    );
    acme.root
        .get(&acme.path("policies/Bad"))
        .expect_problem(404, "not_found");

    for (document, code) in [
        (json!("text"), "malformed_policy"),
        (json!(null), "malformed_policy"),
    ] {
        let body = json!({"name": "Bad", "document": document});
        acme.root
            .post(&acme.path("policies"), &body)
            .expect_problem(400, code);
    }
    acme.root
        .post(&acme.path("policies"), &json!({"name": "Bad"}))
        .expect_problem(400, "missing_parameter");
    let unknown = json!({"name": "Bad", "document": reading(), "colour": "red"});
    acme.root
        .post(&acme.path("policies"), &unknown)
        .expect_problem(400, "unknown_field");
}

#[test]
fn a_document_can_be_tried_without_being_written() {
    let acme = Acme::new();
    let path = acme.path("policies?validate_only=true");
    let good = acme
        .root
        .post(&path, &json!({"name": "Reading", "document": reading()}))
        .expect(200);
    assert_eq!(good.json["valid"], true);
    assert!(good.json["size_bytes"].as_u64().unwrap() > 50);
    assert_eq!(good.json["size_bytes_max"], 6144);
    let bad = json!({"name": "Reading", "document": {"Version": "2012-10-17", "Statement": []}});
    let bad = acme.root.post(&path, &bad).expect(200);
    assert_eq!(bad.json["valid"], false);
    assert_eq!(bad.text("/findings/0/severity"), "error");
    assert!(bad.text("/findings/0/pointer").starts_with("/document"));
    acme.root
        .get(&acme.path("policies/Reading"))
        .expect_problem(404, "not_found");
}

#[test]
fn what_is_suspicious_comes_back_as_a_warning() {
    let acme = Acme::new();
    let body = json!({"name": "All", "document": document("iam:*")});
    let made = acme.root.post(&acme.path("policies"), &body).expect(201);
    let warnings = made.json["warnings"].as_array().unwrap();
    assert!(!warnings.is_empty());
    assert!(
        warnings
            .iter()
            .all(|warning| warning["severity"] == "warning")
    );
    assert!(made.text("/warnings/0/pointer").starts_with("/document/"));
}

#[test]
fn versions_are_added_put_in_force_and_dropped() {
    let acme = Acme::new();
    let made = acme.policy("Reading");
    let versions = acme.path("policies/Reading/versions");
    let second = acme
        .root
        .post(&versions, &json!({"document": document("s3:List*")}))
        .expect(201);
    assert_eq!(second.text("/version"), "v2");
    assert_eq!(second.json["is_default"], false);
    let third = json!({"document": document("s3:Put*"), "set_as_default": true});
    assert_eq!(
        acme.root.post(&versions, &third).expect(201).json["is_default"],
        true
    );

    let policy = acme.root.get(&acme.path("policies/Reading")).expect(200);
    assert_eq!(policy.text("/default_version"), "v3");
    let listed = acme.root.get(&versions).expect(200);
    let numbers: Vec<&str> = listed.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["version"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, ["v1", "v2", "v3"]);
    let first = acme.root.get(&format!("{versions}/v1")).expect(200);
    assert_eq!(first.json["document"], made["document"]);

    let default = acme.path("policies/Reading/default-version");
    let wanted = json!({"version": "v1"});
    acme.root
        .put(&default, &wanted)
        .expect_problem(428, "precondition_required");
    let old = made["etag"].as_str().unwrap();
    let put = |etag: &str, body: &serde_json::Value| {
        acme.root
            .request("PUT", &default)
            .header("if-match", etag)
            .json(body)
            .send()
    };
    put(old, &wanted).expect_problem(412, "etag_mismatch");
    assert_eq!(
        put(policy.etag(), &wanted)
            .expect(200)
            .text("/default_version"),
        "v1"
    );
    let now = acme.root.get(&acme.path("policies/Reading")).expect(200);
    put(now.etag(), &json!({"version": "v9"})).expect_problem(400, "invalid_parameter");
    put(now.etag(), &json!({"version": "9"})).expect_problem(400, "invalid_parameter");

    acme.root
        .delete(&format!("{versions}/v1"))
        .expect_problem(409, "invalid_state");
    acme.root.delete(&format!("{versions}/v2")).expect(204);
    acme.root
        .get(&format!("{versions}/v2"))
        .expect_problem(404, "not_found");
    let next = acme
        .root
        .post(&versions, &json!({"document": reading()}))
        .expect(201);
    assert_eq!(next.text("/version"), "v4", "a number is never given twice");
}

#[test]
fn putting_a_version_in_force_is_a_right_of_its_own() {
    let acme = Acme::new();
    acme.policy("Reading");
    let editor = acme.user(
        "editor",
        &allow(&["iam:GetPolicy", "iam:CreatePolicyVersion"]),
    );
    let versions = acme.path("policies/Reading/versions");
    editor
        .post(&versions, &json!({"document": reading()}))
        .expect(201);
    let refused = editor.post(
        &versions,
        &json!({"document": reading(), "set_as_default": true}),
    );
    assert_eq!(
        refused.expect_problem(403, "access_denied").text("/action"),
        "iam:SetDefaultPolicyVersion"
    );
}

#[test]
fn tags_at_creation_need_the_right_to_tag() {
    let acme = Acme::new();
    let maker = acme.user("maker", &allow(&["iam:CreatePolicy"]));
    let path = acme.path("policies");
    let tagged = json!({"name": "A", "document": reading(), "tags": {"team": "blue"}});
    let refused = maker
        .post(&path, &tagged)
        .expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "iam:TagPolicy");
    maker
        .post(&path, &json!({"name": "A", "document": reading()}))
        .expect(201);
}

#[test]
fn an_attached_policy_goes_only_with_its_attachments_and_the_right_to_each() {
    let acme = Acme::new();
    acme.policy("Reading");
    acme.installation.user(acme.account, "mary", &json!(null));
    acme.installation
        .group(acme.account, "billing", &json!(null));
    acme.root
        .put(
            &acme.path("users/mary/attached-policies/Reading"),
            &json!(null),
        )
        .expect_problem(400, "invalid_parameter");
    acme.root
        .request("PUT", &acme.path("users/mary/attached-policies/Reading"))
        .send()
        .expect(204);
    acme.root
        .request(
            "PUT",
            &acme.path("groups/billing/attached-policies/Reading"),
        )
        .send()
        .expect(204);
    let policy = acme.path("policies/Reading");
    let refused = acme
        .root
        .delete(&policy)
        .expect_problem(409, "delete_conflict");
    assert_eq!(refused.json["blockers"].as_array().unwrap().len(), 2);

    let janitor = acme.user(
        "janitor",
        &allow(&["iam:GetPolicy", "iam:DeletePolicy", "iam:DetachUserPolicy"]),
    );
    let refused = janitor
        .delete(&format!("{policy}?cascade=true"))
        .expect_problem(403, "access_denied");
    assert_eq!(refused.text("/action"), "iam:DetachGroupPolicy");
    acme.root
        .delete(&format!("{policy}?cascade=true"))
        .expect(204);
    let left = acme
        .root
        .get(&acme.path("users/mary/attached-policies"))
        .expect(200);
    assert_eq!(left.json["items"], json!([]));
}

#[test]
fn lists_are_in_order_paged_and_filtered() {
    let acme = Acme::new();
    for name in ["beta", "Alpha", "gamma", "alphabet"] {
        acme.policy(name);
    }
    let names = |path: &str| -> Vec<String> {
        let listed = acme.root.get(&acme.path(path)).expect(200);
        let items = listed.json["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("policies"), ["Alpha", "alphabet", "beta", "gamma"]);
    assert_eq!(names("policies?name_prefix=ALPHA"), ["Alpha", "alphabet"]);
    assert_eq!(names("policies?path_prefix=/team/"), [] as [&str; 0]);
    assert_eq!(names("policies?tag.team=blue"), [] as [&str; 0]);
    assert_eq!(
        names("policies?created_after=2020-01-01T00:00:00Z&name_prefix=g"),
        ["gamma"]
    );
    assert_eq!(
        names("policies?created_before=2020-01-01T00:00:00Z"),
        [] as [&str; 0]
    );
    let first = acme.root.get(&acme.path("policies?limit=3")).expect(200);
    assert_eq!(
        first.json["items"][0].get("document"),
        None,
        "lists leave documents out"
    );
    let cursor = encode(first.text("/next_cursor"));
    assert_eq!(
        names(&format!("policies?limit=3&cursor={cursor}")),
        ["gamma"]
    );
    acme.root
        .get(&acme.path(&format!("policies?scope=system&cursor={cursor}")))
        .expect_problem(400, "invalid_cursor");
    acme.root
        .get(&acme.path("policies?scope=mine"))
        .expect_problem(400, "invalid_parameter");
    acme.root
        .get(&acme.path("policies?limit=0"))
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn policies_of_the_system_are_read_and_never_written() {
    let acme = Acme::new();
    let listed = acme
        .root
        .get(&acme.path("policies?scope=system"))
        .expect(200);
    let items = listed.json["items"].as_array().unwrap();
    let administrator = items
        .iter()
        .find(|item| item["name"] == "AdministratorAccess")
        .unwrap();
    assert_eq!(administrator["id"], "system:AdministratorAccess");
    assert_eq!(
        administrator["arn"],
        "arn:trilby:iam::system:policy/AdministratorAccess"
    );
    let read = acme
        .root
        .get(&acme.path("system-policies/administratoraccess"))
        .expect(200);
    assert_eq!(read.text("/name"), "AdministratorAccess");
    assert_eq!(read.json["document"]["Statement"][0]["Effect"], "Allow");
    acme.root
        .get(&acme.path("system-policies/Nonsense"))
        .expect_problem(404, "not_found");
    acme.root
        .delete(&acme.path("policies/AdministratorAccess"))
        .expect_problem(404, "not_found");
    acme.root
        .delete(&acme.path("system-policies/AdministratorAccess"))
        .expect_problem(405, "method_not_allowed");
}

#[test]
fn a_document_over_the_quota_is_refused() {
    let acme = Acme::new();
    let actions: Vec<String> = (0..400)
        .map(|n| format!("s3:GetSomethingLong{n}"))
        .collect();
    let large = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let body = json!({"name": "Large", "document": large});
    let refused = acme
        .root
        .post(&acme.path("policies"), &body)
        .expect_problem(409, "limit_exceeded");
    assert_eq!(refused.text("/quota"), "policy_bytes");
    let tried = acme
        .root
        .post(&acme.path("policies?validate_only=true"), &body)
        .expect(200);
    assert_eq!(tried.json["valid"], false);
}

#[test]
fn a_repetition_answers_as_the_first_did() {
    let acme = Acme::new();
    let once = acme
        .root
        .with_header("idempotency-key", "make-reading-once-1");
    let body = json!({"name": "Reading", "document": reading()});
    let first = once.post(&acme.path("policies"), &body).expect(201);
    let second = once.post(&acme.path("policies"), &body).expect(201);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.json, second.json);
    let other = json!({"name": "Other", "document": reading()});
    once.post(&acme.path("policies"), &other)
        .expect_problem(422, "idempotency_key_reused");
}

#[test]
fn what_no_catalogue_has_is_warned_of_on_saving_and_on_trying() {
    let acme = Acme::new();
    let application = json!({"name": "zz"});
    acme.root
        .post(&acme.path("applications"), &application)
        .expect(201);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["zz:Do", "zz:Dont", "iam:CreateUsr", "other:Thing"], "Resource": "*",
        "Condition": {"StringEquals": {"zz:teir": "gold"}}}]});
    let codes = |warnings: &serde_json::Value| -> Vec<(String, String)> {
        let found = warnings.as_array().unwrap().iter();
        let text =
            |warning: &serde_json::Value, name: &str| warning[name].as_str().unwrap().to_owned();
        found
            .map(|warning| (text(warning, "code"), text(warning, "pointer")))
            .collect()
    };
    let at = |place: &str| format!("/document/Statement/0/{place}");
    let own = ("unknown_action".to_owned(), at("Action/2"));
    let tried = |name: &str| {
        let body = json!({"name": name, "document": policy});
        let tried = acme
            .root
            .post(&acme.path("policies?validate_only=true"), &body);
        tried.expect(200)
    };
    // An application without a catalogue may do anything.
    let without = codes(&tried("Doing").json["findings"]);
    assert_eq!(without, std::slice::from_ref(&own));
    let catalogue = json!({"actions": {"Do": {}}, "condition_keys": ["tier"]});
    acme.root
        .put(&acme.path("applications/zz/actions"), &catalogue)
        .expect(200);
    let wanted = [
        own,
        ("unknown_action".to_owned(), at("Action/1")),
        (
            "unknown_condition_key".to_owned(),
            at("Condition/StringEquals/zz:teir"),
        ),
    ];
    let found = tried("Doing");
    assert_eq!(found.json["valid"], true);
    assert_eq!(codes(&found.json["findings"]), wanted);
    let body = json!({"name": "Doing", "document": policy});
    let made = acme.root.post(&acme.path("policies"), &body).expect(201);
    assert_eq!(codes(&made.json["warnings"]), wanted);
}
