use serde_json::json;
use trilby_model::Hash;

use super::Acme;

#[test]
fn the_log_is_read_from_any_place_to_its_end() {
    let acme = Acme::new();
    acme.policy("Reading");
    acme.root
        .post(
            &acme.path("policies/Reading/versions"),
            &json!({"document": super::reading(), "set_as_default": true}),
        )
        .expect(201);
    let whole = acme.root.get(&acme.path("log")).expect(200);
    let items = whole.json["items"].as_array().unwrap();
    assert_eq!(whole.json["next_after"], json!(null));
    let seqs: Vec<u64> = items
        .iter()
        .map(|item| item["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(items[0]["etype"], "account.created");
    let made = items
        .iter()
        .find(|item| item["etype"] == "policy.created")
        .unwrap();
    assert_eq!(made["data"]["name"], "Reading");
    assert_eq!(made["meta"]["operation"], "create_policy");
    assert_eq!(
        made["meta"]["actor"]["arn"],
        format!("arn:trilby:iam::{}:root", acme.account)
    );

    // One by one it is the same log, also where a page ends inside a commit.
    let mut after = 0;
    let mut walked = Vec::new();
    loop {
        let page = acme
            .root
            .get(&acme.path(&format!("log?after={after}&limit=1")))
            .expect(200);
        walked.extend(page.json["items"].as_array().unwrap().clone());
        match page.json["next_after"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(&walked, items);
    let end = acme.root.get(&acme.path("log?after=100000")).expect(200);
    assert_eq!(end.json["items"], json!([]));
    let whole = "must be a whole number from 0 to 18446744073709551615";
    for (limit, why) in [
        ("0", "must be 1 to 1000"),
        ("1001", "must be 1 to 1000"),
        ("abc", whole),
        ("-1", whole),
    ] {
        let path = acme.path(&format!("log?limit={limit}"));
        let refused = acme.root.get(&path);
        let refused = refused.expect_problem(400, "invalid_parameter");
        let detail = refused.text("/detail");
        assert!(detail.ends_with(why), "{detail}");
    }
    acme.root
        .get(&acme.path("log?after=-1"))
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn one_event_has_what_its_hash_is_made_of() {
    let acme = Acme::new();
    acme.policy("Reading");
    let whole = acme.root.get(&acme.path("log")).expect(200);
    let last = whole.json["items"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    let event = acme
        .root
        .get(&acme.path(&format!("log/{}", last["seq"])))
        .expect(200);
    let body = event.text("/body");
    let parsed: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(parsed["data"], event.json["data"]);
    let digest = <sha2::Sha256 as sha2::Digest>::digest(body.as_bytes());
    assert_eq!(event.text("/body_hash"), Hash(digest.into()).to_string());
    assert!(event.seq().contains(&event.text("/hash")[..16]));
    for seq in ["0", "100000", "x", "-1"] {
        acme.root
            .get(&acme.path(&format!("log/{seq}")))
            .expect_problem(404, "not_found");
    }
}

#[test]
fn reading_the_log_is_a_right() {
    let acme = Acme::new();
    acme.user(
        "mary",
        &trilby_testkit::installation::allow(&["iam:Get*", "iam:List*"]),
    );
    let mary = acme.installation.as_user(acme.account, "mary");
    mary.get(&acme.path("log"))
        .expect_problem(403, "access_denied");
    mary.get(&acme.path("log/1"))
        .expect_problem(403, "access_denied");
    let asked = acme
        .root
        .with_header("trilby-at-seq", &format!("{}@1", acme.account))
        .get(&acme.path("log"));
    asked.expect_problem(400, "invalid_parameter");
}
