use trilby_eventlog::Activity;
use trilby_model::{LogId, Timestamp};

use super::{MADE, is_record};

const BODY: &str = r#"{"decision": "allow", "message": "it may", "subject": {"type": "user", "id": "x"}, "action": "a:b",
    "resource": "c/d", "caller": {"arn": "arn", "id": "session"}, "request_id": "one"}"#;

/// When the id of the record was made, in microseconds.
const MADE_AT: i64 = 0x0196_b8a0_0000 * 1_000;

fn record() -> Activity {
    Activity {
        log: "000000000001".parse().expect("a log"),
        at: Timestamp::from_micros(MADE_AT),
        kind: MADE.to_owned(),
        id: "0196b8a0-0000-7000-8000-000000000001".to_owned(),
        body: BODY.as_bytes().to_vec(),
    }
}

#[test]
fn a_record_is_of_an_account() {
    assert!(is_record(&record()));
    let log = "platform".parse::<LogId>().expect("a log");
    assert!(!is_record(&Activity { log, ..record() }));
}

#[test]
fn a_record_is_of_the_time_that_its_id_says() {
    let at = |micros| Activity {
        at: Timestamp::from_micros(micros),
        ..record()
    };
    assert!(is_record(&at(MADE_AT + 999)));
    for other in [MADE_AT - 1, MADE_AT + 1_000, 0, i64::MIN, i64::MAX] {
        assert!(!is_record(&at(other)), "{other}");
    }
    let random = Activity {
        id: "0196b8a0-0000-4000-8000-000000000001".to_owned(),
        ..record()
    };
    assert!(!is_record(&random));
}
