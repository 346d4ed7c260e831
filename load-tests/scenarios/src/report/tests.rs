use super::*;
use crate::ceiling::Ceiling;

fn step(rate: u32, p99_ms: f64, errors: usize) -> Step {
    Step {
        rate,
        reached: f64::from(rate),
        p50_ms: 0.5,
        p99_ms,
        p999_ms: p99_ms * 2.0,
        due: 10_000,
        errors,
        example: None,
        broke: None,
    }
}

fn found(rate: u32, p99_ms: f64) -> Found {
    Found {
        ceiling: Ceiling {
            rate,
            is_cut: false,
            steps: vec![step(rate, p99_ms, 0)],
        },
        held: step(rate * 7 / 10, p99_ms, 1),
    }
}

fn report(has_bare: bool, is_short: bool) -> Report {
    let round = |ours, bare, p99_ms| Round {
        ours: found(ours, p99_ms),
        bare: has_bare.then(|| found(bare, p99_ms / 4.0)),
        bare_at_ours: has_bare.then(|| step(ours * 7 / 10, 0.25, 0)),
    };
    let subject = Subject {
        title: "Decision mix",
        mix: "questions",
        service: "decision",
        command: "cargo xtask bench load decisions".to_owned(),
        p99_ms_max: 50.0,
        callers: 64,
        replicas: 2,
        has_kafka: false,
        machine: "a machine".to_owned(),
        load_before: Some(0.1),
    };
    let plan = if is_short { Plan::SHORT } else { Plan::FULL };
    // A machine that was twice as slow in the second round: the ratio of each round is a half.
    let rounds = vec![
        round(10_000, 20_000, 4.0),
        round(5_000, 10_000, 8.0),
        round(10_000, 20_000, 6.0),
    ];
    let memory = vec![Memory {
        process: "decision-1".to_owned(),
        resident_mib: 31,
        peak_mib: 44,
    }];
    Report::new(subject, plan, rounds, memory)
}

#[test]
fn a_report_has_ceiling_times_errors_and_memory() {
    let text = report(false, false).markdown();
    for part in [
        "# Decision mix\n",
        "`cargo xtask bench load decisions`",
        "**10000 a second**, rounds: 10000, 5000, 10000.",
        "| decision | 7000 | 7000 | 0.500 | 6.00 | 12.0 | 3 of 30000 |",
        "| decision-1 | 31 | 44 |",
        "without Kafka",
    ] {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
    assert!(!text.contains("bare") && !text.contains("short form") && !text.contains("busy"));
}

#[test]
fn beside_a_bare_server_the_ratio_is_the_median_of_the_rounds_ratios() {
    let text = report(true, false).markdown();
    assert!(text.contains("ours by bare: 0.500"), "{text}");
    assert!(text.contains("| bare | 14000 |"), "{text}");
    assert!(text.contains("| bare at our rate | 7000 |"), "{text}");
}

#[test]
fn a_report_says_what_it_is_not_good_for() {
    let mut of_busy = report(false, true);
    of_busy.subject.load_before = Some(3.0);
    let text = of_busy.markdown();
    assert!(text.contains("The short form") && text.contains("The machine was busy"));
}

#[test]
fn the_json_has_every_step() {
    let json = serde_json::to_value(report(true, false)).unwrap();
    let rate = json.pointer("/rounds/0/bare/ceiling/steps/0/rate");
    assert_eq!(rate, Some(&serde_json::json!(20_000)));
}
