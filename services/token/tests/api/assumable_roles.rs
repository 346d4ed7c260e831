//! "Which roles, in which accounts?"

use serde_json::{Value, json};
use trilby_account::command::{SetProviderStatus, SuspendAccount};
use trilby_account::{Ref, RoleLimits};
use trilby_model::federation::LinkFields;
use trilby_testkit::http::Client;
use trilby_testkit::installation::allow;

use crate::outside::{Outside, name, trusting_provider};
use crate::world::{EMAIL, PASSWORD, World, trusting};

fn list(client: &Client, query: &str) -> Value {
    let path = format!("/v1/assumable-roles{query}");
    client.get(&path).expect(200).json.clone()
}

fn arns(page: &Value) -> Vec<String> {
    let roles = page["roles"].as_array().unwrap().iter();
    roles
        .map(|role| role["role_arn"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_outside_identity_sees_the_roles_that_admit_it_in_all_accounts() {
    let outside = Outside::new(json!({}));
    let linking = outside.linked(LinkFields::default());
    let mut roles = vec![
        outside.role(outside.owner, "Customer"),
        outside.role(outside.owner, "Auditor"),
        outside.role(linking, "Customer"),
    ];
    roles.sort();
    let host = outside
        .issuer
        .url()
        .trim_start_matches("http://")
        .to_owned();
    outside.role_if(
        linking,
        "Bobs",
        json!({ "StringEquals": { format!("{host}:sub"): "bob" } }),
    );
    let hidden = RoleLimits {
        listed: false,
        ..RoleLimits::default()
    };
    let trust = trusting_provider(&outside.provider(), json!({}));
    outside.world.role_with(linking, "Hidden", &trust, hidden);
    let session = outside.federated(json!({}));
    let page = list(&session, "");
    let mut listed = arns(&page);
    assert_eq!(page["next_cursor"], Value::Null);
    assert_eq!(
        page["roles"][0]["via"]["provider"],
        json!(outside.provider())
    );
    assert_eq!(page["roles"][0]["needs"], json!([]));
    assert_eq!(page["roles"][0]["max_session_duration"], 3_600);
    let evaluated: Vec<&String> = page["evaluated_at"].as_object().unwrap().keys().collect();
    assert_eq!(evaluated.len(), 2);
    listed.sort();
    assert_eq!(listed, roles);
    // What is listed can be put on, and what is not listed was not a lie.
    for role in &roles {
        let body = json!({ "role_arn": role, "role_session_name": "ana" });
        outside
            .world
            .post(&session, "/v1/assume-role", &body)
            .expect(200);
    }

    let of_one = list(&session, &format!("?account={linking}"));
    assert_eq!(arns(&of_one), [outside.world.role_arn(linking, "Customer")]);
    assert_eq!(arns(&list(&session, "?name_prefix=aud")).len(), 1);
    outside
        .world
        .inside
        .run(linking, SuspendAccount { reason: None });
    assert_eq!(arns(&list(&session, "")).len(), 2);
    let provider = Ref::Name(name("login"));
    outside.world.inside.run(
        outside.owner,
        SetProviderStatus {
            provider,
            enabled: false,
        },
    );
    session
        .get("/v1/assumable-roles")
        .expect_problem(401, "unauthenticated");
}

#[test]
fn pages_follow_each_other_and_are_good_for_one_caller() {
    let outside = Outside::new(json!({}));
    let mut roles: Vec<String> = ["A", "B", "C", "D", "E"]
        .iter()
        .map(|role| outside.role(outside.owner, role))
        .collect();
    roles.sort();
    let session = outside.federated(json!({}));
    let mut walked = Vec::new();
    let mut query = "?limit=2".to_owned();
    let mut cursors = Vec::new();
    loop {
        let page = list(&session, &query);
        let found = arns(&page);
        assert!(found.len() <= 2);
        walked.extend(found);
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        cursors.push(cursor.to_owned());
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(walked, roles);
    assert_eq!(cursors.len(), 2);
    let answer = outside
        .federate(&outside.token("bob", json!({})))
        .expect(201);
    let path = format!("/v1/assumable-roles?limit=2&cursor={}", cursors[0]);
    outside
        .wearing(&answer)
        .get(&path)
        .expect_problem(400, "invalid_cursor");
    let other = format!("{path}&name_prefix=a");
    session.get(&other).expect_problem(400, "invalid_cursor");
    session
        .get("/v1/assumable-roles?limit=0")
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn a_role_map_says_by_which_rules() {
    let outside = Outside::new(json!({ "exposed_claims": ["groups"] }));
    let (one, two) = (
        outside.role(outside.owner, "One"),
        outside.role(outside.owner, "Two"),
    );
    let map = json!({ "rules": [
        { "id": "eng", "priority": 1, "roles": [one],
          "when": [{ "claim": "groups", "op": "contains", "value": "eng" }] },
        { "id": "ops", "priority": 2, "roles": [one, two],
          "when": [{ "claim": "groups", "op": "contains", "value": "ops" }] },
    ]});
    outside.map(outside.owner, map);
    let page = list(&outside.federated(json!({ "groups": ["eng"] })), "");
    assert_eq!(arns(&page), std::slice::from_ref(&one));
    assert_eq!(page["roles"][0]["via"]["rule_ids"], json!(["eng"]));
    let page = list(&outside.federated(json!({ "groups": ["eng", "ops"] })), "");
    assert_eq!(arns(&page), [one, two]);
    assert_eq!(page["roles"][0]["via"]["rule_ids"], json!(["eng", "ops"]));
    assert!(arns(&list(&outside.federated(json!({})), "")).is_empty());
}

#[test]
fn a_user_sees_what_would_succeed_and_what_it_needs() {
    let world = World::allowing(&allow(&[
        "sts:AssumeRole",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    ]));
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    let root = format!("arn:trilby:iam::{}:root", world.account);
    let other = world.another_account("Other");
    let with = |condition: Value| {
        let mut trust = trusting(std::slice::from_ref(&mary));
        trust["Statement"][0]["Condition"] = condition;
        trust
    };
    world.role(
        world.account,
        "plain",
        &trusting(std::slice::from_ref(&mary)),
    );
    world.role(
        world.account,
        "by-account",
        &trusting(std::slice::from_ref(&root)),
    );
    world.role(
        other,
        "vendor",
        &with(json!({ "StringEquals": { "sts:ExternalId": "x-1" } })),
    );
    world.role(
        other,
        "strict",
        &with(json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } })),
    );
    world.role(
        other,
        "named",
        &with(json!({ "StringEquals": { "sts:RoleSessionName": "mary" } })),
    );
    world.role(
        other,
        "elsewhere",
        &with(json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } })),
    );
    world.role(
        other,
        "tagged",
        &with(json!({
            "StringEquals": { "aws:RequestTag/team": "red", "sts:SourceIdentity": "mary" },
        })),
    );
    let bob = format!("arn:trilby:iam::{}:user/bob", world.account);
    world.another_user(world.account, "bob", &Value::Null);
    world.role(world.account, "bobs", &trusting(&[bob]));

    let page = list(&world.session("mary"), "");
    let needs = |role: String| {
        let roles = page["roles"].as_array().unwrap().iter();
        let mut found = roles.filter(|one| one["role_arn"] == json!(role));
        found.next().map(|one| one["needs"].clone())
    };
    let own = |role: &str| needs(world.role_arn(world.account, role));
    let theirs = |role: &str| needs(world.role_arn(other, role));
    assert_eq!(own("plain"), Some(json!([])));
    assert_eq!(own("by-account"), Some(json!([])));
    assert_eq!(theirs("vendor"), Some(json!(["external_id"])));
    assert_eq!(theirs("strict"), Some(json!(["mfa"])));
    assert_eq!(theirs("named"), Some(json!([])));
    assert_eq!(theirs("tagged"), Some(json!(["source_identity", "tags"])));
    assert_eq!(theirs("elsewhere"), None);
    assert_eq!(own("bobs"), None);
    assert_eq!(page["roles"][0].get("via"), None);

    // Bob may do nothing by himself: of roles that trust his account, and of others' accounts, none is open.
    let page = list(&world.session("bob"), "");
    assert_eq!(arns(&page), [world.role_arn(world.account, "bobs")]);
    let login = world
        .login(&world.account.to_string(), EMAIL, PASSWORD)
        .expect(200);
    let root = world
        .inside
        .stranger()
        .with_token(login.text("/access_token"));
    assert!(arns(&list(&root, "")).is_empty());
    world
        .inside
        .stranger()
        .get("/v1/assumable-roles")
        .expect_problem(401, "unauthenticated");
}

#[test]
fn a_role_session_sees_the_next_roles() {
    let world = World::new();
    let mary = format!("arn:trilby:iam::{}:user/mary", world.account);
    world.role(world.account, "one", &trusting(&[mary]));
    world.role(
        world.account,
        "two",
        &trusting(&[world.role_arn(world.account, "one")]),
    );
    let one = world.role_session(
        &world.session("mary"),
        &world.role_arn(world.account, "one"),
    );
    assert_eq!(
        arns(&list(&one, "")),
        [world.role_arn(world.account, "two")]
    );
}
