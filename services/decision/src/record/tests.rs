use trilby_eventlog::Activity;
use trilby_model::{LogId, Timestamp};

use super::{MADE, is_record};

const BODY: &str = r#"{"decision": "allow", "message": "it may", "subject": {"type": "user", "id": "x"}, "action": "a:b",
    "resource": "c/d", "caller": {"arn": "arn", "id": "session"}, "request_id": "one"}"#;

#[test]
fn a_record_is_of_an_account() {
    let of = |log: &str| Activity {
        log: log.parse::<LogId>().expect("a log"),
        at: Timestamp::from_micros(1),
        kind: MADE.to_owned(),
        id: "0196b8a0-0000-7000-8000-000000000001".to_owned(),
        body: BODY.as_bytes().to_vec(),
    };
    assert!(is_record(&of("000000000001")));
    assert!(!is_record(&of("platform")));
}
