//! Reading is the inverse of printing, and agrees with `serde_json` on everything that both accept.

use proptest::prelude::*;

use super::*;

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        any::<f64>()
            .prop_filter("JSON has finite numbers", |n| n.is_finite())
            .prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(6, 60, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..12)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Text that is JSON or nearly so.
fn json_like() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"b\""),
        Just("\"\\u0061\""),
        Just("\"\\ud800\""),
        Just("1"),
        Just("-0.5e3"),
        Just("01"),
        Just("1e400"),
        Just("true"),
        Just("null"),
        Just(" "),
        Just("\n"),
        Just("\u{feff}"),
        Just("é"),
        Just("\""),
        Just("\\"),
    ];
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

/// `node` printed back with the number texts as they were read.
fn print(node: &Node) -> String {
    match &node.value {
        Value::Number(text) => text.clone(),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(print).collect::<Vec<_>>().join(",")
        ),
        Value::Object(members) => {
            let members = members.iter().map(|m| {
                format!(
                    "{}:{}",
                    serde_json::to_string(&m.key).unwrap(),
                    print(&m.value)
                )
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => node.to_serde().to_string(),
    }
}

fn without_places(node: &Node) -> Value {
    let start = Place { line: 1, column: 1 };
    let strip = |node: &Node| Node {
        value: without_places(node),
        at: start,
    };
    match &node.value {
        Value::Array(items) => Value::Array(items.iter().map(strip).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|m| Member {
                    key: m.key.clone(),
                    key_at: start,
                    value: strip(&m.value),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn reading_what_was_printed_gives_the_value(value in any_value()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            let node = parse(&text).unwrap();
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&text).unwrap(), &node.to_serde());
            prop_assert_eq!(without_places(&parse(&print(&node)).unwrap()), without_places(&node));
        }
    }

    #[test]
    fn what_is_accepted_is_json_and_what_is_refused_is_not_or_repeats(text in json_like()) {
        match (parse(&text), serde_json::from_str::<serde_json::Value>(&text)) {
            (Ok(node), Ok(theirs)) => prop_assert_eq!(node.to_serde(), theirs),
            (Ok(_), Err(error)) => prop_assert!(false, "only we accept {:?}: {}", text, error),
            (Err(error), Ok(_)) => prop_assert_eq!(error.code, ErrorCode::DuplicateMember, "only we refuse {:?}", text),
            (Err(_), Err(_)) => {}
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        let _ = (parse(&text), parse_bytes(&bytes));
    }

    #[test]
    fn canonical_form_is_one_for_equal_values_and_is_read_back(value in any_value()) {
        let text = canonical(&value);
        let read = parse(&text).unwrap().to_serde();
        prop_assert_eq!(canonical(&read), text);
    }

    #[test]
    fn canonical_form_is_as_the_library_has_it(value in any_value()) {
        prop_assert_eq!(canonical(&value), canonical::by_library(&value));
    }
}
