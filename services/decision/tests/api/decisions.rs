//! The record of what was decided.

use serde_json::{Value, json};
use trilby_testkit::http::{Client, encode};
use trilby_testkit::installation::allow;

use crate::world::{World, bearer, question};

fn reader(world: &World) -> Client {
    world
        .inside
        .user(world.account, "auditor", &allow(&["trilby:ReadDecisions"]));
    world.inside.as_user(world.account, "auditor")
}

fn path(world: &World, query: &str) -> String {
    format!("/v1/accounts/{}/decisions{query}", world.account)
}

fn mary(action: &str) -> Value {
    question(&json!({"type": "user", "id": "mary"}), action)
}

fn list(client: &Client, world: &World, query: &str) -> Vec<Value> {
    let answer = client.get(&path(world, query)).expect(200);
    answer.json["items"].as_array().unwrap().clone()
}

#[test]
fn every_decision_is_found_with_its_reason() {
    let world = World::new();
    let reader = reader(&world);
    let allowed = world.ask(&mary("docs:Read"));
    let denied = world.ask(&mary("docs:Write"));
    let items = list(&reader, &world, "");
    let outcomes: Vec<&str> = items
        .iter()
        .map(|item| item["decision"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.contains(&"allow") && outcomes.contains(&"implicit_deny"));
    for answer in [allowed, denied] {
        let id = answer.header("trilby-decision-id").unwrap();
        let one = reader.get(&path(&world, &format!("/{id}"))).expect(200);
        let told = &answer.json["context"]["trilby"];
        assert_eq!(one.json["decision"], told["decision"]);
        assert_eq!(one.json["message"], told["message"]);
        assert_eq!(one.json["deciding"], told["deciding"]);
        assert_eq!(one.json["unmet"], told["unmet"]);
        assert_eq!(one.text("/seq"), answer.seq());
        assert_eq!(one.json["subject"], json!({"type": "user", "id": "mary"}));
        assert!(one.text("/principal").ends_with(":user/mary"));
        assert!(one.text("/caller/arn").ends_with(":user/storefront"));
        assert!(items.contains(&one.json), "{one:?}");
    }
}

#[test]
fn a_recorded_answer_can_be_asked_again_as_of_its_position() {
    let world = World::new();
    let reader = reader(&world);
    world.ask(&mary("docs:Read"));
    let holder =
        trilby_account::HolderRef::User(trilby_account::Ref::Name("mary".parse().unwrap()));
    world
        .inside
        .allow(world.account, holder, &allow(&["docs:Write"]));
    let record = &list(&reader, &world, "")[0];
    let again = world
        .storefront()
        .with_header("trilby-at-seq", record["seq"].as_str().unwrap())
        .post(&world.path("evaluation"), &mary("docs:Read"))
        .expect(200);
    assert_eq!(again.text("/context/trilby/decision"), record["decision"]);
}

#[test]
fn decisions_are_filtered_and_paged_without_loss() {
    let world = World::new();
    let reader = reader(&world);
    let token = world.inside.token(&world.editor("ana"));
    let storefront = world.storefront();
    for n in 0..12 {
        world.inside.clock().advance_seconds(1);
        let subject = match n % 3 {
            0 => bearer(&token),
            _ => json!({"type": "user", "id": "mary"}),
        };
        let action = if n % 2 == 0 {
            "docs:Read"
        } else {
            "docs:Write"
        };
        storefront
            .post(&world.path("evaluation"), &question(&subject, action))
            .expect(200);
    }
    let account = world.account;
    let mary = encode(&format!("arn:trilby:iam::{account}:user/mary"));
    let editor = encode(&format!("arn:trilby:iam::{account}:role/Editor"));
    let ana = encode(&format!(
        "arn:trilby:sts::{account}:assumed-role/Editor/ana"
    ));
    let seven = encode(&format!("arn:trilby:docs::{account}:document/7"));
    let middle = list(&reader, &world, "")[5]["at"]
        .as_str()
        .unwrap()
        .to_owned();
    let middle = encode(&middle);
    for (query, due) in [
        (String::new(), 12),
        (format!("?principal={mary}"), 8),
        (format!("?principal={editor}"), 4),
        (format!("?principal={ana}"), 4),
        ("?action=docs:write".to_owned(), 6),
        ("?decision=implicit_deny".to_owned(), 4),
        (format!("?decision=allow&principal={mary}"), 4),
        (format!("?resource={seven}"), 12),
        (
            "?resource=arn:trilby:docs::111122223333:document/7".to_owned(),
            0,
        ),
        (format!("?from={middle}"), 6),
        (format!("?until={middle}"), 6),
    ] {
        let all = list(&reader, &world, &query);
        assert_eq!(all.len(), due, "{query}");
        let first = if query.is_empty() { "?" } else { "&" };
        let mut walked = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = format!("{query}{first}limit=3{cursor}");
            let page = reader.get(&path(&world, &page)).expect(200);
            walked.extend(page.json["items"].as_array().unwrap().clone());
            match page.json["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", encode(next)),
                None => break,
            }
        }
        assert_eq!(walked, all, "{query}");
    }
    let page = reader.get(&path(&world, "?limit=3")).expect(200);
    let cursor = encode(page.text("/next_cursor"));
    reader
        .get(&path(&world, &format!("?action=docs:Read&cursor={cursor}")))
        .expect_problem(400, "invalid_cursor");
}

#[test]
fn no_record_holds_a_token() {
    let world = World::new();
    let reader = reader(&world);
    let token = world.inside.token(&world.editor("ana"));
    let mut asked = question(&bearer(&token), "docs:Read");
    asked["subject"]["id"] = json!(token);
    asked["context"] = json!({"header": format!("Bearer {token}"), "list": [token]});
    world.ask(&asked);
    let mut misplaced = mary("docs:Read");
    misplaced["resource"]["id"] = json!(token);
    world.ask(&misplaced);
    world.ask(&question(&bearer(&format!("{token}x")), "docs:Read"));
    let body = reader.get(&path(&world, "")).expect(200).body();
    let (head, signature) = token.rsplit_once('.').unwrap();
    for part in [&token, head, signature] {
        assert!(!body.contains(part), "{body}");
    }
    assert!(body.contains("(a token)"), "{body}");
}

#[test]
fn the_decisions_of_a_batch_name_its_first() {
    let world = World::new();
    let reader = reader(&world);
    let asked = json!({"evaluations": [mary("docs:Read"), mary("docs:Write"), {"subject": 7}, mary("docs:Read")]});
    let answer = world
        .storefront()
        .post(&world.path("evaluations"), &asked)
        .expect(200);
    let first = answer.header("trilby-decision-id").unwrap();
    let items = list(&reader, &world, "");
    assert_eq!(items.len(), 3, "what could not be asked was not decided");
    for (n, item) in answer.json["evaluations"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let Some(id) = item["context"]["evaluation_id"].as_str() else {
            assert_eq!(n, 2);
            continue;
        };
        let record = items.iter().find(|record| record["id"] == id).unwrap();
        assert_eq!(record["decision"] == "allow", item["decision"] == true);
        match n {
            0 => assert_eq!((id, &record["batch"]), (first, &Value::Null)),
            _ => assert_eq!(record["batch"], first),
        }
    }
}

#[test]
fn attributes_are_kept_and_too_many_are_left_out_whole() {
    let world = World::new();
    let reader = reader(&world);
    let mut asked = mary("docs:Read");
    asked["context"] = json!({"ip": "192.0.2.7"});
    world.ask(&asked);
    let kept = &list(&reader, &world, "")[0];
    assert_eq!(kept["context"]["authzen:context/ip"], "192.0.2.7", "{kept}");
    world.inside.clock().advance_seconds(1);
    asked["context"]["long"] = json!("x".repeat(20_000));
    world.ask(&asked);
    let cut = &list(&reader, &world, "")[0];
    assert_eq!(
        (&cut["context"], &cut["context_omitted"]),
        (&json!({}), &json!(true))
    );
    world.inside.clock().advance_seconds(1);
    asked["resource"]["id"] = json!("y".repeat(5_000));
    world.ask(&asked);
    let cut = &list(&reader, &world, "")[0];
    assert!(cut["resource"].as_str().unwrap().len() <= 512);
}

#[test]
fn only_who_may_read_decisions_reads_them() {
    let world = World::new();
    world.ask(&mary("docs:Read"));
    let storefront = world.inside.as_user(world.account, "storefront");
    storefront
        .get(&path(&world, ""))
        .expect_problem(403, "access_denied");
    let other = world.inside.account("other");
    world
        .inside
        .root(other)
        .get(&path(&world, ""))
        .expect_problem(404, "not_found");
    let own = world.inside.root(other);
    let theirs = own
        .get(&format!("/v1/accounts/{other}/decisions"))
        .expect(200);
    assert_eq!(theirs.json["items"], json!([]));
}
