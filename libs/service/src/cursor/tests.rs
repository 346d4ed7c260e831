use proptest::prelude::*;

use super::*;

fn key(byte: u8) -> CursorKey {
    CursorKey::new(&[byte; 32])
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_795_000_000)
}

fn account(id: &str) -> LogId {
    id.parse().unwrap()
}

fn cursor() -> Cursor {
    Cursor {
        kind: "users".to_owned(),
        log: account("111122223333"),
        filter: filter_hash([("name_prefix", "ma")]),
        last: vec!["mary".to_owned(), "TUSR0".to_owned()],
        seq: "111122223333@7".parse().unwrap(),
    }
}

fn open(
    key: &CursorKey,
    text: &str,
    kind: &str,
    log: &str,
    filter: [u8; 32],
    at: Timestamp,
) -> Result<Cursor, Code> {
    let log = account(log);
    let expected = Expected {
        kind,
        log: &log,
        filter,
    };
    key.open(text, &expected, at)
        .map_err(|problem| problem.code)
}

#[test]
fn a_cursor_opens_for_its_own_list_for_an_hour() {
    let sealed = key(1).seal(&cursor(), now(), [7; 12]).unwrap();
    let at = |seconds| {
        open(
            &key(1),
            &sealed,
            "users",
            "111122223333",
            cursor().filter,
            now().plus_seconds(seconds),
        )
    };
    assert_eq!(at(0), Ok(cursor()));
    assert_eq!(at(LIFETIME_S - 1), Ok(cursor()));
    assert_eq!(at(LIFETIME_S), Err(Code::InvalidCursor));
}

#[test]
fn a_cursor_of_another_account_kind_filter_or_store_is_refused() {
    let sealed = key(1).seal(&cursor(), now(), [7; 12]).unwrap();
    let filter = cursor().filter;
    for refused in [
        open(&key(1), &sealed, "groups", "111122223333", filter, now()),
        open(&key(1), &sealed, "users", "999922223333", filter, now()),
        open(
            &key(1),
            &sealed,
            "users",
            "111122223333",
            filter_hash([]),
            now(),
        ),
        open(&key(2), &sealed, "users", "111122223333", filter, now()),
    ] {
        assert_eq!(refused, Err(Code::InvalidCursor));
    }
}

#[test]
fn a_value_of_another_purpose_or_shape_is_refused_though_the_key_is_right() {
    let key = key(1);
    let other = key.seal_value("search", &cursor(), now(), [7; 12]).unwrap();
    assert_eq!(
        open(
            &key,
            &other,
            "users",
            "111122223333",
            cursor().filter,
            now()
        ),
        Err(Code::InvalidCursor)
    );
    for hostile in [
        serde_json::json!({"kind": "users", "log": "111122223333' or 1=1 --", "filter": "", "last": [], "seq": "1"}),
        serde_json::json!({"kind": "users"}),
        serde_json::json!(["users"]),
        serde_json::json!({"kind": "users", "log": "111122223333", "filter": "A".repeat(43), "last": [], "seq": "111122223333@7", "extra": 1}),
    ] {
        let sealed = key.seal_value("list", &hostile, now(), [7; 12]).unwrap();
        assert_eq!(
            open(
                &key,
                &sealed,
                "users",
                "111122223333",
                cursor().filter,
                now()
            ),
            Err(Code::InvalidCursor),
            "{hostile}"
        );
    }
}

#[test]
fn no_changed_or_cut_cursor_opens() {
    let sealed = key(1).seal(&cursor(), now(), [7; 12]).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let text = URL_SAFE_NO_PAD.encode(changed);
        assert_eq!(
            open(
                &key(1),
                &text,
                "users",
                "111122223333",
                cursor().filter,
                now()
            ),
            Err(Code::InvalidCursor),
            "byte {at}"
        );
    }
    for length in 0..sealed.len() {
        assert!(
            open(
                &key(1),
                &sealed[..length],
                "users",
                "111122223333",
                cursor().filter,
                now()
            )
            .is_err()
        );
    }
    assert!(
        open(
            &key(1),
            &"A".repeat(CURSOR_MAX_BYTES + 1),
            "users",
            "111122223333",
            cursor().filter,
            now()
        )
        .is_err()
    );
}

#[test]
fn a_cursor_tells_nothing_to_its_holder() {
    let sealed = key(1).seal(&cursor(), now(), [7; 12]).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
    assert!(!bytes.windows(4).any(|window| window == b"mary"));
}

#[test]
fn filters_are_the_same_in_any_order_and_never_run_together() {
    assert_eq!(
        filter_hash([("a", "1"), ("b", "2")]),
        filter_hash([("b", "2"), ("a", "1")])
    );
    assert_ne!(filter_hash([("a", "1b")]), filter_hash([("a1", "b")]));
    assert_ne!(filter_hash([("a", "")]), filter_hash([]));
}

#[test]
fn a_page_is_between_1_and_1000_items() {
    assert_eq!(limit(None).unwrap(), LIMIT_DEFAULT);
    for good in [1, 1_000] {
        assert_eq!(limit(Some(good)).unwrap(), good);
    }
    for bad in [0, 1_001, usize::MAX] {
        let problem = limit(Some(bad)).unwrap_err();
        assert_eq!(problem.code, Code::InvalidParameter, "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_an_answer_and_never_a_cursor(text in ".{0,200}") {
        prop_assert!(open(&key(1), &text, "users", "111122223333", [0; 32], now()).is_err());
    }
}

#[test]
fn pages_of_different_items_have_different_schemas() {
    use utoipa::{PartialSchema, ToSchema};

    /// A hat.
    #[derive(utoipa::ToSchema)]
    #[expect(dead_code, reason = "described, never made")]
    struct Hat {
        size: u32,
    }
    assert_eq!(List::<Hat>::name(), "HatList");
    let schema = serde_json::to_value(List::<Hat>::schema()).unwrap();
    assert_eq!(
        schema["properties"]["items"]["items"]["$ref"],
        "#/components/schemas/Hat"
    );
    let mut schemas = Vec::new();
    List::<Hat>::schemas(&mut schemas);
    assert!(schemas.iter().any(|(name, _)| name == "Hat"));
}
