//! Batches that are made to cost much.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trilby_testkit::installation::allow;

use crate::world::{World, assert_allowed, question};

/// So many empty items over a context with so much text.
fn over_defaults(n_items: usize, n_bytes: usize) -> Value {
    let mut asked = question(&json!({"type": "user", "id": "mary"}), "docs:Read");
    asked["context"] = json!({"text": "x".repeat(n_bytes)});
    asked["evaluations"] = vec![json!({}); n_items].into();
    asked
}

#[test]
fn the_right_to_ask_comes_before_anything_is_built() {
    let world = World::new();
    let path = world.path("evaluations");
    let mary = world.inside.as_user(world.account, "mary");
    let begun = Instant::now();
    for asked in [
        over_defaults(180_000, 400_000),
        over_defaults(1_000, 500_000),
    ] {
        let refused = mary
            .post(&path, &asked)
            .expect_problem(403, "access_denied");
        assert_eq!(refused.text("/action"), "trilby:Evaluate");
    }
    let storefront = world.storefront();
    storefront
        .post(&path, &over_defaults(180_000, 400_000))
        .expect_problem(400, "invalid_parameter");
    storefront
        .post(&path, &over_defaults(1_000, 500_000))
        .expect_problem(413, "payload_too_large");
    assert!(begun.elapsed() < Duration::from_secs(30), "far less work");
    let answer = storefront
        .post(&path, &over_defaults(100, 1_000))
        .expect(200);
    assert_eq!(
        answer.json["evaluations"].as_array().map(Vec::len),
        Some(100)
    );
}

#[test]
fn the_narrower_right_is_for_as_many_questions_as_are_looked_at() {
    let world = World::new();
    world.role(world.account, "Customer", &allow(&["trilby:EvaluateSelf"]));
    let claims = world.inside.role_claims(world.account, "Customer", "ana");
    world.record(&claims);
    let page = world
        .inside
        .stranger()
        .with_token(&world.inside.token(&claims));
    let path = world.path("evaluations");
    let mut asked = question(
        &json!({"type": "session", "id": claims.jti.as_str()}),
        "docs:Read",
    );
    asked["evaluations"] = vec![json!({}); 1_001].into();
    page.post(&path, &asked)
        .expect_problem(400, "invalid_parameter");
    asked["evaluations"] = vec![json!({}); 10_001].into();
    page.post(&path, &asked)
        .expect_problem(403, "access_denied");
}

#[test]
fn a_batch_tells_no_more_reasons_than_fit_and_says_so() {
    let world = World::new();
    let statement = json!({"Effect": "Allow", "Action": "docs:*", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": vec![statement; 100]});
    world.role(world.account, "Editors", &policy);
    let asked = question(&json!({"type": "role", "id": "Editors"}), "docs:Read");
    let mut batch = asked.clone();
    batch["evaluations"] = vec![json!({}); 1_000].into();
    let storefront = world.storefront().with_header("trilby-explain", "trace");
    let answer = storefront.post(&world.path("evaluations"), &batch);
    let answer = answer.expect(200);
    assert!(answer.json.to_string().len() < 5 * 1024 * 1024, "bounded");
    let told = answer.json["evaluations"].as_array().unwrap();
    assert_eq!(told.len(), 1_000);
    let is_whole = |item: &&Value| item["context"]["trilby"]["matched"].is_array();
    let whole = told.iter().take_while(is_whole).count();
    assert!((10..1_000).contains(&whole), "{whole}");
    for item in &told[whole..] {
        assert_eq!(item["decision"], true);
        assert_eq!(item["context"]["reason"], "allow");
        assert_eq!(item["context"]["trilby"]["layer"], "identity");
        assert!(item["context"]["trilby"]["left_out"].is_string(), "{item}");
    }
    let alone = storefront
        .post(&world.path("evaluation"), &asked)
        .expect(200);
    let trilby = &alone.json["context"]["trilby"];
    assert_eq!(trilby["matched"], told[0]["context"]["trilby"]["matched"]);
    assert!(trilby["left_out"].is_null(), "{trilby}");
}

#[test]
fn a_question_that_would_take_long_is_refused_and_the_others_of_its_batch_are_answered() {
    let world = World::new();
    let pattern = format!("*{}b", "?".repeat(2_000));
    let costly = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "docs:*", "Resource": "*",
        "Condition": {"StringNotLike": {"authzen:context/text": pattern}},
    }]});
    world.role(world.account, "Costly", &costly);
    let mut asked = question(&json!({"type": "role", "id": "Costly"}), "docs:Read");
    asked["context"] = json!({"text": "a".repeat(32_000)});
    let begun = Instant::now();
    for explain in ["reason", "trace"] {
        let storefront = world.storefront().with_header("trilby-explain", explain);
        let refused = storefront.post(&world.path("evaluation"), &asked);
        let refused = refused.expect_problem(400, "invalid_parameter");
        assert_eq!(refused.text("/errors/0/pointer"), "/context");
    }
    let mut batch = asked.clone();
    batch["evaluations"] = json!([{}, {"context": {"text": "b"}}]);
    let answer = world.storefront().post(&world.path("evaluations"), &batch);
    let answers = answer.expect(200).json["evaluations"].clone();
    assert_eq!(answers[0]["decision"], false);
    assert_eq!(answers[0]["context"]["error"]["code"], "invalid_parameter");
    assert_eq!(answers[1]["decision"], true, "{answers}");
    assert!(begun.elapsed() < Duration::from_secs(10), "far less work");
    // Long lists are not many comparisons.
    let groups: Vec<String> = (0..1_000).map(|group| format!("{group:0>30}")).collect();
    asked["context"] = json!({"groups": groups, "text": "c"});
    assert_allowed(&world.ask(&asked));
}

#[test]
fn others_are_answered_while_a_batch_is() {
    let world = World::new();
    // A pattern that is held to each place of a long value.
    let costly = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "docs:*", "Resource": "*",
        "Condition": {"StringLike": {"authzen:context/text": "*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab*b"}},
    }]});
    world.role(world.account, "Costly", &costly);
    let mut asked = question(&json!({"type": "role", "id": "Costly"}), "docs:Read");
    asked["context"] = json!({"text": "a".repeat(15_000)});
    asked["evaluations"] = vec![json!({}); 100].into();
    let (slow, quick) = (world.storefront(), world.storefront());
    let (batch, single) = (world.path("evaluations"), world.path("evaluation"));
    let simple = question(&json!({"type": "user", "id": "mary"}), "docs:Read");
    quick.post(&single, &simple).expect(200);
    let (took, longest) = std::thread::scope(|scope| {
        let batch = scope.spawn(|| {
            let begun = Instant::now();
            slow.post(&batch, &asked).expect(200);
            begun.elapsed()
        });
        let mut longest = Duration::ZERO;
        while !batch.is_finished() {
            let begun = Instant::now();
            quick.post(&single, &simple).expect(200);
            longest = longest.max(begun.elapsed());
        }
        (batch.join().unwrap(), longest)
    });
    // There is one worker.
    assert!(longest * 2 < took, "{longest:?} of {took:?}");
}

#[test]
fn a_question_that_no_policy_could_allow_is_told_so_without_reasons() {
    let world = World::new();
    let register = |name: &str| {
        let command = trilby_account::command::RegisterApplication {
            name: name.parse().unwrap(),
            description: None,
            tags: trilby_model::Tags::default(),
        };
        world.inside.run(world.account, command);
    };
    let storefront = world.inside.as_user(world.account, "storefront");
    let mary = json!({"type": "user", "id": "mary"});
    let ask = |what: &str, asked: &Value| storefront.post(&world.path(what), asked).expect(200);
    register("docs");
    let one = ask("evaluation", &question(&mary, "Read"));
    assert_eq!(one.json, json!({"decision": true}));
    assert_eq!(one.header("trilby-hint"), None);
    // With a second application the same question means nothing.
    register("shop");
    let none = ask("evaluation", &question(&mary, "Read"));
    assert_eq!(none.json, json!({"decision": false}));
    let hint = none.header("trilby-hint").unwrap();
    assert!(hint.starts_with("the action names no service"), "{hint}");
    let batch = json!({"evaluations": [
        question(&mary, "docs:Read"), question(&mary, "Read"), question(&mary, "Write"),
    ]});
    let some = ask("evaluations", &batch);
    assert_eq!(some.json["evaluations"][1], json!({"decision": false}));
    let hint = some.header("trilby-hint").unwrap();
    assert!(
        hint.starts_with("question 2: the action names no service"),
        "{hint}"
    );
    assert!(hint.ends_with("(2 of 3 questions are amiss)"), "{hint}");
    // What is a pattern of a policy, or half a name, is no operation.
    for name in ["docs:Read*", "docs:", ":Read", "docs:*"] {
        let none = ask("evaluation", &question(&mary, name));
        assert_eq!(none.json, json!({"decision": false}));
        let hint = none.header("trilby-hint").unwrap();
        assert!(
            hint.starts_with("the action is not the name of one operation"),
            "{hint}"
        );
    }
    // Policies are another matter.
    let denied = ask("evaluation", &question(&mary, "docs:Write"));
    assert_eq!(denied.json, json!({"decision": false}));
    assert_eq!(denied.header("trilby-hint"), None);
}
