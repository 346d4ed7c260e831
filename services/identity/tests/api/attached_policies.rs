use serde_json::json;
use trilby_testkit::http::encode;

use super::Acme;

fn attached(acme: &Acme, holder: &str) -> Vec<String> {
    let listed = acme
        .root
        .get(&acme.path(&format!("{holder}/attached-policies")))
        .expect(200);
    let items = listed.json["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| item["arn"].as_str().unwrap().to_owned())
        .collect()
}

fn put(acme: &Acme, holder: &str, policy: &str) -> trilby_testkit::http::Answer {
    acme.root
        .request(
            "PUT",
            &acme.path(&format!("{holder}/attached-policies/{policy}")),
        )
        .send()
}

#[test]
fn a_policy_is_named_by_id_name_system_or_arn() {
    let acme = Acme::new();
    let policy = acme.policy("Reading");
    let arn = policy["arn"].as_str().unwrap();
    acme.installation.user(acme.account, "mary", &json!(null));
    acme.installation
        .group(acme.account, "billing", &json!(null));
    for name in [
        policy["id"].as_str().unwrap(),
        "reading",
        &encode(arn),
        &encode(&arn.replace("trilby", "aws")),
    ] {
        let done = put(&acme, "users/mary", name).expect(204);
        assert!(!done.etag().is_empty());
        assert_eq!(attached(&acme, "users/mary"), [arn], "{name}");
        acme.root
            .delete(&acme.path(&format!("users/mary/attached-policies/{name}")))
            .expect(204);
        assert_eq!(attached(&acme, "users/mary"), [] as [&str; 0]);
    }
    let system = "arn:trilby:iam::system:policy/ReadOnlyAccess";
    for name in [
        "system:ReadOnlyAccess",
        "system:readonlyaccess",
        &encode(system),
    ] {
        put(&acme, "groups/billing", name).expect(204);
        assert_eq!(attached(&acme, "groups/billing"), [system], "{name}");
        acme.root
            .delete(&acme.path(&format!("groups/billing/attached-policies/{name}")))
            .expect(204);
    }
}

#[test]
fn attaching_twice_changes_nothing() {
    let acme = Acme::new();
    acme.policy("Reading");
    acme.installation.user(acme.account, "mary", &json!(null));
    let first = put(&acme, "users/mary", "Reading").expect(204);
    let second = put(&acme, "users/mary", "Reading").expect(204);
    assert_eq!(first.etag(), second.etag());
    assert_eq!(first.seq(), second.seq());
}

#[test]
fn what_is_not_there_cannot_be_attached_or_detached() {
    let acme = Acme::new();
    acme.policy("Reading");
    acme.installation.user(acme.account, "mary", &json!(null));
    let foreign = acme.installation.account("Other");
    let other = format!("arn:trilby:iam::{foreign}:policy/Reading");
    let wrong_path = format!("arn:trilby:iam::{}:policy/team/Reading", acme.account);
    let user = format!("arn:trilby:iam::{}:user/Reading", acme.account);
    for name in [
        "Nonsense",
        "system:Nonsense",
        "system:FullAccess",
        &encode(&other),
        &encode(&wrong_path),
        &encode(&user),
    ] {
        put(&acme, "users/mary", name).expect_problem(404, "not_found");
    }
    put(&acme, "users/nobody", "Reading").expect_problem(404, "not_found");
    put(&acme, "roles/nobody", "Reading").expect_problem(404, "not_found");
    acme.root
        .delete(&acme.path("users/mary/attached-policies/Reading"))
        .expect_problem(404, "not_found");
}

#[test]
fn the_right_to_attach_can_be_bound_to_a_policy() {
    let acme = Acme::new();
    acme.policy("Reading");
    acme.policy("Writing");
    acme.installation.user(acme.account, "mary", &json!(null));
    let granted = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": ["iam:GetUser", "iam:AttachUserPolicy", "iam:DetachUserPolicy"],
            "Resource": format!("arn:trilby:iam::{}:user/mary", acme.account),
            "Condition": {"ArnEquals": {"iam:PolicyARN": format!("arn:trilby:iam::{}:policy/Reading", acme.account)}},
        }],
    });
    let helper = acme.user("helper", &granted);
    let attach = |holder: &str, policy: &str| {
        helper
            .request(
                "PUT",
                &acme.path(&format!("{holder}/attached-policies/{policy}")),
            )
            .send()
    };
    attach("users/mary", "READING").expect(204);
    assert_eq!(attach("users/mary", "Writing").status, 404);
    assert_eq!(
        attach("users/mary", "system:AdministratorAccess").status,
        404
    );
    assert_eq!(attach("users/helper", "Reading").status, 404);
    helper
        .delete(&acme.path("users/mary/attached-policies/Reading"))
        .expect(204);
}

#[test]
fn at_most_ten_are_attached() {
    let acme = Acme::new();
    acme.installation.user(acme.account, "mary", &json!(null));
    for n in 0..10 {
        acme.policy(&format!("p{n}"));
        put(&acme, "users/mary", &format!("p{n}")).expect(204);
    }
    acme.policy("p10");
    let refused = put(&acme, "users/mary", "p10").expect_problem(409, "limit_exceeded");
    assert_eq!(refused.json["limit"], 10);
}

#[test]
fn rights_come_and_go_with_an_attachment() {
    let acme = Acme::new();
    let mary = acme.user("mary", &json!(null));
    let policies = acme.path("policies");
    mary.get(&policies).expect_problem(403, "access_denied");
    put(&acme, "users/mary", "system:IamReadOnlyAccess").expect(204);
    mary.get(&policies).expect(200);
    acme.root
        .delete(&acme.path("users/mary/attached-policies/system:IamReadOnlyAccess"))
        .expect(204);
    mary.get(&policies).expect_problem(403, "access_denied");
}
