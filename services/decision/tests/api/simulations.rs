//! Cases that callers bring: they cost others nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trilby_testkit::installation::allow;

use crate::world::{World, question};

/// So many patterns that each walk along so many values.
fn case(patterns: usize, values: usize) -> Value {
    let values: Vec<String> = (0..values)
        .map(|value| format!("arn:a:b:::aaaaaaaaaaaaaaaa{value:04}"))
        .collect();
    let patterns: Vec<String> = (0..patterns).map(|p| format!("arn:a:b:::*c{p}")).collect();
    json!({
        "request": {
            "principal": "arn:trilby:iam::111122223333:user/mary",
            "action": "docs:Read",
            "resource": "arn:trilby:docs::111122223333:document/7",
            "context": {"docs:links": values},
        },
        "policies": {"identity": [{"name": "slow", "document": {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"ForAnyValue:ArnLike": {"docs:links": patterns}},
            }],
        }}]},
    })
}

#[test]
fn a_case_that_would_take_seconds_is_refused_and_a_large_one_is_not() {
    let world = World::new();
    let rights = allow(&["iam:SimulateCustomPolicy"]);
    world.inside.user(world.account, "tester", &rights);
    let tester = world.inside.as_user(world.account, "tester");
    let refused = tester
        .post("/v1/simulate", &case(1_500, 1_000))
        .expect_problem(400, "invalid_parameter");
    let pointer = &refused.json["errors"][0]["pointer"];
    assert_eq!(pointer, "/request/context");
    for (patterns, values) in [(1_500, 100), (100, 1_000)] {
        let case = case(patterns, values);
        // The tests beside this one fill the places that there are for cases.
        let answer = (0..100).find_map(|_| {
            let answer = tester.post("/v1/simulate", &case);
            if answer.status != 503 {
                return Some(answer);
            }
            std::thread::sleep(Duration::from_millis(100));
            None
        });
        let answer = answer.expect("a place").expect(200);
        assert_eq!(answer.json["decision"], "implicit_deny");
    }
}

#[test]
fn others_are_answered_while_cases_are_evaluated() {
    let world = World::new();
    let rights = allow(&["iam:SimulateCustomPolicy"]);
    world.inside.user(world.account, "tester", &rights);
    let mary = json!({"type": "user", "id": "mary"});
    let path = world.path("evaluation");
    let storefront = world.storefront();
    let slow = case(1_500, 200);
    std::thread::scope(|scope| {
        let began = Instant::now();
        let running: Vec<_> = (0..4)
            .map(|_| {
                let tester = world.inside.as_user(world.account, "tester");
                let slow = &slow;
                scope.spawn(move || tester.post("/v1/simulate", slow).status)
            })
            .collect();
        let mut slowest = Duration::ZERO;
        while running.iter().any(|one| !one.is_finished()) {
            let asked = Instant::now();
            storefront
                .post(&path, &question(&mary, "docs:Read"))
                .expect(200);
            slowest = slowest.max(asked.elapsed());
        }
        let whole = began.elapsed();
        for one in running {
            let status = one.join().unwrap();
            assert!([200, 503].contains(&status), "{status}");
        }
        // In the threads that answer, they would have waited for a case as a whole.
        assert!(slowest < whole / 3, "{slowest:?} of {whole:?}");
    });
}
